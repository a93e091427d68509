//! Priors of numbers of any sign: Normal, Student's t.

use super::check::{finite, positive};
use super::independent::{Univariate, fill, independent};
use super::{DiagonalNormal, FullNormal};
use crate::{ModelError, Transform};
use ndarray::Array2;
use rand::Rng;
use rand_distr::Distribution;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;
use std::f64::consts::{PI, TAU};

const VALIDATED: &str = "arguments are checked before drawing";

/// Normal distribution of every element, around `mean` with standard deviation `sd` > 0.
///
/// log p = -z^2 / 2 - ln sd - ln(2 pi) / 2, z = (x - mean) / sd. File: `{"kind": "Normal", "mean": 0, "sd": 1}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normal {
    mean: f64,
    sd: f64,
}

impl Normal {
    /// The same mean and standard deviation (> 0) for every element.
    #[must_use]
    pub const fn new(mean: f64, sd: f64) -> Self {
        Self { mean, sd }
    }

    /// A mean and a standard deviation (> 0) for each element, in row order.
    ///
    /// ```
    /// use scarlet_model::{free, prior::Normal};
    /// let center = free([12.0, 13.0]).prior(Normal::diag([12.0, 13.0], [0.1, 0.1]));
    /// ```
    #[must_use]
    pub fn diag(means: impl Into<Vec<f64>>, sds: impl Into<Vec<f64>>) -> DiagonalNormal {
        DiagonalNormal::new(means, sds)
    }

    /// A mean for each of n elements and their covariance, n x n, symmetric and positive definite.
    ///
    /// ```
    /// use ndarray::arr2;
    /// use scarlet_model::{free, prior::Normal};
    /// let covariance = arr2(&[[0.04, 0.01], [0.01, 0.09]]);
    /// let center = free([12.0, 13.0]).prior(Normal::full([12.0, 13.0], covariance));
    /// ```
    #[must_use]
    pub fn full(mean: impl Into<Vec<f64>>, covariance: impl Into<Array2<f64>>) -> FullNormal {
        FullNormal::new(mean, covariance)
    }
}

impl Univariate for Normal {
    fn contains(&self, _x: f64) -> bool {
        true
    }

    fn log_norm(&self) -> f64 {
        -self.sd.ln() - 0.5 * TAU.ln()
    }

    fn log_kernel(&self, x: f64) -> f64 {
        let z = (x - self.mean) / self.sd;
        -0.5 * z * z
    }

    fn slope(&self, x: f64) -> f64 {
        (self.mean - x) / (self.sd * self.sd)
    }

    fn draw(&self, rng: &mut dyn Rng, out: &mut [f64]) {
        fill(rng, out, rand_distr::Normal::new(self.mean, self.sd).expect(VALIDATED));
    }

    fn check(&self) -> Result<(), ModelError> {
        finite("Normal", "mean", self.mean)?;
        positive("Normal", "sd", self.sd)
    }

    fn range(&self) -> Transform {
        Transform::Identity
    }

    fn rescaled(&self, factor: f64) -> Option<Self> {
        let holds = factor.is_finite() && factor != 0.0;
        holds.then(|| Self::new(self.mean * factor, self.sd * factor.abs()))
    }
}

independent!(Normal);

/// Student's t distribution of every element: like a Normal, with tails |x|^-(dof + 1) that outliers survive.
///
/// log p = -(dof + 1)/2 ln(1 + z^2 / dof) + ln Gamma((dof + 1)/2) - ln Gamma(dof/2) - ln(pi dof)/2 - ln scale,
/// z = (x - location) / scale. File: `{"kind": "StudentT", "dof": 3, "location": 0, "scale": 1}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudentT {
    dof: f64,
    location: f64,
    scale: f64,
}

impl StudentT {
    /// Degrees of freedom (> 0), location and scale (> 0).
    #[must_use]
    pub const fn new(dof: f64, location: f64, scale: f64) -> Self {
        Self { dof, location, scale }
    }
}

impl Univariate for StudentT {
    fn contains(&self, _x: f64) -> bool {
        true
    }

    fn log_norm(&self) -> f64 {
        let half = 0.5 * self.dof;
        ln_gamma(half + 0.5) - ln_gamma(half) - 0.5 * (PI * self.dof).ln() - self.scale.ln()
    }

    fn log_kernel(&self, x: f64) -> f64 {
        let z = (x - self.location) / self.scale;
        -0.5 * (self.dof + 1.0) * (z * z / self.dof).ln_1p()
    }

    fn slope(&self, x: f64) -> f64 {
        let z = (x - self.location) / self.scale;
        -(self.dof + 1.0) * z / (self.dof + z * z) / self.scale
    }

    fn draw(&self, rng: &mut dyn Rng, out: &mut [f64]) {
        let standard = rand_distr::StudentT::new(self.dof).expect(VALIDATED);
        fill(rng, out, standard.map(|z: f64| self.location + self.scale * z));
    }

    fn check(&self) -> Result<(), ModelError> {
        positive("StudentT", "dof", self.dof)?;
        finite("StudentT", "location", self.location)?;
        positive("StudentT", "scale", self.scale)
    }

    fn range(&self) -> Transform {
        Transform::Identity
    }

    fn rescaled(&self, factor: f64) -> Option<Self> {
        let holds = factor.is_finite() && factor != 0.0;
        holds.then(|| Self::new(self.dof, self.location * factor, self.scale * factor.abs()))
    }
}

independent!(StudentT);
