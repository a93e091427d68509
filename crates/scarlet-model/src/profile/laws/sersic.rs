//! Sersic's law, and the exponential and de Vaucouleurs laws as its cases n = 1 and n = 4.

use crate::profile::gamma::ln_gamma;
use crate::profile::law::{Kernel, ShapeParameter};
use crate::profile::Number;
use std::f64::consts::PI;

/// The constant b_n that makes the half-light radius 1, for 0.36 < n < 8.
///
/// b_n = 2n - 1/3 + 4/(405 n) + 46/(25515 n^2) + 131/(1148175 n^3) - 2194697/(30690717750 n^4), to 1e-5.
///
/// Source: Ciotti & Bertin 1999, A&A 352, 447, eq. 18.
#[inline(always)]
fn half_light_constant<N: Number>(n: N) -> N {
    let over = n.recip();
    let mut series = n.constant(-2_194_697.0 / 30_690_717_750.0);
    for c in [131.0 / 1_148_175.0, 46.0 / 25_515.0, 4.0 / 405.0, -1.0 / 3.0] {
        series = series.mul_add(over, n.constant(c));
    }
    n * 2.0 + series
}

/// f(r^2) = exp(-b_n r^(1/n)) / F, r in units of the half-light radius.
///
/// - `n`: Sersic index, 0.36 < n < 8.
/// - F = 2 pi n b_n^(-2n) Gamma(2n): the flux over the plane is 1.
///
/// Source: Sersic 1968; Graham & Driver 2005, PASA 22, 118, eq. 1-5. scarlet2: `SersicMorphology`, which is 1
/// at the half-light radius instead and constant inside r^2 = 1e-3.
#[derive(Debug, Clone)]
pub(crate) struct SersicLaw;

/// What depends on n only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SersicConstants<N> {
    minus_b: N,
    half_over_n: N,
    minus_ln_flux: N,
}

/// Where the series of the mean ends: beyond, all but 1e-11 of the flux is inside.
const SERIES_END: f64 = 60.0;
const TERMS: usize = 144;

/// Coefficients 1 / ((2n + 1) ... (2n + k)) of the series of the mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SersicMeans<N> {
    coefficients: [N; TERMS],
}

impl<N: Number> SersicConstants<N> {
    #[inline(always)]
    fn new(n: N) -> Self {
        let b = half_light_constant(n);
        let two_n = n * 2.0;
        let ln_flux = ln_gamma(two_n + 1.0) - two_n * b.ln() + PI.ln();
        Self { minus_b: -b, half_over_n: n.recip() * 0.5, minus_ln_flux: -ln_flux }
    }

    #[inline(always)]
    fn brightness(&self, r2: N) -> N {
        let x = (r2.ln() * self.half_over_n).exp();
        self.minus_b.mul_add(x, self.minus_ln_flux).exp()
    }

    /// exp(-x) 1F1(1; 2n + 1; x), x = b r^(1/n), over the flux: the incomplete gamma function, DLMF 8.7.1.
    #[inline(always)]
    fn mean_within(&self, means: &SersicMeans<N>, r2: N) -> N {
        let x = -((r2.ln() * self.half_over_n).exp() * self.minus_b);
        let inside = x.if_below(SERIES_END, x, x.constant(SERIES_END));
        let greatest = inside.greatest();
        let terms = ((greatest + 9.0 * greatest.sqrt() + 12.0) as usize).clamp(1, TERMS);
        let mut series = means.coefficients[terms - 1];
        for k in (0..terms - 1).rev() {
            series = series.mul_add(inside, means.coefficients[k]);
        }
        let near = (self.minus_ln_flux - inside).exp() * series;
        let far = (r2 * PI).recip();
        x.if_below(SERIES_END, near, far)
    }
}

impl<N: Number> SersicMeans<N> {
    #[inline(always)]
    fn new(n: N) -> Self {
        let two_n = n * 2.0;
        let mut coefficients = [n.constant(1.0); TERMS];
        for k in 1..TERMS {
            coefficients[k] = coefficients[k - 1] / (two_n + k as f64);
        }
        Self { coefficients }
    }
}

macro_rules! sersic_kernel {
    ($law:ident, $kind:literal, $shape:expr, $n:expr) => {
        impl Kernel for $law {
            type Constants<N: Number> = SersicConstants<N>;
            type Means<N: Number> = SersicMeans<N>;
            const KIND: &'static str = $kind;
            const SIZE_NAME: &'static str = "size";
            const SHAPE: &'static [ShapeParameter] = $shape;

            #[inline(always)]
            fn constants<N: Number>(&self, like: N, shape: &[N]) -> SersicConstants<N> {
                SersicConstants::new($n(like, shape))
            }

            #[inline(always)]
            fn means<N: Number>(&self, like: N, shape: &[N]) -> SersicMeans<N> {
                SersicMeans::new($n(like, shape))
            }

            #[inline(always)]
            fn brightness<N: Number>(&self, c: &SersicConstants<N>, r2: N) -> N {
                c.brightness(r2)
            }

            #[inline(always)]
            fn mean_within<N: Number>(&self, c: &SersicConstants<N>, m: &SersicMeans<N>, r2: N) -> N {
                c.mean_within(m, r2)
            }
        }
    };
}

/// [`SersicLaw`] with n = 1: f(r^2) = exp(-1.678 r) / F.
///
/// Source: Freeman 1970, ApJ 160, 811.
#[derive(Debug, Clone)]
pub(crate) struct ExponentialLaw;

/// [`SersicLaw`] with n = 4: f(r^2) = exp(-7.669 r^(1/4)) / F.
///
/// Source: de Vaucouleurs 1948, Annales d'Astrophysique 11, 247.
#[derive(Debug, Clone)]
pub(crate) struct DeVaucouleursLaw;

#[inline(always)]
fn free_index<N: Number>(_: N, shape: &[N]) -> N {
    shape[0]
}

#[inline(always)]
fn index_1<N: Number>(like: N, _: &[N]) -> N {
    like.constant(1.0)
}

#[inline(always)]
fn index_4<N: Number>(like: N, _: &[N]) -> N {
    like.constant(4.0)
}

sersic_kernel!(SersicLaw, "Sersic", &[ShapeParameter::new("n", 0.36, 8.0)], free_index);
sersic_kernel!(ExponentialLaw, "Exponential", &[], index_1);
sersic_kernel!(DeVaucouleursLaw, "DeVaucouleurs", &[], index_4);
