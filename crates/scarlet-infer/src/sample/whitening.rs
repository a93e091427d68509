//! A linear change of variables that makes a density rounder.

use super::LogDensity;
use crate::InferError;
use crate::dense::{cholesky, inverse_of, solve, solve_transposed};

/// Up to this many values the whole curvature is measured, beyond it its diagonal only.
const DENSE: usize = 400;
/// Random directions from which a diagonal is estimated.
const PROBES: usize = 48;
/// First step of the derivatives, relative to a value of at least 1.
const STEP: f64 = 1e-4;
/// Second step, in standard deviations.
const SECOND: f64 = 0.1;
/// What is added to the correlations' diagonal until they have a Cholesky factor.
const RIDGES: [f64; 6] = [0.0, 1e-8, 1e-5, 1e-3, 1e-1, 10.0];

/// x = center + L^-T z, with L the Cholesky factor of the curvature of minus the log-density: near its maximum,
/// z has about a standard normal density.
///
/// Samplers see z. It changes what they cost, never what they draw from.
#[derive(Debug, Clone, PartialEq)]
pub struct Whitening {
    center: Vec<f64>,
    factor: Factor,
}

#[derive(Debug, Clone, PartialEq)]
enum Factor {
    /// Standard deviations.
    Diagonal(Vec<f64>),
    /// Row by row, the lower triangle with the diagonal.
    Cholesky(Vec<f64>),
}

impl Whitening {
    /// Only shifts, by `center`.
    #[must_use]
    pub fn shift(center: &[f64]) -> Self {
        Self::diagonal(center, vec![1.0; center.len()])
    }

    /// Shifts and scales with standard deviations.
    #[must_use]
    pub fn diagonal(center: &[f64], sd: Vec<f64>) -> Self {
        Self { center: center.to_vec(), factor: Factor::Diagonal(sd) }
    }

