//! One image that adds up all channels of an observation, and what is left of it.

use crate::{ObsError, Observation, kernel};
use ndarray::{Array2, Axis, s};
use scarlet_frame::{BBox, Frame};

/// Share of the channels' weights that may be missing in a pixel.
const MISSING: f64 = 0.2;
/// Share of the kernel's absolute sum that may be cut off.
const TAIL: f64 = 2e-3;

/// The weighted mean of all channels, from which fitted sources are taken off.
#[derive(Debug)]
pub(super) struct Detection {
    /// Its pixels in the model frame.
    bbox: BBox,
    residual: Array2<f64>,
    /// Inverse variances, 0 where too much is missing.
    weights: Array2<f64>,
    /// From the model's PSF to that of this image.
    kernel: Array2<f64>,
    significance: f64,
    noise: f64,
}

impl Detection {
    /// Channels count by their mean weight and their signal.
    pub(super) fn new(observation: &Observation, model: &Frame) -> Result<Self, ObsError> {
        let frame = observation.frame();
        let origin = frame.offset_in(model).map_err(|e| ObsError::in_observation(observation.name(), &e))?;
        let bbox = BBox::new(origin, frame.bbox().shape());
        let shares = shares(observation);
        let [_, ny, nx] = frame.shape();
        let (mut mean, mut weights) = (Array2::zeros((ny, nx)), Array2::zeros((ny, nx)));
        for ((y, x), pixel) in mean.indexed_iter_mut() {
            let (mut found, mut sum, mut variance) = (0.0, 0.0, 0.0);
            for (c, share) in shares.iter().enumerate() {
                let weight = observation.weights()[[c, y, x]];
                if weight > 0.0 {
                    found += share;
                    sum += share * observation.data()[[c, y, x]];
                    variance += share * share / weight;
                }
            }
            if found > 1.0 - MISSING && variance > 0.0 {
                *pixel = sum / found;
                weights[[y, x]] = found * found / variance;
            }
        }
        let kernel = mean_kernel(observation, model, &shares);
        let signal = mean.iter().zip(&weights).map(|(d, w): (&f64, &f64)| d * d * w);
        let significance = signal.sum();
        let mut noises: Vec<f64> = weights.iter().filter(|w| **w > 0.0).map(|w| 1.0 / w.sqrt()).collect();
        let noise = super::super::site::median(&mut noises).unwrap_or(1.0);
        Ok(Self { bbox, residual: mean, weights, kernel, significance, noise })
    }

    /// chi2 of nothing: how much signal there is.
    pub(super) const fn significance(&self) -> f64 {
        self.significance
    }

    pub(super) const fn kernel(&self) -> &Array2<f64> {
        &self.kernel
    }

    /// Box of its pixels in the model frame.
    pub(super) const fn bbox(&self) -> BBox {
        self.bbox
    }

    pub(super) const fn residual(&self) -> &Array2<f64> {
        &self.residual
    }

    pub(super) const fn weights(&self) -> &Array2<f64> {
        &self.weights
    }

    /// Adds an image in `bbox`, `factor` times, to what is left.
    pub(super) fn add(&mut self, factor: f64, bbox: BBox, image: &Array2<f64>) {
        let Some(common) = bbox.intersection(self.bbox) else { return };
        let (Some([oy, ox]), Some([iy, ix])) = (self.bbox.slices_of(common), bbox.slices_of(common)) else {
            return;
        };
        self.residual.slice_mut(s![oy, ox]).scaled_add(factor, &image.slice(s![iy, ix]));
    }

    /// Standard deviation of the pixel that holds a position, or a typical one.
    pub(super) fn noise_at(&self, center: [f64; 2]) -> f64 {
        let at = [0, 1].map(|k| (center[k] - self.bbox.origin()[k] as f64 + 0.5).floor() as usize);
        self.weights.get(at).filter(|w| **w > 0.0).map_or(self.noise, |w| 1.0 / w.sqrt())
    }

    /// Signal over noise of the 3 x 3 pixels around a position.
    pub(super) fn point_significance(&self, center: [f64; 2]) -> f64 {
        let around = BBox::centered(center, [3, 3]);
        let inside = around.intersection(self.bbox).and_then(|common| self.bbox.slices_of(common));
        let Some([rows, columns]) = inside else { return 0.0 };
        let pixels = self.residual.slice(s![rows.clone(), columns.clone()]);
        let weights = self.weights.slice(s![rows, columns]);
        pixels.iter().zip(weights).map(|(d, w)| d * w.sqrt()).sum()
    }
}

/// How much each channel counts, adding up to 1: mean weight times typical signal.
fn shares(observation: &Observation) -> Vec<f64> {
    let channels = observation.data().axis_iter(Axis(0)).zip(observation.weights().axis_iter(Axis(0)));
    let raw: Vec<f64> = channels
        .map(|(data, weights)| {
            let (mut power, mut weight, mut noise, mut count) = (0.0, 0.0, 0.0, 0.0);
            for (d, w) in data.iter().zip(weights).filter(|(_, w)| **w > 0.0) {
                (power, weight, noise, count) = (power + d * d, weight + w, noise + 1.0 / w, count + 1.0);
            }
            let count = f64::max(count, 1.0);
            let signal = ((power - noise) / count).max(0.01 * noise / count).sqrt();
            signal * weight / count
        })
        .collect();
    let sum: f64 = raw.iter().sum();
    let equal = 1.0 / raw.len() as f64;
    raw.iter().map(|r| if sum > 0.0 { r / sum } else { equal }).collect()
}

/// The mean difference kernel, cut where it is faint.
fn mean_kernel(observation: &Observation, model: &Frame, shares: &[f64]) -> Array2<f64> {
    let Some(psf) = observation.frame().psf_ref() else { return Array2::ones((1, 1)) };
    let names = observation.frame().channel_names();
    let kernels: Vec<Array2<f64>> = names
        .iter()
        .enumerate()
        .map(|(c, name)| {
            let observed = psf.sampled(c);
            match (model.psf_ref(), model.channel_index(name)) {
                (Some(of_model), index) => {
                    kernel::difference(&observed, &of_model.sampled(index.unwrap_or(0)))
                }
                (None, _) => observed,
            }
        })
        .collect();
    let half = kernels.iter().map(|k| k.nrows().min(k.ncols()) / 2).max().unwrap_or(0);
    let mut mean = Array2::zeros((2 * half + 1, 2 * half + 1));
    for (kernel, share) in kernels.iter().zip(shares) {
        for ((y, x), value) in kernel.indexed_iter() {
            let at = [y + half - kernel.nrows() / 2, x + half - kernel.ncols() / 2];
            if let Some(sum) = mean.get_mut(at) {
                *sum += share * value;
            }
        }
    }
    kernel::cut(&mean, TAIL)
}
