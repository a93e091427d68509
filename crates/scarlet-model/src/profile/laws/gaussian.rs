//! The Gaussian law.

use crate::profile::Number;
use crate::profile::law::{Kernel, ShapeParameter};
use std::f64::consts::PI;

/// f(r^2) = exp(-r^2 / 2) / (2 pi), r in units of sigma; no shape parameter.
#[derive(Debug, Clone)]
pub(crate) struct GaussianLaw;

impl Kernel for GaussianLaw {
    type Constants<N: Number> = ();
    type Means<N: Number> = ();
    const KIND: &'static str = "Gaussian";
    const SIZE_NAME: &'static str = "sigma";
    const SHAPE: &'static [ShapeParameter] = &[];

    #[inline(always)]
    fn constants<N: Number>(&self, _: N, _: &[N]) {}

    #[inline(always)]
    fn means<N: Number>(&self, _: N, _: &[N]) {}

    #[inline(always)]
    fn brightness<N: Number>(&self, (): &(), r2: N) -> N {
        (r2 * -0.5).exp() * (0.5 / PI)
    }

    /// (1 - exp(-z)) / (2 pi z), z = r^2 / 2; below 1/2 by the series exp(-z) sum z^k / (k + 1)!.
    #[inline(always)]
    fn mean_within<N: Number>(&self, (): &(), (): &(), r2: N) -> N {
        let z = r2 * 0.5;
        let falling = (-z).exp();
        let mut series = z.constant(1.0);
        for k in (2..=13).rev() {
            series = (series * z).mul_add(z.constant(1.0 / f64::from(k)), z.constant(1.0));
        }
        let direct = (-falling + 1.0) / z.at_least(0.1);
        z.if_below(0.5, falling * series, direct) * (0.5 / PI)
    }
}
