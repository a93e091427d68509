//! Findings of checks: as records for JSON, and as text for a terminal.

use scarlet::obs::check::{Finding, Severity};
use serde::Serialize;
use std::fmt::Write as _;

/// A finding as it is written to JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingRecord {
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// What kind of finding it is: `psf_off_centre`, `chi2_high`, ...
    pub code: &'static str,
    /// What it is about: `observation hsc, channel g`, `source s3`.
    pub subject: String,
    /// What was found, with numbers and their units.
    pub problem: String,
    /// What to do about it.
    pub advice: String,
    /// `(y, x)` in pixels of the model frame, for what has a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<[f64; 2]>,
}

impl From<&Finding> for FindingRecord {
    fn from(finding: &Finding) -> Self {
        let Finding { severity, code, subject, problem, advice, position } = finding.clone();
        Self { severity: severity.name(), code, subject, problem, advice, position }
    }
}

/// All findings as records, worst first.
#[must_use]
pub fn records(findings: &[Finding]) -> Vec<FindingRecord> {
    worst_first(findings).into_iter().map(FindingRecord::from).collect()
}

/// The findings, worst first; those of one severity in the order they came.
#[must_use]
pub fn worst_first(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    sorted
}

/// Whether one of the findings is an error.
#[must_use]
pub fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// How many findings of each severity there are, in words: `1 error, 2 warnings`; `nothing found` for none.
#[must_use]
pub fn counts(findings: &[Finding]) -> String {
    counts_of(findings.iter().map(|finding| finding.severity.name()))
}

/// As [`counts`], from the names of the severities.
pub fn counts_of<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    let words = [Severity::Error, Severity::Warning, Severity::Note].map(Severity::name).map(|severity| {
        let count = names.clone().filter(|name| *name == severity).count();
        (count > 0).then(|| format!("{count} {severity}{}", if count == 1 { "" } else { "s" }))
    });
    let words: Vec<String> = words.into_iter().flatten().collect();
    if words.is_empty() { "nothing found".to_owned() } else { words.join(", ") }
}

/// Columns of text in a terminal.
const WIDTH: usize = 100;

/// The findings for people, worst first, one block each; the same thing about several subjects in one block.
#[must_use]
pub fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in worst_first(findings) {
        let same = |g: &&mut Vec<&Finding>| {
            (g[0].severity, g[0].code, &g[0].advice) == (finding.severity, finding.code, &finding.advice)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    for group in groups {
        let first = group[0];
        let _ = writeln!(text, "{} [{}]", first.severity.name(), first.code);
        for finding in &group {
            let line = format!("{}: {}", finding.subject, finding.problem);
            text.push_str(&wrapped(&line, "  ", "    "));
        }
        text.push_str(&wrapped(&first.advice, "  -> ", "     "));
        text.push('\n');
    }
    text
}

/// `text` in lines of at most [`WIDTH`] columns, the first one behind `first`, the others behind `rest`.
fn wrapped(text: &str, first: &str, rest: &str) -> String {
    let (mut lines, mut line) = (String::new(), first.to_owned());
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(lines, "{line}");
            rest.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    let _ = writeln!(lines, "{line}");
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(severity: Severity, code: &'static str, subject: &str) -> Finding {
        let (problem, advice) = ("the sum is 2".to_owned(), "divide it by its sum".to_owned());
        Finding { severity, code, subject: subject.to_owned(), problem, advice, position: None }
    }

    #[test]
    fn the_worst_come_first_and_the_same_ones_together() {
        let findings = [
            finding(Severity::Note, "a", "one"),
            finding(Severity::Error, "b", "two"),
            finding(Severity::Note, "a", "three"),
        ];
        let text = text(&findings);
        let at = |word: &str| text.find(word).expect("it is there");
        assert!(at("two") < at("one") && at("one") < at("three"));
        assert_eq!(text.matches("divide it by its sum").count(), 2);
        assert_eq!(counts(&findings), "1 error, 2 notes");
        assert_eq!(counts(&[]), "nothing found");
        assert!(has_errors(&findings) && !has_errors(&findings[..1]));
    }

    #[test]
    fn records_are_flat_json() {
        let mut found = finding(Severity::Warning, "undetected_source", "model frame");
        found.position = Some([1.5, 2.0]);
        let json = serde_json::to_value(records(&[found])).expect("text and numbers");
        assert_eq!(json[0]["severity"], "warning");
        assert_eq!(json[0]["position"], serde_json::json!([1.5, 2.0]));
    }

    #[test]
    fn long_lines_are_wrapped_and_no_word_is_lost() {
        let long = "word ".repeat(60);
        let lines = wrapped(&long, "  ", "    ");
        assert!(lines.lines().count() > 2 && lines.lines().all(|line| line.chars().count() <= WIDTH));
        assert_eq!(lines.split_whitespace().count(), 60);
    }
}
