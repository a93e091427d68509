//! Rules for single files: length, leftovers, paths of one machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Longest source file of a crate, in lines.
const MAX_LINES: usize = 400;

/// Files that may be longer, each with the reason.
const LONGER: &[(&str, &str)] = &[];

/// Folders and files that the rules hold for.
const PLACES: &[&str] = &["crates", "xtask", "tests", "benches", "examples", ".github", ".ci", "Cargo.toml"];

/// Documents at the top level, checked for paths only.
const DOCUMENTS: &[&str] = &["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "DEVIATIONS.toml"];

// Written in halves so that this file does not break its own rules.
const UNFINISHED: &[&str] = &[concat!("to", "do!"), concat!("unimple", "mented!"), concat!("db", "g!")];
const NOTES: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/tm", "p/"), concat!("/ro", "ot/")];

/// Broken rules of every text file in the tree, one sentence each.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for place in PLACES.iter().chain(DOCUMENTS) {
        walk(&root.join(place), &mut files)?;
    }
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        problems.extend(file_problems(&name, &text));
    }
    Ok(problems)
}

/// Every Rust file under a folder, or a file by itself; none where it is missing.
pub(crate) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    walk(folder, &mut files)?;
    files.retain(|f| f.extension().is_some_and(|e| e == "rs"));
    Ok(files)
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
    }
    if !path.is_dir() || path.ends_with("target") {
        return Ok(());
    }
    let entries = fs::read_dir(path).with_context(|| format!("reading {}", path.display()))?;
    let mut children = entries.map(|e| e.map(|e| e.path())).collect::<std::io::Result<Vec<_>>>()?;
    children.sort();
    children.iter().try_for_each(|child| walk(child, files))
}

/// Broken rules of one file; `name` is its path from the root with forward slashes.
fn file_problems(name: &str, text: &str) -> Vec<String> {
    let is_rust = name.ends_with(".rs");
    let is_document = DOCUMENTS.contains(&name);
    let mut problems = Vec::new();
    let lines = text.lines().count();
    if is_rust && is_crate_source(name) && lines > MAX_LINES && !LONGER.iter().any(|(file, _)| *file == name)
    {
        problems.push(format!("{name}: {lines} lines; split it (at most {MAX_LINES})"));
    }
    for (number, line) in text.lines().enumerate().map(|(i, l)| (i + 1, l)) {
        let mut say = |problem: String| problems.push(format!("{name}:{number}: {problem}"));
        if let Some(path) = MACHINE_PATHS.iter().find(|p| line.contains(**p)) {
            say(format!("the path {path} exists on one machine only"));
        }
        if is_document {
            continue;
        }
        if let Some(note) = NOTES.iter().find(|n| has_word(line, n) && !has_issue_number(line)) {
            say(format!("{note} without the number of an issue"));
        }
        if !is_rust {
            continue;
        }
        if let Some(name) = UNFINISHED.iter().find(|m| has_macro(line, m)) {
            say(format!("{name} is left over"));
        }
        if line.trim_start().starts_with("#[ignore]") {
            say("a test is ignored without a reason".to_owned());
        }
        if is_commented_code(line) {
            say("code in a comment; delete it or make it an example".to_owned());
        }
    }
    problems
}

fn is_crate_source(name: &str) -> bool {
    name.starts_with("crates/") && name.contains("/src/")
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        ![before, after].into_iter().flatten().any(|c| c.is_alphanumeric() || c == '_')
    })
}

fn has_issue_number(line: &str) -> bool {
    line.split('#').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn has_macro(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
            && line[at + name.len()..].starts_with(['(', '[', '{'])
    })
}

/// A plain comment that ends like a statement and starts or reads like one.
fn is_commented_code(line: &str) -> bool {
    let Some(comment) = line.trim_start().strip_prefix("//") else { return false };
    if comment.starts_with(['/', '!']) {
        return false;
    }
    let comment = comment.trim();
    let ends_like_code = comment.ends_with([';', '{', '}']);
    let keywords = ["let ", "use ", "fn ", "pub ", "if ", "for ", "match ", "return ", "impl ", "self.", "}"];
    let starts_like_code = keywords.iter().any(|k| comment.starts_with(k));
    let reads_like_code = comment.contains(" = ")
        || comment.contains("();")
        || comment.contains(".iter()")
        || comment.contains("::");
    ends_like_code && (starts_like_code || reads_like_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        file_problems("crates/scarlet-model/src/a.rs", text)
    }

    #[test]
    fn an_ordinary_file_passes() {
        let text = "//! A file.\n\n/// let x = 1;\nfn f() -> f64 {\n    // half of the flux; see eq. 3 (the sum)\n    0.5\n}\n";
        assert_eq!(problems(text), Vec::<String>::new());
    }

    #[test]
    fn a_long_file_is_named_with_its_length() {
        assert_eq!(problems(&"//\n".repeat(MAX_LINES)), Vec::<String>::new());
        assert!(problems(&"//\n".repeat(MAX_LINES + 1))[0].contains("401 lines"));
        assert!(file_problems("tests/parity.rs", &"//\n".repeat(MAX_LINES + 1)).is_empty());
    }

    #[test]
    fn leftovers_are_named_with_their_line() {
        for macro_name in UNFINISHED {
            assert!(problems(&format!("\n    {macro_name}(x)"))[0].contains("a.rs:2"), "{macro_name}");
        }
        for note in NOTES {
            assert_eq!(problems(&format!("// {note}: later")).len(), 1, "{note}");
            assert!(problems(&format!("// {note} (#12): later")).is_empty(), "{note}");
        }
        assert_eq!(problems("#[ignore]").len(), 1);
    }

    #[test]
    fn paths_of_one_machine_are_refused_in_documents_too() {
        for path in MACHINE_PATHS {
            assert_eq!(problems(&format!("const A: &str = \"{path}a\";")).len(), 1, "{path}");
            assert_eq!(file_problems("README.md", &format!("see {path}a")).len(), 1, "{path}");
        }
    }

    #[test]
    fn code_in_comments_is_refused() {
        for line in ["// let a = b;", "    // x = y + 1;", "// if a {", "// self.f();", "// }"] {
            assert_eq!(problems(line).len(), 1, "{line}");
        }
        for line in ["// the adjoint of the sum;", "// a (b) c", "/// let a = b;", "//"] {
            assert!(problems(line).is_empty(), "{line}");
        }
    }
}
