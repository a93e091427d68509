//! A linear change of variables that makes a density rounder.

mod curvature;

use super::LogDensity;
use crate::InferError;
use crate::dense::{cholesky, inverse_of, solve, solve_transposed};
use std::ops::Range;

/// What is added to the correlations' diagonal until they have a Cholesky factor.
const RIDGES: [f64; 6] = [0.0, 1e-8, 1e-5, 1e-3, 1e-1, 10.0];
/// Steps towards the maximum.
const CLIMB: usize = 30;
/// How far a value moves in one of them.
const FAR: f64 = 1.0;

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
    /// Runs of values that vary on their own, which together are all.
    Blocks(Vec<Block>),
}

/// The factor of a run of values: row by row, the lower triangle with the diagonal.
#[derive(Debug, Clone, PartialEq)]
struct Block {
    values: Range<usize>,
    factor: Vec<f64>,
}

impl Block {
    /// Of as much of a precision matrix as is positive.
    fn of_precision(values: Range<usize>, precision: &[f64]) -> Self {
        let n = values.len();
        let scale: Vec<f64> = (0..n).map(|k| positive(precision[k * n + k]).sqrt()).collect();
        let scaled = |ridge: f64| {
            let entry = |at: usize| {
                let (i, j) = (at / n, at % n);
                if i == j { 1.0 + ridge } else { precision[at] / (scale[i] * scale[j]) }
            };
            cholesky((0..n * n).map(entry).collect(), n)
        };
        let unit = || (0..n * n).map(|at| f64::from(u8::from(at / n == at % n))).collect();
        let mut factor: Vec<f64> = RIDGES.into_iter().find_map(scaled).unwrap_or_else(unit);
        factor.iter_mut().enumerate().for_each(|(at, value)| *value *= scale[at / n]);
        Self { values, factor }
    }
}

impl Whitening {
    /// Up to this many values the whole curvature is measured, beyond it its diagonal only.
    pub const DENSE: usize = 400;

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
        if center.len() > Self::DENSE {
            return Ok(Self::diagonal(center, curvature::diagonal_sd(density, center)));
        }
        Ok(Self::of_precision(center, &curvature::hessian(density, center)))
    }

    /// From a precision matrix (minus the second derivatives), row by row; only as much of it as is positive counts.
    #[must_use]
    pub fn of_precision(center: &[f64], precision: &[f64]) -> Self {
        let block = Block::of_precision(0..center.len(), precision);
        Self { center: center.to_vec(), factor: Factor::Blocks(vec![block]) }
    }

    /// From the curvature of a density at `center` within each of `blocks`, which follow one another and together are all
    /// values.
    ///
    /// # Cost
    /// Two gradients for each value, and about a hundred; then the square of a block's length for each gradient of a
    /// sampler.
    #[must_use]
    pub fn in_blocks(density: &mut dyn LogDensity, center: &[f64], blocks: &[Range<usize>]) -> Self {
        let sd = curvature::diagonal_sd(density, center);
        let precisions = curvature::blocks(density, center, &sd, blocks);
        let each = blocks.iter().cloned().zip(&precisions);
        let blocks = each.map(|(values, precision)| Block::of_precision(values, precision)).collect();
        Self { center: center.to_vec(), factor: Factor::Blocks(blocks) }
    }

    /// Where the log-density is larger than at the center: by steps of Newton's method with this curvature, halved where they
    /// lead down.
    pub(super) fn climb(&self, density: &mut dyn LogDensity) -> Vec<f64> {
        let mut x = self.center.clone();
        let (mut gradient, mut ahead) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let mut value = density.log_density_and_gradient(&x, &mut gradient);
        let mut scale = 1.0;
        for _ in 0..CLIMB {
            let mut step = gradient.clone();
            self.pull_back(&mut step);
            self.scale(&mut step);
            let moved = |(x, step): (&f64, &f64)| x + scale * step.clamp(-FAR, FAR);
            let trial: Vec<f64> = x.iter().zip(&step).map(moved).collect();
            let there = density.log_density_and_gradient(&trial, &mut ahead);
            if there.is_finite() && there > value {
                (x, value, scale) = (trial, there, f64::min(1.0, 2.0 * scale));
                std::mem::swap(&mut gradient, &mut ahead);
            } else {
                scale *= 0.5;
            }
        }
        x
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
        if dim > Self::DENSE || draws.len() < 10 * dim {
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

    /// Writes x of `z`.
    pub fn forward(&self, z: &[f64], x: &mut [f64]) {
        x.copy_from_slice(z);
        self.scale(x);
        x.iter_mut().zip(&self.center).for_each(|(x, center)| *x += center);
    }

    /// Turns z into x - center, in place.
    fn scale(&self, x: &mut [f64]) {
        match &self.factor {
            Factor::Diagonal(sd) => x.iter_mut().zip(sd).for_each(|(x, sd)| *x *= sd),
            Factor::Blocks(blocks) => {
                blocks.iter().for_each(|b| solve_transposed(&b.factor, &mut x[b.values.clone()]));
            }
        }
    }

    /// Writes z of `x`.
    pub fn inverse(&self, x: &[f64], z: &mut [f64]) {
        let off: Vec<f64> = x.iter().zip(&self.center).map(|(x, center)| x - center).collect();
        match &self.factor {
            Factor::Diagonal(sd) => z.iter_mut().zip(&off).zip(sd).for_each(|((z, off), sd)| *z = off / sd),
            Factor::Blocks(blocks) => {
                for Block { values, factor } in blocks {
                    let (n, off) = (values.len(), &off[values.clone()]);
                    let transposed = |k: usize| (k..n).map(|i| factor[i * n + k] * off[i]).sum::<f64>();
                    (0..n).for_each(|k| z[values.start + k] = transposed(k));
                }
            }
        }
    }

    /// Turns a gradient by x into one by z, in place.
    pub fn pull_back(&self, gradient: &mut [f64]) {
        match &self.factor {
            Factor::Diagonal(sd) => gradient.iter_mut().zip(sd).for_each(|(g, sd)| *g *= sd),
            Factor::Blocks(blocks) => {
                blocks.iter().for_each(|b| solve(&b.factor, &mut gradient[b.values.clone()]));
            }
        }
    }
}

/// Curvature that can be divided by.
fn positive(value: f64) -> f64 {
    if value.is_finite() { value.abs().clamp(1e-16, 1e32) } else { 1.0 }
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
    fn blocks_of_a_density_become_standard() {
        // two pairs that vary together, and one value alone
        let mut precision = vec![0.0; 25];
        for (at, value) in [
            (0, 4e4),
            (1, 90.0),
            (5, 90.0),
            (6, 2.0),
            (12, 0.5),
            (18, 9.0),
            (19, -2.0),
            (23, -2.0),
            (24, 1.0),
        ] {
            precision[at] = value;
        }
        let mut normal = Normal(precision, 5);
        let whitening = Whitening::in_blocks(&mut normal, &[0.0; 5], &[0..2, 2..3, 3..5]);
        let (z, mut x, mut back, mut gradient) = ([0.3, -1.1, 0.7, 2.0, -0.4], [0.0; 5], [0.0; 5], [0.0; 5]);
        whitening.forward(&z, &mut x);
        whitening.inverse(&x, &mut back);
        normal.log_density_and_gradient(&x, &mut gradient);
        whitening.pull_back(&mut gradient);
        for k in 0..5 {
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
