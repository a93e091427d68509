//! What networks are evaluated in.

use pulp::Simd;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

/// Single or double precision.
pub trait Number:
    Copy
    + Send
    + Sync
    + std::fmt::Debug
    + 'static
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

    /// As many as a vector of an instruction set holds.
    type Lanes<S: Simd>: Copy;

    /// A vector of equals.
    fn splat<S: Simd>(self, simd: S) -> Self::Lanes<S>;

    /// a b + c.
    fn fused<S: Simd>(simd: S, a: Self::Lanes<S>, b: Self::Lanes<S>, c: Self::Lanes<S>) -> Self::Lanes<S>;

    /// Whole vectors of `values`; what is left over is not among them.
    fn vectors<S: Simd>(values: &[Self]) -> &[Self::Lanes<S>];

    /// The same to be written.
    fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [Self::Lanes<S>];
}

impl Number for f32 {
    type Lanes<S: Simd> = S::f32s;

    #[inline(always)]
    fn splat<S: Simd>(self, simd: S) -> S::f32s {
        simd.splat_f32s(self)
    }

    #[inline(always)]
    fn fused<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.mul_add_f32s(a, b, c)
    }

    #[inline(always)]
    fn vectors<S: Simd>(values: &[Self]) -> &[S::f32s] {
        S::as_simd_f32s(values).0
    }

    #[inline(always)]
    fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [S::f32s] {
        S::as_mut_simd_f32s(values).0
    }

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
    type Lanes<S: Simd> = S::f64s;

    #[inline(always)]
    fn splat<S: Simd>(self, simd: S) -> S::f64s {
        simd.splat_f64s(self)
    }

    #[inline(always)]
    fn fused<S: Simd>(simd: S, a: S::f64s, b: S::f64s, c: S::f64s) -> S::f64s {
        simd.mul_add_f64s(a, b, c)
    }

    #[inline(always)]
    fn vectors<S: Simd>(values: &[Self]) -> &[S::f64s] {
        S::as_simd_f64s(values).0
    }

    #[inline(always)]
    fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [S::f64s] {
        S::as_mut_simd_f64s(values).0
    }

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
