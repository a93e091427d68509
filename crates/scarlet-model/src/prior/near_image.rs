//! Images that are expected to be near another one.

use super::check::{finite, positive, same_len};
use super::settings::Stored;
use super::{Density, Score};
use crate::{ModelError, Prior};
use ndarray::{Array2, ArrayView2};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Independent Normals around the pixels of an image, of widths `relative` x pixel + `least` x peak.
///
/// A free-form image cannot be told from the noise where its light is faint, nor from that of a neighbour of its colour:
/// with this prior it stays there what it was expected to be, and follows the data where these say more. It
/// is what a default model is to the method of maximum entropy (Gull & Skilling 1984, IEE Proc. F 131, 646). When the
/// image's box changes, the expectation continues what is at its edge, fainter with every pixel.
///
/// File: `{"kind": "NearImage", "shape": [2, 2], "image": [1, 0.5, 0.5, 0.2], "relative": 0.5, "least": 0.01}`, and
/// `"from_data": true` where the image was [found in the data](NearImage::from_data).
///
/// ```
/// use ndarray::array;
/// use scarlet_model::{free, prior::NearImage};
/// let expected = array![[0.1, 0.3], [0.2, 0.1]];
/// let image = free(expected.clone()).unit_interval().prior(NearImage::new(expected, 0.5, 0.01));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Plain", into = "Plain")]
pub struct NearImage {
    plain: Plain,
    /// Inverse variances.
    precisions: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    shape: [usize; 2],
    image: Vec<f64>,
    relative: f64,
    least: f64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    from_data: bool,
}

impl NearImage {
    /// Around `image` `[y, x]`; `relative` and `least` are not negative, and not both 0.
    #[must_use]
    pub fn new(image: Array2<f64>, relative: f64, least: f64) -> Self {
        let shape = [image.nrows(), image.ncols()];
        Plain { shape, image: image.iter().copied().collect(), relative, least, from_data: false }.into()
    }

    /// The same where the expected image was found in the data that it is a prior for, as start values are: it is as
    /// uncertain as they leave it, so that errors count its size, ellipticity and steepness as unknown
    /// ([`Score::loose_directions`]). The density is the same.
    #[must_use]
    pub fn from_data(mut self) -> Self {
        self.plain.from_data = true;
        self
    }
}

/// Standard deviations of what is not known of an image beforehand: logarithm of the size, both distortions, and logarithm of
/// the steepness.
const SIZE: f64 = 0.8;
const DISTORTION: f64 = 0.3;
const STEEPNESS: f64 = 0.5;
/// Faintest pixels that are told from their peak.
const FAINTEST: f64 = 1e-6;

/// How an image changes with its size, both distortions and steepness, each by a standard deviation.
fn changes(image: ArrayView2<'_, f64>) -> Vec<Vec<f64>> {
    let peak = image.iter().fold(f64::MIN_POSITIVE, |peak: f64, v| peak.max(*v));
    let weight: f64 = image.iter().map(|v| v * v).sum::<f64>().max(f64::MIN_POSITIVE);
    let mean = |of: fn((usize, usize)) -> usize| {
        image.indexed_iter().map(|(at, v)| of(at) as f64 * v * v).sum::<f64>() / weight
    };
    let center = [mean(|(y, _)| y), mean(|(_, x)| x)];
    // of a profile exp(-t) with t = b r^(1/n): steepness changes t where it is not that of half the light
    let faintness = |v: f64| -(v / peak).max(FAINTEST).ln();
    let mut bright: Vec<f64> = image.iter().copied().collect();
    bright.sort_by(|a, b| b.total_cmp(a));
    let (total, mut sum) = (bright.iter().sum::<f64>(), 0.0);
    let half = bright.iter().find(|v| {
        sum += *v;
        2.0 * sum >= total
    });
    let half = half.map_or(1.0, |v| faintness(*v).max(FAINTEST));
    let (ny, nx) = image.dim();
    let change = |(y, x): (usize, usize)| {
        let slope = |a: (usize, usize), b: (usize, usize)| {
            let steps = (b.0 - a.0 + b.1 - a.1).max(1) as f64;
            (image[b] - image[a]) / steps
        };
        let dy = slope((y.saturating_sub(1), x), ((y + 1).min(ny - 1), x));
        let dx = slope((y, x.saturating_sub(1)), (y, (x + 1).min(nx - 1)));
        let (ry, rx) = (y as f64 - center[0], x as f64 - center[1]);
        let t = faintness(image[(y, x)]);
        [
            -SIZE * (ry * dy + rx * dx),
            -0.5 * DISTORTION * (rx * dx - ry * dy),
            -0.5 * DISTORTION * (rx * dy + ry * dx),
            STEEPNESS * image[(y, x)] * t * (t / half).max(FAINTEST).ln(),
        ]
    };
    let of_pixels: Vec<_> = image.indexed_iter().map(|(at, _)| change(at)).collect();
    (0..4).map(|k| of_pixels.iter().map(|pixel| pixel[k]).collect()).collect()
}

impl From<Plain> for NearImage {
    fn from(plain: Plain) -> Self {
        let peak = plain.image.iter().fold(0.0, |peak: f64, v| peak.max(v.abs()));
        let precision = |v: &f64| (plain.relative * v.abs() + plain.least * peak).powi(-2);
        Self { precisions: plain.image.iter().map(precision).collect(), plain }
    }
}

