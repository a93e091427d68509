//! Maps between the unconstrained values that optimisers see and the values of the model.

use crate::ModelError;

/// How unconstrained values become values that a constraint allows. Placeholder.
#[derive(Debug, Clone, PartialEq)]
pub enum Transform {
    /// No constraint.
    Identity,
    /// y = exp(x) > 0.
    Exp,
    /// y = log(1 + exp(x)) > 0.
    Softplus,
    /// 0 < y < 1, logistic.
    UnitInterval,
    /// low < y < high, logistic.
    Interval {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// y > bound.
    GreaterThan(f64),
    /// y < bound.
    LessThan(f64),
    /// Pairs with y0^2 + y1^2 < 1.
    UnitDisk,
    /// y0 < y1 < ...
    Ordered,
    /// All positive, adding up to 1; one unconstrained value less.
    Simplex,
}

impl Transform {
    /// Number of unconstrained values for `n` values.
    #[must_use]
    pub fn unconstrained_len(&self, n: usize) -> usize {
        if matches!(self, Self::Simplex) { n.saturating_sub(1) } else { n }
    }

    /// Writes the values of unconstrained `x` into `y`.
    pub fn forward(&self, x: &[f64], y: &mut [f64]) {
        y.copy_from_slice(x);
    }

    /// log |det dy/dx| at `x`.
    #[must_use]
    pub fn log_det(&self, _x: &[f64]) -> f64 {
        0.0
    }

    /// Adds the gradient of [`Transform::log_det`] at `x` to `grad`.
    pub fn log_det_gradient(&self, _x: &[f64], _grad: &mut [f64]) {}

    /// Writes the unconstrained values of `y` into `x`.
    ///
    /// # Errors
    /// A value is outside the constraint; `parameter` names it in the error.
    pub fn inverse(&self, parameter: &str, y: &[f64], x: &mut [f64]) -> Result<(), ModelError> {
        let _ = parameter;
        x.copy_from_slice(y);
        Ok(())
    }

    /// Pulls the gradient `grad_y` with respect to the values back to unconstrained ones: writes `grad_x`.
    ///
    /// `y` are the values at `x`.
    pub fn pull_back(&self, _x: &[f64], _y: &[f64], grad_y: &[f64], grad_x: &mut [f64]) {
        grad_x.copy_from_slice(grad_y);
    }
}
