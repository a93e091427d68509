//! A curve in SVG: axes, ticks, a line.

use crate::markup::{escape, number, superscript};
use std::fmt::Write as _;

/// How the vertical axis runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum YScale {
    /// Evenly.
    #[default]
    Linear,
    /// By powers of ten; points that are not positive are left out.
    Log,
}

/// A curve of values over steps, drawn as SVG that takes its colours from the page around it.
///
/// Lines use the CSS variables `--line`, `--grid` and `--text` where they are set, and grey tones where not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// What the curve shows, for readers that do not see it.
    pub title: String,
    /// Under the horizontal axis.
    pub x_label: String,
    /// Above the vertical axis.
    pub y_label: String,
    /// How the vertical axis runs.
    pub y_scale: YScale,
    /// The points; those that are not finite are left out.
    pub points: Vec<[f64; 2]>,
}

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 42.0;
/// Points beyond which neighbours are merged into their extremes.
const MANY: usize = 1000;

/// Map from values to a stretch of the drawing.
struct Axis {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    fn place(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }
}

impl Curve {
    /// The drawing, as one `<svg>` element.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut out = format!(
            "<svg class=\"curve\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"{0}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<title>{0}</title>\n",
            escape(&self.title)
        );
        let points = thinned(&self.usable());
        if points.is_empty() {
            text(&mut out, WIDTH / 2.0, HEIGHT / 2.0, "middle", "no points");
        } else {
            self.draw(&mut out, &points);
        }
        out + "</svg>\n"
    }

    /// Finite points, the values as powers of ten where the axis is logarithmic.
    fn usable(&self) -> Vec<[f64; 2]> {
        let value = |y: f64| if self.y_scale == YScale::Log { y.log10() } else { y };
        let points = self.points.iter().map(|&[x, y]| [x, value(y)]);
        points.filter(|point| point.iter().all(|value| value.is_finite())).collect()
    }

    fn draw(&self, out: &mut String, points: &[[f64; 2]]) {
        let (x, y) = (axis(points, 0, LEFT, WIDTH - RIGHT), axis(points, 1, HEIGHT - BOTTOM, TOP));
        for (value, label) in self.y_ticks(&y) {
            let at = y.place(value);
            grid(out, [LEFT, at], [WIDTH - RIGHT, at]);
            text(out, LEFT - 6.0, at + 4.0, "end", &label);
        }
        for value in ticks(x.low, x.high, 6).into_iter().filter(|value| value.fract() == 0.0) {
            let at = x.place(value);
            grid(out, [at, TOP], [at, HEIGHT - BOTTOM]);
            text(out, at, HEIGHT - BOTTOM + 17.0, "middle", &number_label(value, 1.0));
        }
        text(out, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 6.0, "middle", &self.x_label);
        text(out, 4.0, 14.0, "start", &self.y_label);
        line(out, points, &x, &y);
    }

    fn y_ticks(&self, y: &Axis) -> Vec<(f64, String)> {
        if self.y_scale == YScale::Linear {
            let values = ticks(y.low, y.high, 5);
            let step = values.get(1).map_or(1.0, |second| second - values[0]);
            return values.into_iter().map(|value| (value, number_label(value, step))).collect();
        }
        let span = y.high - y.low;
        if span < 1.0 {
            let values = ticks(10_f64.powf(y.low), 10_f64.powf(y.high), 5);
            return values.into_iter().map(|value| (value.log10(), number(value, 3))).collect();
        }
        let step = (span / 6.0).ceil();
        let first = (y.low / step).ceil() as i64;
        let last = (y.high / step).floor() as i64;
        let decade = |k: i64| (k as f64 * step, format!("10{}", superscript((k as f64 * step) as i32)));
        (first..=last).map(decade).collect()
    }
}

/// The axis of coordinate `k`, with a little room at both ends of the vertical one.
fn axis(points: &[[f64; 2]], k: usize, start: f64, end: f64) -> Axis {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for point in points {
        (low, high) = (low.min(point[k]), high.max(point[k]));
    }
    let room = if high > low { 0.04 * (high - low) * k as f64 } else { (0.5 * high.abs()).max(0.5) };
    Axis { low: low - room, high: high + room, start, end }
}

/// Values 1, 2 or 5 times a power of ten apart, about `wanted` of them from `low` to `high`.
fn ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let rough = (high - low) / wanted as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let nice = [1.0, 2.0, 5.0, 10.0].into_iter().find(|nice| nice * power >= rough * 0.999).unwrap_or(10.0);
    let step = nice * power;
    let (first, last) = ((low / step).ceil(), (high / step).floor());
    let count = (last - first).clamp(0.0, 50.0) as usize;
    (0..=count).map(|k| (first + k as f64) * step).collect()
}

