//! Writing tables: what our own reader reads back, and what the formats promise others.

use parquet::basic::{LogicalType, Type as Physical};
use parquet::file::reader::{FileReader, SerializedFileReader};
use scarlet_cli::catalog::{CatalogColumns, CatalogError, Column, Table, read_catalog};

fn table() -> Table {
    let names = ["a", "", "M 87, \"b\u{e4}\""].map(str::to_owned).to_vec();
    Table {
        columns: vec![
            Column::new("id", "", "name of the source", vec![3_i64, -4, i64::MAX]),
            Column::new("ra", "deg", "right ascension, ICRS", vec![150.11629999999997, 0.1 + 0.2, 1e-300]),
            Column::new("dec", "deg", "", vec![-2.0, 89.5, 0.0]),
            Column::new("flux_i", "nJy", "flux: \"total\"", vec![1.5, f64::NAN, f64::NEG_INFINITY]),
            Column::new("name", "", "", names),
            Column::new("good", "", "", vec![true, false, true]),
        ],
        metadata: vec![("scarlet".into(), "0.1.0".into()), ("note".into(), "two\nlines # \u{3c3}".into())],
    }
}

#[test]
fn both_files_are_read_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [text, parquet] = ["catalog.csv", "catalog.parquet"].map(|name| folder.path().join(name));
    table().write_csv(&text).and_then(|()| table().write_parquet(&parquet)).expect("written");
    if let Some(keep) = std::env::var_os("SCARLET_KEEP_TABLES") {
        for path in [&text, &parquet] {
            let to = std::path::Path::new(&keep).join(path.file_name().expect("named"));
            std::fs::copy(path, to).expect("kept for another reader");
        }
    }
    let [a, b] =
        [text, parquet].map(|path| read_catalog(&path, &CatalogColumns::default()).expect("readable"));
    assert_eq!(a, b);
    assert_eq!(a[2].id, i64::MAX.to_string());
    assert_eq!(a[1].sky_deg, Some([0.1 + 0.2, 89.5]));
}

#[test]
fn parquet_has_types_and_units() {
    let bytes = table().to_parquet().expect("valid");
    assert_eq!(bytes, table().to_parquet().expect("valid"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("t.parquet");
    std::fs::write(&path, &bytes).expect("written");
    let reader = SerializedFileReader::new(std::fs::File::open(&path).expect("there")).expect("readable");
    let about = reader.metadata().file_metadata();
    assert_eq!(about.num_rows(), 3);
    let types: Vec<Physical> =
        about.schema_descr().columns().iter().map(|column| column.physical_type()).collect();
    let (int, real) = (Physical::INT64, Physical::DOUBLE);
    assert_eq!(types, [int, real, real, real, Physical::BYTE_ARRAY, Physical::BOOLEAN]);
    assert_eq!(about.schema_descr().column(4).logical_type_ref(), Some(&LogicalType::String));
    let keys = about.key_value_metadata().expect("there");
    let value = |key: &str| keys.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone());
    assert_eq!(value("scarlet").as_deref(), Some("0.1.0"));
    let columns: serde_json::Value =
        serde_json::from_str(&value("scarlet.columns").expect("there")).expect("JSON");
    assert_eq!(columns["flux_i"]["unit"], "nJy");
    assert_eq!(columns["ra"]["description"], "right ascension, ICRS");
}

#[test]
fn tables_that_do_not_fit_together_are_refused() {
    let mut short = table();
    short.columns[2] = Column::new("dec", "", "", vec![1.0]);
    let mut twice = table();
    twice.columns[4].name = "id".to_owned();
    for (bad, column) in [(short, "dec"), (twice, "id")] {
        for error in [bad.to_ecsv().map(drop), bad.to_parquet().map(drop)] {
            assert!(matches!(error, Err(CatalogError::Table { column: named, .. }) if named == column));
        }
    }
    let empty = Table { columns: vec![Column::new("id", "", "", Vec::<i64>::new())], metadata: Vec::new() };
    assert!(empty.to_ecsv().expect("valid").ends_with("\nid\n") && empty.to_parquet().is_ok());
    let nowhere = table().write_csv(std::path::Path::new("/nowhere/at/all.csv"));
    assert!(matches!(nowhere, Err(CatalogError::File { action: "write", .. })));
}
