//! The table of the sources.

use super::page::put;
use super::{Report, ReportSource};
use crate::markup::{escape, number};
use std::fmt::Write as _;

/// A column: its heading, and what it shows of a source.
struct Shown<'a> {
    heading: String,
    is_text: bool,
    value: Box<dyn Fn(&ReportSource) -> String + 'a>,
}

pub(super) fn section(out: &mut String, report: &Report) {
    if report.sources.is_empty() {
        return;
    }
    let columns = columns(report);
    put!(
        out,
        "<section id=\"sources\">\n<h2>Sources</h2>\n<div class=\"scroll tall\" tabindex=\"0\"><table>\n<thead><tr>"
    );
    for column in &columns {
        put!(out, "<th scope=\"col\"{}>{}</th>", class(column), column.heading);
    }
    put!(out, "</tr></thead>\n<tbody>\n");
    for (place, source) in report.sources.iter().enumerate() {
        put!(out, "<tr>");
        for (index, column) in columns.iter().enumerate() {
            let (open, close) = if index == 0 { ("th scope=\"row\"", "th") } else { ("td", "td") };
            let mut value = (column.value)(source);
            if index == 0 && !source.views.is_empty() {
                value = format!("<a href=\"#source-{place}\">{value}</a>");
            }
            put!(out, "<{open}{}>{value}</{close}>", class(column));
        }
        put!(out, "</tr>\n");
    }
    put!(out, "</tbody></table></div>\n");
    put!(
        out,
        "<p class=\"about\">Positions x, y in pixels of the model frame, from 0{}.</p>\n",
        about_flux(report)
    );
    put!(out, "</section>\n");
}

fn about_flux(report: &Report) -> String {
    match report.flux_unit.as_str() {
        "" => String::new(),
        unit => format!("; fluxes in {}", escape(unit)),
    }
}

fn class(column: &Shown<'_>) -> &'static str {
    if column.is_text { " class=\"text\"" } else { "" }
}

/// The columns for which any source has something to say.
fn columns(report: &Report) -> Vec<Shown<'_>> {
    let any = |has: &dyn Fn(&ReportSource) -> bool| report.sources.iter().any(has);
    let mut columns = vec![words("id", |source| &source.id)];
    if any(&|source| !source.kind.is_empty()) {
        columns.push(words("type", |source| &source.kind));
    }
    columns.push(real("x", |source| Some(source.position[1]), Some(2)));
    columns.push(real("y", |source| Some(source.position[0]), Some(2)));
    if any(&|source| source.sky_deg.is_some()) {
        columns.push(real("RA [deg]", |source| source.sky_deg.map(|sky| sky[0]), Some(6)));
        columns.push(real("Dec [deg]", |source| source.sky_deg.map(|sky| sky[1]), Some(6)));
    }
    for (index, channel) in report.channels.iter().enumerate() {
        let heading = format!("flux {}", escape(channel));
        columns.push(real(&heading, move |source| source.flux.get(index).copied(), None));
    }
    if any(&|source| source.size_px.is_some()) {
        columns.push(real("size [px]", |source| source.size_px, Some(2)));
    }
    if any(&|source| source.chi2_per_pixel.is_some()) {
        columns.push(real("\u{3c7}\u{b2}/px", |source| source.chi2_per_pixel, Some(2)));
    }
    if any(&|source| !source.flags.is_empty()) {
        columns.push(words("flags", |source| &source.flags));
    }
    columns
}

fn words<'a>(heading: &str, value: fn(&ReportSource) -> &String) -> Shown<'a> {
    let value = Box::new(move |source: &ReportSource| escape(value(source)).into_owned());
    Shown { heading: heading.to_owned(), is_text: true, value }
}

/// A column of numbers: with that many decimals, or else with four digits.
fn real<'a>(
    heading: &str,
    value: impl Fn(&ReportSource) -> Option<f64> + 'a,
    decimals: Option<usize>,
) -> Shown<'a> {
    let show = move |source: &ReportSource| match (value(source).filter(|value| value.is_finite()), decimals)
    {
        (None, _) => "\u{2013}".to_owned(),
        (Some(value), Some(decimals)) => format!("{value:.decimals$}").replace('-', "\u{2212}"),
        (Some(value), None) => number(value, 4),
    };
    Shown { heading: heading.to_owned(), is_text: false, value: Box::new(show) }
}
