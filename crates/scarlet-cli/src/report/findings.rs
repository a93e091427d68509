//! What checks found, worst first.

use super::Report;
use super::marks::x_y;
use super::page::put;
use super::selection::is_about;
use crate::findings::{counts, worst_first};
use crate::markup::escape;
use scarlet::obs::check::Finding;
use std::fmt::Write as _;

/// Findings that are shown at once; the others behind a click.
const FIRST: usize = 12;

pub(super) fn section(out: &mut String, report: &Report) {
    let findings = worst_first(&report.findings);
    put!(out, "<section id=\"findings\">\n<h2>Findings</h2>\n");
    if findings.is_empty() {
        put!(out, "<p class=\"about\">Nothing to report.</p>\n</section>\n");
        return;
    }
    put!(out, "<p class=\"about\">{}.</p>\n", escape(&counts(&report.findings)));
    let (first, more) = findings.split_at(findings.len().min(FIRST));
    list(out, report, first);
    if !more.is_empty() {
        put!(out, "<details class=\"more\"><summary>{} more</summary>\n", more.len());
        list(out, report, more);
        put!(out, "</details>\n");
    }
    put!(out, "</section>\n");
}

fn list(out: &mut String, report: &Report, findings: &[&Finding]) {
    put!(out, "<ul class=\"findings\">\n");
    for finding in findings {
        let word = finding.severity.name();
        put!(out, "<li class=\"{word}\"><span class=\"severity\">{word}</span> <div>");
        put!(out, "<b>{}</b>: {}", subject(report, finding), escape(&finding.problem));
        if let Some(position) = finding.position {
            put!(out, " <span class=\"soft\">at x, y = {}</span>", x_y(position));
        }
        if !finding.advice.is_empty() {
            put!(out, "<br><span class=\"advice\">\u{2192} {}</span>", escape(&finding.advice));
        }
        put!(out, " <code>{}</code></div></li>\n", escape(finding.code));
    }
    put!(out, "</ul>\n");
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