    /// From the curvature of a density at `center`, which should be near its maximum.
    ///
    /// # Cost
    /// Four gradients for each value, up to 400 values; about a hundred in all beyond, for the diagonal alone.
    ///
    /// # Errors
    /// [`InferError::NotFiniteAtStart`]: the density or its gradient is not finite there.
    pub fn at(density: &mut dyn LogDensity, center: &[f64]) -> Result<Self, InferError> {
        let mut gradient = vec![0.0; center.len()];
        let value = density.log_density_and_gradient(center, &mut gradient);
        if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            let suspect = "the density or its gradient is not finite there".to_owned();
            return Err(InferError::NotFiniteAtStart { value, suspect });
        }
        if center.len() > DENSE {
            return Ok(Self::diagonal(center, diagonal_sd(density, center)));
        }
        Ok(Self::of_precision(center, &hessian(density, center)))
    }

    /// From a precision matrix (minus the second derivatives), row by row; only as much of it as is positive counts.
    #[must_use]
    pub fn of_precision(center: &[f64], precision: &[f64]) -> Self {
        let n = center.len();
        let scale: Vec<f64> = (0..n).map(|k| positive(precision[k * n + k]).sqrt()).collect();
        let scaled = |ridge: f64| {
            let entry = |at: usize| {
                let (i, j) = (at / n, at % n);
                if i == j { 1.0 + ridge } else { precision[at] / (scale[i] * scale[j]) }
            };
            cholesky((0..n * n).map(entry).collect(), n)
        };
        match RIDGES.into_iter().find_map(scaled) {
            Some(mut factor) => {
                factor.iter_mut().enumerate().for_each(|(at, value)| *value *= scale[at / n]);
                Self { center: center.to_vec(), factor: Factor::Cholesky(factor) }
            }
            None => Self::diagonal(center, scale.into_iter().map(f64::recip).collect()),
        }
    }

    /// From draws of x, one after the other: their mean, and covariance where there are enough of them.
    #[must_use]
    pub fn of_draws(draws: &[Vec<f64>], dim: usize) -> Self {
        let count = draws.len().max(2) as f64;
        let center: Vec<f64> = (0..dim).map(|k| draws.iter().map(|x| x[k]).sum::<f64>() / count).collect();
        let covariance = |i: usize, j: usize| {
            let terms = draws.iter().map(|x| (x[i] - center[i]) * (x[j] - center[j]));
            terms.sum::<f64>() / (count - 1.0)
        };
        let sd: Vec<f64> = (0..dim).map(|k| positive(covariance(k, k)).sqrt()).collect();
        if dim > DENSE || draws.len() < 10 * dim {
            return Self::diagonal(&center, sd);
        }
        let correlations =
            (0..dim * dim).map(|at| covariance(at / dim, at % dim) / (sd[at / dim] * sd[at % dim]));
        let Some(factor) = cholesky(correlations.collect(), dim) else { return Self::diagonal(&center, sd) };
        let inverse = inverse_of(&factor, dim);
        let precision = |at: usize| {
            let (i, j) = (at / dim, at % dim);
            let sum: f64 = (i.max(j)..dim).map(|k| inverse[k * dim + i] * inverse[k * dim + j]).sum();
            sum / (sd[i] * sd[j])
        };
        Self::of_precision(&center, &(0..dim * dim).map(precision).collect::<Vec<_>>())
    }

    /// Number of values.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.center.len()
    }

    /// Whether correlations are in it.
    #[must_use]
    pub const fn is_dense(&self) -> bool {
        matches!(self.factor, Factor::Cholesky(_))
    }

    /// Writes x of `z`.
    pub fn forward(&self, z: &[f64], x: &mut [f64]) {
        x.copy_from_slice(z);
        match &self.factor {
            Factor::Diagonal(sd) => x.iter_mut().zip(sd).for_each(|(x, sd)| *x *= sd),
            Factor::Cholesky(factor) => solve_transposed(factor, x),
        }
        x.iter_mut().zip(&self.center).for_each(|(x, center)| *x += center);
    }

    /// Writes z of `x`.
    pub fn inverse(&self, x: &[f64], z: &mut [f64]) {
        let n = x.len();
        let off: Vec<f64> = x.iter().zip(&self.center).map(|(x, center)| x - center).collect();
        match &self.factor {
            Factor::Diagonal(sd) => (0..n).for_each(|k| z[k] = off[k] / sd[k]),
            Factor::Cholesky(factor) => {
                (0..n).for_each(|k| z[k] = (k..n).map(|i| factor[i * n + k] * off[i]).sum());
            }
        }
    }

    /// Turns a gradient by x into one by z, in place.
    pub fn pull_back(&self, gradient: &mut [f64]) {
        match &self.factor {
            Factor::Diagonal(sd) => gradient.iter_mut().zip(sd).for_each(|(g, sd)| *g *= sd),
            Factor::Cholesky(factor) => solve(factor, gradient),
        }
    }
}

/// Curvature that can be divided by.
fn positive(value: f64) -> f64 {
    if value.is_finite() { value.abs().clamp(1e-16, 1e32) } else { 1.0 }
}

/// The gradient at `center`, with one value moved by `step`, into `out`.
fn moved(density: &mut dyn LogDensity, center: &[f64], direction: &[f64], step: f64, out: &mut [f64]) {
    let x: Vec<f64> = center.iter().zip(direction).map(|(c, d)| c + step * d).collect();
    density.log_density_and_gradient(&x, out);
}

/// Minus the second derivatives, symmetrised: steps first of one size, then of the width that these show.
fn hessian(density: &mut dyn LogDensity, center: &[f64]) -> Vec<f64> {
    let n = center.len();
    let (mut ahead, mut behind) = (vec![0.0; n], vec![0.0; n]);
    let mut rows = vec![0.0; n * n];
    for k in 0..n {
        let mut step = STEP * center[k].abs().max(1.0);
        let mut direction = vec![0.0; n];
        direction[k] = 1.0;
        for last in [false, true] {
            moved(density, center, &direction, step, &mut ahead);
            moved(density, center, &direction, -step, &mut behind);
            let row = &mut rows[k * n..][..n];
            (0..n).for_each(|j| row[j] = (behind[j] - ahead[j]) / (2.0 * step));
            if !last {
                step = (SECOND / positive(row[k]).sqrt()).clamp(1e-8, 0.3);
            }
        }
    }
    let entry = |at: usize| 0.5 * (rows[at] + rows[(at % n) * n + at / n]);
    let symmetric: Vec<f64> = (0..n * n).map(entry).collect();
    symmetric.into_iter().map(|v| if v.is_finite() { v } else { 0.0 }).collect()
}

