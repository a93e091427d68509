//! Functions that dfdx lacks, for its tensors: value and derivative of each.

use super::elementwise::{CpuTensor, map, map2};
use dfdx::prelude::*;

/// Two tensors in the place of one, to use both in the same operation of dfdx.
///
/// ```
/// use scarlet_render::expression::{dfdx::prelude::*, duplicate};
/// let x = Cpu::default().tensor([1.5, -2.0]);
/// let (a, b) = duplicate(x.leaky_trace());
/// assert_eq!((a * b).sum().backward().get(&x).array(), [3.0, -4.0]);
/// ```
pub fn duplicate<S: Shape, T: Tape<f64, Cpu>>(x: CpuTensor<S, T>) -> (CpuTensor<S, T>, CpuTensor<S, T>) {
    let copy = x.with_empty_tape() + 0.0;
    (x, copy)
}

/// ln(1 + exp(x)), a smooth and positive version of max(x, 0).
pub fn softplus<S: Shape, T: Tape<f64, Cpu>>(x: CpuTensor<S, T>) -> CpuTensor<S, T> {
    map(x, scalar::softplus)
}

/// The error function.
pub fn erf<S: Shape, T: Tape<f64, Cpu>>(x: CpuTensor<S, T>) -> CpuTensor<S, T> {
    map(x, scalar::erf)
}

/// Logarithm of the absolute value of the gamma function.
pub fn ln_gamma<S: Shape, T: Tape<f64, Cpu>>(x: CpuTensor<S, T>) -> CpuTensor<S, T> {
    map(x, scalar::ln_gamma)
}

/// Angle of the vector (x, y) in (-pi, pi]; its slopes at the origin are taken to be 0.
pub fn atan2<S: Shape, T: Tape<f64, Cpu> + Merge<R>, R: Tape<f64, Cpu>>(
    y: CpuTensor<S, T>,
    x: CpuTensor<S, R>,
) -> CpuTensor<S, T> {
    map2(y, x, scalar::atan2)
}

/// Each element of `base` to the power of that of `exponent`.
pub fn pow<S: Shape, T: Tape<f64, Cpu> + Merge<R>, R: Tape<f64, Cpu>>(
    base: CpuTensor<S, T>,
    exponent: CpuTensor<S, R>,
) -> CpuTensor<S, T> {
    map2(base, exponent, scalar::pow)
}

/// Values and slopes of numbers.
pub(super) mod scalar {
    use std::f64::consts::{FRAC_2_SQRT_PI, PI};

    /// 1 / (1 + exp(-x)), without overflow.
    pub(in super::super) fn logistic(x: f64) -> f64 {
        let small = (-x.abs()).exp();
        (if x >= 0.0 { 1.0 } else { small }) / (1.0 + small)
    }

    pub(in super::super) fn softplus(x: f64) -> (f64, f64) {
        (x.max(0.0) + (-x.abs()).exp().ln_1p(), logistic(x))
    }

    pub(in super::super) fn erf(x: f64) -> (f64, f64) {
        (libm::erf(x), FRAC_2_SQRT_PI * (-x * x).exp())
    }

    pub(in super::super) fn ln_gamma(x: f64) -> (f64, f64) {
        (libm::lgamma(x), digamma(x))
    }

    pub(in super::super) fn atan2(y: f64, x: f64) -> (f64, f64, f64) {
        let r2 = y * y + x * x;
        let by_r2 = if r2 > 0.0 { 1.0 / r2 } else { 0.0 };
        (y.atan2(x), x * by_r2, -y * by_r2)
    }

    pub(in super::super) fn pow(x: f64, y: f64) -> (f64, f64, f64) {
        let value = x.powf(y);
        let by_y = if x == 0.0 { 0.0 } else { value * x.ln() };
        (value, power_slope(x, y), by_y)
    }

    /// Slope of `x^y` in x; 0 where it would be infinite, at x = 0.
    pub(in super::super) fn power_slope(x: f64, y: f64) -> f64 {
        if x == 0.0 && y < 1.0 { 0.0 } else { y * x.powf(y - 1.0) }
    }

    pub(in super::super) fn hypot(y: f64, x: f64) -> (f64, f64, f64) {
        let r = (y * y + x * x).sqrt();
        if r > 0.0 { (r, y / r, x / r) } else { (r, 0.0, 0.0) }
    }

    /// Derivative of ln gamma: recurrence to x >= 10, then the asymptotic series (Abramowitz & Stegun 6.3.5,
    /// 6.3.7 and 6.3.18), good to 1e-12.
    pub(in super::super) fn digamma(x: f64) -> f64 {
        if x <= 0.0 {
            return digamma(1.0 - x) - PI / (PI * x).tan();
        }
        let (mut x, mut sum) = (x, 0.0);
        while x < 10.0 {
            sum -= 1.0 / x;
            x += 1.0;
        }
        let u = 1.0 / (x * x);
        let series = 1.0 / 12.0
            - u * (1.0 / 120.0
                - u * (1.0 / 252.0 - u * (1.0 / 240.0 - u * (1.0 / 132.0 - u * (691.0 / 32760.0)))));
        sum + x.ln() - 0.5 / x - u * series
    }
}
