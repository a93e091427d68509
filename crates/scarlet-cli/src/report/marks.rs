//! Rings and names of sources over a picture.

use super::compass::compass;
use super::labels::{Label, Marked, Room, place};
use super::page::put;
use super::upright::Upright;
use super::{Orientation, Report, ReportObservation};
use crate::markup::escape;
use std::fmt::Write as _;

/// Sources of which names are tried, at most, the brightest first.
const MOST_NAMES: usize = 300;
/// Letters of a name that are shown.
const MOST_LETTERS: usize = 14;

/// How a picture marks the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// Light rings with names.
    Names,
    /// Light rings.
    Rings,
    /// Dark rings.
    DarkRings,
}

/// The marks of one observation's pictures.
pub(super) struct Overlay<'a> {
    report: &'a Report,
    observed: &'a ReportObservation,
    upright: Upright,
    /// Width and height of the pictures in pixels of the observation, whole bins.
    size: [f64; 2],
    radius: f64,
    font: f64,
    /// For each source: its place, where it is inside.
    places: Vec<Option<[f64; 2]>>,
}

impl<'a> Overlay<'a> {
    /// For pictures in which `binning` pixels of the observation are one.
    pub(super) fn new(report: &'a Report, observed: &'a ReportObservation, binning: usize) -> Self {
        let upright = Upright::of(observed);
        let [height, width] = upright.shape();
        let whole = |n: usize| (n.div_ceil(binning) * binning) as f64;
        let size = [whole(width), whole(height)];
        let side = size[0].max(size[1]);
        let places: Vec<_> =
            observed.positions.iter().map(|&position| inside(upright.to_picture(position), size)).collect();
        let number = places.iter().flatten().count().max(1) as f64;
        let spacing = (size[0] * size[1] / number).sqrt();
        let font = side / (26.0 + 0.2 * number.min(80.0));
        Self { report, observed, upright, size, radius: (side / 50.0).min(0.24 * spacing), font, places }
    }

    /// The drawing, and how many names found no room.
    pub(super) fn svg(&self, marks: Marks) -> (String, usize) {
        let mut out = String::new();
        let class = if marks == Marks::DarkRings { "marks dark" } else { "marks" };
        let [width, height] = self.size;
        let thin = width.max(height) / 340.0;
        put!(out, "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\" ");
        put!(out, "stroke-width=\"{thin:.3}\" font-size=\"{:.3}\">\n", self.font);
        for (source, place) in self.report.sources.iter().zip(&self.places) {
            let Some([x, y]) = place else { continue };
            put!(out, "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{:.2}\">", self.radius);
            put!(out, "<title>{}</title></circle>\n", escape(&source.id));
        }
        self.findings(&mut out);
        let left_out = if marks == Marks::Names { self.names(&mut out) } else { 0 };
        let is_up = self.observed.orientation != Orientation::Unknown;
        if let Some(arcsec) = self.observed.pixel_arcsec.filter(|_| is_up && marks == Marks::Names) {
            compass(&mut out, self.size, self.font, arcsec);
        }
        (out + "</svg>", left_out)
    }

    /// Crosses where findings are that have a place away from all sources.
    fn findings(&self, out: &mut String) {
        for (finding, place) in self.report.findings.iter().zip(&self.observed.places) {
            let Some([x, y]) =
                place.and_then(|position| inside(self.upright.to_picture(position), self.size))
            else {
                continue;
            };
            let near = |[u, v]: [f64; 2]| (u - x).hypot(v - y) < 1.0;
            if self.places.iter().flatten().any(|&other| near(other)) {
                continue;
            }
            let arm = 0.8 * self.radius;
            put!(
                out,
                "<path class=\"finding\" d=\"M{:.2} {:.2}l{:.2} {:.2}",
                x - arm,
                y - arm,
                2.0 * arm,
                2.0 * arm
            );
            put!(out, "m0 {:.2}l{:.2} {:.2}\">", -2.0 * arm, -2.0 * arm, 2.0 * arm);
            put!(out, "<title>{}</title></path>\n", escape(&finding.problem));
        }
    }

    /// Names of the brightest sources where there is room; how many were left out.
    fn names(&self, out: &mut String) -> usize {
        let mut order: Vec<usize> = (0..self.report.sources.len().min(self.places.len()))
            .filter(|&index| self.places[index].is_some())
            .collect();
        let flux = |index: usize| -> f64 {
            let flux = self.report.sources[index].flux.iter();
            flux.filter(|value| value.is_finite()).sum()
        };
        order.sort_by(|&a, &b| flux(b).total_cmp(&flux(a)));
        let inside = order.len();
        order.truncate(MOST_NAMES);
        let names: Vec<String> = order.iter().map(|&k| short(&self.report.sources[k].id)).collect();
        let marked: Vec<Marked> = order
            .iter()
            .zip(&names)
            .filter_map(|(&index, name)| {
                let width = 0.62 * self.font * name.chars().count() as f64;
                self.places[index].map(|place| Marked { place, width })
            })
            .collect();
        let labels = place(&marked, Room { size: self.size, font: self.font, radius: self.radius });
        for ((label, mark), name) in labels.iter().zip(&marked).zip(&names) {
            if let Some(label) = label {
                self.name(out, label, mark.place, name);
            }
        }
        inside - labels.iter().flatten().count()
    }

    fn name(&self, out: &mut String, label: &Label, [x, y]: [f64; 2], name: &str) {
        if let Some([to_x, to_y]) = label.line_to {
            let length = (to_x - x).hypot(to_y - y).max(1e-9);
            let share = self.radius / length;
            let (from_x, from_y) = (x + share * (to_x - x), y + share * (to_y - y));
            put!(out, "<path d=\"M{from_x:.2} {from_y:.2}L{to_x:.2} {to_y:.2}\"/>\n");
        }
        let [left, base] = label.at;
        put!(out, "<text x=\"{left:.2}\" y=\"{base:.2}\">{}</text>\n", escape(name));
    }
}

/// The place in a drawing of that width and height of a position `(y, x)`, row 0 at the bottom; none outside.
fn inside([y, x]: [f64; 2], [width, height]: [f64; 2]) -> Option<[f64; 2]> {
    let (left, top) = (x + 0.5, height - y - 0.5);
    ((0.0..=width).contains(&left) && (0.0..=height).contains(&top)).then_some([left, top])
}

/// The first letters of a name.
fn short(name: &str) -> String {
    let mut short: String = name.chars().take(MOST_LETTERS).collect();
    if short.len() < name.len() {
        short.pop();
        short.push('\u{2026}');
    }
    short
}
