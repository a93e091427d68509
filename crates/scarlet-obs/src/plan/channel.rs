//! One channel of an observation: its pixels beside those that are rendered.

use super::PixelImage;
use super::weigh::Weigh;
use crate::Observation;
use ndarray::{ArrayView2, Axis};
use scarlet_render::{Pixel, Sighting, Workspace};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One channel of an observation, its pixels in pairs of rows as a [`scarlet_render::Renderer`] gives them.
#[derive(Debug)]
pub(super) struct ChannelPlan<T> {
    /// Of the channel in the observation.
    pub(super) index: usize,
    data: Vec<T>,
    weights: Vec<T>,
    /// What the last evaluation left; no two threads evaluate one channel at a time.
    outcome: Mutex<Outcome>,
}

/// What an evaluation of one channel leaves, to be added up over channels in their order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outcome {
    pub(super) chi2: f64,
}

impl<T: Pixel> ChannelPlan<T> {
    pub(super) fn new(observation: &Observation, index: usize) -> Self {
        let data = in_pairs(observation.data().index_axis(Axis(0), index));
        let weights = in_pairs(observation.weights().index_axis(Axis(0), index));
        Self { index, data, weights, outcome: Mutex::default() }
    }

    /// What the last evaluation left.
    pub(super) fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Mean weight of its pixels, of which there are so many.
    pub(super) fn mean_weight(&self, pixels: usize) -> f64 {
        self.weights.iter().map(|w| w.wide()).sum::<f64>() / pixels as f64
    }

    /// Compares the pixels with what is seen of a model's plane.
    pub(super) fn evaluate(&self, sighting: Sighting<'_, T>, plane: &[T], work: &mut Workspace<T>) {
        let mut chi2 = 0.0;
        sighting.each_pair(plane, |y, pair| chi2 += self.compare(y, pair), work);
        *self.outcome() = Outcome { chi2 };
    }

    /// The same, and adds the gradient of the log-likelihood with respect to the plane to the second of `planes`.
    pub(super) fn evaluate_and_back(
        &self,
        sighting: Sighting<'_, T>,
        planes: (&[T], &mut [T]),
        work: &mut Workspace<T>,
    ) {
        let mut chi2 = 0.0;
        sighting.each_pair_and_back(planes, |y, pair| chi2 += self.compare(y, pair), work);
        *self.outcome() = Outcome { chi2 };
    }

    /// Adds the gradient of sum(image * seen) with respect to the plane to the second of `planes`.
    pub(super) fn pull_back(
        &self,
        sighting: Sighting<'_, T>,
        planes: (&[T], &mut [T]),
        image: PixelImage,
        work: &mut Workspace<T>,
    ) {
        sighting.each_pair_and_back(planes, |y, pair| self.fill(image, y, pair), work);
    }

    /// Turns a pair of rendered rows into their weighted residual w (data - rendered), the gradient of -chi2 / 2, and
    /// returns their chi2.
    fn compare(&self, y: usize, pair: &mut [T]) -> f64 {
        let own = y / 2 * pair.len()..(y / 2 + 1) * pair.len();
        let (data, weights) = (&self.data[own.clone()], &self.weights[own]);
        pulp::Arch::new().dispatch(Weigh { data, weights, pair })
    }

    /// Turns a pair of rendered rows into those of an image.
    fn fill(&self, image: PixelImage, y: usize, pair: &mut [T]) {
        let start = y / 2 * pair.len();
        let weights = &self.weights[start..start + pair.len()];
        match image {
            PixelImage::WeightedModel => {
                for (p, w) in pair.iter_mut().zip(weights) {
                    *p = T::of(w.wide() * p.wide().abs());
                }
            }
            PixelImage::Signs(seed) => {
                let seed = mixed(seed ^ mixed(self.index as u64 + 1));
                for (k, (p, w)) in pair.iter_mut().zip(weights).enumerate() {
                    let bits = mixed(seed ^ ((start + k) / 64) as u64);
                    let sign = if bits >> ((start + k) % 64) & 1 == 0 { 1.0 } else { -1.0 };
                    *p = T::of(sign * w.wide().sqrt());
                }
            }
        }
    }
}

/// The finaliser of SplitMix64: bits that look random, from any number.
const fn mixed(number: u64) -> u64 {
    let z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The pixels of a plane in pairs of rows; beside a last row without a partner are zeros.
fn in_pairs<T: Pixel>(plane: ArrayView2<'_, f64>) -> Vec<T> {
    let mut pairs = Vec::with_capacity(plane.len().next_multiple_of(2 * plane.ncols()));
    for rows in plane.axis_chunks_iter(Axis(0), 2) {
        for x in 0..plane.ncols() {
            pairs.push(T::of(rows[[0, x]]));
            pairs.push(T::of(rows.get([1, x]).copied().unwrap_or_default()));
        }
    }
    pairs
}
