//! The number types of pixel buffers.

use bytemuck::Pod;
use rustfft::FftNum;
use std::iter::Sum;
use std::ops::{AddAssign, Mul, MulAssign, Sub};

/// The number type of pixel buffers and FFTs; parameters, chi2 and densities are double precision always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// 32 bits, the default.
    #[default]
    Single,
    /// 64 bits.
    Double,
}

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
    use rustfft::{Fft, FftNum, FftPlanner};
    use std::sync::Arc;

    pub trait Sealed: FftNum {
        /// FFTs of this length there and back, not normalised.
        fn ffts(len: usize) -> [Arc<dyn Fft<Self>>; 2];
    }

    // Written out for both types: a generic function would compile all of rustfft anew in every crate that plans an FFT.
    impl Sealed for f32 {
        #[inline(never)]
        fn ffts(len: usize) -> [Arc<dyn Fft<Self>>; 2] {
            let mut planner = FftPlanner::new();
            [planner.plan_fft_forward(len), planner.plan_fft_inverse(len)]
        }
    }

    impl Sealed for f64 {
        #[inline(never)]
        fn ffts(len: usize) -> [Arc<dyn Fft<Self>>; 2] {
            let mut planner = FftPlanner::new();
            [planner.plan_fft_forward(len), planner.plan_fft_inverse(len)]
        }
    }
}
