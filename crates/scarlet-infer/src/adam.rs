//! Adam.

use crate::optimizer::Moments;
use crate::{InferError, Limits, Optimizer, Schedule};

/// Adam.
///
/// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, direction = m^ / (sqrt(v^) + eps) with both moments divided by
/// 1 - b^t.
///
/// Source: Kingma & Ba 2015, algorithm 1. scarlet2 0.5.1: `optax.scale_by_adam`.
#[derive(Debug, Clone)]
pub struct Adam {
    /// Steps at most.
    pub max_iter: usize,
    /// Relative change of every parameter's norm below which it has converged.
    pub e_rel: f64,
    /// Decay rate of the first moment.
    pub b1: f64,
    /// Decay rate of the second moment.
    pub b2: f64,
    /// Added to the root of the second moment.
    pub eps: f64,
    /// Factor on all steps.
    pub schedule: Schedule,
}

impl Default for Adam {
    fn default() -> Self {
        Self { max_iter: 200, e_rel: 1e-4, b1: 0.9, b2: 0.999, eps: 1e-8, schedule: Schedule::Constant }
    }
}

impl Optimizer for Adam {
    fn limits(&self) -> Limits {
        Limits { max_iter: self.max_iter, e_rel: self.e_rel, e_chi2: 0.0 }
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    fn start(&self) -> f64 {
        0.0
    }

    fn directions(
        &self,
        step: usize,
        gradient: &[f64],
        first: &mut [f64],
        second: &mut [f64],
        direction: &mut [f64],
    ) {
        let grow = |v: f64, squared: f64| self.b2 * v + (1.0 - self.b2) * squared;
        self.moments().directions(step, gradient, (first, second), direction, grow);
    }

    fn validate(&self) -> Result<(), InferError> {
        self.moments().validate("Adam")
    }
}

impl Adam {
    const fn moments(&self) -> Moments {
        Moments { b1: self.b1, b2: self.b2, eps: self.eps }
    }
}
