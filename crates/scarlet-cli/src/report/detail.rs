//! One source after the other: pictures in its box, spectrum, curve of growth, numbers.

use super::course::box_chart;
use super::cutout::Cutout;
use super::figure::Figure;
use super::growth::growth;
use super::page::put;
use super::{MOST_VIEWS, Report, ReportObservation, ReportSource, ReportView};
use crate::markup::{escape, number};
use crate::picture::{Chart, ChartAxis, Mark, Scale, Series, Stroke};
use ndarray::ArrayView3;
use std::fmt::Write as _;

/// Sources that are open from the start.
const OPEN: usize = 3;

/// A source's box in an observation.
type Seen<'a> = (&'a ReportView, &'a ReportObservation, Cutout<'a>);

pub(super) fn all(out: &mut String, report: &Report) {
    let shown: Vec<usize> =
        (0..report.sources.len()).filter(|&k| !report.sources[k].views.is_empty()).collect();
    if shown.is_empty() {
        return;
    }
    let left_out = match report.sources.len() - shown.len() {
        0 => String::new(),
        _ => format!(
            " Shown are {} of {} sources: those that findings are about, then those with the highest \u{3c7}\u{b2} per \
             pixel; the others are in the table only.",
            shown.len(),
            report.sources.len()
        ),
    };
    put!(out, "<section id=\"details\">\n<h2>Sources one by one</h2>\n<p class=\"about\">");
    put!(
        out,
        "The pictures of a source share one asinh stretch, from the noise to the brightest pixel of the \
         rendered source. <b>Model</b>: the source before the observation\u{2019}s PSF. <b>Rendered</b>: the source alone as it \
         is seen. <b>Data \u{2212} others</b>: the data less all other sources. <b>Residual</b>: the data less all \
         sources.{left_out}</p>\n"
    );
    for (rank, &index) in shown.iter().enumerate() {
        detail(out, report, index, rank < OPEN);
    }
    put!(out, "</section>\n");
}

fn detail(out: &mut String, report: &Report, index: usize, is_open: bool) {
    let source = &report.sources[index];
    let open = if is_open { " open" } else { "" };
    put!(
        out,
        "<details class=\"source\" id=\"source-{index}\"{open}>\n<summary>{}</summary>\n",
        heading(source)
    );
    let seen: Vec<Seen<'_>> = source
        .views
        .iter()
        .take(MOST_VIEWS)
        .filter_map(|view| {
            let observed = report.observations.get(view.observation)?;
            Some((view, observed, Cutout::of(view, observed)?))
        })
        .collect();
    for (_, observed, cutout) in &seen {
        pictures(out, source, observed, cutout, report.observations.len() > 1);
    }
    put!(out, "<div class=\"charts\">\n");
    chart(out, &spectrum(report, source), "<b>Spectrum</b>, flux of the model in its box");
    for (view, observed, cutout) in &seen {
        let curve = growth_chart(report, index, view, observed, cutout);
        let caption = format!(
            "<b>Curve of growth</b> in {}, all channels together{}",
            escape(&observed.name),
            half_light(report, source, observed)
        );
        chart(out, &curve, &caption);
    }
    if let Some(boxes) = box_chart(report, &source.id) {
        chart(out, &boxes, "<b>Box</b> over the steps of the fit");
    }
    numbers(out, report, source);
    put!(out, "</div>\n</details>\n");
}

/// Name, kind and the two numbers by which one finds a source that needs a look.
fn heading(source: &ReportSource) -> String {
    let mut parts = vec![format!("<b>{}</b>", escape(&source.id))];
    if !source.kind.is_empty() {
        parts.push(escape(&source.kind).into_owned());
    }
    if let Some(chi2) = source.chi2_per_pixel {
        parts.push(format!("\u{3c7}\u{b2} per pixel {}", number(chi2, 3)));
    }
    if !source.flags.is_empty() {
        parts.push(format!("<span class=\"flag\">{}</span>", escape(&source.flags)));
    }
    parts.join(" <span class=\"soft\">\u{b7}</span> ")
}

fn pictures(
    out: &mut String,
    source: &ReportSource,
    observed: &ReportObservation,
    cutout: &Cutout<'_>,
    is_named: bool,
) {
    if is_named {
        let size = cutout.size_arcsec(observed).map_or_else(String::new, |[height, width]| {
            format!(", {}\u{2033} \u{d7} {}\u{2033}", number(width, 3), number(height, 3))
        });
        let binned = if cutout.binning() > 1 {
            format!(", {0} \u{d7} {0} pixels as one", cutout.binning())
        } else {
            String::new()
        };
        put!(out, "<p class=\"about\">{}{size}{binned}</p>\n", escape(&observed.name));
    }
    put!(out, "<div class=\"cutouts\">\n");
    for panel in cutout.pictures() {
        let alt = format!("{} of source {} in {}", panel.title, source.id, observed.name);
        Figure { alt: &alt, picture: &panel.picture, overlay: "", caption: panel.title }.put(out);
    }
    put!(out, "</div>\n");
}

fn chart(out: &mut String, chart: &Chart, caption: &str) {
    put!(out, "<figure class=\"drawn\">\n{}<figcaption>{caption}</figcaption>\n</figure>\n", chart.svg());
}

fn spectrum(report: &Report, source: &ReportSource) -> Chart {
    let points = source.flux.iter().enumerate().map(|(c, flux)| [c as f64, *flux]).collect();
    Chart {
        title: format!("Flux of source {} in each channel", source.id),
        x: ChartAxis::new("channel", Scale::Names(report.channels.clone())),
        y: ChartAxis::new(&flux_label(report), Scale::FromZero),
        series: vec![Series { points, stroke: Stroke::DotsOnLine, ..Series::default() }],
        marks: Vec::new(),
    }
}

