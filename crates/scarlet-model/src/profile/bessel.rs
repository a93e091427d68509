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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Dual;

    /// K_(1/2)(x) = sqrt(pi / 2x) exp(-x), and values of Abramowitz & Stegun, table 9.8.
    #[test]
    fn known_values_come_out() {
        let half = BesselK::new(0.5);
        for x in [1e-6, 0.01, 0.5, 1.0, 3.0, 12.0] {
            let exact = (std::f64::consts::FRAC_PI_2 / x).sqrt() * f64::exp(-x);
            assert!((half.at(x) - exact).abs() < 1e-13 * exact + 1e-17, "{x}");
        }
        assert!((BesselK::new(0.0).at(1.0) - 0.421_024_438_240_708_3).abs() < 1e-15);
        assert!((BesselK::new(1.0).at(1.0) - 0.601_907_230_197_234_6).abs() < 1e-15);
    }

    /// K' = -(`K_(nu-1)` + `K_(nu+1)`) / 2, and the derivative in the order by differences.
    #[test]
    fn derivatives_are_right() {
        let (nu, x, h) = (1.7, 0.8, 1e-3);
        let order: Dual<f64, 2> = Dual::variable(nu, 0);
        let ours = BesselK::new(order).at(Dual::variable(x, 1));
        let at = |nu: f64| BesselK::new(nu).at(x);
        let by_order = (8.0 * (at(nu + h) - at(nu - h)) - at(nu + 2.0 * h) + at(nu - 2.0 * h)) / (12.0 * h);
        assert!((ours.derivatives[0] - by_order).abs() < 1e-10);
        assert!((ours.derivatives[1] + 0.5 * (at(nu - 1.0) + at(nu + 1.0))).abs() < 1e-13);
    }
}
