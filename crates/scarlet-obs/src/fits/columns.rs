//! Numbers in the columns of binary tables.
//!
//! Source: FITS Standard 4.0, section 7.3; `TDIM` section 7.3.2.

use super::cards::find;
use super::raw;
use super::read::{FitsReader, HduKind};
use super::spec::HduSelector;
use crate::ObsError;
use scarlet_frame::Header;

/// The numbers in a column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct FitsNumbers {
    /// Number of rows.
    pub rows: usize,
    /// Lengths of the axes of what one row has, slowest first; empty where it has one number.
    pub shape: Vec<usize>,
    /// The numbers, row after row; undefined ones are NaN.
    pub values: Vec<f64>,
}

impl FitsReader {
    /// The first table, or the one that `hdu` selects.
    ///
    /// # Errors
    /// [`ObsError::NoHdu`] where there is none.
    fn table(&self, hdu: &HduSelector) -> Result<usize, ObsError> {
        match hdu {
            HduSelector::FirstImage => {
                let first = self.hdus().iter().position(|hdu| hdu.kind == HduKind::Table);
                first.map_or_else(
                    || self.find(&HduSelector::Name { name: "a table".to_owned(), version: None }),
                    Ok,
                )
            }
            named => self.find(named),
        }
    }

    /// Number and header of a table: the first one where `hdu` is empty.
    ///
    /// # Errors
    /// There is no such HDU, or it is no table.
    pub fn table_header(&self, hdu: &HduSelector) -> Result<&Header, ObsError> {
        let number = self.table(hdu)?;
        if self.hdus()[number].kind != HduKind::Table {
            return Err(self.table_problem(hdu, "it is not a table; name the HDU of the table".to_owned()));
        }
        Ok(&self.hdus()[number].header)
    }

    /// The numbers in the column `name` of a table, the first one where `hdu` is empty; names are compared without
    /// regard to case.
    ///
    /// # Errors
    /// There is no such table or column, it holds no numbers, or the file is damaged.
    pub fn numbers(&mut self, hdu: &HduSelector, name: &str) -> Result<FitsNumbers, ObsError> {
        let header = self.table_header(hdu)?;
        let number = self.table(hdu)?;
        let columns: Vec<String> =
            (1..=999).map_while(|k| find(header, &format!("TTYPE{k}")).map(str::to_owned)).collect();
        let Some(column) = columns.iter().position(|column| column.trim().eq_ignore_ascii_case(name)) else {
            let problem = format!("it has no column {name}; its columns are {}", columns.join(", "));
            return Err(self.table_problem(hdu, problem));
        };
        let form = find(header, &format!("TFORM{}", column + 1)).unwrap_or_default();
        let Some(repeat) = repeat_of(form) else {
            let problem =
                format!("its column {name} is of the type {form}, which holds no numbers of a fixed count");
            return Err(self.table_problem(hdu, problem));
        };
        let shape = match find(header, &format!("TDIM{}", column + 1)).map(dimensions) {
            Some(shape) if shape.iter().product::<usize>() == repeat => shape,
            _ if repeat == 1 => Vec::new(),
            _ => vec![repeat],
        };
        let rows = find(header, "NAXIS2").and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
        let wide = find(header, "NAXIS1").and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
        let stored = rows.checked_mul(wide).filter(|bytes| *bytes as u64 <= self.bytes);
        let total = rows.checked_mul(repeat).filter(|n| stored.is_some_and(|bytes| *n <= 8 * bytes));
        let Some(total) = total else { return Err(self.origin(number).failed(raw::READ_ERROR)) };
        let mut values = vec![0.0; total];
        let selected = self.handle.select(number);
        let read = selected.and_then(|()| self.handle.read_column(column + 1, &mut values));
        read.map_err(|status| self.origin(number).failed(status))?;
        Ok(FitsNumbers { rows, shape, values })
    }

    /// An error about a table, in the words of `problem`.
    pub(super) fn table_problem(&self, hdu: &HduSelector, problem: String) -> ObsError {
        let label = self.table(hdu).map_or_else(|_| hdu.to_string(), |number| self.label(number));
        ObsError::FitsTable { path: self.path.clone(), hdu: label, problem }
    }
}

/// Numbers in a field of a form like `25E`; none where it holds texts or arrays of varying length.
fn repeat_of(form: &str) -> Option<usize> {
    let form = form.trim();
    let digits = form.len() - form.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (count, kind) = form.split_at(digits);
    let is_number = matches!(kind.chars().next(), Some('B' | 'I' | 'J' | 'K' | 'E' | 'D'));
    is_number.then(|| if count.is_empty() { Some(1) } else { count.parse().ok() }).flatten()
}

/// Lengths of axes like `(25,25,6)`, slowest first.
fn dimensions(text: &str) -> Vec<usize> {
    let inner = text.trim().trim_start_matches('(').trim_end_matches(')');
    let axes: Option<Vec<usize>> = inner.split(',').map(|n| n.trim().parse().ok()).collect();
    axes.map(|axes| axes.into_iter().rev().collect()).unwrap_or_default()
}
