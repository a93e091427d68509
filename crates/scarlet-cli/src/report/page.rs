//! The page as a whole.

use super::{Report, observation, sources};
use crate::markup::{escape, number};
use std::fmt::Write as _;

const STYLE: &str = include_str!("style.css");

/// Appends formatted text.
macro_rules! put {
    ($out:expr, $($format:tt)*) => {
        write!($out, $($format)*).expect("writing to a string cannot fail")
    };
}
pub(super) use put;

/// The whole file.
pub(super) fn html(report: &Report) -> String {
    let title = escape(&report.title);
    let mut out = String::new();
    put!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    put!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    put!(out, "<meta name=\"color-scheme\" content=\"light dark\">\n");
    put!(out, "<meta name=\"generator\" content=\"scarlet {}\">\n", escape(&report.version));
    put!(out, "<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n");
    put!(
        out,
        "<header><p class=\"kicker\">scarlet {}</p><h1>{title}</h1></header>\n<main>\n",
        escape(&report.version)
    );
    findings(&mut out, report);
    numbers(&mut out, report);
    for observed in &report.observations {
        observation::section(&mut out, report, observed);
    }
    loss(&mut out, report);
    sources::section(&mut out, report);
    settings(&mut out, report);
    out + "</main>\n</body>\n</html>\n"
}

fn findings(out: &mut String, report: &Report) {
    if report.findings.is_empty() {
        return;
    }
    put!(out, "<section class=\"findings\" aria-label=\"Findings\">\n<ul>\n");
    for finding in &report.findings {
        put!(out, "<li>{}</li>\n", escape(finding));
    }
    put!(out, "</ul>\n</section>\n");
}

fn numbers(out: &mut String, report: &Report) {
    if report.numbers.is_empty() {
        return;
    }
    put!(out, "<dl class=\"numbers\">\n");
    for shown in &report.numbers {
        put!(out, "<div><dt>{}</dt><dd>{}", escape(&shown.label), escape(&shown.value));
        if !shown.note.is_empty() {
            put!(out, " <small>{}</small>", escape(&shown.note));
        }
        put!(out, "</dd></div>\n");
    }
    put!(out, "</dl>\n");
}

fn loss(out: &mut String, report: &Report) {
    let Some((step, lowest)) = report.lowest_loss() else { return };
    put!(
        out,
        "<section>\n<h2>Course of the fit</h2>\n<figure class=\"wide\">\n{}",
        report.loss_curve().svg()
    );
    let steps = report.loss.len();
    put!(out, "<figcaption>Lowest loss {} at step {step} of {steps}.</figcaption>\n", number(lowest, 7));
    put!(out, "</figure>\n</section>\n");
}

fn settings(out: &mut String, report: &Report) {
    if report.settings.is_empty() && report.provenance.is_empty() {
        return;
    }
    put!(out, "<section>\n<h2>Settings</h2>\n");
    if !report.settings.is_empty() {
        put!(out, "<pre><code>{}</code></pre>\n", escape(report.settings.trim_end()));
    }
    if !report.provenance.is_empty() {
        put!(out, "<dl class=\"provenance\">\n");
        for (name, value) in &report.provenance {
            put!(out, "<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value));
        }
        put!(out, "</dl>\n");
    }
    put!(out, "</section>\n");
}
