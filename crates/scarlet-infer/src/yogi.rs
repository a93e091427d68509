//! Yogi.

use crate::optimizer::{check_positive, check_rate};
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
        Limits { max_iter: self.max_iter, e_rel: self.e_rel }
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    fn start(&self) -> f64 {
        1e-6
    }

    fn direction(&self, step: usize, gradient: f64, first: &mut f64, second: &mut f64) -> f64 {
        let mut direction = [0.0];
        self.directions(
            step,
            &[gradient],
            std::slice::from_mut(first),
            std::slice::from_mut(second),
            &mut direction,
        );
        direction[0]
    }

    fn directions(
        &self,
        step: usize,
        gradient: &[f64],
        first: &mut [f64],
        second: &mut [f64],
        direction: &mut [f64],
    ) {
        let count = i32::try_from(step + 1).unwrap_or(i32::MAX);
        let (unbias1, unbias2) = (1.0 / (1.0 - self.b1.powi(count)), 1.0 / (1.0 - self.b2.powi(count)));
        let moments = first.iter_mut().zip(second);
        for ((g, d), (m, v)) in gradient.iter().zip(direction).zip(moments) {
            let squared = g * g;
            *m = self.b1 * *m + (1.0 - self.b1) * g;
            *v -= (1.0 - self.b2) * (*v - squared).signum() * squared;
            *d = *m * unbias1 / ((*v * unbias2).sqrt() + self.eps);
        }
    }

    fn validate(&self) -> Result<(), InferError> {
        check_rate("Yogi", "b1", self.b1)?;
        check_rate("Yogi", "b2", self.b2)?;
        check_positive("Yogi", "eps", self.eps)
    }
}
