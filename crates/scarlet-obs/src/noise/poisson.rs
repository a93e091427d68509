//! Counts of photons: pixels whose scatter is that of the number of events.

use super::NoiseError;
use crate::Observation;
use ndarray::{Array2, Array3, ArrayView3, Axis, Zip, s};
use pulp::{Simd, WithSimd};
use scarlet_render::Pixel;

/// Expected counts below which ln mu is continued by its parabola.
const LEAST: f64 = 1e-3;
/// Negative counts, in units of background and counts, that are rounding.
const ROUNDING: f64 = 1e-6;
/// Half the side of the box whose mean counts make a weight, in pixels.
const AROUND_PX: usize = 2;
/// Pixels that are compared at once.
const LANES: usize = 8;

/// Counts n with the expectation mu = gain * model + background.
///
/// Data of the observation are in the model's unit, (n - background) / gain; `Observation::counts` makes them so.
///
/// log L = sum of n ln mu - mu - ln n!, and chi2 is the deviance 2 sum of mu - n + n ln(n / mu), which differs from -2 log L
/// by what no model changes (Cash 1979, ApJ 228, 939). Below mu = 0.001 counts, ln mu goes on as the parabola that touches it
/// there: a model that is negative at some pixel is penalised steeply, but finitely and with a gradient.
///
/// ```
/// # use scarlet_obs::noise::Poisson;
/// let noise = Poisson::new([2.5, 2.5], [14.0, 20.0])?;
/// # Ok::<(), scarlet_obs::noise::NoiseError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Poisson {
    gain: Vec<f64>,
    background: Vec<f64>,
}

impl Poisson {
    /// From counts per unit of the model, and counts a pixel that are there without the model, for each channel; a single
    /// number is that of all channels.
    ///
    /// # Errors
    /// A gain that is not positive, a background that is negative, values that are not finite, or none.
    pub fn new(gain: impl Into<Vec<f64>>, background: impl Into<Vec<f64>>) -> Result<Self, NoiseError> {
        let (gain, background) = (gain.into(), background.into());
        for (what, values) in [("list of gains", &gain), ("list of backgrounds", &background)] {
            if values.is_empty() {
                return Err(NoiseError::Shape {
                    what,
                    found: vec![0],
                    needed: "give one number for each channel",
                });
            }
        }
        if let Some(value) = gain.iter().find(|g| !(**g > 0.0 && g.is_finite())) {
            return Err(NoiseError::Setting {
                what: "the gain",
                value: *value,
                allowed: "positive and finite",
            });
        }
        if let Some(value) = background.iter().find(|b| !(**b >= 0.0 && b.is_finite())) {
            let allowed = "0 or positive, and finite";
            return Err(NoiseError::Setting { what: "the background", value: *value, allowed });
        }
        Ok(Self { gain, background })
    }

    /// Counts per unit of the model.
    #[must_use]
    pub fn gain(&self, channel: usize) -> f64 {
        self.gain[if self.gain.len() == 1 { 0 } else { channel }]
    }

    /// Counts a pixel that are there without the model.
    #[must_use]
    pub fn background(&self, channel: usize) -> f64 {
        self.background[if self.background.len() == 1 { 0 } else { channel }]
    }

    /// The information that a pixel has about what is rendered there: gain^2 / mu.
    pub(crate) fn weight(&self, channel: usize, rendered: f64) -> f64 {
        let gain = self.gain(channel);
        gain * gain / (gain * rendered + self.background(channel)).max(LEAST)
    }

    /// Whether there are numbers for each of so many channels.
    pub(crate) fn check(&self, channels: usize) -> Result<(), NoiseError> {
        let wrong = |values: &Vec<f64>| values.len() != 1 && values.len() != channels;
        for (what, values) in [("list of gains", &self.gain), ("list of backgrounds", &self.background)] {
            if wrong(values) {
                let needed = "give one number for each channel, or one for all";
                return Err(NoiseError::Shape { what, found: vec![values.len()], needed });
            }
        }
        Ok(())
    }

