//! A chart in SVG: axes with ticks, lines and points, marked places.

mod axis;

use crate::markup::escape;
use axis::{Axis, Tick};
use std::fmt::Write as _;

/// How an axis runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scale {
    /// Evenly, from the least value to the largest.
    #[default]
    Linear,
    /// Evenly, with zero on it.
    FromZero,
    /// By powers of ten; points that are not positive are left out.
    Log,
    /// Names at 0, 1, 2, ...
    Names(Vec<String>),
}

/// One axis of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChartAxis {
    /// What it counts, with its unit.
    pub label: String,
    /// How it runs.
    pub scale: Scale,
}

impl ChartAxis {
    /// An axis with this label and scale.
    #[must_use]
    pub fn new(label: &str, scale: Scale) -> Self {
        Self { label: label.to_owned(), scale }
    }
}

/// How the points of a series are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stroke {
    /// As a line.
    #[default]
    Line,
    /// As a dashed line.
    Dashed,
    /// As dots.
    Dots,
    /// As dots on a line.
    DotsOnLine,
    /// As a thin line among many.
    Thin,
    /// As a filled area above the lower end of the vertical axis.
    Area,
}

/// Points that belong together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// What the points are; goes into the key, where it is not empty.
    pub label: String,
    /// The points; those that are not finite are left out.
    pub points: Vec<[f64; 2]>,
    /// How they are drawn.
    pub stroke: Stroke,
    /// Which of the page's four tones they have.
    pub tone: usize,
}

/// A place on the horizontal axis that is marked by a line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mark {
    /// Where.
    pub x: f64,
    /// What is there.
    pub label: String,
}

/// A chart, drawn as SVG that takes its colours from the page around it.
///
/// It uses the CSS variables `--tone0` to `--tone3`, `--grid`, `--axis` and `--text` where they are set, and grey
/// tones where not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// What the chart shows, for readers that do not see it.
    pub title: String,
    /// The horizontal axis.
    pub x: ChartAxis,
    /// The vertical axis.
    pub y: ChartAxis,
    /// What is drawn, the last on top.
    pub series: Vec<Series>,
    /// Marked places.
    pub marks: Vec<Mark>,
}

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const BOTTOM: f64 = 44.0;
const FONT: f64 = 12.0;
/// Width of a letter over the size of the font, on average.
const LETTER: f64 = 0.56;
/// Points beyond which neighbours are merged into their extremes.
const MANY: usize = 800;

impl Chart {
    /// The drawing, as one `<svg>` element.
    #[must_use]
    pub fn svg(&self) -> String {
        let title = escape(&self.title);
        let mut out = format!(
            "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"{title}\" font-family=\"system-ui, sans-serif\" font-size=\"{FONT}\">\n"
        );
        let series: Vec<Vec<[f64; 2]>> = self.series.iter().map(|s| thinned(&self.usable(s))).collect();
        if series.iter().all(Vec::is_empty) {
            text(&mut out, [WIDTH / 2.0, HEIGHT / 2.0], "middle", "no points");
        } else {
            self.draw(&mut out, &series);
        }
        out + "</svg>\n"
    }

    /// Points that can be drawn, in the coordinates of the axes.
    fn usable(&self, series: &Series) -> Vec<[f64; 2]> {
        let points = series.points.iter().map(|&[x, y]| [self.x.scale.of(x), self.y.scale.of(y)]);
        points.filter(|point| point.iter().all(|value| value.is_finite())).collect()
    }

