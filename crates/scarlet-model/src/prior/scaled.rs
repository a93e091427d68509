//! Any prior, for values in another unit.

use super::check::require;
use super::settings::Stored;
use super::{Density, Score};
use crate::ModelError;
use rand::Rng;
use serde_json::Value;
use std::sync::Arc;

/// Up to this many values the copy is on the stack.
const ON_STACK: usize = 64;

/// What `inner` believes of x / `factor`, made by [`Prior::scaled`](super::Prior::scaled).
///
/// log p = log p_inner(x / factor) - n ln |factor|.
///
/// # Cost
/// A copy of the values in each evaluation, which is allocated for parameters of more than 64 values; implement
/// [`Score::scaled`] where that matters.
#[derive(Debug, Clone)]
pub struct Scaled<P: ?Sized> {
    inner: Arc<P>,
    factor: f64,
}

impl<P: ?Sized> Scaled<P> {
    pub(super) const fn new(inner: Arc<P>, factor: f64) -> Self {
        Self { inner, factor }
    }

    /// Runs `f` with x / factor.
    fn unscaled<R>(&self, x: &[f64], f: impl FnOnce(&[f64]) -> R) -> R {
        with_scratch(x.len(), |scratch| {
            scratch.iter_mut().zip(x).for_each(|(to, x)| *to = x / self.factor);
            f(scratch)
        })
    }
}

/// Runs `f` with `n` zeros.
fn with_scratch<R>(n: usize, f: impl FnOnce(&mut [f64]) -> R) -> R {
    if n <= ON_STACK { f(&mut [0.0; ON_STACK][..n]) } else { f(&mut vec![0.0; n]) }
}

impl<P: Score + ?Sized> Score for Scaled<P> {
    fn score(&self, x: &[f64], grad: &mut [f64]) {
        self.unscaled(x, |x| {
            with_scratch(x.len(), |inner| {
                self.inner.score(x, inner);
                grad.iter_mut().zip(inner).for_each(|(to, inner)| *to += *inner / self.factor);
            });
        });
    }

    fn validate(&self) -> Result<(), ModelError> {
        let holds = self.factor.is_finite() && self.factor != 0.0;
        require("Scaled", "factor", self.factor, holds, "finite and not 0")?;
        self.inner.validate()
    }

    fn check_len(&self, n: usize) -> Result<(), ModelError> {
        self.inner.check_len(n)
    }

    fn settings(&self) -> Value {
        let prior = self.inner.settings();
        if prior.is_null() { Value::Null } else { Stored::Scaled { factor: self.factor, prior }.write() }
    }
}

impl<P: Density + ?Sized> Density for Scaled<P> {
    fn log_density(&self, x: &[f64]) -> f64 {
        self.unscaled(x, |x| self.inner.log_density(x)) - x.len() as f64 * self.factor.abs().ln()
    }

    fn sample_into(&self, rng: &mut dyn Rng, out: &mut [f64]) -> Result<(), ModelError> {
        self.validate()?;
        self.inner.sample_into(rng, out)?;
        out.iter_mut().for_each(|x| *x *= self.factor);
        Ok(())
    }
}
