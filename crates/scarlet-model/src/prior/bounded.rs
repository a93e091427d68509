//! Priors of numbers in an interval: Uniform, Beta.

use super::check::{is_scale, ordered, positive};
use super::independent::{Univariate, fill, independent};
use crate::{ModelError, Transform};
use rand::Rng;
use rand_distr::Distribution;
use serde::{Deserialize, Serialize};
use statrs::function::beta::ln_beta;

const VALIDATED: &str = "arguments are checked before drawing";

/// Uniform distribution of every element on [`low`, `high`].
///
/// log p = -ln(high - low) inside, ends included; its score is 0 everywhere, so that only a constraint keeps a fit
/// inside. File: `{"kind": "Uniform", "low": 0, "high": 1}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    low: f64,
    high: f64,
}

impl Uniform {
    /// Lower and upper end, low < high.
    #[must_use]
    pub const fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }
}

impl Univariate for Uniform {
    fn contains(&self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }

    fn log_norm(&self) -> f64 {
        -(self.high - self.low).ln()
    }

    fn log_kernel(&self, _x: f64) -> f64 {
        0.0
    }

    fn slope(&self, _x: f64) -> f64 {
        0.0
    }

    fn draw(&self, rng: &mut dyn Rng, out: &mut [f64]) {
        fill(rng, out, rand_distr::Uniform::new_inclusive(self.low, self.high).expect(VALIDATED));
    }

    fn check(&self) -> Result<(), ModelError> {
        ordered("Uniform", self.low, self.high)
    }

    fn range(&self) -> Transform {
        Transform::Interval { low: self.low, high: self.high }
    }

    fn rescaled(&self, factor: f64) -> Option<Self> {
        is_scale(factor).then(|| Self::new(self.low * factor, self.high * factor))
    }
}

independent!(Uniform);

/// Beta distribution of every element, on (0, 1) or, with [`Beta::on`], on (`low`, `high`).
///
/// log p = (a - 1) ln t + (b - 1) ln(1 - t) - ln B(a, b) - ln(high - low), t = (x - low) / (high - low), a, b > 0.
/// File: `{"kind": "Beta", "a": 2, "b": 5}`, with `"low"` and `"high"` where they are not 0 and 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beta {
    a: f64,
    b: f64,
    #[serde(default = "zero")]
    low: f64,
    #[serde(default = "one")]
    high: f64,
}

const fn zero() -> f64 {
    0.0
}

const fn one() -> f64 {
    1.0
}

impl Beta {
    /// Exponents a and b (> 0), on (0, 1).
    #[must_use]
    pub const fn new(a: f64, b: f64) -> Self {
        Self { a, b, low: zero(), high: one() }
    }

    /// The same shape on another interval, low < high.
    #[must_use]
    pub const fn on(self, low: f64, high: f64) -> Self {
        Self { low, high, ..self }
    }

    fn width(&self) -> f64 {
        self.high - self.low
    }
}

impl Univariate for Beta {
    fn contains(&self, x: f64) -> bool {
        self.low < x && x < self.high
    }

    fn log_norm(&self) -> f64 {
        -ln_beta(self.a, self.b) - (self.a + self.b - 1.0) * self.width().ln()
    }

    fn log_kernel(&self, x: f64) -> f64 {
        (self.a - 1.0) * (x - self.low).ln() + (self.b - 1.0) * (self.high - x).ln()
    }

    fn slope(&self, x: f64) -> f64 {
        (self.a - 1.0) / (x - self.low) - (self.b - 1.0) / (self.high - x)
    }

    /// A draw that rounds to an end is moved inside by one unit in the last place.
    fn draw(&self, rng: &mut dyn Rng, out: &mut [f64]) {
        let beta = rand_distr::Beta::new(self.a, self.b).expect(VALIDATED);
        let (inner, outer) = (self.low.next_up(), self.high.next_down());
        fill(rng, out, beta.map(|t: f64| (self.low + self.width() * t).clamp(inner, outer)));
    }

    fn check(&self) -> Result<(), ModelError> {
        positive("Beta", "a", self.a)?;
        positive("Beta", "b", self.b)?;
        ordered("Beta", self.low, self.high)
    }

    fn range(&self) -> Transform {
        if self.low == zero() && self.high == one() {
            return Transform::UnitInterval;
        }
        Transform::Interval { low: self.low, high: self.high }
    }

    fn rescaled(&self, factor: f64) -> Option<Self> {
        is_scale(factor).then(|| self.clone().on(self.low * factor, self.high * factor))
    }
}

independent!(Beta);
