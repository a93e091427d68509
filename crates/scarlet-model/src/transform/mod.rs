//! Maps between the unconstrained values that optimisers see and the values of the model.

mod disk;
mod inverse;
mod lanes;
mod ordered;
mod simplex;
mod stored;

use crate::ModelError;
use lanes::{accumulate, exp, logistic, map, scale, softplus, sum, within};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Largest value of [`Transform::UnitInterval`], as in numpyro.
const BELOW_ONE: f64 = 1.0 - f64::EPSILON;

/// How unconstrained values x become values y that a constraint allows.
///
/// Optimisers and samplers move x, any real numbers; the model sees y. Values are in row order. A transform that
/// treats all elements alike has a diagonal Jacobian; the unit disk, ordered values and the simplex do not.
///
/// However large x is, y stays finite and strictly inside the constraint (the logistic function is cut at
/// 2.2e-308 and 1 - 2.2e-16, exp at 3.3e-308 and 1.8e308), so that its logarithm and
/// [`inverse`](Transform::inverse) exist; a NaN stays a NaN, for the optimiser to find.
///
/// scarlet2, by way of numpyro, uses the same maps; forward, inverse, log|det| and pull-back agree with it to 1e-9.
///
/// ```
/// use scarlet_model::Transform;
/// let transform = Transform::Interval { low: -1.0, high: 3.0 };
/// let (mut x, mut y) = ([0.0; 2], [0.0; 2]);
/// transform.inverse("nu", &[0.0, 2.5], &mut x)?;
/// transform.forward(&x, &mut y);
/// assert!((y[1] - 2.5).abs() < 1e-12);
/// assert!(transform.inverse("nu", &[0.0, 3.0], &mut x).is_err());
/// # Ok::<(), scarlet_model::ModelError>(())
/// ```
///
/// A file stores it as `{"kind": "interval", "low": -1.0, "high": 3.0}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "stored::Stored", into = "stored::Stored")]
pub enum Transform {
    /// No constraint: y = x.
    Identity,
    /// y = exp(x) > 0.
    Exp,
    /// y = log(1 + exp(x)) > 0.
    Softplus,
    /// 0 < y < 1: y = 1 / (1 + exp(-x)).
    UnitInterval,
    /// low < y < high: y = low + (high - low) / (1 + exp(-x)).
    Interval {
        /// Lower end, not reached.
        low: f64,
        /// Upper end, not reached.
        high: f64,
    },
    /// y = bound + exp(x).
    GreaterThan(f64),
    /// y = bound - exp(x): decreasing in x.
    LessThan(f64),
    /// Pairs (y0, y1), the last axis, with y0^2 + y1^2 < 1: y = x / (1 + |x|).
    UnitDisk,
    /// y0 < y1 < ...: y0 = x0, then every gap is exp(x).
    Ordered,
    /// All positive, adding up to 1: breaks of a stick, one unconstrained value less.
    Simplex,
}

impl Transform {
    /// Number of unconstrained values for `n` values.
    #[must_use]
    pub fn unconstrained_len(&self, n: usize) -> usize {
        if matches!(self, Self::Simplex) { n.saturating_sub(1) } else { n }
    }

