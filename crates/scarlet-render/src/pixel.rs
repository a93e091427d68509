//! The number types of pixel buffers.

use bytemuck::Pod;
use rustfft::FftNum;
use std::iter::Sum;
use std::ops::{AddAssign, Mul, MulAssign, Sub};

/// A number type of pixel buffers and FFTs: `f32` or `f64`.
pub trait Pixel:
    FftNum
    + Pod
    + Default
    + AddAssign
    + MulAssign
    + Mul<Output = Self>
    + Sub<Output = Self>
    + Sum
    + sealed::Sealed
{
    /// Rounded to this type.
    fn of(value: f64) -> Self;

    /// As `f64`, exactly.
    fn wide(self) -> f64;
}

impl Pixel for f32 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Pixel for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}
