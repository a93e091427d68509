//! The gamma function over any number type.

use super::Number;

/// Coefficients of Stirling's series in 1/x^2, from the last to the first: B_2k / (2k (2k - 1)).
const STIRLING: [f64; 8] = [
    -3617.0 / 122_400.0,
    1.0 / 156.0,
    -691.0 / 360_360.0,
    1.0 / 1188.0,
    -1.0 / 1680.0,
    1.0 / 1260.0,
    -1.0 / 360.0,
    1.0 / 12.0,
];

/// ln Gamma(x) for x > 0, to about 1e-15 of max(1, |ln Gamma|).
///
/// Stirling's series (Abramowitz & Stegun 6.1.41) at x + 8, and Gamma(x + 8) = x (x + 1) ... (x + 7) Gamma(x).
#[inline(always)]
pub(crate) fn ln_gamma<N: Number>(x: N) -> N {
    let mut product = x;
    for k in 1..8 {
        product = product * (x + f64::from(k));
    }
    let y = x + 8.0;
    let over = y.recip();
    let over2 = over * over;
    let mut series = x.constant(STIRLING[0]);
    for &c in &STIRLING[1..] {
        series = series.mul_add(over2, x.constant(c));
    }
    let half_ln_two_pi = 0.918_938_533_204_672_7;
    let stirling = (y - 0.5).mul_add(y.ln(), series.mul_add(over, -y));
    stirling - product.ln() + half_ln_two_pi
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Dual;

    #[test]
    fn agrees_with_factorials_and_with_the_digamma_function() {
        let mut factorial = 1.0;
        for n in 1..20 {
            assert!((ln_gamma(f64::from(n)) - f64::ln(factorial)).abs() < 3e-14);
            factorial *= f64::from(n);
        }
        assert!((ln_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 1e-14);
        for x in [0.15, 0.7, 1.0, 2.3, 5.0, 16.0] {
            let ours = ln_gamma(Dual::<f64, 1>::variable(x, 0));
            assert!((ours.value - libm::lgamma(x)).abs() < 3e-14);
            assert!((ours.derivatives[0] - statrs::function::gamma::digamma(x)).abs() < 1e-12);
        }
    }
}
