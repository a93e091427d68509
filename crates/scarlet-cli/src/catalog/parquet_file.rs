//! Parquet files: writing a table, and reading some columns of one.
//!
//! Units and descriptions stand in the file's key-value metadata under `scarlet.columns`, as JSON:
//! `{"flux_i": {"unit": "nJy", "description": "..."}}`; the table's own metadata stand beside it.

use super::cells::{Cell, Cells};
use super::{CatalogError, ColumnData, Place, Table};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::{Field, Row};
use parquet::schema::types::Type;
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// The key of the metadata that holds units and descriptions.
const COLUMNS_KEY: &str = "scarlet.columns";

/// A table as the bytes of a file.
pub(super) fn bytes(table: &Table) -> std::result::Result<Vec<u8>, CatalogError> {
    let mut out = Vec::new();
    write(table, &mut out)
        .map(|()| out)
        .map_err(|error| CatalogError::Table { column: "all".to_owned(), problem: error.to_string() })
}

fn write(table: &Table, out: &mut Vec<u8>) -> Result<()> {
    let fields = table.columns.iter().map(|column| field(&column.name, &column.data).map(Arc::new));
    let fields = fields.collect::<Result<Vec<_>>>()?;
    let schema = Arc::new(Type::group_type_builder("schema").with_fields(fields).build()?);
    let properties = WriterProperties::builder()
        .set_created_by(concat!("scarlet version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(key_values(table)))
        .build();
    let mut file = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for column in &table.columns {
        match &column.data {
            ColumnData::I64(values) => put::<Int64Type>(&mut group, values)?,
            ColumnData::F64(values) => put::<DoubleType>(&mut group, values)?,
            ColumnData::Bool(values) => put::<BoolType>(&mut group, values)?,
            ColumnData::Str(values) => {
                let values: Vec<ByteArray> =
                    values.iter().map(|text| ByteArray::from(text.as_str())).collect();
                put::<ByteArrayType>(&mut group, &values)?;
            }
        }
    }
    group.close()?;
    file.close().map(drop)
}

fn field(name: &str, data: &ColumnData) -> Result<Type> {
    let (physical, logical) = match data {
        ColumnData::I64(_) => (Physical::INT64, None),
        ColumnData::F64(_) => (Physical::DOUBLE, None),
        ColumnData::Bool(_) => (Physical::BOOLEAN, None),
        ColumnData::Str(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::REQUIRED);
    builder.with_logical_type(logical).build()
}

fn key_values(table: &Table) -> Vec<KeyValue> {
    let about = |column: &super::Column| json!({"unit": column.unit, "description": column.description});
    let columns: serde_json::Map<String, Value> =
        table.columns.iter().map(|column| (column.name.clone(), about(column))).collect();
    let own = table.metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    std::iter::once(KeyValue::new(COLUMNS_KEY.to_owned(), Value::Object(columns).to_string()))
        .chain(own)
        .collect()
}

fn put<T: DataType>(group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>, values: &[T::T]) -> Result<()> {
    let missing = || ParquetError::General("more columns than the schema has".to_owned());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}

/// The columns of a file for which `wanted` holds, as cells; names of all columns.
pub(super) fn read(
    path: &Path,
    file: File,
    wanted: &dyn Fn(&str) -> bool,
) -> std::result::Result<Cells, CatalogError> {
    let fail =
        |error: ParquetError| CatalogError::Parquet { path: path.to_path_buf(), problem: advice(&error) };
    let reader = SerializedFileReader::new(file).map_err(fail)?;
    let schema = reader.metadata().file_metadata().schema_descr().root_schema().clone();
    let all = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    let chosen: Vec<_> = schema.get_fields().iter().filter(|field| wanted(field.name())).cloned().collect();
    let names: Vec<String> = chosen.iter().map(|field| field.name().to_owned()).collect();
    let mut cells = Cells { all, names, rows: Vec::new() };
    if cells.names.is_empty() {
        return Ok(cells);
    }
    let projection = Type::group_type_builder(schema.name()).with_fields(chosen).build().map_err(fail)?;
    for (index, row) in reader.get_row_iter(Some(projection)).map_err(fail)?.enumerate() {
        let row = row.map_err(fail)?;
        cells.rows.push((Place::Row(index as u64 + 1), cells_of(&row)));
    }
    Ok(cells)
}

fn advice(error: &ParquetError) -> String {
    let text = error.to_string();
    let codec = text.contains("Disabled feature");
    if codec { format!("{text}; write it uncompressed or with Snappy") } else { text }
}

fn cells_of(row: &Row) -> Vec<Cell> {
    row.get_column_iter().map(|(_, field)| cell(field)).collect()
}

fn cell(field: &Field) -> Cell {
    match field {
        Field::Null => Cell::Missing,
        Field::Byte(value) => Cell::Integer(i128::from(*value)),
        Field::Short(value) => Cell::Integer(i128::from(*value)),
        Field::Int(value) => Cell::Integer(i128::from(*value)),
        Field::Long(value) => Cell::Integer(i128::from(*value)),
        Field::UByte(value) => Cell::Integer(i128::from(*value)),
        Field::UShort(value) => Cell::Integer(i128::from(*value)),
        Field::UInt(value) => Cell::Integer(i128::from(*value)),
        Field::ULong(value) => Cell::Integer(i128::from(*value)),
        Field::Float(value) => Cell::Real(f64::from(*value)),
        Field::Double(value) => Cell::Real(*value),
        Field::Str(text) => Cell::Text(text.clone()),
        other => Cell::Text(other.to_string()),
    }
}