    /// Whether the data of an observation mean counts.
    pub(crate) fn check_counts(&self, observation: &Observation) -> Result<(), NoiseError> {
        for ((c, y, x), _) in observation.weights().indexed_iter().filter(|(_, w)| **w > 0.0) {
            let of_model = self.gain(c) * observation.data()[[c, y, x]];
            let value = of_model + self.background(c);
            if value < -ROUNDING * (of_model.abs() + self.background(c) + 1.0) {
                let channel = observation.frame().channel_names()[c].to_string();
                return Err(NoiseError::Counts { channel, y, x, value });
            }
        }
        Ok(())
    }

    /// The counts of a channel; -1 where a weight is 0.
    pub(crate) fn counts_of(&self, observation: &Observation, channel: usize) -> Array2<f64> {
        let data = observation.data().index_axis(Axis(0), channel);
        let weights = observation.weights().index_axis(Axis(0), channel);
        let (gain, background) = (self.gain(channel), self.background(channel));
        let counts = |d: &f64, w: &f64| if *w > 0.0 { (gain * d + background).max(0.0) } else { -1.0 };
        Zip::from(data).and(weights).map_collect(counts)
    }

    /// Data in the unit of the model, and weights: gain^2 over the mean counts around each pixel, 0 where it is masked.
    pub(crate) fn data_and_weights(
        &self,
        counts: &Array3<f64>,
        mask: ArrayView3<'_, bool>,
    ) -> (Array3<f64>, Array3<f64>) {
        let around = |at: usize, n: usize| at.saturating_sub(AROUND_PX)..(at + AROUND_PX + 1).min(n);
        let mut data = counts.clone();
        let mut weights = Array3::zeros(counts.dim());
        let (_, ny, nx) = counts.dim();
        for ((c, y, x), weight) in weights.indexed_iter_mut().filter(|(at, _)| !mask[*at]) {
            let part = s![c, around(y, ny), around(x, nx)];
            let pixels = counts.slice(part);
            let known = pixels.iter().zip(mask.slice(part)).filter(|(_, masked)| !**masked);
            let (sum, n) = known.fold((0.0, 0.0), |(sum, n), (v, _)| (sum + v, n + 1.0));
            data[[c, y, x]] = (counts[[c, y, x]] - self.background(c)) / self.gain(c);
            *weight = self.gain(c).powi(2) / (sum / n).max(1.0 / n);
        }
        (data, weights)
    }

    /// The expectation of a pixel's share of chi2 where `mu` counts are expected: 1 for many counts, 1.15 at 1, 0.5 at 0.1.
    #[must_use]
    pub fn expected_deviance(mu: f64) -> f64 {
        if mu > 1e4 {
            return 1.0 + 1.0 / (6.0 * mu);
        }
        let most = (mu + 12.0 * mu.sqrt() + 30.0).ceil() as u32;
        let (mut sum, mut log_p) = (2.0 * mu * (-mu).exp(), -mu);
        for n in 1..=most {
            let n = f64::from(n);
            log_p += mu.ln() - n.ln();
            sum += log_p.exp() * 2.0 * (mu - n + n * (n / mu).ln());
        }
        sum
    }
}

/// The counts of one channel, in pairs of rows, to be compared with what is rendered.
#[derive(Debug, Clone)]
pub(crate) struct Counting<T> {
    /// Negative where a pixel does not count.
    counts: Vec<T>,
    gain: f64,
    background: f64,
}

impl<T: Pixel> Counting<T> {
    /// From counts in the order of a renderer's pairs, negative where a pixel does not count.
    pub(crate) fn new(noise: &Poisson, channel: usize, counts: Vec<T>) -> Self {
        Self { counts, gain: noise.gain(channel), background: noise.background(channel) }
    }

    /// Turns rendered pixels, the `start`th and following, into the gradient of log L and returns the deviance.
    pub(crate) fn compare(&self, start: usize, pair: &mut [T]) -> f64 {
        let counts = &self.counts[start..start + pair.len()];
        let (gain, background) = (self.gain, self.background);
        2.0 * pulp::Arch::new().dispatch(Deviance { counts, pair, gain, background })
    }

