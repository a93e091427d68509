//! Sersic's law, and the exponential and de Vaucouleurs laws as its cases n = 1 and n = 4.

use crate::profile::gamma::ln_gamma;
use crate::profile::law::{Kernel, ShapeParameter};
use crate::profile::{Dual, Number};
use std::f64::consts::PI;

/// The constant b_n that makes the half-light radius 1, for 0.36 < n < 8.
///
/// b_n = 2n - 1/3 + 4/(405 n) + 46/(25515 n^2) + 131/(1148175 n^3) - 2194697/(30690717750 n^4), the terms rounded
/// to six decimals as in scarlet2, so that its values carry over. It is 2.5e-4 too large at n = 0.5 and 4e-5 at
/// n = 1: 1.2e-4 and 1.3e-5 too much of the flux are inside the half-light radius.
///
/// Source: Ciotti & Bertin 1999, A&A 352, 447, eq. 18.
#[inline(always)]
fn half_light_constant<N: Number>(n: N) -> N {
    let over = n.recip();
    let mut series = n.constant(-0.000_072);
    for c in [0.000_114, 0.001_803, 0.009_877, -0.333_333] {
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

/// How many terms of the series of the mean matter at arguments up to `x`.
#[inline(always)]
fn terms_until(x: f64) -> usize {
    ((x + 7.0 * x.sqrt() + 9.0) as usize).clamp(1, TERMS)
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
        let terms = terms_until(inside.greatest());
        let mut series = means.coefficients[terms - 1];
        for k in (0..terms - 1).rev() {
            series = series.mul_add(inside, means.coefficients[k]);
        }
        let near = (self.minus_ln_flux - inside).exp() * series;
        let far = (r2 * PI).recip();
        x.if_below(SERIES_END, near, far)
    }
}

impl<T: Number, const N: usize> SersicConstants<Dual<T, N>> {
    /// [`Self::mean_within`] with its derivatives by hand: with g = exp(-x) 1F1, g' = 2n (exp(-x) - g) / x, and
    /// the mean's derivative with respect to r^2 is (brightness - mean) / r^2.
    #[inline(always)]
    fn mean_with_slopes(&self, means: &SersicMeans<Dual<T, N>>, r2: T) -> Dual<T, N> {
        let (ln_r2, over_r2) = r2.ln_and_recip();
        let power = (ln_r2 * self.half_over_n.value).exp();
        let x = -(power * self.minus_b.value);
        let inside = x.if_below(SERIES_END, x, x.constant(SERIES_END));
        let terms = terms_until(inside.greatest());
        let mut series = means.coefficients[terms - 1];
        for c in means.coefficients[..terms - 1].iter().rev() {
            series.value = series.value.mul_add(inside, c.value);
            for k in 1..N {
                series.derivatives[k] = series.derivatives[k].mul_add(inside, c.derivatives[k]);
            }
        }
        let brightness = (self.minus_ln_flux.value - x).exp();
        let far = over_r2 * (1.0 / PI);
        let mean = x.if_below(SERIES_END, brightness * series.value, far);
        let slope = (brightness - mean) * over_r2;
        let mut derivatives = [slope; N];
        // d ln x = d ln b - ln(r2) dn / (2 n^2); the slope with respect to ln x is that with respect to ln r2
        // times 2n
        let by_ln_x = (brightness - mean) * self.half_over_n.value.recip();
        for (k, derivative) in derivatives.iter_mut().enumerate().skip(1) {
            let ln_b = self.minus_b.derivatives[k] / self.minus_b.value;
            let ln_x = ln_r2.mul_add(self.half_over_n.derivatives[k], ln_b);
            let near = brightness.mul_add(series.derivatives[k], mean * self.minus_ln_flux.derivatives[k]);
            let near = by_ln_x.mul_add(ln_x, near);
            *derivative = x.if_below(SERIES_END, near, x.constant(0.0));
        }
        Dual { value: mean, derivatives }
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

            #[inline(always)]
            fn mean_with_slopes<T: Number, const N: usize>(
                &self,
                c: &SersicConstants<Dual<T, N>>,
                m: &SersicMeans<Dual<T, N>>,
                r2: T,
            ) -> Dual<T, N> {
                c.mean_with_slopes(m, r2)
            }
        }
    };
}

/// [`SersicLaw`] with n = 1: f(r^2) = exp(-1.6784 r) / F.
///
/// Source: Freeman 1970, ApJ 160, 811.
#[derive(Debug, Clone)]
pub(crate) struct ExponentialLaw;

/// [`SersicLaw`] with n = 4: f(r^2) = exp(-7.6692 r^(1/4)) / F.
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
