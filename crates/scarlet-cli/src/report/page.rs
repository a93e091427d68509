//! The page as a whole.

use super::{Report, course, detail, findings, observation, sources};
use crate::markup::escape;
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
    let version = escape(&report.version);
    let mut out = String::new();
    put!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    put!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    put!(out, "<meta name=\"color-scheme\" content=\"light dark\">\n");
    put!(out, "<meta name=\"generator\" content=\"scarlet {version}\">\n");
    put!(out, "<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n");
    put!(out, "<header>\n<p class=\"kicker\">scarlet {version}</p>\n<h1>{title}</h1>\n");
    if !report.summary.is_empty() {
        put!(out, "<p class=\"summary\">{}</p>\n", escape(&report.summary));
    }
    numbers(&mut out, report);
    put!(out, "</header>\n");
    let mut main = String::new();
    findings::section(&mut main, report);
    put!(main, "<div id=\"images\">\n");
    for observed in &report.observations {
        observation::section(&mut main, report, observed);
    }
    put!(main, "</div>\n");
    sources::section(&mut main, report);
    detail::all(&mut main, report);
    course::section(&mut main, report);
    settings(&mut main, report);
    contents(&mut out, &main);
    put!(out, "<main>\n{main}</main>\n</body>\n</html>\n");
    out
}

/// Links to the parts that are there.
fn contents(out: &mut String, main: &str) {
    const PARTS: [(&str, &str); 6] = [
        ("findings", "Findings"),
        ("images", "Images"),
        ("sources", "Table of sources"),
        ("details", "Sources one by one"),
        ("course", "Course of the fit"),
        ("settings", "Settings"),
    ];
    put!(out, "<nav aria-label=\"Contents\">");
    for (id, name) in PARTS {
        if main.contains(&format!("id=\"{id}\"")) {
            put!(out, "<a href=\"#{id}\">{name}</a> ");
        }
    }
    put!(out, "</nav>\n");
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

fn settings(out: &mut String, report: &Report) {
    if report.settings.is_empty() && report.provenance.is_empty() {
        return;
    }
    put!(out, "<section id=\"settings\">\n<h2>Settings</h2>\n");
    if !report.settings.is_empty() {
        put!(out, "<pre tabindex=\"0\"><code>{}</code></pre>\n", escape(report.settings.trim_end()));
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