    /// The information that the `k`th pixel has about what is rendered there: gain^2 / mu.
    pub(crate) fn information(&self, k: usize, rendered: T) -> f64 {
        let mu = (self.gain * rendered.wide() + self.background).max(LEAST);
        if self.counts[k].wide() < 0.0 { 0.0 } else { self.gain * self.gain / mu }
    }

    /// The part of log L that no model changes: the sum of n ln n - n - ln n!.
    pub(crate) fn log_norm(&self) -> f64 {
        self.counts
            .iter()
            .map(|n| n.wide())
            .filter(|n| *n > 0.0)
            .map(|n| n * n.ln() - n - ln_gamma(n + 1.0))
            .sum()
    }
}

/// ln Gamma(z) for z >= 1 to 1e-12, by Stirling's series from 10 on.
fn ln_gamma(mut z: f64) -> f64 {
    let mut below = 0.0;
    while z < 10.0 {
        below += z.ln();
        z += 1.0;
    }
    let square = 1.0 / (z * z);
    let series = (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0))) / z;
    (z - 0.5) * z.ln() - z + 0.5 * std::f64::consts::TAU.ln() + series - below
}

/// Turns rendered pixels m into gain (n / mu - 1) and returns the sum of mu - n + n ln(n / mu).
struct Deviance<'a, T> {
    counts: &'a [T],
    pair: &'a mut [T],
    gain: f64,
    background: f64,
}

impl<T: Pixel> WithSimd for Deviance<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let Self { counts, pair, gain, background } = self;
        let mut sums = [0.0; LANES];
        let (counts, counts_left) = counts.as_chunks::<LANES>();
        let (pair, pair_left) = pair.as_chunks_mut::<LANES>();
        for (n, p) in counts.iter().zip(pair) {
            let (n, m) = (*n, *p);
            let compared: [(f64, f64); LANES] =
                std::array::from_fn(|k| compare(n[k].wide(), m[k].wide(), gain, background));
            *p = std::array::from_fn(|k| T::of(compared[k].1));
            sums = std::array::from_fn(|k| sums[k] + compared[k].0);
        }
        for ((n, p), sum) in counts_left.iter().zip(pair_left).zip(&mut sums) {
            let (deviance, gradient) = compare(n.wide(), p.wide(), gain, background);
            *sum += deviance;
            *p = T::of(gradient);
        }
        sums.into_iter().sum()
    }
}

/// A pixel's half deviance and its negative derivative by the rendered value; 0 for what does not count.
#[inline(always)]
fn compare(n: f64, rendered: f64, gain: f64, background: f64) -> (f64, f64) {
    let (counts, n) = (f64::from(u8::from(n >= 0.0)), n.max(0.0));
    let mu = gain * rendered + background;
    let ratio = n / mu.max(LEAST);
    let below = (mu - LEAST).min(0.0) / LEAST;
    let deviance = mu - n + n * logarithm(ratio) - n * below * (1.0 - 0.5 * below);
    (counts * deviance, counts * gain * (ratio * (1.0 - below) - 1.0))
}

