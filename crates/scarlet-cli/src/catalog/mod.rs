//! Catalogues: where sources are (read), and what was found for them (written), as CSV and Parquet.
//!
//! Input is told by its first bytes: Parquet (uncompressed or Snappy, pyarrow's default), or else text whose
//! first line, or a comment above it, names the columns. Output is one [`Table`], written as ECSV (CSV with units and descriptions in comment lines, which
//! astropy, pandas and spreadsheets read) and as Parquet (units and descriptions in the file's metadata).

mod cells;
mod columns;
mod ecsv;
mod error;
mod input;
mod parquet_file;
mod table;
mod text;

pub use columns::read_numbers;
pub use error::{CatalogError, Place};
pub use input::{CatalogColumns, CatalogSource, SourceKind, read_catalog};
pub use table::{Column, ColumnData, Table};
