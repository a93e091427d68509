//! Densities of which everything is known.

use ndarray::{Array2, ArrayView2, s};
use scarlet_infer::diagnostics::{mcse_mean, mcse_sd};
use scarlet_infer::sample::{Draws, LogDensity};

/// A normal density.
#[derive(Debug, Clone)]
pub(crate) struct Normal {
    pub(crate) mean: Vec<f64>,
    pub(crate) covariance: Array2<f64>,
    precision: Array2<f64>,
}

impl Normal {
    /// With correlation rho^|i - j| and standard deviations from `scales[0]` to `scales[1]`, evenly in their logarithm.
    pub(crate) fn chained(dim: usize, rho: f64, scales: [f64; 2]) -> Self {
        let sd = |k: usize| scales[0] * (scales[1] / scales[0]).powf(k as f64 / (dim as f64 - 1.0));
        let covariance =
            Array2::from_shape_fn((dim, dim), |(i, j)| sd(i) * sd(j) * rho.powi(i.abs_diff(j) as i32));
        let mean = (0..dim).map(|k| k as f64 - 2.0).collect();
        Self { mean, precision: inverse(&covariance), covariance }
    }
}

impl LogDensity for Normal {
    fn dim(&self) -> usize {
        self.mean.len()
    }

    fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let off: Vec<f64> = x.iter().zip(&self.mean).map(|(x, m)| x - m).collect();
        for (row, g) in self.precision.rows().into_iter().zip(gradient.iter_mut()) {
            *g = -row.iter().zip(&off).map(|(p, o)| p * o).sum::<f64>();
        }
        0.5 * off.iter().zip(gradient.iter()).map(|(o, g)| o * g).sum::<f64>()
    }
}

/// The inverse of a matrix, by Gauss and Jordan with pivots.
pub(crate) fn inverse(matrix: &Array2<f64>) -> Array2<f64> {
    let n = matrix.nrows();
    let (mut left, mut right) = (matrix.clone(), Array2::eye(n));
    for k in 0..n {
        let pivot = (k..n).max_by(|a, b| left[[*a, k]].abs().total_cmp(&left[[*b, k]].abs())).expect("a row");
        for j in 0..n {
            left.swap([k, j], [pivot, j]);
            right.swap([k, j], [pivot, j]);
        }
        let value = left[[k, k]];
        left.row_mut(k).mapv_inplace(|v| v / value);
        right.row_mut(k).mapv_inplace(|v| v / value);
        for i in (0..n).filter(|i| *i != k) {
            let factor = left[[i, k]];
            for j in 0..n {
                left[[i, j]] -= factor * left[[k, j]];
                right[[i, j]] -= factor * right[[k, j]];
            }
        }
    }
    right
}

/// The draws of one value, `[chain, draw]`.
pub(crate) fn column(draws: &Draws, k: usize) -> ArrayView2<'_, f64> {
    draws.x.slice(s![.., .., k])
}

/// Fails where mean or standard deviation of draws are more than `sigmas` standard errors off.
pub(crate) fn assert_moments(name: &str, draws: ArrayView2<'_, f64>, mean: f64, sd: f64, sigmas: f64) {
    let found = draws.sum() / draws.len() as f64;
    let spread = (draws.iter().map(|v| (v - found).powi(2)).sum::<f64>() / (draws.len() as f64 - 1.0)).sqrt();
    let (of_mean, of_sd) = (mcse_mean(draws), mcse_sd(draws));
    assert!((found - mean).abs() < sigmas * of_mean, "{name}: mean {found}, not {mean} +- {of_mean}");
    assert!((spread - sd).abs() < sigmas * of_sd, "{name}: sd {spread}, not {sd} +- {of_sd}");
}

/// Fails where means, standard deviations or products of pairs are more than 4 standard errors off.
pub(crate) fn assert_normal(draws: &Draws, mean: &[f64], covariance: &Array2<f64>) {
    for k in 0..mean.len() {
        assert_moments(&format!("value {k}"), column(draws, k), mean[k], covariance[[k, k]].sqrt(), 4.0);
        for j in 0..k {
            let product = (&column(draws, k) - mean[k]) * (&column(draws, j) - mean[j]);
            let (found, error) = (product.sum() / product.len() as f64, mcse_mean(product.view()));
            assert!((found - covariance[[k, j]]).abs() < 4.0 * error, "{k}, {j}: {found} +- {error}");
        }
    }
}