fn flux_label(report: &Report) -> String {
    match report.flux_unit.as_str() {
        "" => "flux [unit of the data]".to_owned(),
        unit => format!("flux [{unit}]"),
    }
}

/// The half-light radius in words.
fn half_light(report: &Report, source: &ReportSource, observed: &ReportObservation) -> String {
    let Some(size) = source.size_px else { return String::new() };
    let side = report.model_arcsec.or(observed.pixel_arcsec);
    let angle = side.map_or(String::new(), |side| format!(" = {}\u{2033}", number(size * side, 3)));
    format!("; half-light radius r\u{2085}\u{2080} of the model {} px{angle}", number(size, 3))
}

fn growth_chart(
    report: &Report,
    index: usize,
    view: &ReportView,
    observed: &ReportObservation,
    cutout: &Cutout<'_>,
) -> Chart {
    let position = observed.positions.get(index).copied().unwrap_or_default();
    let center = [0, 1].map(|k| position[k] - view.corner[k] as f64);
    // where pixels differ between observations, radii are angles
    let side = report.model_arcsec.and(observed.pixel_arcsec);
    let curve = |cube: ArrayView3<'_, f32>| -> Vec<[f64; 2]> {
        growth(cube, center).into_iter().map(|[r, flux]| [r * side.unwrap_or(1.0), flux]).collect()
    };
    let line = |label: &str, cube: ArrayView3<'_, f32>, stroke, tone| Series {
        points: curve(cube),
        ..line_of(label, stroke, tone)
    };
    let source = &report.sources[index];
    let half = source.size_px.filter(|size| size.is_finite());
    let half = half.map(|size| Mark {
        x: size * side.and(report.model_arcsec).unwrap_or(1.0),
        label: "r\u{2085}\u{2080}".to_owned(),
    });
    Chart {
        title: format!("Flux of source {} within circles of growing radius, in {}", source.id, observed.name),
        x: ChartAxis::new(if side.is_some() { "radius [\u{2033}]" } else { "radius [px]" }, Scale::Linear),
        y: ChartAxis::new(&flux_label(report), Scale::FromZero),
        series: vec![
            Series {
                points: sparse(&curve(cutout.alone.view())),
                ..line_of("data \u{2212} others", Stroke::Dots, 2)
            },
            line("rendered", view.rendered.view(), Stroke::Dashed, 1),
            line("model", view.model.view(), Stroke::Line, 0),
        ],
        marks: half.into_iter().collect(),
    }
}

fn line_of(label: &str, stroke: Stroke, tone: usize) -> Series {
    Series { label: label.to_owned(), stroke, tone, points: Vec::new() }
}

/// About 25 of the points, so that dots stay apart.
fn sparse(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    points.iter().copied().skip(1).step_by(points.len().div_ceil(25).max(1)).collect()
}

/// The numbers of a source as a table.
fn numbers(out: &mut String, report: &Report, source: &ReportSource) {
    put!(
        out,
        "<div class=\"scroll\" tabindex=\"0\"><table class=\"facts\">\n<caption>Source {}</caption>\n<tbody>\n",
        escape(&source.id)
    );
    for (k, (channel, flux)) in report.channels.iter().zip(&source.flux).enumerate() {
        let value = format!("{}{}{}", number(*flux, 5), give_or_take(source.flux_error.get(k)), unit(report));
        row(out, &format!("flux {}", escape(channel)), &value);
    }
    row(
        out,
        "x, y",
        &format!("{:.2}, {:.2} px", source.position[1], source.position[0]).replace('-', "\u{2212}"),
    );
    if let Some([y, x]) = source.position_error {
        row(out, "errors of x, y", &format!("{}, {} px", number(x, 2), number(y, 2)));
    }
    if let Some([ra, dec]) = source.sky_deg {
        row(out, "RA, Dec", &format!("{ra:.6}\u{b0}, {dec:.6}\u{b0}").replace('-', "\u{2212}"));
    }
    if let Some(size) = source.size_px {
        let error = give_or_take(source.size_error_px.as_ref());
        row(out, "half-light radius", &format!("{}{error} px", number(size, 3)));
    }
    for (name, value, error) in source.derived.iter().filter(|(_, value, _)| value.is_finite()) {
        row(out, &escape(name), &format!("{}{}", number(*value, 3), give_or_take(error.as_ref())));
    }
    if let Some(([y, x], [rows, columns])) = source.bbox {
        let corner = format!("{x}, {y}").replace('-', "\u{2212}");
        row(out, "box", &format!("{columns} \u{d7} {rows} px from x, y = {corner}"));
    }
    if let Some(chi2) = source.chi2_per_pixel {
        row(out, "\u{3c7}\u{b2} per pixel in the box", &number(chi2, 4));
    }
    row(
        out,
        "flags",
        if source.flags.is_empty() { "none".to_owned() } else { escape(&source.flags).into_owned() }.as_str(),
    );
    put!(out, "</tbody></table></div>\n");
}

/// An error behind its value.
fn give_or_take(error: Option<&f64>) -> String {
    error.filter(|e| e.is_finite()).map_or_else(String::new, |e| format!(" \u{b1} {}", number(*e, 2)))
}

fn unit(report: &Report) -> String {
    if report.flux_unit.is_empty() { String::new() } else { format!(" {}", escape(&report.flux_unit)) }
}

/// A row of two cells of markup.
fn row(out: &mut String, name: &str, value: &str) {
    put!(out, "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>\n");
}