/// Standard deviations from the diagonal of the curvature, by random signs (Bekas et al. 2007): E[s * (H s)].
fn diagonal_sd(density: &mut dyn LogDensity, center: &[f64]) -> Vec<f64> {
    let n = center.len();
    let (mut ahead, mut behind) = (vec![0.0; n], vec![0.0; n]);
    let (mut sum, mut state) = (vec![0.0; n], 0x9E37_79B9_7F4A_7C15_u64);
    for _ in 0..PROBES {
        let signs: Vec<f64> = (0..n).map(|_| if next(&mut state) >> 63 == 0 { 1.0 } else { -1.0 }).collect();
        moved(density, center, &signs, STEP, &mut ahead);
        moved(density, center, &signs, -STEP, &mut behind);
        (0..n).for_each(|k| sum[k] += signs[k] * (behind[k] - ahead[k]) / (2.0 * STEP * PROBES as f64));
    }
    let typical = median(sum.iter().map(|v| v.abs()).collect());
    sum.into_iter().map(|v| positive(v.max(0.05 * typical)).sqrt().recip()).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(1.0)
}

/// Marsaglia's xorshift: signs need no better.
const fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A normal density of a given precision matrix.
    struct Normal(Vec<f64>, usize);

    impl LogDensity for Normal {
        fn dim(&self) -> usize {
            self.1
        }

        fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
            let n = self.1;
            (0..n).for_each(|i| gradient[i] = -(0..n).map(|j| self.0[i * n + j] * x[j]).sum::<f64>());
            0.5 * x.iter().zip(gradient.iter()).map(|(x, g)| x * g).sum::<f64>()
        }
    }

    #[test]
    fn a_normal_density_becomes_standard() {
        let precision = vec![4e6, 1e3, 0.0, 1e3, 2.0, 0.3, 0.0, 0.3, 1e-2 * 10.0];
        let mut normal = Normal(precision, 3);
        let whitening = Whitening::at(&mut normal, &[0.0; 3]).expect("finite");
        let (z, mut x, mut back, mut gradient) = ([0.3, -1.1, 0.7], [0.0; 3], [0.0; 3], [0.0; 3]);
        whitening.forward(&z, &mut x);
        whitening.inverse(&x, &mut back);
        normal.log_density_and_gradient(&x, &mut gradient);
        whitening.pull_back(&mut gradient);
        for k in 0..3 {
            assert!((back[k] - z[k]).abs() < 1e-9, "{back:?}");
            assert!((gradient[k] + z[k]).abs() < 1e-6, "{gradient:?}");
        }
    }

    #[test]
    fn what_is_not_positive_is_made_so() {
        let whitening = Whitening::of_precision(&[0.0; 2], &[1.0, 3.0, 3.0, 1.0]);
        let mut x = [0.0; 2];
        whitening.forward(&[1.0, 1.0], &mut x);
        assert!(x.iter().all(|v| v.is_finite() && v.abs() < 10.0), "{x:?}");
    }

    #[test]
    fn diagonals_are_estimated() {
        let n = 450;
        let precision: Vec<f64> =
            (0..n * n).map(|at| if at / n == at % n { 1.0 + (at / n) as f64 } else { 0.0 }).collect();
        let whitening = Whitening::at(&mut Normal(precision, n), &vec![0.0; n]).expect("finite");
        let Factor::Diagonal(sd) = &whitening.factor else { panic!("a diagonal") };
        assert!((sd[99] - 0.1).abs() < 1e-3, "{}", sd[99]);
    }
}
