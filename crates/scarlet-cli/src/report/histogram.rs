//! How residuals in units of the noise are distributed.

use super::ReportObservation;
use crate::markup::number;
use crate::picture::{Chart, ChartAxis, Scale, Series, Stroke};
use std::f64::consts::PI;

const END: f64 = 6.0;
const BINS: usize = 48;
/// Distance from zero beyond which a residual is an outlier.
const OUTLIER: f64 = 5.0;

/// Residuals in units of the noise of all pixels that count, of all channels.
pub(super) struct Histogram {
    counts: [usize; BINS],
    number: usize,
    sum: f64,
    squares: f64,
    outliers: usize,
}

impl Histogram {
    pub(super) fn of(observed: &ReportObservation) -> Self {
        let mut all = Self { counts: [0; BINS], number: 0, sum: 0.0, squares: 0.0, outliers: 0 };
        let pixels = observed.data.iter().zip(&observed.model).zip(&observed.weights);
        for ((&data, &model), &weight) in pixels.filter(|(_, weight)| **weight > 0.0) {
            all.add(f64::from(data - model) * f64::from(weight).sqrt());
        }
        all
    }

    fn add(&mut self, residual: f64) {
        if !residual.is_finite() {
            return;
        }
        self.number += 1;
        self.sum += residual;
        self.squares += residual * residual;
        self.outliers += usize::from(residual.abs() > OUTLIER);
        let bin = ((residual + END) / (2.0 * END) * BINS as f64).floor();
        if (0.0..BINS as f64).contains(&bin) {
            self.counts[bin as usize] += 1;
        }
    }

    /// Their density over that of a unit Gaussian; none without pixels.
    pub(super) fn chart(&self, name: &str) -> Option<Chart> {
        if self.number == 0 {
            return None;
        }
        let width = 2.0 * END / BINS as f64;
        let middle = |bin: usize| (bin as f64 + 0.5) * width - END;
        // Half a pixel stands for none, which a logarithmic axis does not show.
        let least = 0.5 / (self.number as f64 * width);
        let density = |count: usize| (2.0 * count as f64).max(1.0) * least;
        let found = self.counts.iter().enumerate().map(|(bin, &count)| [middle(bin), density(count)]);
        let gauss = |bin| [middle(bin), (-0.5 * middle(bin).powi(2)).exp() / (2.0 * PI).sqrt()];
        let expected = (0..BINS).map(gauss).filter(|point| point[1] > least);
        let series =
            |label: &str, points, stroke, tone| Series { label: label.to_owned(), points, stroke, tone };
        Some(Chart {
            title: format!(
                "Histogram of residual over noise in {name}, with the unit Gaussian that noise alone gives"
            ),
            x: ChartAxis::new("residual / noise", Scale::Linear),
            y: ChartAxis::new("density", Scale::Log),
            series: vec![
                series("residuals", found.collect(), Stroke::Area, 0),
                series("unit Gaussian", expected.collect(), Stroke::Dashed, 1),
            ],
            marks: Vec::new(),
        })
    }

    /// Mean, standard deviation and outliers, in words.
    pub(super) fn text(&self) -> String {
        let mean = self.sum / self.number as f64;
        let deviation = (self.squares / self.number as f64 - mean * mean).max(0.0).sqrt();
        format!(
            "mean {}, standard deviation {}; {} of {} values beyond {OUTLIER}\u{3c3}",
            number(mean, 2),
            number(deviation, 3),
            self.outliers,
            self.number
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_once_and_outliers_named() {
        let mut all = Histogram { counts: [0; BINS], number: 0, sum: 0.0, squares: 0.0, outliers: 0 };
        [-1.0, 1.0, 0.1, 99.0, f64::NAN].into_iter().for_each(|value| all.add(value));
        assert_eq!((all.number, all.outliers, all.counts.iter().sum::<usize>()), (4, 1, 3));
        assert!(all.text().contains("1 of 4 values"));
        assert!(all.chart("hsc").is_some_and(|chart| chart.svg().contains("unit Gaussian")));
    }
}
