//! A page about chains: findings, a table, traces, ranks, corners, fluxes and images.

mod charts;
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
        put!(out, "<p class=\"summary\">{}</p>\n</header>\n<main>\n", escape(&self.sentence()));
        self.findings(&mut out);
        self.table(&mut out);
        let columns = self.columns();
        self.section(&mut out, "traces", "Traces", columns.iter().map(|k| charts::trace(self.chains, *k)));
        self.section(
            &mut out,
            "ranks",
            "Ranks by chain",
            columns.iter().map(|k| charts::ranks(self.chains, *k)),
        );
        let corner = charts::corner(self.chains, &columns[..columns.len().min(CORNER)]);
        self.section(&mut out, "corner", "Pairs", corner.into_iter());
        let fluxes = self.columns_like(".flux_");
        let drawn = fluxes.iter().take(2 * MOST).map(|k| charts::histogram(self.chains, *k));
        self.section(&mut out, "fluxes", "Fluxes", drawn);
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

    fn sentence(&self) -> String {
        let own = self.summary;
        let shown =
            |value: Option<f64>, digits| value.map_or_else(|| "unknown".to_owned(), |v| number(v, digits));
        format!(
            "{} chains of {} draws in {:.1} s; {} divergent; largest R-hat {}, smallest effective sample size {}.",
            own.chains,
            own.draws,
            own.seconds.total(),
            own.divergences,
            shown(own.rhat_most, 4),
            shown(own.ess_bulk_least, 4),
        )
    }

    fn findings(&self, out: &mut String) {
        if self.summary.findings.is_empty() {
            return;
        }
        put!(out, "<section id=\"findings\">\n<h2>Findings</h2>\n<ul>\n");
        for found in &self.summary.findings {
            let text = format!("{}: {}: {}; {}", found.severity, found.subject, found.problem, found.advice);
            put!(out, "<li>{}</li>\n", escape(&text));
        }
        put!(out, "</ul>\n</section>\n");
    }

    fn table(&self, out: &mut String) {
        put!(out, "<section id=\"table\">\n<h2>Table</h2>\n<table>\n<thead><tr>");
        for head in ["name", "mean", "sd", "3%", "50%", "97%", "ESS bulk", "ESS tail", "R-hat"] {
            put!(out, "<th>{head}</th>");
        }
        put!(out, "</tr></thead>\n<tbody>\n");
        for line in self.summary.columns.iter().take(10 * MOST) {
            put!(out, "<tr><td>{}</td>", escape(&line.name));
            let [low, _, middle, _, high] = line.quantiles;
            let or_nan = |v: Option<f64>| v.unwrap_or(f64::NAN);
            for (value, digits) in [(line.mean, 5), (line.sd, 3), (low, 4), (middle, 4), (high, 4)] {
                put!(out, "<td>{}</td>", number(value, digits));
            }
            for (value, digits) in
                [(or_nan(line.ess_bulk), 4), (or_nan(line.ess_tail), 4), (or_nan(line.rhat), 4)]
            {
                put!(out, "<td>{}</td>", number(value, digits));
            }
            put!(out, "</tr>\n");
        }
        put!(out, "</tbody>\n</table>\n</section>\n");
    }

    fn section(&self, out: &mut String, id: &str, head: &str, charts: impl Iterator<Item = String>) {
        put!(out, "<section id=\"{id}\">\n<h2>{head}</h2>\n<div class=\"charts\">\n");
        charts.for_each(|chart| out.push_str(&chart));
        put!(out, "</div>\n</section>\n");
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
