//! What can be wrong with a catalogue.

use std::fmt;
use std::path::PathBuf;

/// Where in a catalogue something is: a line of text, or a row of a table; both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A line of a text file.
    Line(u64),
    /// A row of a Parquet file.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Row(number) => write!(f, "row {number}"),
        }
    }
}

/// What can be wrong with a catalogue, and what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// A file that cannot be opened or written.
    #[error("cannot {action} {}: {}{}", .path.display(), reason(*.kind), advice(*.kind))]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried: `open`, `write`.
        action: &'static str,
        /// The operating system's reason.
        kind: std::io::ErrorKind,
    },
    /// A catalogue without positions.
    #[error(
        "{} has no columns for positions: name them {wanted}; it has: {}", .path.display(), .available.join(", ")
    )]
    NoPositions {
        /// The file.
        path: PathBuf,
        /// The names that were looked for.
        wanted: String,
        /// The columns that are there.
        available: Vec<String>,
    },
    /// A value that cannot be used.
    #[error("{}, {place}: column {column} is `{value}`; {wanted} is needed", .path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Line or row.
        place: Place,
        /// The column's name in the file.
        column: String,
        /// What is there.
        value: String,
        /// What is needed.
        wanted: &'static str,
    },
    /// A catalogue without sources.
    #[error("{} holds no sources; give at least one below the line with the names of columns", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A file of another kind.
    #[error("{} is {what}; save the catalogue as CSV or Parquet", .path.display())]
    NotATable {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A source without a position.
    #[error("{}, {place}: the source has no position; fill in {columns}", .path.display())]
    NoPosition {
        /// The file.
        path: PathBuf,
        /// Line or row.
        place: Place,
        /// The columns that may hold it.
        columns: String,
    },
    /// Two sources of one name.
    #[error("{}, {place}: id {id} is there already, in {first}; give every source its own", .path.display())]
    DuplicateId {
        /// The file.
        path: PathBuf,
        /// Line or row.
        place: Place,
        /// The name.
        id: String,
        /// Where it is first.
        first: Place,
    },
    /// A text file that is no table.
    #[error("{}, line {line}: {problem}", .path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// A Parquet file that cannot be read or written.
    #[error("{}: {problem}", .path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A table to write whose columns do not fit together.
    #[error("column {column}: {problem}")]
    Table {
        /// The column.
        column: String,
        /// What is wrong.
        problem: String,
    },
}

/// What the operating system says, in words of its users.
fn reason(kind: std::io::ErrorKind) -> String {
    match kind {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        other => other.to_string(),
    }
}

fn advice(kind: std::io::ErrorKind) -> &'static str {
    match kind {
        std::io::ErrorKind::NotFound => "; check the name: paths are relative to the scene file",
        std::io::ErrorKind::IsADirectory => "; name a file in it",
        _ => "",
    }
}
