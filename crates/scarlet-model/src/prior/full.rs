//! Normal distribution with correlations between the elements.

use super::check::{finite, require, same_len};
use super::settings::Stored;
use super::{Density, Score};
use crate::{ModelError, Prior};
use ndarray::Array2;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// How far a covariance may be from symmetric, relative to its diagonal.
const ASYMMETRY: f64 = 1e-8;

/// Normal distribution with mean m and covariance C; made by [`Normal::full`](super::Normal::full).
///
/// log p = -|z|^2 / 2 - ln det L - n ln(2 pi) / 2 with C = L L' and L z = x - m. Both L and its inverse are computed
/// once; evaluating costs n^2 / 2 products for the value and n^2 for the score.
/// File: `{"kind": "FullNormal", "mean": [0, 0], "covariance": [[1, 0.5], [0.5, 1]]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Arguments", into = "Arguments")]
pub struct FullNormal {
    mean: Vec<f64>,
    covariance: Array2<f64>,
    factors: Result<Factors, ModelError>,
}

/// What a file stores.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    mean: Vec<f64>,
    covariance: Vec<Vec<f64>>,
}

impl From<FullNormal> for Arguments {
    fn from(normal: FullNormal) -> Self {
        let rows = normal.covariance.rows();
        Self { mean: normal.mean, covariance: rows.into_iter().map(|row| row.to_vec()).collect() }
    }
}

/// Rows of unequal length become a covariance without columns, which `validate` refuses.
impl From<Arguments> for FullNormal {
    fn from(arguments: Arguments) -> Self {
        let rows = arguments.covariance.len();
        let columns = arguments.covariance.first().map_or(0, Vec::len);
        let values = arguments.covariance.into_iter().flatten().collect();
        let covariance = Array2::from_shape_vec((rows, columns), values);
        Self::new(arguments.mean, covariance.unwrap_or_else(|_| Array2::zeros((rows, 0))))
    }
}

impl FullNormal {
    /// A mean of n elements and their covariance, n x n, symmetric and positive definite.
    #[must_use]
    pub fn new(mean: impl Into<Vec<f64>>, covariance: impl Into<Array2<f64>>) -> Self {
        let (mean, covariance) = (mean.into(), covariance.into());
        let factors = check(&mean, &covariance).and_then(|()| Factors::new(&covariance));
        Self { mean, covariance, factors }
    }
}

fn check(mean: &[f64], covariance: &Array2<f64>) -> Result<(), ModelError> {
    same_len("FullNormal, rows of the covariance", mean.len(), covariance.nrows())?;
    same_len("FullNormal, columns of the covariance", mean.len(), covariance.ncols())?;
    mean.iter().try_for_each(|&mean| finite("FullNormal", "a mean", mean))?;
    covariance.iter().try_for_each(|&c| finite("FullNormal", "an element of the covariance", c))?;
    for ((i, j), &value) in covariance.indexed_iter() {
        let difference = (value - covariance[[j, i]]).abs();
        let scale = (covariance[[i, i]] * covariance[[j, j]]).abs().sqrt();
        let range = format!("equal to its mirror image {} (row {i}, column {j})", covariance[[j, i]]);
        let holds = difference <= ASYMMETRY * scale;
        require("FullNormal", "an element of the covariance", value, holds, &range)?;
    }
    Ok(())
}

/// Lower triangular L with C = L L', and its inverse.
#[derive(Debug, Clone, PartialEq)]
struct Factors {
    lower: Array2<f64>,
    inverse: Array2<f64>,
    log_norm: f64,
}

impl Factors {
    fn new(covariance: &Array2<f64>) -> Result<Self, ModelError> {
        let lower = cholesky(covariance)?;
        let inverse = invert_lower(&lower);
        let log_det: f64 = lower.diag().iter().map(|d| d.ln()).sum();
        let log_norm = -log_det - 0.5 * lower.nrows() as f64 * TAU.ln();
        Ok(Self { lower, inverse, log_norm })
    }

    /// Element `i` of z, the residual in units of the standard deviation.
    fn whitened(&self, i: usize, x: &[f64], mean: &[f64]) -> f64 {
        let row = self.inverse.row(i);
        row.iter().zip(x.iter().zip(mean)).take(i + 1).map(|(w, (x, mean))| w * (x - mean)).sum()
    }
}

/// Cholesky-Banachiewicz, row by row.
fn cholesky(covariance: &Array2<f64>) -> Result<Array2<f64>, ModelError> {
    let n = covariance.nrows();
    let mut lower = Array2::<f64>::zeros((n, n));
    for i in 0..n {
        for j in 0..=i {
            let done: f64 = (0..j).map(|k| lower[[i, k]] * lower[[j, k]]).sum();
            let left = covariance[[i, j]] - done;
            if i == j {
                let range = format!("greater than 0 (positive definite), in row {i}");
                require("FullNormal", "a pivot of the covariance", left, left > 0.0, &range)?;
                lower[[i, i]] = left.sqrt();
            } else {
                lower[[i, j]] = left / lower[[j, j]];
            }
        }
    }
    Ok(lower)
}

/// Forward substitution for every column of the unit matrix.
fn invert_lower(lower: &Array2<f64>) -> Array2<f64> {
    let n = lower.nrows();
    let mut inverse = Array2::<f64>::zeros((n, n));
    for j in 0..n {
        inverse[[j, j]] = 1.0 / lower[[j, j]];
        for i in j + 1..n {
            let sum: f64 = (j..i).map(|k| lower[[i, k]] * inverse[[k, j]]).sum();
            inverse[[i, j]] = -sum / lower[[i, i]];
        }
    }
    inverse
}

impl Score for FullNormal {
    /// Adds -(L^-1)' z; with wrong arguments nothing.
    fn score(&self, x: &[f64], grad: &mut [f64]) {
        let Ok(factors) = &self.factors else { return };
        for i in 0..self.mean.len() {
            let z = factors.whitened(i, x, &self.mean);
            for (grad, w) in grad.iter_mut().zip(factors.inverse.row(i)).take(i + 1) {
                *grad -= w * z;
            }
        }
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.factors.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn check_len(&self, n: usize) -> Result<(), ModelError> {
        same_len("FullNormal", self.mean.len(), n)
    }

    fn settings(&self) -> serde_json::Value {
        Stored::FullNormal(self.clone()).write()
    }

    fn scaled(&self, factor: f64) -> Option<Prior> {
        if factor == 0.0 || !factor.is_finite() {
            return None;
        }
        let mean: Vec<f64> = self.mean.iter().map(|mean| mean * factor).collect();
        Some(Self::new(mean, &self.covariance * (factor * factor)).into())
    }
}

impl Density for FullNormal {
    /// NaN with wrong arguments.
    fn log_density(&self, x: &[f64]) -> f64 {
        let Ok(factors) = &self.factors else { return f64::NAN };
        let z = (0..self.mean.len()).map(|i| factors.whitened(i, x, &self.mean));
        factors.log_norm - 0.5 * z.map(|z| z * z).sum::<f64>()
    }

    /// x = m + L z, from the last element to the first since z stands in `out`.
    fn sample_into(&self, rng: &mut dyn Rng, out: &mut [f64]) -> Result<(), ModelError> {
        self.check_len(out.len())?;
        let factors = self.factors.as_ref().map_err(Clone::clone)?;
        out.fill_with(|| StandardNormal.sample(rng));
        for i in (0..out.len()).rev() {
            let correlated: f64 =
                factors.lower.row(i).iter().zip(&*out).take(i + 1).map(|(l, z)| l * z).sum();
            out[i] = self.mean[i] + correlated;
        }
        Ok(())
    }
}