    /// Whether every value is positive and depends on one unconstrained value only, in increasing order.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        match *self {
            Self::Exp | Self::Softplus | Self::UnitInterval => true,
            Self::Interval { low, .. } => low >= 0.0,
            Self::GreaterThan(bound) => bound >= 0.0,
            _ => false,
        }
    }

    /// Checks that a parameter of `n` values can be constrained this way.
    ///
    /// # Errors
    /// [`ModelError::Shape`]: an odd number of values for the unit disk, or none for a simplex.
    pub fn check_len(&self, n: usize) -> Result<(), ModelError> {
        match self {
            Self::UnitDisk if n % 2 == 1 => {
                Err(ModelError::Shape { what: "pairs in the unit disk".into(), expected: n + 1, found: n })
            }
            Self::Simplex if n == 0 => {
                Err(ModelError::Shape { what: "a simplex".into(), expected: 1, found: 0 })
            }
            _ => Ok(()),
        }
    }

    /// Checks the arguments.
    ///
    /// # Errors
    /// [`ModelError::Argument`]: a bound is not finite, or `high` is not above `low`.
    pub fn validate(&self) -> Result<(), ModelError> {
        match *self {
            Self::Interval { low, high } => {
                finite("interval", "low", low)?;
                finite("interval", "high", high)?;
                let range = format!("above low = {low}, by a finite width");
                let holds = high > low && (high - low).is_finite();
                require("interval", "high", high, holds, range)
            }
            Self::GreaterThan(bound) => finite("greater than", "bound", bound),
            Self::LessThan(bound) => finite("less than", "bound", bound),
            _ => Ok(()),
        }
    }

    /// Writes the values of unconstrained `x` into `y`.
    ///
    /// # Panics
    /// The lengths do not fit: `x.len() != self.unconstrained_len(y.len())`, or see [`Transform::check_len`].
    ///
    /// # Cost
    /// 1 to 2 ns an element for exp and the logistic function, 4 for softplus (AVX-512, one core); no allocation.
    pub fn forward(&self, x: &[f64], y: &mut [f64]) {
        self.assert_lengths(x.len(), y.len());
        match *self {
            Self::Identity => y.copy_from_slice(x),
            Self::Exp => map(x, y, exp),
            Self::Softplus => map(x, y, softplus),
            Self::UnitInterval => map(x, y, move |x| within(logistic(x), f64::MIN_POSITIVE, BELOW_ONE)),
            Self::Interval { low, high } => {
                let (inner, outer) = (low.next_up(), high.next_down());
                map(x, y, move |x| within(low + (high - low) * logistic(x), inner, outer));
            }
            Self::GreaterThan(bound) => {
                let inner = bound.next_up();
                map(x, y, move |x| within(bound + exp(x), inner, f64::MAX));
            }
            Self::LessThan(bound) => {
                let inner = bound.next_down();
                map(x, y, move |x| within(bound - exp(x), f64::MIN, inner));
            }
            Self::UnitDisk => disk::forward(x, y),
            Self::Ordered => ordered::forward(x, y),
            Self::Simplex => simplex::forward(x, y),
        }
    }

    /// log |det dy/dx| at `x`; for the simplex, of its first n - 1 values.
    #[must_use]
    pub fn log_det(&self, x: &[f64]) -> f64 {
        match *self {
            Self::Identity => 0.0,
            Self::Exp | Self::GreaterThan(_) | Self::LessThan(_) => sum(x, |x| x),
            Self::Softplus => -sum(x, move |x| softplus(-x)),
            Self::UnitInterval => sum(x, log_logistic_slope),
            Self::Interval { low, high } => x.len() as f64 * (high - low).ln() + sum(x, log_logistic_slope),
            Self::UnitDisk => disk::log_det(x),
            Self::Ordered => ordered::log_det(x),
            Self::Simplex => simplex::log_det(x),
        }
    }

    /// Adds the gradient of [`Transform::log_det`] at `x` to `grad`.
    ///
    /// # Panics
    /// `x` and `grad` differ in length.
    pub fn log_det_gradient(&self, x: &[f64], grad: &mut [f64]) {
        assert_same("log_det_gradient", x.len(), grad.len());
        match self {
            Self::Identity => {}
            Self::Exp | Self::GreaterThan(_) | Self::LessThan(_) => accumulate(x, grad, |_| 1.0),
            Self::Softplus => accumulate(x, grad, move |x| logistic(-x)),
            Self::UnitInterval | Self::Interval { .. } => {
                accumulate(x, grad, move |x| 1.0 - 2.0 * logistic(x));
            }
            Self::UnitDisk => disk::log_det_gradient(x, grad),
            Self::Ordered => ordered::log_det_gradient(grad),
            Self::Simplex => simplex::log_det_gradient(x, grad),
        }
    }

    /// Pulls the gradient `grad_y` with respect to the values back to unconstrained ones: writes `grad_x`.
    ///
    /// grad_x = (dy/dx)' grad_y, where `y` are the values at `x`.
    ///
    /// # Panics
    /// The lengths do not fit, as in [`Transform::forward`].
    pub fn pull_back(&self, x: &[f64], y: &[f64], grad_y: &[f64], grad_x: &mut [f64]) {
        self.assert_lengths(x.len(), y.len());
        assert_same("pull_back, y and grad_y", y.len(), grad_y.len());
        assert_same("pull_back, x and grad_x", x.len(), grad_x.len());
        match *self {
            Self::Identity => grad_x.copy_from_slice(grad_y),
            Self::Exp => scale(y, grad_y, grad_x, |y| y),
            Self::Softplus => scale(x, grad_y, grad_x, logistic),
            Self::UnitInterval => scale(y, grad_y, grad_x, |y| y * (1.0 - y)),
            Self::Interval { low, high } => {
                scale(x, grad_y, grad_x, move |x| (high - low) * logistic_slope(x));
            }
            Self::GreaterThan(_) => scale(x, grad_y, grad_x, exp),
            Self::LessThan(_) => scale(x, grad_y, grad_x, move |x| -exp(x)),
            Self::UnitDisk => disk::pull_back(x, grad_y, grad_x),
            Self::Ordered => ordered::pull_back(x, grad_y, grad_x),
            Self::Simplex => simplex::pull_back(x, y, grad_y, grad_x),
        }
    }

    fn assert_lengths(&self, x: usize, y: usize) {
        assert!(self.check_len(y).is_ok(), "{y} values cannot be constrained to: {self}");
        assert_same("unconstrained values", x, self.unconstrained_len(y));
    }
}

/// What the constraint allows, as it stands in error messages: `greater than 0`.
impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => f.write_str("any finite number"),
            Self::Exp | Self::Softplus => f.write_str("greater than 0"),
            Self::UnitInterval => f.write_str("between 0 and 1, both excluded"),
            Self::Interval { low, high } => write!(f, "between {low} and {high}, both excluded"),
            Self::GreaterThan(bound) => write!(f, "greater than {bound}"),
            Self::LessThan(bound) => write!(f, "less than {bound}"),
            Self::UnitDisk => f.write_str("pairs of length below 1"),
            Self::Ordered => f.write_str("each greater than the one before it"),
            Self::Simplex => f.write_str("all greater than 0 and adding up to 1"),
        }
    }
}

/// s (1 - s) of the logistic function s, without cancellation.
#[inline(always)]
fn logistic_slope(x: f64) -> f64 {
    let t = exp(-x.abs());
    t / ((1.0 + t) * (1.0 + t))
}

/// Its logarithm.
#[inline(always)]
fn log_logistic_slope(x: f64) -> f64 {
    x.abs() - 2.0 * softplus(x.abs())
}

fn finite(what: &'static str, argument: &'static str, value: f64) -> Result<(), ModelError> {
    require(what, argument, value, value.is_finite(), "finite".into())
}

fn require(
    what: &'static str,
    argument: &'static str,
    value: f64,
    holds: bool,
    range: String,
) -> Result<(), ModelError> {
    if holds { Ok(()) } else { Err(ModelError::Argument { what, argument, value, range }) }
}

fn assert_same(what: &str, left: usize, right: usize) {
    assert!(left == right, "{what}: {left} and {right} values");
}
