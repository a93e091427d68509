//! The program run from outside on simulated surveys, and what it leaves behind.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A row of a table by the names of its columns.
pub(crate) type Row = BTreeMap<String, String>;

/// Runs the program, which ends well or with findings.
pub(crate) fn run(folder: &Path, args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_scarlet");
    let output = Command::new(program).args(args).current_dir(folder).output().expect("the program is there");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 4)), "{args:?}: {said}");
    output
}

/// A folder with a simulated survey in `sky`.
pub(crate) fn simulated(survey: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("survey.yaml"), survey).expect("written");
    run(folder.path(), &["simulate", "survey.yaml", "--out", "sky", "--quiet"]);
    folder
}

/// Puts `to` in the place of `from` in its scene file.
pub(crate) fn edited(folder: &Path, from: &str, to: &str) {
    let path = folder.join("sky/scene.yaml");
    let text = fs::read_to_string(&path).expect("written");
    assert!(text.contains(from), "{from} is not in {text}");
    fs::write(&path, text.replace(from, to)).expect("written");
}

/// Fits `sky/scene.yaml` into `out` and gives the summary.
pub(crate) fn fitted(folder: &Path) -> Value {
    run(folder, &["fit", "sky/scene.yaml", "--out", "out", "--quiet"]);
    summary(&folder.join("out"))
}

/// The summary of a fit.
pub(crate) fn summary(results: &Path) -> Value {
    let text = fs::read_to_string(results.join("summary.json")).expect("there are results");
    serde_json::from_str(&text).expect("JSON")
}

/// The rows of a CSV table by the first column, below its comments.
pub(crate) fn table(path: &Path) -> BTreeMap<String, Row> {
    let text = fs::read_to_string(path).expect("a table");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let names: Vec<&str> = lines.next().expect("names of columns").split(',').collect();
    let row = |line: &str| {
        let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        (cells[0].clone(), names.iter().map(|name| (*name).to_owned()).zip(cells).collect())
    };
    lines.map(row).collect()
}

/// The number in a cell.
pub(crate) fn number(row: &Row, name: &str) -> f64 {
    row[name].parse().expect("a number")
}
