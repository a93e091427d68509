//! What a sampler sees of a posterior.

use crate::Posterior;

/// A log-density of a flat vector, up to a constant, with its gradient.
///
/// ```
/// use scarlet_infer::sample::LogDensity;
///
/// /// Standard normal density of two numbers.
/// struct Round;
///
/// impl LogDensity for Round {
///     fn dim(&self) -> usize {
///         2
///     }
///
///     fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
///         gradient.iter_mut().zip(x).for_each(|(g, x)| *g = -x);
///         -0.5 * (x[0] * x[0] + x[1] * x[1])
///     }
/// }
/// ```
pub trait LogDensity {
    /// Number of values.
    fn dim(&self) -> usize;

    /// log p(x) up to a constant, its gradient written into `gradient`; not finite where the density is 0.
    fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64;
}

/// The density of the unconstrained values, with the log-determinants of the constraints.
impl LogDensity for Posterior {
    fn dim(&self) -> usize {
        Self::dim(self)
    }

    fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        Self::log_density_and_gradient(self, x, gradient)
    }
}
