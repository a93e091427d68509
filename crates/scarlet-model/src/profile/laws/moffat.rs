//! Moffat's law.

use crate::profile::Number;
use crate::profile::law::{Kernel, ShapeParameter};
use std::f64::consts::{LN_2, PI};

/// f(r^2) = (beta - 1) k / pi (1 + k r^2)^-beta, r in units of the full width at half maximum.
///
/// - k = 4 (2^(1/beta) - 1); `beta` > 1, or the flux is infinite.
///
/// Source: Moffat 1969, A&A 3, 455.
#[derive(Debug, Clone)]
pub(crate) struct MoffatLaw;

/// beta, k, and the factors of brightness and mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MoffatConstants<N> {
    beta: N,
    k: N,
    ln_peak: N,
}

impl Kernel for MoffatLaw {
    type Constants<N: Number> = MoffatConstants<N>;
    type Means<N: Number> = ();
    const KIND: &'static str = "Moffat";
    const SIZE_NAME: &'static str = "fwhm";
    const SHAPE: &'static [ShapeParameter] = &[ShapeParameter::new("beta", 1.0, 100.0)];

    #[inline(always)]
    fn constants<N: Number>(&self, _: N, shape: &[N]) -> MoffatConstants<N> {
        let beta = shape[0];
        let k = ((beta.recip() * LN_2).exp() - 1.0) * 4.0;
        MoffatConstants { beta, k, ln_peak: ((beta - 1.0) * k / PI).ln() }
    }

    #[inline(always)]
    fn means<N: Number>(&self, _: N, _: &[N]) {}

    #[inline(always)]
    fn brightness<N: Number>(&self, c: &MoffatConstants<N>, r2: N) -> N {
        let base = (r2 * c.k + 1.0).ln();
        (c.ln_peak - c.beta * base).exp()
    }

    /// (1 - (1 + z)^(1 - beta)) / (pi r^2), z = k r^2; for small z the first terms of the series.
    #[inline(always)]
    fn mean_within<N: Number>(&self, c: &MoffatConstants<N>, (): &(), r2: N) -> N {
        let z = r2 * c.k;
        let outside = ((z + 1.0).ln() * (-c.beta + 1.0)).exp();
        let direct = (-outside + 1.0) / r2.at_least(1e-12) / PI;
        let mut series = z.constant(1.0);
        for k in (2..=12).rev() {
            let order = f64::from(k);
            let ratio = (c.beta + (order - 2.0)) * z * (-1.0 / order);
            series = series.mul_add(ratio, z.constant(1.0));
        }
        (z * c.beta).if_below(0.05, series * c.ln_peak.exp(), direct)
    }
}
