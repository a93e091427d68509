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

    /// Which of 64 numbers are above 0, a bit for each, the first the lowest.
    fn above<S: Simd>(simd: S, numbers: &[Self; 64]) -> u64;

    /// The same as [`Number::vectors`] to be written.
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
    fn above<S: Simd>(simd: S, numbers: &[Self; 64]) -> u64 {
        let mask = |v: &S::f32s| simd.less_than_f32s(simd.splat_f32s(0.0), *v);
        // masks are bits with AVX-512 alone
        if size_of::<S::m32s>() * 8 == S::F32_LANES {
            let vectors = Self::vectors::<S>(numbers).iter().enumerate();
            return vectors.map(|(k, v)| bits(mask(v)) << (k * S::F32_LANES)).fold(0, |all, own| all | own);
        }
        numbers.iter().enumerate().fold(0, |all, (i, v)| all | u64::from(*v > 0.0) << i)
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
    fn above<S: Simd>(simd: S, numbers: &[Self; 64]) -> u64 {
        let mask = |v: &S::f64s| simd.less_than_f64s(simd.splat_f64s(0.0), *v);
        // masks are bits with AVX-512 alone
        if size_of::<S::m64s>() * 8 == S::F64_LANES {
            let vectors = Self::vectors::<S>(numbers).iter().enumerate();
            return vectors.map(|(k, v)| bits(mask(v)) << (k * S::F64_LANES)).fold(0, |all, own| all | own);
        }
        numbers.iter().enumerate().fold(0, |all, (i, v)| all | u64::from(*v > 0.0) << i)
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

/// A mask of a bit for each number as an integer.
#[inline(always)]
fn bits<M: pulp::bytemuck::NoUninit>(mask: M) -> u64 {
    let bytes = pulp::bytemuck::bytes_of(&mask);
    let mut all = [0; 8];
    all[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(all)
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}
