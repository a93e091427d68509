//! Whether files that have their final names are whole.

use std::fs;
use std::path::Path;

/// What is wrong with the files in a folder of results, if it is there.
pub(crate) fn complaints(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let files = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    files.filter_map(|path| complaint(&path)).collect()
}

fn complaint(path: &Path) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let is_whole = match path.extension().and_then(|ending| ending.to_str()) {
        Some("part") => return Some(format!("{} was left behind", path.display())),
        Some("fits") => !bytes.is_empty() && bytes.len() % 2880 == 0,
        Some("json") => serde_json::from_str::<serde_json::Value>(&text).is_ok(),
        Some("csv" | "yaml") => text.ends_with('\n'),
        Some("parquet") => bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"),
        Some("html") => text.trim_end().ends_with("</html>"),
        _ => !bytes.is_empty(),
    };
    (!is_whole).then(|| format!("{} is not whole", path.display()))
}
