//! How the fit went: the loss and the boxes over its steps.

use super::page::put;
use super::{BoxHistory, Report};
use crate::markup::{escape, number};
use crate::picture::{Chart, ChartAxis, Scale, Series, Stroke};
use std::fmt::Write as _;

/// Range of the loss beyond which its axis is logarithmic.
const LARGE_RANGE: f64 = 30.0;
/// Boxes that are drawn with their own tone and name.
const FEW: usize = 4;
/// Boxes that are drawn.
const MOST_BOXES: usize = 100;

pub(super) fn section(out: &mut String, report: &Report) {
    let loss = lowest(&report.loss);
    let boxes: Vec<&BoxHistory> = report.boxes.iter().filter(|history| !history.sizes.is_empty()).collect();
    if loss.is_none() && boxes.is_empty() {
        return;
    }
    put!(out, "<section id=\"course\">\n<h2>Course of the fit</h2>\n<div class=\"charts\">\n");
    if let Some((step, least)) = loss {
        put!(
            out,
            "<figure class=\"drawn\">\n{}<figcaption><b>Loss</b>, ",
            loss_chart(&report.loss, least).svg()
        );
        put!(
            out,
            "minus the log-posterior{}, above its lowest value {} at step {step} of {}; ",
            parts(&report.loss_holds),
            number(least, 7),
            report.loss.len() - 1
        );
        put!(out, "step 0 is the start</figcaption>\n</figure>\n");
    }
    if !boxes.is_empty() {
        let last = last_step(report);
        put!(
            out,
            "<figure class=\"drawn\">\n{}<figcaption><b>Box sizes</b>, ",
            boxes_chart(&boxes, last).svg()
        );
        put!(out, "square root of rows \u{d7} columns; {}</figcaption>\n</figure>\n", changes(&boxes));
    }
    put!(out, "</div>\n</section>\n");
}

/// ` (log-likelihood + log-densities of priors)`; nothing where nothing is known.
fn parts(holds: &[&str]) -> String {
    if holds.is_empty() { String::new() } else { format!(" ({})", holds.join(" + ")) }
}

/// Step and value of the lowest loss.
fn lowest(loss: &[f64]) -> Option<(usize, f64)> {
    let finite = loss.iter().copied().enumerate().filter(|(_, loss)| loss.is_finite());
    finite.min_by(|a, b| a.1.total_cmp(&b.1))
}

fn loss_chart(loss: &[f64], least: f64) -> Chart {
    let above: Vec<f64> = loss.iter().map(|loss| loss - least).collect();
    let positive = || above.iter().copied().filter(|value| *value > 0.0 && value.is_finite());
    let (low, high) = (positive().fold(f64::INFINITY, f64::min), positive().fold(0.0, f64::max));
    let y = if high > LARGE_RANGE * low { Scale::Log } else { Scale::FromZero };
    let points = above.iter().enumerate().map(|(step, value)| [step as f64, *value]).collect();
    Chart {
        title: "Loss above its lowest value, over the steps of the fit".to_owned(),
        x: ChartAxis::new("step", Scale::Linear),
        y: ChartAxis::new("loss \u{2212} lowest loss", y),
        series: vec![Series { points, ..Series::default() }],
        marks: Vec::new(),
    }
}

/// The last step that is known of.
pub(super) fn last_step(report: &Report) -> usize {
    let of_boxes = report.boxes.iter().flat_map(|history| &history.sizes).map(|(step, _)| *step).max();
    report.loss.len().saturating_sub(1).max(of_boxes.unwrap_or(0))
}

/// A line with steps for values that stay until the next.
pub(super) fn stairs(sizes: &[(usize, f64)], last: usize) -> Vec<[f64; 2]> {
    let mut points: Vec<[f64; 2]> = Vec::with_capacity(2 * sizes.len() + 1);
    for &(step, value) in sizes {
        if let Some(&[_, before]) = points.last() {
            points.push([step as f64, before]);
        }
        points.push([step as f64, value]);
    }
    if let Some(&[_, value]) = points.last() {
        points.push([last as f64, value]);
    }
    points
}

