//! Independent Normals, each element with its own mean and width.

use super::check::{finite, positive, same_len};
use super::settings::Stored;
use super::{Density, Score};
use crate::{ModelError, Prior};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Normal distribution with a mean and a standard deviation for each element; made by
/// [`Normal::diag`](super::Normal::diag).
///
/// File: `{"kind": "DiagonalNormal", "means": [12, 13], "sds": [0.1, 0.1]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiagonalNormal {
    means: Vec<f64>,
    sds: Vec<f64>,
}

impl DiagonalNormal {
    /// Means and standard deviations (> 0), as many of each as the parameter has elements.
    #[must_use]
    pub fn new(means: impl Into<Vec<f64>>, sds: impl Into<Vec<f64>>) -> Self {
        Self { means: means.into(), sds: sds.into() }
    }

    fn each(&self) -> impl Iterator<Item = (f64, f64)> {
        self.means.iter().copied().zip(self.sds.iter().copied())
    }
}

impl Score for DiagonalNormal {
    fn score(&self, x: &[f64], grad: &mut [f64]) {
        for ((grad, x), (mean, sd)) in grad.iter_mut().zip(x).zip(self.each()) {
            *grad += (mean - x) / (sd * sd);
        }
    }

    fn validate(&self) -> Result<(), ModelError> {
        same_len("DiagonalNormal, sds", self.means.len(), self.sds.len())?;
        for (mean, sd) in self.each() {
            finite("DiagonalNormal", "a mean", mean)?;
            positive("DiagonalNormal", "an sd", sd)?;
        }
        Ok(())
    }

    fn check_len(&self, n: usize) -> Result<(), ModelError> {
        same_len("DiagonalNormal", self.means.len(), n)
    }

    fn settings(&self) -> serde_json::Value {
        Stored::DiagonalNormal(self.clone()).write()
    }

    fn scaled(&self, factor: f64) -> Option<Prior> {
        if factor == 0.0 || !factor.is_finite() {
            return None;
        }
        let times = |values: &[f64], factor: f64| values.iter().map(|v| v * factor).collect::<Vec<f64>>();
        Some(Self::new(times(&self.means, factor), times(&self.sds, factor.abs())).into())
    }
}

impl Density for DiagonalNormal {
    fn log_density(&self, x: &[f64]) -> f64 {
        let terms = x.iter().zip(self.each()).map(|(x, (mean, sd))| {
            let z = (x - mean) / sd;
            -0.5 * z * z - sd.ln() - 0.5 * TAU.ln()
        });
        terms.sum()
    }

    fn sample_into(&self, rng: &mut dyn Rng, out: &mut [f64]) -> Result<(), ModelError> {
        self.validate()?;
        self.check_len(out.len())?;
        for (out, (mean, sd)) in out.iter_mut().zip(self.each()) {
            let z: f64 = StandardNormal.sample(rng);
            *out = mean + sd * z;
        }
        Ok(())
    }
}
