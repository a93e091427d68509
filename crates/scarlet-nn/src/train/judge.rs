//! How well a network finds the noise in images that it has not seen.

use super::{ImageSet, Random, Set};
use crate::{NnError, PlannedNet, ScoreNet};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

/// How well a network finds noise of one level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Denoised {
    /// The noise level, in network units.
    pub t: f64,
    /// Root mean square of what is left of the noise in z + t^2 s, in units of t: at best much below 1.
    pub left: f64,
    /// The same for the best that one factor for all pixels can do, sd / sqrt(sd^2 + t^2): a network is to be below it.
    pub left_by_factor: f64,
    /// The factor by which t s fits the noise best, - sum of t s e / sum of (t s)^2: 1 for the score of these images.
    pub slope: f64,
}

/// Adds noise to `count` held-out images at each of `levels` and looks for it.
///
/// # Errors
/// The network is of another side than the images, or has no score for a level.
pub fn judge(
    net: &ScoreNet,
    images: &ImageSet,
    levels: &[f64],
    count: usize,
    seed: u64,
) -> Result<Vec<Denoised>, NnError> {
    images.check()?;
    let plan = PlannedNet::<f64>::new(net);
    let (mut space, sd) = (plan.workspace(), images.rms());
    let mut random = Random::seed_from_u64(seed);
    let mut all = Vec::new();
    for &t in levels {
        let mut z = Vec::new();
        for _ in 0..count {
            images.draw(Set::Validation, &mut random, |v| z.push(f64::from(v)));
        }
        let noise: Vec<f64> = StandardNormal.sample_iter(&mut random).take(z.len()).collect();
        z.iter_mut().zip(&noise).for_each(|(z, e)| *z += t * e);
        let mut scores = vec![0.0; z.len()];
        plan.evaluate(&z, t, &mut scores, &mut space)?;
        let (mut left, mut along, mut length) = (0.0, 0.0, 0.0);
        for (s, e) in scores.iter().zip(&noise) {
            let found = t * s;
            left += (found + e).powi(2);
            along -= found * e;
            length += found * found;
        }
        let left = (left / noise.len() as f64).sqrt();
        all.push(Denoised { t, left, left_by_factor: sd / sd.hypot(t), slope: along / length });
    }
    Ok(all)
}
