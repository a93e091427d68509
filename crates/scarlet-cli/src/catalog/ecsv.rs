//! Writing a table as ECSV: CSV whose comment lines say types, units and descriptions.
//!
//! Source: Astropy Proposal for Enhancement 6, version 1.0. The YAML there is written in its JSON subset.

use super::{Column, ColumnData, Table};
use serde_json::Value;
use std::fmt::Write as _;

/// The whole file.
pub(super) fn text(table: &Table) -> String {
    let mut out = String::from("# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n");
    for column in &table.columns {
        line(&mut out, format_args!("# - {}", describe(column)));
    }
    if !table.metadata.is_empty() {
        out.push_str("# meta: !!omap\n");
        for (key, value) in &table.metadata {
            line(&mut out, format_args!("# - {{{}: {}}}", quoted(key), quoted(value)));
        }
    }
    let names: Vec<String> = table.columns.iter().map(|column| field(&column.name)).collect();
    line(&mut out, format_args!("{}", names.join(",")));
    for row in 0..table.rows() {
        let values: Vec<String> = table.columns.iter().map(|column| value(&column.data, row)).collect();
        line(&mut out, format_args!("{}", values.join(",")));
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("writing to a string cannot fail");
}

fn describe(column: &Column) -> String {
    let datatype = match column.data {
        ColumnData::I64(_) => "int64",
        ColumnData::F64(_) => "float64",
        ColumnData::Str(_) => "string",
        ColumnData::Bool(_) => "bool",
    };
    let mut text = format!("{{name: {}, ", quoted(&column.name));
    if !column.unit.is_empty() {
        text += &format!("unit: {}, ", quoted(&column.unit));
    }
    text += &format!("datatype: {datatype}");
    if !column.description.is_empty() {
        text += &format!(", description: {}", quoted(&column.description));
    }
    text + "}"
}

/// As a JSON string, which is also one of YAML.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn value(data: &ColumnData, row: usize) -> String {
    match data {
        ColumnData::I64(values) => values[row].to_string(),
        ColumnData::F64(values) if values[row].is_nan() => "nan".to_owned(),
        ColumnData::F64(values) => format!("{:?}", values[row]),
        ColumnData::Str(values) => field(&values[row]),
        ColumnData::Bool(values) => if values[row] { "True" } else { "False" }.to_owned(),
    }
}

/// Quoted where CSV needs it, and where it is empty, so that no row is a blank line.
fn field(text: &str) -> String {
    let special = text.is_empty() || text.trim() != text || text.starts_with('#');
    if special || text.contains(['"', ',', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_units_and_odd_texts_are_written() {
        let names = ["a,b", "", "he said \"x\"", "#1"].map(str::to_owned).to_vec();
        let table = Table {
            columns: vec![
                Column::new("id", "", "", vec![1_i64, 2, 3, 4]),
                Column::new("flux", "nJy", "flux: \"total\"", vec![0.1, f64::NAN, 1e-300, f64::INFINITY]),
                Column::new("name", "", "", names),
                Column::new("ok", "", "", vec![true, false, true, true]),
            ],
            metadata: vec![("key # 1".to_owned(), "two\nlines".to_owned())],
        };
        let expected = r##"# %ECSV 1.0
# ---
# delimiter: ','
# datatype:
# - {name: "id", datatype: int64}
# - {name: "flux", unit: "nJy", datatype: float64, description: "flux: \"total\""}
# - {name: "name", datatype: string}
# - {name: "ok", datatype: bool}
# meta: !!omap
# - {"key # 1": "two\nlines"}
id,flux,name,ok
1,0.1,"a,b",True
2,nan,"",False
3,1e-300,"he said ""x""",True
4,inf,"#1",True
"##;
        assert_eq!(text(&table), expected);
    }
}
