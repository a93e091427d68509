//! What networks are evaluated in.

use faer::traits::ComplexField;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

/// Single or double precision.
pub trait Number:
    ComplexField
    + Copy
    + Default
    + PartialOrd
    + From<f32>
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + sealed::Sealed
{
    /// The nearest one.
    fn of(value: f64) -> Self;

    /// As a double.
    fn to_double(self) -> f64;

    /// The product with `by` plus `more`, rounded once.
    fn times_plus(self, by: Self, more: Self) -> Self;
}

impl Number for f32 {
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
    fn of(value: f64) -> Self {
        value as Self
    }

    #[inline(always)]
    fn to_double(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn times_plus(self, by: Self, more: Self) -> Self {
        self.mul_add(by, more)
    }
}

impl Number for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn to_double(self) -> f64 {
        self
    }

    #[inline(always)]
    fn times_plus(self, by: Self, more: Self) -> Self {
        self.mul_add(by, more)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}
