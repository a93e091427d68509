//! The key of a map of colours: a bar with ticks.

use super::page::put;
use crate::markup::escape;
use std::fmt::Write as _;

const WIDTH: f64 = 240.0;
const MARGIN: f64 = 16.0;
const STEPS: usize = 52;

/// A bar of the colours at shares 0 to 1 of a scale, with labels at some of them.
pub(super) fn scale_bar(title: &str, colour: impl Fn(f64) -> [u8; 3], ticks: &[(f64, String)]) -> String {
    let mut out = String::new();
    let title = escape(title);
    put!(out, "<svg class=\"bar\" viewBox=\"0 0 {WIDTH} 26\" role=\"img\" aria-label=\"{title}\">");
    let step = (WIDTH - 2.0 * MARGIN) / STEPS as f64;
    for k in 0..STEPS {
        let [red, green, blue] = colour((k as f64 + 0.5) / STEPS as f64);
        let x = MARGIN + step * k as f64;
        let width = step + 0.3;
        put!(
            out,
            "<rect x=\"{x:.1}\" width=\"{width:.1}\" height=\"9\" fill=\"#{red:02x}{green:02x}{blue:02x}\"/>"
        );
    }
    for (share, label) in ticks {
        let x = MARGIN + share * (WIDTH - 2.0 * MARGIN);
        put!(out, "<path d=\"M{x:.1} 9v4\"/><text x=\"{x:.1}\" y=\"24\">{}</text>", escape(label));
    }
    out + "</svg>"
}
