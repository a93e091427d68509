//! The cells of an input catalogue, whatever file they come from.

use super::{CatalogError, Place, parquet_file};
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

/// One value of an input catalogue.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// Empty, or a null.
    Missing,
    /// A text.
    Text(String),
    /// An integer.
    Integer(i128),
    /// A real number.
    Real(f64),
}

impl Cell {
    /// As a number: `None` where missing or NaN, an error where it is something else.
    pub(super) fn number(&self) -> Result<Option<f64>, String> {
        let value = match self {
            Self::Missing => return Ok(None),
            Self::Integer(value) => *value as f64,
            Self::Real(value) => *value,
            Self::Text(text) => text.parse().map_err(|_| text.clone())?,
        };
        if value.is_infinite() {
            Err(value.to_string())
        } else {
            Ok(Some(value).filter(|value| !value.is_nan()))
        }
    }

    /// As a text; `None` where missing.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Missing => None,
            Self::Text(text) => Some(text.clone()),
            Self::Integer(value) => Some(value.to_string()),
            Self::Real(value) => Some(value.to_string()),
        }
    }
}

/// Some columns of a catalogue, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cells {
    /// All columns that the file has.
    pub(super) all: Vec<String>,
    /// The columns that were read.
    pub(super) names: Vec<String>,
    /// Where each row is, and its cells.
    pub(super) rows: Vec<(Place, Vec<Cell>)>,
}

/// Reads the columns for which `wanted` holds.
pub(super) fn read(path: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Cells, CatalogError> {
    let failed = |error: std::io::Error| CatalogError::File {
        path: path.to_path_buf(),
        action: "open",
        kind: error.kind(),
    };
    let mut file = File::open(path).map_err(failed)?;
    let mut start = [0; 4];
    let is_parquet = file.read_exact(&mut start).is_ok() && &start == b"PAR1";
    file.rewind().map_err(failed)?;
    if is_parquet {
        return parquet_file::read(path, file, wanted);
    }
    if &start == b"SIMP" {
        return Err(CatalogError::NotATable { path: path.to_path_buf(), what: "a FITS file" });
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    read_text(path, &bytes, wanted)
}

fn read_text(path: &Path, bytes: &[u8], wanted: &dyn Fn(&str) -> bool) -> Result<Cells, CatalogError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let fail = |error: csv::Error| {
        let line = error.position().map_or(1, |position| line_of(bytes, position));
        CatalogError::Csv { path: path.to_path_buf(), line, problem: csv_problem(&error) }
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(bytes))
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let all: Vec<String> = reader.headers().map_err(fail)?.iter().map(str::to_owned).collect();
    let chosen: Vec<usize> = (0..all.len()).filter(|&index| wanted(&all[index])).collect();
    let names = chosen.iter().map(|&index| all[index].clone()).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(fail)?;
        let line = record.position().map_or(1, |position| line_of(bytes, position));
        let cells = chosen.iter().map(|&index| match &record[index] {
            "" => Cell::Missing,
            text => Cell::Text(text.to_owned()),
        });
        rows.push((Place::Line(line), cells.collect()));
    }
    Ok(Cells { all, names, rows })
}

/// The line that a record is on: its position is that of the blank and comment lines before it.
fn line_of(bytes: &[u8], position: &csv::Position) -> u64 {
    let rest = bytes.get(position.byte() as usize..).unwrap_or_default();
    let skipped = rest.split(|&byte| byte == b'\n').take_while(|line| {
        let line = line.trim_ascii();
        line.is_empty() || line.starts_with(b"#")
    });
    position.line() + skipped.count() as u64
}

fn csv_problem(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!(
                "the line has {len} fields, the header {expected_len}; write decimal points, not commas, and put texts \
                 with commas in quotes"
            )
        }
        csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8; is this a CSV or Parquet file?".to_owned(),
        _ => error.to_string(),
    }
}

/// The first of comma, tab, semicolon and blank that the header line has.
fn delimiter(bytes: &[u8]) -> u8 {
    let mut lines = bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let header = lines.find(|line| !line.is_empty() && !line.starts_with(b"#")).unwrap_or_default();
    [b',', b'\t', b';', b' '].into_iter().find(|separator| header.contains(separator)).unwrap_or(b',')
}