fn boxes_chart(boxes: &[&BoxHistory], last: usize) -> Chart {
    let few = boxes.len() <= FEW;
    let line = |(tone, history): (usize, &&BoxHistory)| {
        let side = |size: [usize; 2]| ((size[0] * size[1]) as f64).sqrt();
        let sizes: Vec<_> = history.sizes.iter().map(|&(step, size)| (step, side(size))).collect();
        Series {
            label: if few { history.source.chars().take(12).collect() } else { String::new() },
            points: stairs(&sizes, last),
            stroke: if few { Stroke::Line } else { Stroke::Thin },
            tone,
        }
    };
    Chart {
        title: "Sizes of the boxes of sources over the steps of the fit".to_owned(),
        x: ChartAxis::new("step", Scale::Linear),
        y: ChartAxis::new("side of box [px]", Scale::Linear),
        series: boxes.iter().take(MOST_BOXES).enumerate().map(line).collect(),
        marks: Vec::new(),
    }
}

/// How many boxes ended larger and smaller, and how many are not drawn.
fn changes(boxes: &[&BoxHistory]) -> String {
    let area = |(_, [rows, columns]): (usize, [usize; 2])| rows * columns;
    let ends = boxes
        .iter()
        .filter_map(|history| Some((area(*history.sizes.first()?), area(*history.sizes.last()?))));
    let ends: Vec<(usize, usize)> = ends.collect();
    let grown = ends.iter().filter(|(first, last)| last > first).count();
    let shrunk = ends.iter().filter(|(first, last)| last < first).count();
    let left_out = match boxes.len().saturating_sub(MOST_BOXES) {
        0 => String::new(),
        more => format!("; {more} more are not drawn"),
    };
    format!("{grown} of the boxes that changed ended larger than they began, {shrunk} smaller{left_out}")
}

/// The box of one source over the steps, where it changed.
pub(super) fn box_chart(report: &Report, source: &str) -> Option<Chart> {
    let history = report.boxes.iter().find(|history| history.source == source)?;
    let first = history.sizes.first()?.1;
    if history.sizes.iter().all(|(_, size)| *size == first) {
        return None;
    }
    let line = |k: usize, label: &str| Series {
        label: label.to_owned(),
        points: stairs(
            &history.sizes.iter().map(|(step, size)| (*step, size[k] as f64)).collect::<Vec<_>>(),
            last_step(report),
        ),
        stroke: if k == 0 { Stroke::Line } else { Stroke::Dashed },
        tone: k,
    };
    Some(Chart {
        title: format!("Rows and columns of the box of {}", escape(source)),
        x: ChartAxis::new("step", Scale::Linear),
        y: ChartAxis::new("box [px]", Scale::Linear),
        series: vec![line(0, "rows"), line(1, "columns")],
        marks: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_stay_until_they_change() {
        let points = stairs(&[(0, 10.0), (5, 12.0)], 9);
        assert_eq!(points, [[0.0, 10.0], [5.0, 10.0], [5.0, 12.0], [9.0, 12.0]]);
        assert!(stairs(&[], 9).is_empty());
    }

    #[test]
    fn a_large_range_gets_a_logarithmic_axis() {
        assert_eq!(loss_chart(&[1e5, 10.0, 1.0, 0.5], 0.5).y.scale, Scale::Log);
        assert_eq!(loss_chart(&[3.0, 2.0, 1.0], 1.0).y.scale, Scale::FromZero);
        assert_eq!(loss_chart(&[1.0], 1.0).y.scale, Scale::FromZero);
    }

    #[test]
    fn only_boxes_that_change_have_a_chart() {
        let history = |source: &str, last| BoxHistory {
            source: source.to_owned(),
            sizes: vec![(0, [5, 7]), (10, last)],
        };
        let report = Report { boxes: vec![history("a", [5, 7]), history("b", [9, 7])], ..Report::default() };
        assert!(box_chart(&report, "a").is_none() && box_chart(&report, "c").is_none());
        assert!(box_chart(&report, "b").is_some_and(|chart| chart.svg().contains("columns")));
        let boxes: Vec<&BoxHistory> = report.boxes.iter().collect();
        assert_eq!(changes(&boxes), "1 of the boxes that changed ended larger than they began, 0 smaller");
    }
}
