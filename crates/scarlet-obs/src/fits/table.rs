//! Columns of a binary table, as bytes.
//!
//! Source: FITS Standard 4.0, section 7.3.

use super::cards::{FitsKey, ascii};

/// The values of a column, one for each row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FitsColumnData {
    /// 64-bit integers.
    I64(Vec<i64>),
    /// 64-bit real numbers; missing ones as NaN.
    F64(Vec<f64>),
    /// Texts; characters outside printable ASCII become `?`.
    Text(Vec<String>),
    /// Logicals.
    Bool(Vec<bool>),
}

impl FitsColumnData {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::I64(values) => values.len(),
            Self::F64(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Bool(values) => values.len(),
        }
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of one value.
    pub(super) fn width(&self) -> usize {
        match self {
            Self::I64(_) | Self::F64(_) => 8,
            Self::Text(values) => values.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1),
            Self::Bool(_) => 1,
        }
    }

    /// Appends the value of one row, big-endian, a text padded with NULs.
    pub(super) fn push(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::I64(values) => out.extend_from_slice(&values[row].to_be_bytes()),
            Self::F64(values) => out.extend_from_slice(&values[row].to_be_bytes()),
            Self::Bool(values) => out.push(if values[row] { b'T' } else { b'F' }),
            Self::Text(values) => {
                let end = out.len() + self.width();
                out.extend_from_slice(ascii(&values[row]).as_bytes());
                out.resize(end, 0);
            }
        }
    }

    fn format(&self) -> String {
        match self {
            Self::I64(_) => "1K".to_owned(),
            Self::F64(_) => "1D".to_owned(),
            Self::Text(_) => format!("{}A", self.width()),
            Self::Bool(_) => "1L".to_owned(),
        }
    }
}

/// A column of a binary table.
#[derive(Debug, Clone, PartialEq)]
pub struct FitsColumn {
    /// Its name.
    pub name: String,
    /// Its unit, may be empty.
    pub unit: String,
    /// What it holds, may be empty.
    pub description: String,
    /// Its values.
    pub data: FitsColumnData,
}

impl FitsColumn {
    /// The keywords of column `number`, from 1.
    pub(super) fn keys(&self, number: usize) -> Vec<FitsKey> {
        let mut keys = vec![
            FitsKey::new(&format!("TTYPE{number}"), self.name.as_str(), ""),
            FitsKey::new(&format!("TFORM{number}"), self.data.format(), ""),
        ];
        for (keyword, text) in [("TUNIT", &self.unit), ("TCOMM", &self.description)] {
            if !text.is_empty() {
                keys.push(FitsKey::new(&format!("{keyword}{number}"), text.as_str(), ""));
            }
        }
        keys
    }
}
