//! Priors of positive numbers: LogNormal, Gamma, HalfNormal.

use super::check::{finite, is_scale, positive};
use super::independent::{Univariate, fill, independent};
use crate::{ModelError, Transform};
use rand::Rng;
use rand_distr::Distribution;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;
use std::f64::consts::{FRAC_2_PI, TAU};

const VALIDATED: &str = "arguments are checked before drawing";

/// Log-normal distribution of every element: ln x has mean `log_mean` and standard deviation `log_sd` > 0.
///
/// log p = -z^2 / 2 - ln x - ln log_sd - ln(2 pi) / 2, z = (ln x - log_mean) / log_sd, x > 0.
/// File: `{"kind": "LogNormal", "log_mean": 0, "log_sd": 1}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogNormal {
    log_mean: f64,
    log_sd: f64,
}

impl LogNormal {
    /// Mean and standard deviation (> 0) of the natural logarithm.
    #[must_use]
    pub const fn new(log_mean: f64, log_sd: f64) -> Self {
        Self { log_mean, log_sd }
    }
}

impl Univariate for LogNormal {
    fn contains(&self, x: f64) -> bool {
        x > 0.0
    }

    fn log_norm(&self) -> f64 {
        -self.log_sd.ln() - 0.5 * TAU.ln()
    }

    fn log_kernel(&self, x: f64) -> f64 {
        let log_x = x.ln();
        let z = (log_x - self.log_mean) / self.log_sd;
        -0.5 * z * z - log_x
    }

    fn slope(&self, x: f64) -> f64 {
        let z = (x.ln() - self.log_mean) / self.log_sd;
        -(1.0 + z / self.log_sd) / x
    }

    fn draw(&self, rng: &mut dyn Rng, out: &mut [f64]) {
        fill(rng, out, rand_distr::LogNormal::new(self.log_mean, self.log_sd).expect(VALIDATED));
    }

    fn check(&self) -> Result<(), ModelError> {
        finite("LogNormal", "log_mean", self.log_mean)?;
        positive("LogNormal", "log_sd", self.log_sd)
    }

    fn range(&self) -> Transform {
        Transform::Exp
    }

    fn rescaled(&self, factor: f64) -> Option<Self> {
        is_scale(factor).then(|| Self::new(self.log_mean + factor.ln(), self.log_sd))
    }
}

independent!(LogNormal);

/// Gamma distribution of every element: mean `shape` / `rate`, both > 0.
///
/// log p = (shape - 1) ln x - rate x + shape ln rate - ln Gamma(shape), x > 0.
/// File: `{"kind": "Gamma", "shape": 2, "rate": 1}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gamma {
    shape: f64,
    rate: f64,
}

impl Gamma {
    /// Shape (> 0) and rate (> 0), the inverse of the scale.
    #[must_use]
    pub const fn new(shape: f64, rate: f64) -> Self {
        Self { shape, rate }
    }
}

impl Univariate for Gamma {
    fn contains(&self, x: f64) -> bool {
        x > 0.0
    }

    fn log_norm(&self) -> f64 {
        self.shape * self.rate.ln() - ln_gamma(self.shape)
    }

    fn log_kernel(&self, x: f64) -> f64 {
        (self.shape - 1.0) * x.ln() - self.rate * x
    }

    fn slope(&self, x: f64) -> f64 {
        (self.shape - 1.0) / x - self.rate
    }

    /// A draw that underflows (a very small shape) becomes the smallest normal number, which is inside.
    fn draw(&self, rng: &mut dyn Rng, out: &mut [f64]) {
        let gamma = rand_distr::Gamma::new(self.shape, 1.0).expect(VALIDATED);
        fill(rng, out, gamma.map(|x: f64| (x / self.rate).max(f64::MIN_POSITIVE)));
    }

    fn check(&self) -> Result<(), ModelError> {
        positive("Gamma", "shape", self.shape)?;
        positive("Gamma", "rate", self.rate)
    }

    fn range(&self) -> Transform {
        Transform::Exp
    }

    fn rescaled(&self, factor: f64) -> Option<Self> {
        is_scale(factor).then(|| Self::new(self.shape, self.rate / factor))
    }
}

independent!(Gamma);

/// Half-normal distribution of every element: |x| of a Normal around 0 with standard deviation `sd` > 0.
///
/// log p = -x^2 / (2 sd^2) - ln sd + ln(2 / pi) / 2, x >= 0. File: `{"kind": "HalfNormal", "sd": 1}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HalfNormal {
    sd: f64,
}

impl HalfNormal {
    /// Standard deviation (> 0) of the Normal that it is half of.
    #[must_use]
    pub const fn new(sd: f64) -> Self {
        Self { sd }
    }
}

impl Univariate for HalfNormal {
    fn contains(&self, x: f64) -> bool {
        x >= 0.0
    }

    fn log_norm(&self) -> f64 {
        0.5 * FRAC_2_PI.ln() - self.sd.ln()
    }

    fn log_kernel(&self, x: f64) -> f64 {
        let z = x / self.sd;
        -0.5 * z * z
    }

    fn slope(&self, x: f64) -> f64 {
        -x / (self.sd * self.sd)
    }

    fn draw(&self, rng: &mut dyn Rng, out: &mut [f64]) {
        let normal = rand_distr::Normal::new(0.0, self.sd).expect(VALIDATED);
        fill(rng, out, normal.map(f64::abs));
    }

    fn check(&self) -> Result<(), ModelError> {
        positive("HalfNormal", "sd", self.sd)
    }

    fn range(&self) -> Transform {
        Transform::Exp
    }

    fn rescaled(&self, factor: f64) -> Option<Self> {
        is_scale(factor).then(|| Self::new(self.sd * factor))
    }
}

independent!(HalfNormal);
