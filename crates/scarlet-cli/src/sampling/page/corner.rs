//! Corner plots: each pair of columns as points, each column as a histogram on the diagonal.

use super::put;
use crate::markup::{escape, number};
use scarlet::infer::sample::Chains;
use std::fmt::Write as _;

/// Side of a cell, and the space between two.
const CELL: f64 = 130.0;
const GAP: f64 = 10.0;
/// Space for names and numbers, at the left and below.
const LEFT: f64 = 74.0;
const BELOW: f64 = 46.0;
/// Above the first histogram.
const TOP: f64 = 8.0;
/// Points of a pair.
const DOTS: usize = 500;
/// Bins of a histogram.
const BINS: usize = 24;
/// Share of a column's draws at each end that may lie outside the drawing.
const TAIL: f64 = 0.002;

/// A column: its name, all of its draws, and the range that is drawn.
struct Drawn {
    name: String,
    values: Vec<f64>,
    low: f64,
    high: f64,
}

impl Drawn {
    fn of(chains: &Chains, k: usize) -> Option<Self> {
        let values: Vec<f64> = chains.at(k).iter().copied().collect();
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| sorted.get((share * sorted.len().saturating_sub(1) as f64) as usize).copied();
        let (low, high) = (at(TAIL)?, at(1.0 - TAIL)?);
        let room = if high > low { 0.05 * (high - low) } else { 0.5 * high.abs().max(1.0) };
        let name = chains.columns()[k].name.clone();
        Some(Self { name, values, low: low - room, high: high + room })
    }

    /// Where a value is within its range, 0 to 1.
    fn share(&self, value: f64) -> Option<f64> {
        let share = (value - self.low) / (self.high - self.low);
        (0.0..=1.0).contains(&share).then_some(share)
    }
}

/// The lower triangle of all pairs of `columns`, as one drawing.
pub(super) fn corner(chains: &Chains, columns: &[usize]) -> String {
    let drawn: Vec<Drawn> = columns.iter().filter_map(|k| Drawn::of(chains, *k)).collect();
    let side = drawn.len() as f64 * (CELL + GAP);
    let (width, height) = (LEFT + side, TOP + side + BELOW);
    let mut out = String::new();
    put!(
        out,
        "<svg class=\"corner\" style=\"width:100%;max-width:{width}px;height:auto\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"Draws of each pair of columns\" font-family=\"system-ui, sans-serif\" font-size=\"11\">\n"
    );
    let place = |k: usize| k as f64 * (CELL + GAP);
    for (row, y) in drawn.iter().enumerate() {
        for (column, x) in drawn.iter().enumerate().take(row + 1) {
            let origin = [LEFT + place(column), TOP + place(row)];
            put!(
                out,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{CELL}\" height=\"{CELL}\" fill=\"none\" \
                 style=\"stroke:var(--grid,#8884)\"/>\n",
                origin[0],
                origin[1]
            );
            if row == column { histogram(&mut out, x, origin) } else { pair(&mut out, x, y, origin) }
        }
        if row > 0 {
            along_y(&mut out, y, TOP + place(row));
        }
        along_x(&mut out, y, LEFT + place(row), TOP + side - GAP);
    }
    out + "</svg>\n"
}

fn pair(out: &mut String, x: &Drawn, y: &Drawn, [left, top]: [f64; 2]) {
    let every = x.values.len().div_ceil(DOTS).max(1);
    put!(out, "<g opacity=\".45\" style=\"fill:var(--tone1,#777)\">\n");
    for (x, y) in x.values.iter().zip(&y.values).step_by(every).map(|(a, b)| (x.share(*a), y.share(*b))) {
        if let (Some(x), Some(y)) = (x, y) {
            put!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"1.6\"/>\n",
                left + x * CELL,
                top + (1.0 - y) * CELL
            );
        }
    }
    put!(out, "</g>\n");
}

fn histogram(out: &mut String, of: &Drawn, [left, top]: [f64; 2]) {
    let mut counts = [0_usize; BINS];
    for share in of.values.iter().filter_map(|v| of.share(*v)) {
        counts[((share * BINS as f64) as usize).min(BINS - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1) as f64;
    let (bin, bottom) = (CELL / BINS as f64, top + CELL);
    let step = |(k, count): (usize, &usize)| {
        let height = bottom - 0.92 * CELL * *count as f64 / most;
        let from = left + bin * k as f64;
        format!("{from:.1},{height:.1} {:.1},{height:.1}", from + bin)
    };
    let steps: Vec<String> = counts.iter().enumerate().map(step).collect();
    put!(
        out,
        "<polygon points=\"{left:.1},{bottom:.1} {} {:.1},{bottom:.1}\" fill-opacity=\".22\" \
         style=\"fill:var(--tone0,#777);stroke:var(--tone0,#777)\"/>\n",
        steps.join(" "),
        left + CELL
    );
}

/// The ends of a column's range and its name, below the drawing.
fn along_x(out: &mut String, of: &Drawn, left: f64, bottom: f64) {
    text(out, [left, bottom + 14.0], "start", &shown(of, of.low));
    text(out, [left + CELL, bottom + 14.0], "end", &shown(of, of.high));
    text(out, [left + CELL / 2.0, bottom + 32.0], "middle", &of.name);
}

/// The same, left of it.
fn along_y(out: &mut String, of: &Drawn, top: f64) {
    text(out, [LEFT - 6.0, top + 10.0], "end", &shown(of, of.high));
    text(out, [LEFT - 6.0, top + CELL], "end", &shown(of, of.low));
    put!(
        out,
        "<text transform=\"translate(12 {:.1}) rotate(-90)\" text-anchor=\"middle\" style=\"fill:var(--text,#777)\">{}</text>\n",
        top + CELL / 2.0,
        escape(&of.name)
    );
}

/// A number with as many digits as tell the ends of a range apart.
fn shown(of: &Drawn, value: f64) -> String {
    let size = of.low.abs().max(of.high.abs());
    let digits = 2.0 + (size / (of.high - of.low)).log10().max(0.0).ceil();
    number(value, (digits as usize).min(9))
}

fn text(out: &mut String, [x, y]: [f64; 2], anchor: &str, label: &str) {
    put!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" style=\"fill:var(--text,#777)\">{}</text>\n",
        escape(label)
    );
}