/// A tick's value with as many decimals as its distance from the next asks for.
fn number_label(value: f64, step: f64) -> String {
    if value.abs() >= 1e6 {
        return number(value, 3);
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let label = format!("{value:.decimals$}");
    label.replace('-', "\u{2212}")
}

/// At most about `MANY` points: of each run of neighbours the lowest and the highest.
fn thinned(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    if points.len() <= MANY {
        return points.to_vec();
    }
    let run = points.len().div_ceil(MANY / 2);
    let extremes = |run: &[[f64; 2]]| {
        let by_value = |a: &&[f64; 2], b: &&[f64; 2]| a[1].total_cmp(&b[1]);
        let low = *run.iter().min_by(by_value).expect("a run is not empty");
        let high = *run.iter().max_by(by_value).expect("a run is not empty");
        if low[0] <= high[0] { [low, high] } else { [high, low] }
    };
    points.chunks(run).flat_map(extremes).collect()
}

fn grid(out: &mut String, from: [f64; 2], to: [f64; 2]) {
    let ([x1, y1], [x2, y2]) = (from, to);
    writeln!(
        out,
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" style=\"stroke:var(--grid,#8884)\"/>"
    )
    .expect("writing to a string cannot fail");
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, label: &str) {
    let label = escape(label);
    writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" style=\"fill:var(--text,#777)\">{label}</text>"
    )
    .expect("writing to a string cannot fail");
}

fn line(out: &mut String, points: &[[f64; 2]], x: &Axis, y: &Axis) {
    let places: Vec<String> =
        points.iter().map(|p| format!("{:.1},{:.1}", x.place(p[0]), y.place(p[1]))).collect();
    let style = "fill:none;stroke:var(--line,#b03048);stroke-width:1.8;stroke-linejoin:round";
    match places.as_slice() {
        [only] => {
            let (cx, cy) = only.split_once(',').expect("written with a comma");
            writeln!(out, "<circle cx=\"{cx}\" cy=\"{cy}\" r=\"3\" style=\"fill:var(--line,#b03048)\"/>")
        }
        _ => writeln!(out, "<polyline points=\"{}\" style=\"{style}\"/>", places.join(" ")),
    }
    .expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(values: &[f64], y_scale: YScale) -> String {
        let points = values.iter().enumerate().map(|(k, &y)| [k as f64, y]).collect();
        let label = |text: &str| text.to_owned();
        Curve { title: label("<t>"), x_label: label("step"), y_label: label("a & b"), y_scale, points }.svg()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 200.0, 6), [0.0, 50.0, 100.0, 150.0, 200.0]);
        assert_eq!(ticks(-1.3, 1.1, 5), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(number_label(-0.5, 0.5), "\u{2212}0.5");
    }

    #[test]
    fn labels_are_escaped_and_numbers_stay_inside_the_drawing() {
        let svg = curve(&[3.0, 2.0, -1.0], YScale::Linear);
        assert!(svg.contains("a &amp; b") && svg.contains("<title>&lt;t&gt;</title>"));
        let points = svg.split("points=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a line");
        for place in points.split(' ') {
            let (x, y) = place.split_once(',').expect("a pair");
            let inside = |text: &str, most: f64| (0.0..=most).contains(&text.parse().expect("a number"));
            assert!(inside(x, WIDTH) && inside(y, HEIGHT), "{place}");
        }
    }

    #[test]
    fn a_logarithmic_axis_has_powers_of_ten_and_leaves_out_the_rest() {
        let svg = curve(&[1e4, 1e2, 0.0, -3.0, f64::NAN, 1.0], YScale::Log);
        assert!(svg.contains(">10\u{b2}<") && svg.contains(">10\u{2074}<"));
        assert_eq!(svg.matches(',').count() - svg.matches("sans").count() - svg.matches("var(").count(), 3);
    }

    #[test]
    fn odd_traces_are_drawn_too() {
        assert!(curve(&[], YScale::Log).contains("no points"));
        assert!(curve(&[2.0], YScale::Linear).contains("<circle"));
        assert!(!curve(&[5.0; 9], YScale::Linear).contains("NaN"));
        let long: Vec<f64> = (0..100_000).map(|k| f64::from(k % 977)).collect();
        assert!(curve(&long, YScale::Linear).len() < 40_000);
    }
}
