//! A page about chains: findings, a table, traces, ranks, corners, fluxes and images.

mod charts;
mod corner;
mod images;

use super::SampleSummary;
use crate::markup::{escape, number};
use scarlet::infer::sample::{Chains, SourceImages};
use std::fmt::Write as _;
use std::path::Path;

const STYLE: &str = include_str!("../report/style.css");
/// Columns that are drawn, where nobody chose them.
const MOST: usize = 12;
/// Columns of a corner plot.
const CORNER: usize = 6;
/// Lines of the table.
const LINES: usize = 400;

/// Parts of the page.
const PARTS: [(&str, &str); 8] = [
    ("findings", "Findings"),
    ("table", "Table"),
    ("traces", "Traces"),
    ("ranks", "Ranks"),
    ("corner", "Pairs"),
    ("fluxes", "Fluxes"),
    ("images", "Light of each source"),
    ("settings", "Settings"),
];

/// All that the page shows.
#[derive(Debug)]
pub struct SamplePage<'a> {
    /// Name of the scene.
    pub title: String,
    /// The chains.
    pub chains: &'a Chains,
    /// Their summary.
    pub summary: &'a SampleSummary,
    /// Columns to draw; the first ones where there are none.
    pub chosen: Vec<String>,
    /// Mean and standard deviation of each source's light.
    pub images: Vec<SourceImages>,
    /// The scene file.
    pub settings: String,
}

/// Appends formatted text.
macro_rules! put {
    ($out:expr, $($format:tt)*) => {
        write!($out, $($format)*).expect("writing to a string cannot fail")
    };
}
use put;

