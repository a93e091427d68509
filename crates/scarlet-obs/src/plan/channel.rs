//! One channel of an observation: its pixels beside those that are rendered.

use super::PixelImage;
use super::weigh::Weigh;
use crate::Observation;
use crate::calibration::{ChannelCalibration, Moving, Places};
use crate::noise::signs::{mixed, sign};
use crate::noise::{Correlating, Counting, Noise};
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
    scatter: Scatter<T>,
    /// What the last evaluation left; no two threads evaluate one channel at a time.
    outcome: Mutex<Outcome>,
    /// Where the observation has parameters of its own.
    calibration: Option<Mutex<ChannelCalibration<T>>>,
}

/// How the pixels of a channel scatter.
#[derive(Debug)]
enum Scatter<T> {
    Independent,
    /// In a lock as outcomes are, with the image that is compared as a whole.
    Correlated(Box<Mutex<Correlating<T>>>),
    Counts(Counting<T>),
}

/// What an evaluation of one channel leaves, to be added up over channels in their order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outcome {
    pub(super) chi2: f64,
}

impl<T: Pixel> ChannelPlan<T> {
    /// `is_moving` where a fit may move the pixels.
    pub(super) fn new(observation: &Observation, index: usize, places: &Places, is_moving: bool) -> Self {
        let shape = observation.frame().bbox().shape();
        let calibration = ChannelCalibration::new(places, shape, is_moving).map(Mutex::new);
        let of_pixels = observation.weights().index_axis(Axis(0), index);
        let data = in_pairs(observation.data().index_axis(Axis(0), index), 0.0);
        let weights: Vec<T> = in_pairs(of_pixels, 0.0);
        let scatter = match observation.noise() {
            Noise::Independent => Scatter::Independent,
            Noise::Correlated(noise) => {
                let correlating = Correlating::new(noise, index, of_pixels, &weights);
                Scatter::Correlated(Box::new(Mutex::new(correlating)))
            }
            Noise::Poisson(noise) => {
                let counts = noise.counts_of(observation, index);
                Scatter::Counts(Counting::new(noise, index, in_pairs(counts.view(), -1.0)))
            }
        };
        Self { index, data, weights, scatter, outcome: Mutex::default(), calibration }
    }

    /// The part of the log-likelihood that no model changes, beyond that of the weights or, of counts, in its place.
    pub(super) fn log_norm(&self) -> f64 {
        match &self.scatter {
            Scatter::Independent => 0.0,
            Scatter::Correlated(correlating) => locked(correlating).log_norm(),
            Scatter::Counts(counting) => counting.log_norm(),
        }
    }

