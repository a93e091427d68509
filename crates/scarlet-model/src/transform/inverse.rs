//! Unconstrained values of given ones, or a named error where the constraint does not allow them.

use super::{Transform, disk, ordered, simplex};
use crate::ModelError;

impl Transform {
    /// Writes the unconstrained values of `y` into `x`.
    ///
    /// Values on the boundary (a pixel of exactly 0 or 1 under [`Transform::UnitInterval`]) have no finite
    /// unconstrained value and are errors; scarlet2 goes on with an infinite one. So are NaN and infinities under
    /// every transform. [`Transform::Simplex`] takes values whose sum is 1 to 1e-6.
    ///
    /// # Errors
    /// - [`ModelError::OutsideConstraint`]: names `parameter`, the first element that is outside, its value (the
    ///   length of the pair for the unit disk) and what is allowed.
    /// - [`ModelError::Shape`]: see [`Transform::check_len`]; or `x` has not
    ///   [`unconstrained_len`](Transform::unconstrained_len)`(y.len())` elements.
    /// - [`ModelError::Parameter`]: the values of a simplex do not add up to 1.
    pub fn inverse(&self, parameter: &str, y: &[f64], x: &mut [f64]) -> Result<(), ModelError> {
        self.check_len(y.len())?;
        self.check_unconstrained(parameter, y.len(), x.len())?;
        let outside = |index: usize, value: f64| self.outside(parameter, index, value);
        match *self {
            Self::UnitDisk => disk::inverse(outside, y, x),
            Self::Ordered => ordered::inverse(outside, y, x),
            Self::Simplex => simplex::inverse(parameter, outside, y, x),
            _ => {
                for (i, (x, &y)) in x.iter_mut().zip(y).enumerate() {
                    *x = self.inverse_of_one(y).ok_or_else(|| outside(i, y))?;
                }
                Ok(())
            }
        }
    }

    /// The unconstrained value of `y` for transforms that treat every element alike; none if it is not finite.
    fn inverse_of_one(&self, y: f64) -> Option<f64> {
        let x = match *self {
            Self::Exp => y.ln(),
            Self::Softplus => y + (-(-y).exp_m1()).ln(),
            Self::UnitInterval => logit(y, 0.0, 1.0),
            Self::Interval { low, high } => logit(y, low, high),
            Self::GreaterThan(bound) => (y - bound).ln(),
            Self::LessThan(bound) => (bound - y).ln(),
            _ => y,
        };
        (y.is_finite() && x.is_finite()).then_some(x)
    }

    fn check_unconstrained(&self, parameter: &str, n: usize, found: usize) -> Result<(), ModelError> {
        let expected = self.unconstrained_len(n);
        if found == expected {
            return Ok(());
        }
        Err(ModelError::Shape { what: format!("{parameter}, unconstrained"), expected, found })
    }

    #[cold]
    fn outside(&self, parameter: &str, index: usize, value: f64) -> ModelError {
        let constraint = self.to_string();
        ModelError::OutsideConstraint { parameter: parameter.to_owned(), index, value, constraint }
    }
}

fn logit(y: f64, low: f64, high: f64) -> f64 {
    (y - low).ln() - (high - y).ln()
}
