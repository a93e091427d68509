//! Densities of one number as priors of parameters: the same density for every element, independently.

use crate::{ModelError, Transform};
use rand::Rng;

/// A density of one number.
pub(super) trait Univariate: Sized {
    /// Whether the density is not 0 at `x`.
    fn contains(&self, x: f64) -> bool;
    /// The part of the log-density that does not depend on x.
    fn log_norm(&self) -> f64;
    /// The part that does, inside the support.
    fn log_kernel(&self, x: f64) -> f64;
    /// Derivative of the log-density inside the support.
    fn slope(&self, x: f64) -> f64;
    /// Draws every element of `out`, the arguments being valid.
    fn draw(&self, rng: &mut dyn Rng, out: &mut [f64]);
    /// See [`Score::validate`](super::Score::validate).
    fn check(&self) -> Result<(), ModelError>;
    /// See [`Score::support`](super::Score::support).
    fn range(&self) -> Transform;
    /// The density of x `factor`, if it is of the same kind.
    fn rescaled(&self, factor: f64) -> Option<Self>;
}

pub(super) fn log_density(density: &impl Univariate, x: &[f64]) -> f64 {
    let mut sum = x.len() as f64 * density.log_norm();
    for &x in x {
        if !density.contains(x) {
            return f64::NEG_INFINITY;
        }
        sum += density.log_kernel(x);
    }
    sum
}

pub(super) fn score(density: &impl Univariate, x: &[f64], grad: &mut [f64]) {
    for (grad, &x) in grad.iter_mut().zip(x) {
        if density.contains(x) {
            *grad += density.slope(x);
        }
    }
}

/// Fills `out` from a distribution of `rand_distr`.
pub(super) fn fill(rng: &mut dyn Rng, out: &mut [f64], distribution: impl rand_distr::Distribution<f64>) {
    out.fill_with(|| distribution.sample(rng));
}

/// Makes a [`Univariate`] a [`Density`](super::Density) of any number of elements.
macro_rules! independent {
    ($kind:ident) => {
        impl crate::prior::Score for $kind {
            fn score(&self, x: &[f64], grad: &mut [f64]) {
                crate::prior::independent::score(self, x, grad);
            }

            fn validate(&self) -> Result<(), crate::ModelError> {
                self.check()
            }

            fn support(&self) -> crate::Transform {
                self.range()
            }

            fn settings(&self) -> serde_json::Value {
                crate::prior::settings::Stored::$kind(self.clone()).write()
            }

            fn scaled(&self, factor: f64) -> Option<crate::Prior> {
                self.rescaled(factor).map(Into::into)
            }
        }

        impl crate::prior::Density for $kind {
            fn log_density(&self, x: &[f64]) -> f64 {
                crate::prior::independent::log_density(self, x)
            }

            fn sample_into(&self, rng: &mut dyn rand::Rng, out: &mut [f64]) -> Result<(), crate::ModelError> {
                self.check()?;
                self.draw(rng, out);
                Ok(())
            }
        }
    };
}
pub(super) use independent;