    fn draw(&self, out: &mut String, series: &[Vec<[f64; 2]>]) {
        let has_key = self.series.iter().filter(|s| !s.label.is_empty()).count() > 1;
        let top = if has_key || !self.marks.is_empty() { 42.0 } else { 26.0 };
        let bottom = HEIGHT - BOTTOM;
        let values = |k: usize| series.iter().flatten().map(move |point| point[k]);
        let x = Axis::new(&self.x.scale, values(0), 0.0, [LEFT, WIDTH - RIGHT]);
        let y = Axis::new(&self.y.scale, values(1), 0.06, [bottom, top]);
        for Tick { place, label } in y.ticks(&self.y.scale, 5) {
            rule(out, [LEFT, place], [WIDTH - RIGHT, place], Rule::Grid);
            text(out, [LEFT - 7.0, place + 4.0], "end", &label);
        }
        for Tick { place, label } in x.ticks(&self.x.scale, 6) {
            rule(out, [place, bottom], [place, bottom + 4.0], Rule::Axis);
            text(out, [place, bottom + 17.0], "middle", &label);
        }
        rule(out, [LEFT, bottom], [WIDTH - RIGHT, bottom], Rule::Axis);
        rule(out, [LEFT, top], [LEFT, bottom], Rule::Axis);
        text(out, [(LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 7.0], "middle", &self.x.label);
        text(out, [2.0, 13.0], "start", &self.y.label);
        self.marks(out, &x, [top, bottom]);
        for (series, points) in self.series.iter().zip(series) {
            let places: Vec<_> = points.iter().map(|p| [x.place(p[0]), y.place(p[1])]).collect();
            series.draw(out, &places, bottom);
        }
        if has_key {
            self.key(out);
        }
    }

    fn marks(&self, out: &mut String, x: &Axis, [top, bottom]: [f64; 2]) {
        for mark in &self.marks {
            let place = x.place(self.x.scale.of(mark.x));
            if !(LEFT..=WIDTH - RIGHT).contains(&place) {
                continue;
            }
            rule(out, [place, top], [place, bottom], Rule::Mark);
            let width = LETTER * FONT * mark.label.chars().count() as f64;
            let (to, anchor) = if place + width + 8.0 < WIDTH { (5.0, "start") } else { (-5.0, "end") };
            text(out, [place + to, bottom - 8.0], anchor, &mark.label);
        }
    }

    /// The names of the series, in one row above the chart.
    fn key(&self, out: &mut String) {
        let mut left = LEFT;
        for series in self.series.iter().filter(|s| !s.label.is_empty()) {
            let short = Series { points: Vec::new(), ..series.clone() };
            short.draw(out, &[[left, 28.0], [left + 16.0, 28.0]], 34.0);
            text(out, [left + 21.0, 32.0], "start", &series.label);
            left += 36.0 + LETTER * FONT * series.label.chars().count() as f64;
        }
    }
}

impl Series {
    fn draw(&self, out: &mut String, places: &[[f64; 2]], bottom: f64) {
        let tone = self.tone % 4;
        let path: Vec<String> = places.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
        let (width, dashes) = match self.stroke {
            Stroke::Line | Stroke::DotsOnLine => ("1.8", ""),
            Stroke::Dashed => ("1.8", " stroke-dasharray=\"6 3\""),
            Stroke::Thin => ("1", " opacity=\".6\""),
            Stroke::Area => ("1.2", ""),
            Stroke::Dots => ("0", ""),
        };
        let mut put = |text: String| out.push_str(&text);
        if let (Stroke::Area, Some(first), Some(last)) = (self.stroke, places.first(), places.last()) {
            let points = path.join(" ");
            put(format!(
                "<polygon points=\"{:.1},{bottom:.1} {points} {:.1},{bottom:.1}\" opacity=\".22\" \
                 style=\"fill:var(--tone{tone},#777)\"/>\n",
                first[0], last[0]
            ));
        }
        if places.len() > 1 && self.stroke != Stroke::Dots {
            put(format!(
                "<polyline points=\"{}\" fill=\"none\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{dashes} \
                 style=\"stroke:var(--tone{tone},#777)\"/>\n",
                path.join(" ")
            ));
        }
        if places.len() == 1 || matches!(self.stroke, Stroke::Dots | Stroke::DotsOnLine) {
            for [x, y] in places {
                put(format!(
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.6\" style=\"fill:var(--tone{tone},#777)\"/>\n"
                ));
            }
        }
    }
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

/// How a straight line is drawn.
#[derive(Clone, Copy)]
enum Rule {
    Grid,
    Axis,
    Mark,
}

fn rule(out: &mut String, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2], kind: Rule) {
    let look = match kind {
        Rule::Grid => "style=\"stroke:var(--grid,#8884)\"",
        Rule::Axis => "style=\"stroke:var(--axis,#888)\"",
        Rule::Mark => "style=\"stroke:var(--axis,#888)\" stroke-dasharray=\"3 3\"",
    };
    writeln!(out, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {look}/>")
        .expect("writing to a string cannot fail");
}

fn text(out: &mut String, [x, y]: [f64; 2], anchor: &str, label: &str) {
    let label = escape(label);
    writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" style=\"fill:var(--text,#777)\">{label}</text>"
    )
    .expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[f64], y: Scale) -> String {
        let points = values.iter().enumerate().map(|(k, &y)| [k as f64, y]).collect();
        Chart {
            title: "<t>".to_owned(),
            x: ChartAxis::new("step", Scale::Linear),
            y: ChartAxis::new("a & b", y),
            series: vec![Series { points, ..Series::default() }],
            marks: Vec::new(),
        }
        .svg()
    }

