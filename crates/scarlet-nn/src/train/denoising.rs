//! Denoising score matching.

use super::{ImageSet, Loss, Objective, Random, Set};
use crate::score_net::Factors;
use crate::weights::{Values, Weights};
use crate::{Architecture, Arrays, Batch, NnError, Scaling, ScoreModule, ScoreNet};
use dfdx::prelude::*;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

/// t1 of the networks that are trained here: ln(t) / 4 is of order 1.
const TIME_SCALE: f64 = 4.0;

/// Trains a score network to find the noise in images: where it does on average, it is the score of the noisy images.
///
/// For an image x, noise level t and noise e, z = x + t e, and the loss is |F - F*|^2 for the network's output F, where
/// F* is what makes the score -e / t; in terms of the score s this is t^2 (1 + t^2 / sd^2) |s + e / t|^2: the weight t^2 of
/// Song & Ermon where noise is small, more where it drowns the image. Levels are uniform in ln(t).
///
/// Sources: Vincent 2011, Neural Computation 23, 1661, eq. 11; Song & Ermon 2019, arXiv:1907.05600, eq. 5 and 6;
/// Karras et al. 2022, arXiv:2206.00364, eq. 8.
#[derive(Debug, Clone)]
pub struct Denoising<'a> {
    sizes: Architecture,
    images: &'a ImageSet,
    scaling: Scaling,
    levels: [f64; 2],
}

/// Noisy images as a network takes them, and what it is to make of them.
#[derive(Debug, Clone)]
pub struct NoisyImages {
    /// `[image, 2, y, x]`: images and planes of noise levels.
    input: Vec<f32>,
    /// `[image, y, x]`.
    target: Vec<f32>,
}

impl<'a> Denoising<'a> {
    /// Of a network of these sizes, on `images`, at noise levels between `levels`, in network units.
    ///
    /// # Errors
    /// [`NnError::Training`]: sizes that no network has, too few images, or levels that do not rise from above 0;
    /// [`NnError::Scaling`]: images of zeros.
    pub fn new(sizes: Architecture, images: &'a ImageSet, levels: [f64; 2]) -> Result<Self, NnError> {
        images.check()?;
        sizes.check()?;
        if sizes.side != images.side() {
            let problem = format!(
                "the network has a side of {} pixels and the images one of {}",
                sizes.side,
                images.side()
            );
            return Err(NnError::Training { problem });
        }
        let [low, high] = levels;
        if !(0.0 < low && low < high && high.is_finite()) {
            let problem = format!("noise levels rise from above 0, and they are given as {low} to {high}");
            return Err(NnError::Training { problem });
        }
        let scaling = Scaling::Preconditioned { data_sd: images.rms(), levels };
        if !scaling.is_valid() {
            return Err(NnError::Scaling { found: format!("{scaling:?}") });
        }
        Ok(Self { sizes, images, scaling, levels })
    }

    /// The network with weights that a trainer found.
    ///
    /// # Errors
    /// As [`ScoreNet::new`].
    pub fn network(&self, mut weights: &[f32]) -> Result<ScoreNet, NnError> {
        let mut arrays = Vec::new();
        for (_, shape) in self.sizes.arrays() {
            let n = shape.iter().product::<usize>().min(weights.len());
            let (own, rest) = weights.split_at(n);
            weights = rest;
            let values =
                if shape.is_empty() { Values::F64(vec![TIME_SCALE]) } else { Values::F32(own.to_vec()) };
            arrays.push(Weights::new(shape, values)?);
        }
        ScoreNet::new(arrays)?.scaled(self.scaling)
    }

    fn level(&self, random: &mut Random) -> f64 {
        let [low, high] = self.levels.map(f64::ln);
        random.random_range(low..high).exp()
    }
}

impl<D: Device<f32>> Objective<D> for Denoising<'_> {
    type Layers = ScoreModule<f32, D>;
    type Examples = NoisyImages;

    fn arrays(&self) -> Vec<(String, Vec<usize>)> {
        let mut all = self.sizes.arrays();
        all.retain(|(_, shape)| !shape.is_empty());
        all
    }

    fn layers(&self, arrays: &mut Arrays<'_, f32, D>) -> Result<Self::Layers, NnError> {
        ScoreModule::from_arrays(&self.sizes, arrays)
    }

    fn draw(&self, set: Set, count: usize, random: &mut Random) -> NoisyImages {
        let n = self.sizes.side * self.sizes.side;
        let (mut input, mut target) = (Vec::with_capacity(2 * count * n), Vec::with_capacity(count * n));
        for _ in 0..count {
            let t = self.level(random);
            let Factors { input: shrink, level, keep, network } =
                self.scaling.factors(t, TIME_SCALE).expect("levels are positive");
            let start = input.len();
            self.images.draw(set, random, |v| input.push(v));
            for pixel in &mut input[start..] {
                let noise: f64 = StandardNormal.sample(random);
                let z = f64::from(*pixel) + t * noise;
                target.push(((-noise / t - keep * z) / network) as f32);
                *pixel = (shrink * z) as f32;
            }
            input.extend(std::iter::repeat_n(level as f32, n));
        }
        NoisyImages { input, target }
    }

    fn loss(&self, layers: &Self::Layers, examples: &NoisyImages, device: &D) -> Result<Loss<D>, NnError> {
        let (side, NoisyImages { input, target }) = (self.sizes.side, examples);
        let count = target.len() / (side * side);
        let run = || {
            let input: Batch<f32, D> = device.try_tensor_from_vec(input.clone(), (count, 2, side, side))?;
            Ok((input.leaky_traced(), device.try_tensor_from_vec(target.clone(), (count, side, side))?))
        };
        let (input, target) = run().map_err(|e: D::Err| NnError::device(e))?;
        let off = layers.try_forward(input)?.try_sub(target).map_err(NnError::device)?;
        let squares = off.try_square().map_err(NnError::device)?;
        squares.try_mean().map_err(NnError::device)
    }

    fn fingerprint(&self) -> u64 {
        let [low, high] = self.levels.map(f64::to_bits);
        self.images.fingerprint() ^ low.rotate_left(17) ^ high.rotate_left(31)
    }
}
