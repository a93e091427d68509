//! Axes: where values go, and which of them get a tick.

use super::Scale;
use crate::markup::{number, superscript};

impl Scale {
    /// The coordinate along the axis of a value.
    pub(super) fn of(&self, value: f64) -> f64 {
        if *self == Self::Log { value.log10() } else { value }
    }
}

/// Map from coordinates to a stretch of the drawing.
pub(super) struct Axis {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

/// A place with a label.
pub(super) struct Tick {
    pub(super) place: f64,
    pub(super) label: String,
}

impl Axis {
    /// The axis for `values`, with that share of its length left free at its ends.
    pub(super) fn new(
        scale: &Scale,
        values: impl Iterator<Item = f64>,
        room: f64,
        [start, end]: [f64; 2],
    ) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            (low, high) = (low.min(value), high.max(value));
        }
        if let Scale::Names(names) = scale {
            let last = names.len().saturating_sub(1) as f64;
            return Self { low: -0.5, high: last + 0.5, start, end };
        }
        let has_zero = *scale == Scale::FromZero;
        if has_zero {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        let free = if high > low { room * (high - low) } else { (0.5 * high.abs()).max(0.5) };
        let keep = |end: f64| has_zero && end == 0.0 && high > low;
        let (below, above) = (if keep(low) { 0.0 } else { free }, if keep(high) { 0.0 } else { free });
        Self { low: low - below, high: high + above, start, end }
    }

    /// Where a coordinate goes.
    pub(super) fn place(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// About `wanted` ticks.
    pub(super) fn ticks(&self, scale: &Scale, wanted: usize) -> Vec<Tick> {
        let tick = |(value, label)| Tick { place: self.place(value), label };
        match scale {
            Scale::Names(names) => {
                let every = names.len().div_ceil(10).max(1);
                let short = |name: &String| name.chars().take(8).collect();
                let named = names.iter().enumerate().step_by(every);
                named.map(|(k, name)| tick((k as f64, short(name)))).collect()
            }
            Scale::Log => self.powers().into_iter().map(tick).collect(),
            Scale::Linear | Scale::FromZero => {
                let values = round_values(self.low, self.high, wanted);
                let step = values.get(1).map_or(1.0, |second| second - values[0]);
                values.into_iter().map(|value| tick((value, label(value, step)))).collect()
            }
        }
    }

    /// Powers of ten, or round values where there are too few of them.
    fn powers(&self) -> Vec<(f64, String)> {
        let span = self.high - self.low;
        if span < 1.5 {
            let values = round_values(10_f64.powf(self.low), 10_f64.powf(self.high), 4);
            return values.into_iter().map(|value| (value.log10(), number(value, 2))).collect();
        }
        let step = (span / 6.0).ceil();
        let (first, last) = ((self.low / step).ceil() as i64, (self.high / step).floor() as i64);
        let power = |k: i64| (k as f64 * step, format!("10{}", superscript((k as f64 * step) as i32)));
        (first..=last).map(power).collect()
    }
}

/// Values 1, 2 or 5 times a power of ten apart, about `wanted` of them from `low` to `high`.
fn round_values(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let rough = (high - low) / wanted as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let nice = [1.0, 2.0, 5.0, 10.0].into_iter().find(|nice| nice * power >= rough * 0.999).unwrap_or(10.0);
    let step = nice * power;
    let (first, last) = ((low / step).ceil(), (high / step).floor());
    let count = (last - first).clamp(0.0, 50.0) as usize;
    (0..=count).map(|k| (first + k as f64) * step).collect()
}

/// A tick's value with as many decimals as its distance from the next asks for.
fn label(value: f64, step: f64) -> String {
    if value.abs() >= 1e6 {
        return number(value, 2);
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let value = if value.abs() < 1e-6 * step { 0.0 } else { value };
    format!("{value:.decimals$}").replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(round_values(0.0, 200.0, 6), [0.0, 50.0, 100.0, 150.0, 200.0]);
        assert_eq!(round_values(-1.3, 1.1, 5), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!((label(-0.5, 0.5), label(1e-17, 0.5)), ("\u{2212}0.5".to_owned(), "0.0".to_owned()));
    }

    #[test]
    fn many_names_are_thinned_out() {
        let names = Scale::Names((0..45).map(|k| format!("channel {k}")).collect());
        let axis = Axis::new(&names, std::iter::empty(), 0.0, [0.0, 100.0]);
        let ticks = axis.ticks(&names, 5);
        assert_eq!((ticks.len(), ticks[1].label.as_str()), (9, "channel "));
    }
}