    /// The points of the first line.
    fn places(svg: &str) -> Vec<[f64; 2]> {
        let points = svg.split("points=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a line");
        let number = |text: &str| text.parse().expect("a number");
        let pair = |pair: &str| pair.split_once(',').map(|(x, y)| [number(x), number(y)]).expect("a pair");
        points.split(' ').map(pair).collect()
    }

    #[test]
    fn labels_are_escaped_and_points_stay_inside_the_drawing() {
        let svg = chart(&[3.0, 2.0, -1.0], Scale::Linear);
        assert!(svg.contains("a &amp; b") && svg.contains("aria-label=\"&lt;t&gt;\""));
        let inside = |[x, y]: &[f64; 2]| (LEFT..=WIDTH).contains(x) && (0.0..=HEIGHT - BOTTOM).contains(y);
        assert!(places(&svg).len() == 3 && places(&svg).iter().all(inside));
    }

    #[test]
    fn a_logarithmic_axis_has_powers_of_ten_and_leaves_out_the_rest() {
        let svg = chart(&[1e4, 1e2, 0.0, -3.0, f64::NAN, 1.0], Scale::Log);
        assert!(svg.contains(">10\u{b2}<") && svg.contains(">10\u{2074}<"));
        assert_eq!(places(&svg).len(), 3);
    }

    #[test]
    fn an_axis_from_zero_has_zero_at_its_end() {
        let svg = chart(&[5.0, 10.0], Scale::FromZero);
        let [[_, five], [_, ten]] = places(&svg)[..] else { panic!("two points") };
        assert!(((HEIGHT - BOTTOM - ten) / (HEIGHT - BOTTOM - five) - 2.0).abs() < 1e-2, "{five} {ten}");
    }

    #[test]
    fn odd_series_are_drawn_too() {
        assert!(chart(&[], Scale::Log).contains("no points"));
        assert!(chart(&[2.0], Scale::Linear).contains("<circle"));
        assert!(!chart(&[5.0; 9], Scale::Linear).contains("NaN"));
        assert!(!chart(&[0.0; 2], Scale::FromZero).contains("NaN"));
        let long: Vec<f64> = (0..100_000).map(|k| f64::from(k % 977)).collect();
        assert!(chart(&long, Scale::Linear).len() < 40_000);
    }

    #[test]
    fn names_stand_under_their_points_and_marks_and_the_key_are_written() {
        let names = Scale::Names(["g", "r", "<i>"].map(str::to_owned).to_vec());
        let line = |label: &str, stroke| Series {
            label: label.to_owned(),
            points: vec![[0.0, 1.0], [1.0, 2.0], [2.0, 4.0]],
            stroke,
            tone: 1,
        };
        let chart = Chart {
            x: ChartAxis::new("channel", names),
            series: vec![line("model", Stroke::Area), line("data", Stroke::DotsOnLine)],
            marks: vec![Mark { x: 1.0, label: "here".to_owned() }],
            ..Chart::default()
        };
        let svg = chart.svg();
        for word in [">g<", ">&lt;i&gt;<", ">model<", ">data<", ">here<", "polygon", "dasharray"] {
            assert!(svg.contains(word), "{word}");
        }
    }
}
