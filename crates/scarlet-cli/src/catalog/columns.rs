//! Whole columns of numbers of a Parquet file.

use super::CatalogError;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::Result;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;
use std::path::Path;

/// All columns of numbers (yes and no as 1 and 0) of a file that [`Table::write_parquet`](super::Table::write_parquet)
/// wrote, by name, in order; texts are left out.
///
/// # Errors
/// [`CatalogError::File`] where it cannot be opened, [`CatalogError::Parquet`] where it is no such file.
pub fn read_numbers(path: &Path) -> std::result::Result<Vec<(String, Vec<f64>)>, CatalogError> {
    let file = File::open(path).map_err(|error| CatalogError::File {
        path: path.to_path_buf(),
        action: "open",
        kind: error.kind(),
    })?;
    read(file).map_err(|error| CatalogError::Parquet { path: path.to_path_buf(), problem: error.to_string() })
}

fn read(file: File) -> Result<Vec<(String, Vec<f64>)>> {
    let reader = SerializedFileReader::new(file)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let mut columns: Vec<(String, Vec<f64>)> = Vec::new();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
        for k in 0..schema.num_columns() {
            let values = match group.get_column_reader(k)? {
                ColumnReader::DoubleColumnReader(column) => numbers(column, rows, |v| v)?,
                ColumnReader::Int64ColumnReader(column) => numbers(column, rows, |v| v as f64)?,
                ColumnReader::BoolColumnReader(column) => numbers(column, rows, |v| f64::from(u8::from(v)))?,
                _ => continue,
            };
            let name = schema.column(k).name().to_owned();
            match columns.iter_mut().find(|(own, _)| *own == name) {
                Some((_, own)) => own.extend(values),
                None => columns.push((name, values)),
            }
        }
    }
    Ok(columns)
}

fn numbers<T: DataType>(
    mut column: ColumnReaderImpl<T>,
    rows: usize,
    number: impl Fn(T::T) -> f64,
) -> Result<Vec<f64>> {
    let mut values = Vec::with_capacity(rows);
    while values.len() < rows {
        let (read, _, _) = column.read_records(rows - values.len(), None, None, &mut values)?;
        if read == 0 {
            break;
        }
    }
    Ok(values.into_iter().map(number).collect())
}