impl From<NearImage> for Plain {
    fn from(prior: NearImage) -> Self {
        prior.plain
    }
}

impl Score for NearImage {
    fn score(&self, x: &[f64], grad: &mut [f64]) {
        for (((grad, x), mean), precision) in
            grad.iter_mut().zip(x).zip(&self.plain.image).zip(&self.precisions)
        {
            *grad += (mean - x) * precision;
        }
    }

    fn validate(&self) -> Result<(), ModelError> {
        let Plain { shape: [ny, nx], image, relative, least, .. } = &self.plain;
        same_len("NearImage, image", ny * nx, image.len())?;
        image.iter().try_for_each(|v| finite("NearImage", "a pixel", *v))?;
        for (name, value) in [("relative", *relative), ("least", *least)] {
            if value != 0.0 {
                positive("NearImage", name, value)?;
            }
        }
        self.precisions.iter().try_for_each(|p| positive("NearImage", "the width of a pixel", p.powf(-0.5)))
    }

    fn check_len(&self, n: usize) -> Result<(), ModelError> {
        same_len("NearImage", self.plain.image.len(), n)
    }

    fn precisions(&self) -> Option<&[f64]> {
        Some(&self.precisions)
    }

    fn on_grid(&self, shape: [usize; 2], offset: [i64; 2]) -> Option<Prior> {
        let image = ArrayView2::from_shape(self.plain.shape, &self.plain.image).ok()?;
        let continued = crate::morphology::continued(image, shape, offset);
        let mut prior = Self::new(continued, self.plain.relative, self.plain.least);
        prior.plain.from_data = self.plain.from_data;
        Some(prior.into())
    }

    fn loose_directions(&self) -> Vec<Vec<f64>> {
        let image = ArrayView2::from_shape(self.plain.shape, &self.plain.image);
        image.ok().filter(|_| self.plain.from_data).map_or_else(Vec::new, changes)
    }

    fn settings(&self) -> serde_json::Value {
        Stored::NearImage(self.clone()).write()
    }

    fn scaled(&self, factor: f64) -> Option<Prior> {
        let image = self.plain.image.iter().map(|v| v * factor).collect();
        (factor != 0.0 && factor.is_finite())
            .then(|| Self::from(Plain { image, ..self.plain.clone() }).into())
    }
}

impl Density for NearImage {
    fn log_density(&self, x: &[f64]) -> f64 {
        let pixels = x.iter().zip(&self.plain.image).zip(&self.precisions);
        pixels.map(|((x, mean), p)| 0.5 * ((p / TAU).ln() - p * (x - mean) * (x - mean))).sum()
    }

    fn sample_into(&self, rng: &mut dyn Rng, out: &mut [f64]) -> Result<(), ModelError> {
        self.validate()?;
        self.check_len(out.len())?;
        for ((out, mean), precision) in out.iter_mut().zip(&self.plain.image).zip(&self.precisions) {
            let z: f64 = StandardNormal.sample(rng);
            *out = mean + z / precision.sqrt();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn it_is_a_normal_of_every_pixel() {
        let prior = NearImage::new(array![[0.4, 0.1], [0.2, 0.0]], 0.5, 0.1);
        let normal = super::super::Normal::diag([0.4, 0.1, 0.2, 0.0], [0.24, 0.09, 0.14, 0.04]);
        let x = [0.3, 0.3, 0.1, 0.05];
        approx::assert_relative_eq!(prior.log_density(&x), normal.log_density(&x), max_relative = 1e-12);
        let (mut own, mut theirs) = ([0.0; 4], [0.0; 4]);
        prior.score(&x, &mut own);
        normal.score(&x, &mut theirs);
        own.iter().zip(&theirs).for_each(|(a, b)| approx::assert_relative_eq!(a, b, max_relative = 1e-12));
        let stored = Prior::from_settings(&prior.settings()).expect("it can be stored");
        assert_eq!(stored.log_density(&x), Some(prior.log_density(&x)));
        assert!(prior.check_len(5).is_err());
    }

    #[test]
    fn it_follows_a_change_of_the_box_and_says_what_makes_no_sense() {
        let prior = NearImage::new(array![[0.4, 0.1], [0.2, 0.0]], 0.5, 0.1);
        let wider = prior.on_grid([2, 4], [0, -1]).expect("an image");
        assert!(wider.check(8).is_ok());
        let at_mean = wider.log_density(&[0.2, 0.4, 0.1, 0.05, 0.1, 0.2, 0.0, 0.0]).expect("a density");
        let off = wider.log_density(&[0.2, 0.4, 0.1, 0.05, 0.1, 0.2, 0.0, 0.1]).expect("a density");
        assert!(at_mean > off);
        assert!(NearImage::new(array![[0.4, f64::NAN]], 0.5, 0.1).validate().is_err());
        assert!(NearImage::new(array![[0.4, 0.0]], 0.5, 0.0).validate().is_err());
        assert!(NearImage::new(array![[0.4, 0.1]], -0.5, 0.1).validate().is_err());
    }
}