    /// What the last evaluation left.
    pub(super) fn outcome(&self) -> MutexGuard<'_, Outcome> {
        locked(&self.outcome)
    }

    /// What the observation's own parameters do here; no two threads evaluate one channel at a time.
    pub(super) fn calibration(&self) -> Option<MutexGuard<'_, ChannelCalibration<T>>> {
        self.calibration.as_ref().map(locked)
    }

    /// Finds how much its pixels say about the observation's own parameters; the second of `planes` is overwritten.
    pub(super) fn inform(
        &self,
        sighting: Sighting<'_, T>,
        planes: (&[T], &mut [T]),
        moving: Option<&Moving>,
        work: &mut Workspace<T>,
    ) {
        if let Some(mut own) = self.calibration() {
            own.inform(sighting, planes, &self.weights, moving, work);
        }
    }

    /// Mean weight of its pixels, of which there are so many.
    pub(super) fn mean_weight(&self, pixels: usize) -> f64 {
        self.weights.iter().map(|w| w.wide()).sum::<f64>() / pixels as f64
    }

    /// Compares the pixels with what is seen of a model's plane.
    pub(super) fn evaluate(&self, sighting: Sighting<'_, T>, plane: &[T], work: &mut Workspace<T>) {
        let mut chi2 = 0.0;
        if let Scatter::Correlated(correlating) = &self.scatter {
            let correlating = &mut *locked(correlating);
            let take = |y, pair: &mut [T]| correlating.take(y, &self.data, pair);
            self.see(sighting, plane, take, work);
            chi2 = correlating.chi2();
        } else {
            self.see(sighting, plane, |y, pair| chi2 += self.compare(y, pair), work);
        }
        *self.outcome() = Outcome { chi2 };
    }

    /// Calls `compare` with each pair of rows of what is seen.
    fn see(
        &self,
        sighting: Sighting<'_, T>,
        plane: &[T],
        compare: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        match self.calibration() {
            Some(own) => own.evaluate(sighting, plane, compare, work),
            None => sighting.each_pair(plane, compare, work),
        }
    }

    /// The same, and adds the gradient of the log-likelihood with respect to the plane to the second of `planes`.
    pub(super) fn evaluate_and_back(
        &self,
        sighting: Sighting<'_, T>,
        planes: (&[T], &mut [T]),
        work: &mut Workspace<T>,
    ) {
        let mut chi2 = 0.0;
        if let Scatter::Correlated(correlating) = &self.scatter {
            let correlating = &mut *locked(correlating);
            let take = |y, pair: &mut [T]| correlating.take(y, &self.data, pair);
            self.see(sighting, planes.0, take, work);
            chi2 = correlating.chi2();
            correlating.differentiate();
            let give = |y, pair: &mut [T]| correlating.give(y, pair);
            match self.calibration() {
                Some(mut own) => own.evaluate_and_back(sighting, planes, give, work),
                None => sighting.each_back(planes.1, give, work),
            }
            *self.outcome() = Outcome { chi2 };
            return;
        }
        let compare = |y, pair: &mut [T]| chi2 += self.compare(y, pair);
        match self.calibration() {
            Some(mut own) => own.evaluate_and_back(sighting, planes, compare, work),
            None => sighting.each_pair_and_back(planes, compare, work),
        }
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
        let own = self.calibration();
        let scaled = |pair: &mut [T]| own.iter().for_each(|own| own.scale(pair));
        let Scatter::Correlated(correlating) = &self.scatter else {
            let fill = |y, pair: &mut [T]| {
                scaled(pair);
                self.fill(image, y, pair);
                scaled(pair);
            };
            return sighting.each_pair_and_back(planes, fill, work);
        };
        let correlating = &mut *locked(correlating);
        match image {
            PixelImage::WeightedModel => {
                let take = |y, pair: &mut [T]| {
                    scaled(pair);
                    correlating.take_model(y, pair);
                };
                sighting.each_pair(planes.0, take, work);
                correlating.weigh_model();
            }
            PixelImage::Signs(seed) => correlating.draw_signs(self.seed(seed)),
        }
        let give = |y, pair: &mut [T]| {
            correlating.give(y, pair);
            scaled(pair);
        };
        sighting.each_back(planes.1, give, work);
    }

    /// Turns a pair of rendered rows into the gradient of -chi2 / 2, for independent Gaussians w (data - rendered), and
    /// returns their chi2.
    fn compare(&self, y: usize, pair: &mut [T]) -> f64 {
        if let Scatter::Counts(counting) = &self.scatter {
            return counting.compare(y / 2 * pair.len(), pair);
        }
        let own = y / 2 * pair.len()..(y / 2 + 1) * pair.len();
        let (data, weights) = (&self.data[own.clone()], &self.weights[own]);
        pulp::Arch::new().dispatch(Weigh { data, weights, pair })
    }

    /// Turns a pair of rendered rows into those of an image.
    fn fill(&self, image: PixelImage, y: usize, pair: &mut [T]) {
        let start = y / 2 * pair.len();
        let weights = &self.weights[start..start + pair.len()];
        let weight = |k: usize, p: T| match &self.scatter {
            Scatter::Counts(counting) => counting.information(start + k, p),
            _ => weights[k].wide(),
        };
        match image {
            PixelImage::WeightedModel => {
                for (k, p) in pair.iter_mut().enumerate() {
                    *p = T::of(weight(k, *p) * p.wide().abs());
                }
            }
            PixelImage::Signs(seed) => {
                let seed = self.seed(seed);
                for (k, p) in pair.iter_mut().enumerate() {
                    *p = T::of(sign(seed, start + k) * weight(k, *p).sqrt());
                }
            }
        }
    }

    /// Seeds of signs, other ones for each channel.
    const fn seed(&self, seed: u64) -> u64 {
        mixed(seed ^ mixed(self.index as u64 + 1))
    }
}

/// What is in a lock that no two threads ask for at a time.
fn locked<V>(lock: &Mutex<V>) -> MutexGuard<'_, V> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The pixels of a plane in pairs of rows; `beside` is what is beside a last row without a partner.
fn in_pairs<T: Pixel>(plane: ArrayView2<'_, f64>, beside: f64) -> Vec<T> {
    let mut pairs = Vec::with_capacity(plane.len().next_multiple_of(2 * plane.ncols()));
    for rows in plane.axis_chunks_iter(Axis(0), 2) {
        for x in 0..plane.ncols() {
            pairs.push(T::of(rows[[0, x]]));
            pairs.push(T::of(rows.get([1, x]).copied().unwrap_or(beside)));
        }
    }
    pairs
}