/// ln x for normal positive x to 1e-15, in steps that vectorise; finite for 0.
#[inline(always)]
fn logarithm(x: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    const ONE: u64 = 1023 << 52;
    // 2^52 + the biased exponent, as a number
    let exponent = f64::from_bits((x.to_bits() >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_371_519.0;
    let mantissa = f64::from_bits((x.to_bits() & MANTISSA) | ONE);
    let high = f64::from(u8::from(mantissa > std::f64::consts::SQRT_2));
    let (mantissa, exponent) = (mantissa * (1.0 - 0.5 * high), exponent + high);
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let square = t * t;
    let mut series = 1.0 / 21.0;
    for k in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = series * square + 1.0 / k;
    }
    exponent * std::f64::consts::LN_2 + 2.0 * t * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_right() {
        for x in [1e-300, 3e-7, 0.5, 0.707, 0.99999, 1.0, 1.414, 1.415, 2.0, 3.7, 1e9, 8.8e300] {
            assert!((logarithm(x) - x.ln()).abs() < 3e-16 * (1.0 + x.ln().abs()), "{x}");
        }
        assert!(logarithm(0.0).is_finite());
        for (z, factorial) in [(1.0, 1.0f64), (2.0, 1.0), (6.0, 120.0), (13.0, 479_001_600.0)] {
            assert!((ln_gamma(z) - factorial.ln()).abs() < 1e-12, "{z}");
        }
    }

    #[test]
    fn the_likelihood_is_that_of_poisson() {
        let noise = Poisson::new([2.0], [1.5]).expect("valid");
        let counting = Counting::new(&noise, 0, vec![0.0, 3.0, 11.0, -1.0]);
        let mut pair = [1.0, 2.0, 0.25, 9.0];
        let chi2 = counting.compare(0, &mut pair);
        let expected = -3.5
            + (3.0 * 5.5f64.ln() - 5.5 - 6.0f64.ln())
            + (11.0 * 2.0f64.ln() - 2.0 - 39_916_800.0f64.ln());
        approx::assert_relative_eq!(counting.log_norm() - 0.5 * chi2, expected, max_relative = 1e-13);
        let gradient = [-2.0, 2.0 * (3.0 / 5.5 - 1.0), 2.0 * (11.0 / 2.0 - 1.0), 0.0];
        pair.iter().zip(gradient).for_each(|(p, g)| approx::assert_relative_eq!(*p, g, max_relative = 1e-14));
        assert_eq!(counting.information(3, 9.0), 0.0);
        approx::assert_relative_eq!(counting.information(1, 2.0), 4.0 / 5.5);
    }

    #[test]
    fn gradients_are_differences_also_where_nothing_is_expected() {
        for n in [0.0, 1.0, 40.0] {
            for mu in [-30.0, -0.01, 0.0, 0.5e-3, 0.999e-3, 1.001e-3, 0.3, 50.0] {
                let step = 1e-6 * (1e-3 + f64::abs(mu));
                let ahead = compare(n, mu + step, 1.0, 0.0).0 - compare(n, mu - step, 1.0, 0.0).0;
                let (value, gradient) = compare(n, mu, 1.0, 0.0);
                assert!(
                    value.is_finite()
                        && (gradient + 0.5 * ahead / step).abs() < 1e-4 * (1.0 + gradient.abs())
                );
            }
        }
    }

    #[test]
    fn expected_deviances_are_those_of_kaastra() {
        // Kaastra 2017, A&A 605, A51, Fig. 1: the largest is 1.17, at 1.5 or so
        let largest = (1..400).map(|k| Poisson::expected_deviance(0.01 * f64::from(k))).fold(0.0, f64::max);
        assert!((largest - 1.165).abs() < 0.01, "{largest}");
        assert!((Poisson::expected_deviance(100.0) - 1.0 - 1.0 / 600.0).abs() < 1e-4);
        assert!((Poisson::expected_deviance(9999.0) - Poisson::expected_deviance(10001.0)).abs() < 1e-6);
        assert!(Poisson::expected_deviance(1e-4) < 0.01);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let said = |gain: Vec<f64>, background: Vec<f64>| {
            Poisson::new(gain, background).err().map(|e| e.to_string()).unwrap_or_default()
        };
        assert_eq!(said(vec![0.0], vec![1.0]), "the gain is 0; it must be positive and finite");
        assert_eq!(said(vec![1.0], vec![-2.0]), "the background is -2; it must be 0 or positive, and finite");
        assert!(said(vec![], vec![1.0]).contains("one number for each channel"));
        let three = Poisson::new([1.0, 1.0, 1.0], [0.0]).expect("valid").check(2).expect_err("three");
        assert!(three.to_string().contains("list of gains has shape [3]"));
    }
}
