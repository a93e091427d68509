//! A table in columns, with units, descriptions and metadata.

use super::{CatalogError, ecsv, parquet_file};
use crate::files::write_whole;
use std::path::Path;

/// The values of a column, one for each row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ColumnData {
    /// Integers.
    I64(Vec<i64>),
    /// Real numbers; missing ones as NaN.
    F64(Vec<f64>),
    /// Texts.
    Str(Vec<String>),
    /// Yes or no.
    Bool(Vec<bool>),
}

impl ColumnData {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::I64(values) => values.len(),
            Self::F64(values) => values.len(),
            Self::Str(values) => values.len(),
            Self::Bool(values) => values.len(),
        }
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Vec<i64>> for ColumnData {
    fn from(values: Vec<i64>) -> Self {
        Self::I64(values)
    }
}

impl From<Vec<f64>> for ColumnData {
    fn from(values: Vec<f64>) -> Self {
        Self::F64(values)
    }
}

impl From<Vec<String>> for ColumnData {
    fn from(values: Vec<String>) -> Self {
        Self::Str(values)
    }
}

impl From<Vec<bool>> for ColumnData {
    fn from(values: Vec<bool>) -> Self {
        Self::Bool(values)
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its unit as astropy writes it (`deg`, `pix`, `nJy`), empty where it has none.
    pub unit: String,
    /// What it holds.
    pub description: String,
    /// Its values.
    pub data: ColumnData,
}

impl Column {
    /// A column.
    pub fn new(name: &str, unit: &str, description: &str, data: impl Into<ColumnData>) -> Self {
        let [name, unit, description] = [name, unit, description].map(str::to_owned);
        Self { name, unit, description, data: data.into() }
    }
}

/// Columns of one length, and what is to be known about the whole.
///
/// ```
/// use scarlet_cli::catalog::{Column, Table};
/// let mut table = Table::default();
/// table.columns.push(Column::new("id", "", "name of the source", vec![1_i64, 2]));
/// table.columns.push(Column::new("flux_i", "nJy", "flux in channel i", vec![12.5, 0.25]));
/// table.metadata.push(("scarlet".to_owned(), "0.1.0".to_owned()));
/// assert!(table.to_ecsv()?.ends_with("id,flux_i\n1,12.5\n2,0.25\n"));
/// # Ok::<(), scarlet_cli::catalog::CatalogError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// Keys and values about the whole, in order.
    pub metadata: Vec<(String, String)>,
}

impl Table {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.data.len())
    }

    /// As text: ECSV 1.0 with commas.
    ///
    /// # Errors
    /// [`CatalogError::Table`] where columns differ in length or share a name.
    pub fn to_ecsv(&self) -> Result<String, CatalogError> {
        self.check()?;
        Ok(ecsv::text(self))
    }

    /// As the bytes of a Parquet file, uncompressed.
    ///
    /// # Errors
    /// [`CatalogError::Table`] where columns differ in length or share a name.
    pub fn to_parquet(&self) -> Result<Vec<u8>, CatalogError> {
        self.check()?;
        parquet_file::bytes(self)
    }

    /// Writes [`Table::to_ecsv`] to a file.
    ///
    /// # Errors
    /// As there, and [`CatalogError::File`].
    pub fn write_csv(&self, path: &Path) -> Result<(), CatalogError> {
        write(path, self.to_ecsv()?.as_bytes())
    }

    /// Writes [`Table::to_parquet`] to a file.
    ///
    /// # Errors
    /// As there, and [`CatalogError::File`].
    pub fn write_parquet(&self, path: &Path) -> Result<(), CatalogError> {
        write(path, &self.to_parquet()?)
    }

    fn check(&self) -> Result<(), CatalogError> {
        for (index, column) in self.columns.iter().enumerate() {
            let fail = |problem| Err(CatalogError::Table { column: column.name.clone(), problem });
            if column.data.len() != self.rows() {
                return fail(format!("has {} rows, the first has {}", column.data.len(), self.rows()));
            }
            if self.columns[..index].iter().any(|other| other.name == column.name) {
                return fail("is there twice".to_owned());
            }
        }
        Ok(())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CatalogError> {
    write_whole(path, bytes).map_err(|error| CatalogError::File {
        path: path.to_path_buf(),
        action: "write",
        kind: error.kind(),
    })
}
