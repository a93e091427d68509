//! Spergel's law.

use crate::profile::Number;
use crate::profile::bessel::{BesselK, LEAST_ARGUMENT};
use crate::profile::gamma::ln_gamma;
use crate::profile::law::{Kernel, ShapeParameter};
use std::f64::consts::{LN_2, PI};

/// f(r^2) = c^2 / (2 pi) (c r / 2)^nu `K_nu`(c r) / Gamma(nu + 1), r in units of the half-light radius.
///
/// - `nu`: -0.85 < nu < 4; 1/2 is the exponential law, -0.6 is near de Vaucouleurs'. At r = 0 it is finite for
///   nu > 0, logarithmic for nu = 0, and goes as r^(2 nu) for nu < 0.
/// - c(nu): half the flux lies inside c, 2 (c/2)^(nu + 1) `K_(nu+1)`(c) = Gamma(nu + 1) / 2.
///
/// Source: Spergel 2010, ApJS 191, 58, eq. 3-6.
#[derive(Debug, Clone)]
pub(crate) struct SpergelLaw;

/// What depends on nu only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpergelConstants<N> {
    nu: N,
    ln_c: N,
    /// Gamma(nu + 1).
    ln_gamma: N,
    bessel: BesselK<N>,
}

/// Coefficients of a fit of ln c to 1.1e-3: powers of 1 / (1 + nu), from the fifth down; then ln(2 + nu).
const LN_C: [f64; 6] =
    [-1.253_808_46e-4, 3.044_088_75e-3, -2.801_573_39e-2, 1.309_613_60e-1, -6.826_272_52e-1, 4.411_423_98e-1];
const LN_C_LOG: f64 = 5.256_985_76e-1;

impl<N: Number> SpergelConstants<N> {
    /// Newton's method in ln c from the fit; the last step makes the derivative exact too.
    #[inline(always)]
    fn new(nu: N) -> Self {
        let over = (nu + 1.0).recip();
        let mut ln_c = (nu + 2.0).ln() * LN_C_LOG;
        let mut series = nu.constant(LN_C[0]);
        for &c in &LN_C[1..] {
            series = series.mul_add(over, nu.constant(c));
        }
        ln_c = ln_c + series;
        let mut result = Self { nu, ln_c, ln_gamma: ln_gamma(nu + 1.0), bessel: BesselK::new(nu) };
        let outer = BesselK::new(nu + 1.0);
        for _ in 0..4 {
            let u = result.ln_c.exp();
            let excess = -(result.outside(&outer, result.ln_c, u)) + 0.5;
            let slope = u * u * result.reduced(result.ln_c, u);
            result.ln_c = result.ln_c - excess / slope;
        }
        result
    }

    /// (u/2)^nu `K_nu`(u) / Gamma(nu + 1).
    #[inline(always)]
    fn reduced(&self, ln_u: N, u: N) -> N {
        (self.nu * (ln_u - LN_2) - self.ln_gamma).exp() * self.bessel.at(u)
    }

    /// The fraction of the flux outside u, 2 (u/2)^(nu + 1) `K_(nu+1)`(u) / Gamma(nu + 1).
    #[inline(always)]
    fn outside(&self, outer: &BesselK<N>, ln_u: N, u: N) -> N {
        ((self.nu + 1.0) * (ln_u - LN_2) - self.ln_gamma).exp() * outer.at(u) * 2.0
    }

    #[inline(always)]
    fn argument(&self, r2: N) -> (N, N) {
        let ln_u = (r2.ln() * 0.5 + self.ln_c).at_least(LEAST_ARGUMENT.ln());
        (ln_u, ln_u.exp())
    }
}

impl Kernel for SpergelLaw {
    type Constants<N: Number> = SpergelConstants<N>;
    type Means<N: Number> = BesselK<N>;
    const KIND: &'static str = "Spergel";
    const SIZE_NAME: &'static str = "size";
    const SHAPE: &'static [ShapeParameter] = &[ShapeParameter::new("nu", -0.85, 4.0)];

    #[inline(always)]
    fn constants<N: Number>(&self, _: N, shape: &[N]) -> SpergelConstants<N> {
        SpergelConstants::new(shape[0])
    }

    #[inline(always)]
    fn means<N: Number>(&self, _: N, shape: &[N]) -> BesselK<N> {
        BesselK::new(shape[0] + 1.0)
    }

    #[inline(always)]
    fn brightness<N: Number>(&self, c: &SpergelConstants<N>, r2: N) -> N {
        let (ln_u, u) = c.argument(r2);
        (c.ln_c * 2.0).exp() * c.reduced(ln_u, u) * (0.5 / PI)
    }

    #[inline(always)]
    fn mean_within<N: Number>(&self, c: &SpergelConstants<N>, outer: &BesselK<N>, r2: N) -> N {
        let (ln_u, u) = c.argument(r2);
        (-c.outside(outer, ln_u, u) + 1.0) * ((c.ln_c - ln_u) * 2.0).exp() * (1.0 / PI)
    }
}
