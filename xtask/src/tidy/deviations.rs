//! `DEVIATIONS.toml`: what differs from scarlet2 on purpose, and the test that shows it.
//!
//! The file is a list of `[[deviation]]` tables whose values are strings on one line; that subset of TOML is all that is
//! accepted.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::source::rust_files;

/// Fields that every entry has, and no others.
const FIELDS: [&str; 5] = ["id", "what", "why", "scarlet2", "test"];

type Entry = BTreeMap<String, String>;

/// Broken entries, one sentence each.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let path = root.join("DEVIATIONS.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let entries = match parse(&text) {
        Ok(entries) => entries,
        Err(error) => return Ok(vec![format!("DEVIATIONS.toml: {error}")]),
    };
    let mut problems = Vec::new();
    for (k, entry) in entries.iter().enumerate() {
        let name = entry.get("id").cloned().unwrap_or_else(|| format!("entry {}", k + 1));
        problems.extend(field_problems(entry).into_iter().map(|p| format!("DEVIATIONS.toml: {name}: {p}")));
        if entries[..k].iter().any(|other| other.get("id") == entry.get("id")) {
            problems.push(format!("DEVIATIONS.toml: {name}: the id is used twice"));
        }
        if let Some(test) = entry.get("test")
            && !test_exists(root, test)?
        {
            problems.push(format!("DEVIATIONS.toml: {name}: there is no test function {test}"));
        }
    }
    Ok(problems)
}

fn field_problems(entry: &Entry) -> Vec<String> {
    let missing = FIELDS
        .iter()
        .filter(|f| entry.get(**f).is_none_or(|v| v.trim().is_empty()))
        .map(|f| format!("`{f}` is missing or empty"));
    let unknown =
        entry.keys().filter(|k| !FIELDS.contains(&k.as_str())).map(|k| format!("`{k}` is not a field"));
    missing.chain(unknown).collect()
}

fn parse(text: &str) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in text.lines().enumerate().map(|(i, l)| (i + 1, l.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "[[deviation]]" {
            entries.push(Entry::new());
            continue;
        }
        let (key, value) =
            line.split_once('=').with_context(|| format!("line {number}: expected `key = \"value\"`"))?;
        let value = string(value.trim()).with_context(|| format!("line {number}"))?;
        let entry =
            entries.last_mut().with_context(|| format!("line {number}: before the first [[deviation]]"))?;
        ensure!(
            entry.insert(key.trim().to_owned(), value).is_none(),
            "line {number}: the key is given twice"
        );
    }
    Ok(entries)
}

/// A basic string on one line; backslash escapes a quote or a backslash.
fn string(quoted: &str) -> Result<String> {
    let inner = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .context("expected a string in double quotes")?;
    let mut value = String::new();
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some(escaped @ ('"' | '\\')) => value.push(escaped),
                other => bail!("unknown escape \\{}", other.map(String::from).unwrap_or_default()),
            },
            '"' => bail!("a quote inside the string needs a backslash"),
            other => value.push(other),
        }
    }
    Ok(value)
}

/// Whether `crate::file::function` or `path/to/file.rs::function` is a test in the tree.
fn test_exists(root: &Path, test: &str) -> Result<bool> {
    let Some((place, function)) = test.rsplit_once("::") else { return Ok(false) };
    for file in candidates(root, place)? {
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        if has_test(&text, function) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn candidates(root: &Path, place: &str) -> Result<Vec<PathBuf>> {
    if place.ends_with(".rs") {
        return Ok(Some(root.join(place)).filter(|p| p.is_file()).into_iter().collect());
    }
    let mut segments = place.split("::");
    let (Some(package), Some(file)) = (segments.next(), segments.last()) else { return Ok(Vec::new()) };
    let mut files = rust_files(&root.join("crates").join(package))?;
    if package == "scarlet" {
        files.extend(rust_files(&root.join("tests"))?);
    }
    let named = |path: &PathBuf| {
        path.file_stem().is_some_and(|stem| stem == file)
            || path.ends_with(format!("{file}/mod.rs"))
            || path.ends_with(format!("{file}/tests.rs"))
    };
    Ok(files.into_iter().filter(named).collect())
}

/// Whether the text has the function under a `#[test]` attribute, at most four lines above it.
fn has_test(text: &str, function: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let head = format!("fn {function}(");
    lines.iter().enumerate().any(|(i, line)| {
        line.starts_with(&head) && lines[i.saturating_sub(4)..i].iter().any(|l| l.starts_with("#[test]"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# comment\n[[deviation]]\nid = \"a\"\nwhat = \"says \\\"b\\\"\"\nwhy = \"c = d\"\n\
                        scarlet2 = \"e\"\ntest = \"f::g::h\"\n";

    #[test]
    fn an_entry_is_read() {
        let entries = parse(GOOD).expect("the text is valid");
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0]["what"], "says \"b\"");
        assert_eq!(entries[0]["why"], "c = d");
        assert!(field_problems(&entries[0]).is_empty());
    }

    #[test]
    fn a_missing_and_an_unknown_field_are_named() {
        let entries = parse("[[deviation]]\nid = \"a\"\nwat = \"b\"\n").expect("the text is valid");
        let problems = field_problems(&entries[0]).join("; ");
        assert!(problems.contains("`test` is missing"), "{problems}");
        assert!(problems.contains("`wat` is not a field"), "{problems}");
    }

    #[test]
    fn what_is_not_a_string_is_refused_with_its_line() {
        for bad in
            ["[[deviation]]\nid = 3", "id = \"a\"", "[[deviation]]\nid", "[[deviation]]\nid = \"a\"b\""]
        {
            let error = format!("{:#}", parse(bad).expect_err(bad));
            assert!(error.contains("line "), "{error}");
        }
    }

    #[test]
    fn only_functions_under_a_test_attribute_count() {
        assert!(has_test("    #[test]\n    fn holds() {", "holds"));
        assert!(!has_test("    fn holds() {", "holds"));
        assert!(!has_test("    #[test]\n    fn holds_more() {", "holds"));
    }

    #[test]
    fn a_test_is_found_by_crate_and_by_path() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask has a parent");
        let here = "xtask/src/tidy/deviations.rs::an_entry_is_read";
        assert!(test_exists(root, here).expect("the file can be read"));
        assert!(!test_exists(root, "xtask/src/tidy/deviations.rs::parse").expect("the file can be read"));
        assert!(!test_exists(root, "scarlet-none::file::test").expect("nothing to read"));
    }
}
