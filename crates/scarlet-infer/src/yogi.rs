//! Yogi.

use crate::optimizer::Moments;
use crate::{InferError, Limits, Optimizer, Schedule};

/// Yogi: Adam whose second moment grows only as fast as it falls, steadier where gradients are rare.
///
/// v = v - (1 - b2) sign(v - g^2) g^2; everything else as [`Adam`](crate::Adam); both moments begin at 1e-6.
///
/// Source: Zaheer et al. 2018, algorithm 2. scarlet2 (main): `optax.scale_by_yogi`.
#[derive(Debug, Clone)]
pub struct Yogi {
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

impl Default for Yogi {
    fn default() -> Self {
        Self { max_iter: 200, e_rel: 1e-4, b1: 0.9, b2: 0.999, eps: 1e-3, schedule: Schedule::Constant }
    }
}

impl Optimizer for Yogi {
    fn limits(&self) -> Limits {
        Limits { max_iter: self.max_iter, e_rel: self.e_rel, e_chi2: 0.0 }
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    fn start(&self) -> f64 {
        1e-6
    }

    fn directions(
        &self,
        step: usize,
        gradient: &[f64],
        first: &mut [f64],
        second: &mut [f64],
        direction: &mut [f64],
    ) {
        let grow = |v: f64, squared: f64| v - (1.0 - self.b2) * (v - squared).signum() * squared;
        self.moments().directions(step, gradient, (first, second), direction, grow);
    }

    fn validate(&self) -> Result<(), InferError> {
        self.moments().validate("Yogi")
    }
}

impl Yogi {
    const fn moments(&self) -> Moments {
        Moments { b1: self.b1, b2: self.b2, eps: self.eps }
    }
}
