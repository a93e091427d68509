//! The number type that a radial law is generic over.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A real number that a formula can be written over: `f64`, a vector of them, or a dual number over either.
///
/// One formula then gives the value, every derivative and the vectorised loop. Constants come in as `f64` on
/// the right-hand side of an operator (`r2 * 2.0 + 1.0`) or through [`Number::constant`].
///
/// Arithmetic follows IEEE 754 to within a few units in the last place. `exp` underflows to 0 below -707,
/// `ln` is minus infinity at 0 and below the smallest normal number, NaN for negative arguments.
///
/// ```
/// use scarlet_model::profile::Number;
/// fn moffat<N: Number>(r2: N, beta: N) -> N {
///     (r2 + 1.0).powf(-beta)
/// }
/// assert_eq!(moffat(3.0, 2.0), 0.0625);
/// ```
pub trait Number:
    Copy
    + Debug
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
    + Div<f64, Output = Self>
{
    /// The constant `value` as a number of this kind; what `self` is does not matter.
    #[must_use]
    fn constant(self, value: f64) -> Self;

    /// e to the power of this number.
    #[must_use]
    fn exp(self) -> Self;

    /// Natural logarithm.
    #[must_use]
    fn ln(self) -> Self;

    /// Square root.
    #[must_use]
    fn sqrt(self) -> Self;

    /// One over this number.
    #[must_use]
    fn recip(self) -> Self;

    /// `self * factor + term`, rounded once where the machine can.
    #[must_use]
    fn mul_add(self, factor: Self, term: Self) -> Self;

    /// `then` where this number is less than `limit`, `otherwise` elsewhere; both are computed.
    #[must_use]
    fn if_below(self, limit: f64, then: Self, otherwise: Self) -> Self;

    /// The least of the values that it holds: itself, or the least of the vector.
    #[must_use]
    fn least(self) -> f64;

    /// The greatest of the values that it holds: itself, or the greatest of the vector.
    #[must_use]
    fn greatest(self) -> f64;

    /// The logarithm and one over this number together, where that is cheaper.
    #[must_use]
    #[inline(always)]
    fn ln_and_recip(self) -> (Self, Self) {
        (self.ln(), self.recip())
    }

    /// This number, or `floor` where it is less (with derivative 0 there).
    #[must_use]
    #[inline(always)]
    fn at_least(self, floor: f64) -> Self {
        self.if_below(floor, self.constant(floor), self)
    }

    /// This number to a real power, for positive numbers.
    #[must_use]
    #[inline(always)]
    fn powf(self, power: Self) -> Self {
        (self.ln() * power).exp()
    }

    /// This number to a whole power.
    #[must_use]
    #[inline(always)]
    fn powi(self, power: i32) -> Self {
        let mut result = self.constant(1.0);
        for _ in 0..power.unsigned_abs() {
            result = result * self;
        }
        if power < 0 { result.recip() } else { result }
    }
}

impl Number for f64 {
    #[inline(always)]
    fn constant(self, value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn exp(self) -> Self {
        Self::exp(self)
    }
    #[inline(always)]
    fn ln(self) -> Self {
        Self::ln(self)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self::sqrt(self)
    }
    #[inline(always)]
    fn recip(self) -> Self {
        Self::recip(self)
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        self * factor + term
    }
    #[inline(always)]
    fn if_below(self, limit: f64, then: Self, otherwise: Self) -> Self {
        if self < limit { then } else { otherwise }
    }
    #[inline(always)]
    fn least(self) -> f64 {
        self
    }
    #[inline(always)]
    fn greatest(self) -> f64 {
        self
    }
}
