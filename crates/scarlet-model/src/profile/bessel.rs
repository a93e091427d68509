//! The modified Bessel function of the second kind, over any number type, smooth in its real order.

use super::Number;

const STEP: f64 = 0.2;
const TERMS: usize = 150;

/// Arguments below this are taken to be this.
pub(crate) const LEAST_ARGUMENT: f64 = 1e-10;

/// cosh(k STEP).
const COSH: [f64; TERMS] = {
    let mut table = [1.0; TERMS];
    let mut k = 1;
    while k < TERMS {
        let power = exp_of_steps(k);
        table[k] = 0.5 * (power + 1.0 / power);
        k += 1;
    }
    table
};

/// exp(k STEP), by repeated squaring.
const fn exp_of_steps(mut k: usize) -> f64 {
    let mut base = 1.221_402_758_160_169_8;
    let mut power = 1.0;
    while k > 0 {
        if k % 2 == 1 {
            power *= base;
        }
        base *= base;
        k /= 2;
    }
    power
}

/// `K_nu` for one order `nu`, |nu| <= 5, at many arguments.
///
/// K_nu(x) is the integral of exp(-x cosh t) cosh(nu t) over t > 0 (DLMF 10.32.9), by the trapezoidal rule,
/// which converges exponentially (Trefethen & Weideman 2014, SIAM Review 56, 385). Relative error below 1e-13
/// for x < 3, absolute error below exp(-44) beyond.
///
/// # Cost
/// An exponential for every term: 10 at x = 15, 22 at x = 1, 47 at x = 0.01.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BesselK<N> {
    weights: [N; TERMS],
}

impl<N: Number> BesselK<N> {
    #[inline(always)]
    pub(crate) fn new(order: N) -> Self {
        let ratio = (order * STEP).exp();
        let mut weights = [order.constant(0.5 * STEP); TERMS];
        let mut power = order.constant(0.5 * STEP);
        for weight in &mut weights[1..] {
            power = power * ratio;
            *weight = power + power.recip() * (0.25 * STEP * STEP);
        }
        Self { weights }
    }

    /// `K_nu(x)` for x > 0.
    #[inline(always)]
    pub(crate) fn at(&self, x: N) -> N {
        let least = x.least();
        let mut sum = x.constant(0.0);
        for (k, weight) in self.weights.iter().enumerate() {
            if least * COSH[k] > 40.0 + 5.0 * STEP * k as f64 {
                break;
            }
            sum = (x * -COSH[k]).exp().mul_add(*weight, sum);
        }
        sum
    }
}
