//! Gradient steps scaled with the curvature of the likelihood.

use crate::optimizer::{Scaling, check_positive, check_rate};
use crate::{Adam, InferError, Limits, Optimizer, Schedule};

/// Steps that nobody has to set: scaled with the curvature along fluxes, pixels and centres, Adam's along the rest.
///
/// For positive fluxes and pixels a step in the logarithm is the multiplicative update of Richardson-Lucy and of
/// non-negative matrix factorisation, m <- m exp(-gradient / (A' W A m)), with momentum. It needs no step sizes, and
/// what the data do not tell apart it leaves as it was: two sources of one colour keep their shares of a pixel,
/// where optimisers that give every parameter steps of one size, like [`Adam`] and [`Yogi`](crate::Yogi), let one
/// take over the other's light. Priors, and parameters that are neither light nor centres, take steps by [`Adam`].
///
/// Source: Richardson 1972, JOSA 62, 55; Lucy 1974, AJ 79, 745; Lee & Seung 2001, NIPS 13, 556 (eq. 4).
#[derive(Debug, Clone)]
pub struct Scaled {
    /// Steps at most.
    pub max_iter: usize,
    /// Decrease of chi2 in ten steps, for each free value, or each pixel where those are fewer, below which it has converged.
    pub e_chi2: f64,
    /// Share of the last step that is taken again.
    pub momentum: f64,
    /// Share of gradient over curvature: a half is what bounds chi2 where images and spectra change together.
    pub gain: f64,
    /// For parameters whose curvature is not known; its limits do not count.
    pub adam: Adam,
}

impl Default for Scaled {
    fn default() -> Self {
        Self { max_iter: 200, e_chi2: 2e-3, momentum: 0.8, gain: 0.5, adam: Adam::default() }
    }
}

impl Optimizer for Scaled {
    fn limits(&self) -> Limits {
        Limits { max_iter: self.max_iter, e_rel: 0.0, e_chi2: self.e_chi2 }
    }

    fn schedule(&self) -> &Schedule {
        self.adam.schedule()
    }

    fn scaling(&self) -> Option<Scaling> {
        Some(Scaling { momentum: self.momentum, gain: self.gain, longest: [1.0, 0.2] })
    }

    fn start(&self) -> f64 {
        self.adam.start()
    }

    fn directions(
        &self,
        step: usize,
        gradient: &[f64],
        first: &mut [f64],
        second: &mut [f64],
        direction: &mut [f64],
    ) {
        self.adam.directions(step, gradient, first, second, direction);
    }

    fn validate(&self) -> Result<(), InferError> {
        check_rate("Scaled", "momentum", self.momentum)?;
        check_positive("Scaled", "gain", self.gain)?;
        self.adam.validate()
    }
}