impl SamplePage<'_> {
    /// Writes the page as one HTML file that needs nothing else.
    ///
    /// # Errors
    /// The operating system's.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        crate::files::write_whole(path, self.html().as_bytes())
    }

    /// The page.
    #[must_use]
    pub fn html(&self) -> String {
        let (title, version) = (escape(&self.title), self.summary.version);
        let mut out = String::new();
        put!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        put!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        put!(out, "<meta name=\"color-scheme\" content=\"light dark\">\n");
        put!(out, "<title>{title}: draws</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n");
        put!(out, "<header>\n<p class=\"kicker\">scarlet {version}</p>\n<h1>{title}: draws</h1>\n");
        self.numbers(&mut out);
        put!(out, "</header>\n<nav aria-label=\"Contents\">");
        for (id, name) in PARTS {
            put!(out, "<a href=\"#{id}\">{name}</a> ");
        }
        put!(out, "</nav>\n<main>\n");
        self.findings(&mut out);
        self.table(&mut out);
        let columns = self.columns();
        let each = |chart: fn(&Chains, usize) -> String| columns.iter().map(move |k| chart(self.chains, *k));
        section(
            &mut out,
            "traces",
            "Traces",
            "Values of each chain in the order of the draws.",
            each(charts::trace),
        );
        let about =
            "How many draws of each chain fall into each twentieth of all draws: flat where chains agree.";
        section(&mut out, "ranks", "Ranks by chain", about, each(charts::ranks));
        put!(out, "<section id=\"corner\">\n<h2>Pairs</h2>\n");
        put!(
            out,
            "<p class=\"about\">Draws of two columns at a time, and how each is distributed; --plot NAME chooses.</p>\n"
        );
        out.push_str(&corner::corner(self.chains, &columns[..columns.len().min(CORNER)]));
        put!(out, "</section>\n");
        let fluxes = self.columns_like(".flux_");
        let drawn = fluxes.iter().take(2 * MOST).map(|k| charts::histogram(self.chains, *k));
        section(
            &mut out,
            "fluxes",
            "Fluxes",
            "Distribution of the flux of each source in each channel.",
            drawn,
        );
        images::section(&mut out, &self.images);
        put!(out, "<section id=\"settings\">\n<h2>Settings</h2>\n");
        put!(
            out,
            "<pre tabindex=\"0\"><code>{}</code></pre>\n</section>\n",
            escape(self.settings.trim_end())
        );
        put!(out, "</main>\n</body>\n</html>\n");
        out
    }

    fn numbers(&self, out: &mut String) {
        let own = self.summary;
        let shown = |value: Option<f64>, digits| number(value.unwrap_or(f64::NAN), digits);
        let mut all = vec![
            ("chains", own.chains.to_string()),
            ("draws of each", own.draws.to_string()),
            ("time", format!("{} s", number(own.seconds.total(), 3))),
            ("largest R-hat", shown(own.rhat_most, 4)),
            ("smallest effective sample size", shown(own.ess_bulk_least, 3)),
            ("smallest E-BFMI", shown(own.bfmi.iter().copied().reduce(f64::min), 2)),
            ("divergent draws", own.divergences.to_string()),
        ];
        let names: Vec<String> =
            own.predictive.iter().map(|check| format!("p of chi\u{b2}, {}", check.observation)).collect();
        all.extend(
            names.iter().map(String::as_str).zip(own.predictive.iter().map(|check| number(check.p_value, 2))),
        );
        put!(out, "<dl class=\"numbers\">\n");
        for (name, value) in all {
            put!(out, "<div><dt>{}</dt><dd>{value}</dd></div>\n", escape(name));
        }
        put!(out, "</dl>\n");
    }

    fn findings(&self, out: &mut String) {
        put!(out, "<section id=\"findings\">\n<h2>Findings</h2>\n");
        if self.summary.findings.is_empty() {
            put!(out, "<p class=\"about\">Nothing to report.</p>\n</section>\n");
            return;
        }
        put!(out, "<ul class=\"findings\">\n");
        for found in &self.summary.findings {
            let [subject, problem, advice] =
                [&found.subject, &found.problem, &found.advice].map(|text| escape(text));
            let word = &found.severity;
            put!(out, "<li class=\"{word}\"><span class=\"severity\">{word}</span> <div>");
            put!(out, "<p><b>{subject}</b>: {problem}</p>\n<p>\u{2192} {advice}</p></div></li>\n");
        }
        put!(out, "</ul>\n</section>\n");
    }

    fn table(&self, out: &mut String) {
        put!(
            out,
            "<section id=\"table\">\n<h2>Table</h2>\n<div class=\"scroll tall\" tabindex=\"0\"><table>\n<thead><tr>"
        );
        put!(out, "<th scope=\"col\" class=\"text\">name</th>");
        for head in ["mean", "sd", "3%", "50%", "97%", "ESS bulk", "ESS tail", "R-hat"] {
            put!(out, "<th scope=\"col\">{head}</th>");
        }
        put!(out, "</tr></thead>\n<tbody>\n");
        for line in self.summary.columns.iter().take(LINES) {
            put!(out, "<tr><th scope=\"row\" class=\"text\">{}</th>", escape(&line.name));
            let [low, _, middle, _, high] = line.quantiles;
            let or_nan = |v: Option<f64>| v.unwrap_or(f64::NAN);
            for (value, digits) in [
                (line.mean, 5),
                (line.sd, 3),
                (low, 4),
                (middle, 4),
                (high, 4),
                (or_nan(line.ess_bulk), 4),
                (or_nan(line.ess_tail), 4),
                (or_nan(line.rhat), 4),
            ] {
                put!(out, "<td>{}</td>", number(value, digits));
            }
            put!(out, "</tr>\n");
        }
        put!(out, "</tbody></table></div>\n");
        if self.summary.columns.len() > LINES {
            put!(
                out,
                "<p class=\"about\">The first {LINES} of {}; posterior.csv has all.</p>\n",
                self.summary.columns.len()
            );
        }
        put!(out, "</section>\n");
    }

    /// The columns to draw: those that were chosen, else parameters of few values.
    fn columns(&self) -> Vec<usize> {
        let names = self.chains.columns();
        if !self.chosen.is_empty() {
            let is_chosen = |k: &usize| self.chosen.iter().any(|name| *name == names[*k].name);
            return (0..names.len()).filter(is_chosen).collect();
        }
        let is_image = |name: &str| {
            let base = name.split('[').next().unwrap_or(name);
            names.iter().filter(|other| other.name.split('[').next() == Some(base)).count() > MOST
        };
        let own = (0..names.len()).filter(|k| !names[*k].is_derived && !is_image(&names[*k].name));
        let mut own: Vec<usize> = own.take(MOST).collect();
        if own.is_empty() {
            own = self.columns_like(".flux_").into_iter().take(MOST).collect();
        }
        own
    }

    fn columns_like(&self, part: &str) -> Vec<usize> {
        let names = self.chains.columns().iter().enumerate();
        names.filter(|(_, column)| column.name.contains(part)).map(|(k, _)| k).collect()
    }
}

/// A part of the page with charts.
fn section(out: &mut String, id: &str, head: &str, about: &str, charts: impl Iterator<Item = String>) {
    put!(
        out,
        "<section id=\"{id}\">\n<h2>{head}</h2>\n<p class=\"about\">{about}</p>\n<div class=\"charts\">\n"
    );
    charts.for_each(|chart| out.push_str(&chart));
    put!(out, "</div>\n</section>\n");
}
