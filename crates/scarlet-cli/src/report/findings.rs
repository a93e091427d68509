//! What checks found, worst first.

use super::Report;
use super::page::put;
use super::selection::is_about;
use crate::findings::{counts, worst_first};
use crate::markup::escape;
use scarlet::obs::check::Finding;
use std::fmt::Write as _;

/// Kinds of findings that are shown at once; the others behind a click.
const FIRST: usize = 12;

pub(super) fn section(out: &mut String, report: &Report) {
    let findings = worst_first(&report.findings);
    put!(out, "<section id=\"findings\">\n<h2>Findings</h2>\n");
    if findings.is_empty() {
        put!(out, "<p class=\"about\">Nothing to report.</p>\n</section>\n");
        return;
    }
    put!(out, "<p class=\"about\">{}.</p>\n", escape(&counts(&report.findings)));
    let groups: Vec<&[&Finding]> = findings.chunk_by(|a, b| is_same_kind(a, b)).collect();
    let (first, more) = groups.split_at(groups.len().min(FIRST));
    list(out, report, first);
    if !more.is_empty() {
        let number: usize = more.iter().map(|group| group.len()).sum();
        put!(out, "<details class=\"more\"><summary>{number} more</summary>\n");
        list(out, report, more);
        put!(out, "</details>\n");
    }
    put!(out, "</section>\n");
}

/// Whether two findings differ only in what they are about.
fn is_same_kind(a: &Finding, b: &Finding) -> bool {
    (a.severity, a.code, &a.advice) == (b.severity, b.code, &b.advice)
}

/// A list with one entry for each group of findings of one kind, which share their advice.
fn list(out: &mut String, report: &Report, groups: &[&[&Finding]]) {
    put!(out, "<ul class=\"findings\">\n");
    for group in groups {
        let Some(first) = group.first() else { continue };
        let word = first.severity.name();
        put!(out, "<li class=\"{word}\"><span class=\"severity\">{word}</span> <div>");
        for finding in *group {
            put!(
                out,
                "<p><b>{}</b>: {}{}</p>\n",
                subject(report, finding),
                escape(&finding.problem),
                place(finding)
            );
        }
        put!(out, "<p>");
        if !first.advice.is_empty() {
            put!(out, "<span class=\"advice\">\u{2192} {}</span> ", escape(&first.advice));
        }
        put!(out, "<code>{}</code></p></div></li>\n", escape(first.code));
    }
    put!(out, "</ul>\n");
}

/// Where a finding is, unless its problem says so.
fn place(finding: &Finding) -> String {
    match finding.position {
        Some(position) if !finding.problem.contains("(y, x)") => {
            format!(" <span class=\"soft\">at {}</span>", y_x(position))
        }
        _ => String::new(),
    }
}

/// What a finding is about, with a link where that is a source that is shown.
fn subject(report: &Report, finding: &Finding) -> String {
    let subject = escape(&finding.subject);
    let source = report.sources.iter().position(|s| !s.views.is_empty() && is_about(finding, &s.id));
    match source {
        Some(index) => format!("<a href=\"#source-{index}\">{subject}</a>"),
        None => subject.into_owned(),
    }
}

/// `(y, x) = (45.6, 12.3)`, as checks write it.
fn y_x([y, x]: [f64; 2]) -> String {
    let one = |value: f64| format!("{value:.1}").replace('-', "\u{2212}");
    if y.is_finite() && x.is_finite() { format!("(y, x) = ({}, {})", one(y), one(x)) } else { String::new() }
}
