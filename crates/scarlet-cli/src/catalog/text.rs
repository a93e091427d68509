//! Catalogues that are text: CSV, ECSV, columns between tabs or blanks, and the tables of SExtractor.

use super::cells::{Cell, Cells};
use super::{CatalogError, Place};
use std::borrow::Cow;
use std::path::Path;

/// Reads the columns for which `wanted` holds.
pub(super) fn read(path: &Path, bytes: &[u8], wanted: &dyn Fn(&str) -> bool) -> Result<Cells, CatalogError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let delimiter = delimiter(first_line(bytes));
    let bytes = if delimiter == b' ' { one_blank_each(bytes) } else { Cow::Borrowed(bytes) };
    let bytes = bytes.as_ref();
    let fail = |error: csv::Error| {
        let line = error.position().map_or(1, |position| line_of(bytes, position));
        CatalogError::Csv { path: path.to_path_buf(), line, problem: csv_problem(&error) }
    };
    let has_names = !is_numbers(first_line(bytes), delimiter);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .has_headers(has_names)
        .from_reader(bytes);
    let all: Vec<String> = if has_names {
        reader.headers().map_err(fail)?.iter().map(str::to_owned).collect()
    } else {
        names_in_comments(bytes, delimiter).ok_or_else(|| nameless(path, bytes))?
    };
    let chosen: Vec<usize> = (0..all.len()).filter(|&index| wanted(&all[index])).collect();
    let names = chosen.iter().map(|&index| all[index].clone()).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(fail)?;
        let line = record.position().map_or(1, |position| line_of(bytes, position));
        let cells = chosen.iter().map(|&index| match &record[index] {
            "" => Cell::Missing,
            text => Cell::Text(text.to_owned()),
        });
        rows.push((Place::Line(line), cells.collect()));
    }
    Ok(Cells { all, names, rows })
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii)
}

/// Whether a line holds no row: it is blank, or a comment.
fn is_aside(line: &[u8]) -> bool {
    line.is_empty() || line.starts_with(b"#")
}

/// The first line that is neither blank nor a comment.
fn first_line(bytes: &[u8]) -> &[u8] {
    lines(bytes).find(|line| !is_aside(line)).unwrap_or_default()
}

/// The first of comma, tab, semicolon and blank that the line has.
fn delimiter(line: &[u8]) -> u8 {
    [b',', b'\t', b';', b' '].into_iter().find(|separator| line.contains(separator)).unwrap_or(b',')
}

/// The text with one blank wherever there are several outside of quotes, and none at the ends of lines.
fn one_blank_each(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut text = Vec::with_capacity(bytes.len());
    for (number, line) in lines(bytes).enumerate() {
        if number > 0 {
            text.push(b'\n');
        }
        let mut is_quoted = false;
        for &byte in line {
            is_quoted ^= byte == b'"';
            if is_quoted || byte != b' ' || text.last() != Some(&b' ') {
                text.push(byte);
            }
        }
    }
    Cow::Owned(text)
}

fn fields(line: &[u8], delimiter: u8) -> impl Iterator<Item = String> {
    line.split(move |&byte| byte == delimiter).map(|field| String::from_utf8_lossy(field).trim().to_owned())
}

fn is_numbers(line: &[u8], delimiter: u8) -> bool {
    !line.is_empty() && fields(line, delimiter).all(|field| field.parse::<f64>().is_ok())
}

/// Names of columns in the comments above the first row: SExtractor's numbered list (`# 1 NUMBER ...`), or a last
/// comment of as many words as there are columns (`# id x y`).
fn names_in_comments(bytes: &[u8], delimiter: u8) -> Option<Vec<String>> {
    let count = fields(first_line(bytes), delimiter).count();
    let comments: Vec<&[u8]> =
        lines(bytes).take_while(|line| is_aside(line)).filter_map(|line| line.strip_prefix(b"#")).collect();
    let mut listed = Vec::new();
    for comment in &comments {
        let mut words = comment.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let number = words.next().and_then(|word| std::str::from_utf8(word).ok()?.parse::<usize>().ok());
        if let Some(name) = words.next().filter(|_| number == Some(listed.len() + 1)) {
            listed.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    if listed.len() == count {
        return Some(listed);
    }
    let last: Vec<String> = fields(comments.last()?.trim_ascii(), delimiter).collect();
    (last.len() == count).then_some(last)
}

fn nameless(path: &Path, bytes: &[u8]) -> CatalogError {
    let line = 1 + lines(bytes).take_while(|line| is_aside(line)).count() as u64;
    let problem = "it holds numbers, and no line above it names the columns; write one such as id,x,y";
    CatalogError::Csv { path: path.to_path_buf(), line, problem: problem.to_owned() }
}

/// The line that a record is on: its position is that of the blank and comment lines before it.
fn line_of(bytes: &[u8], position: &csv::Position) -> u64 {
    let rest = bytes.get(position.byte() as usize..).unwrap_or_default();
    position.line() + lines(rest).take_while(|line| is_aside(line)).count() as u64
}

fn csv_problem(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!(
                "the line has {len} fields, the header {expected_len}; write decimal points, not commas, and put \
                 texts with commas in quotes"
            )
        }
        csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8; is this a CSV or Parquet file?".to_owned(),
        _ => error.to_string(),
    }
}
