//! The cells of an input catalogue, whatever file they come from.

use super::{CatalogError, Place, parquet_file, text};
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
    text::read(path, &bytes, wanted)
}
