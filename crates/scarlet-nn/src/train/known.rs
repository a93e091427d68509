//! Images whose score is known in closed form: what trained networks are compared with.

use super::Random;
use crate::{NnError, PlannedNet, ScoreNet};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::PI;

/// A mixture of Gaussian fields of one covariance, a sum of cosines with independent amplitudes.
///
/// x = `mean` + sum over k of sqrt(lambda_k) a_k phi_k with normal a_k, orthonormal cosines phi_k of the discrete cosine
/// transform and lambda_k = `power` / (1 + |k|^2)^2. Blurred by noise of level t each is a Gaussian of variances
/// lambda_k + t^2 along phi_k, whose score is - sum over k of phi_k (phi_k . (z - mean)) / (lambda_k + t^2).
#[derive(Debug, Clone)]
pub struct Fields {
    side: usize,
    /// `[k, pixel]`.
    cosines: Vec<f64>,
    powers: Vec<f64>,
    /// One for each part of the mixture; all are as likely.
    means: Vec<Vec<f64>>,
}

impl Fields {
    /// One Gaussian around a round bump of height 1.
    #[must_use]
    pub fn gaussian(side: usize, power: f64) -> Self {
        let middle = (side as f64 - 1.0) / 2.0;
        Self::around(side, power, vec![bump(side, [middle; 2])])
    }

    /// Two Gaussians of equal weight, around bumps in two corners.
    #[must_use]
    pub fn mixture(side: usize, power: f64) -> Self {
        let n = side as f64 - 1.0;
        Self::around(side, power, vec![bump(side, [0.25 * n; 2]), bump(side, [0.75 * n; 2])])
    }

    fn around(side: usize, power: f64, means: Vec<Vec<f64>>) -> Self {
        let n = side as f64;
        let one = |k: usize, y: usize| {
            let scale = if k == 0 { 1.0 / n } else { 2.0 / n };
            scale.sqrt() * (PI * k as f64 * (y as f64 + 0.5) / n).cos()
        };
        let places = || (0..side).flat_map(|y| (0..side).map(move |x| (y, x)));
        let cosines = places().flat_map(|(k, l)| places().map(move |(y, x)| one(k, y) * one(l, x))).collect();
        let powers = places().map(|(k, l)| power / (1.0 + (k * k + l * l) as f64).powi(2)).collect();
        Self { side, cosines, powers, means }
    }

    /// Draws `count` images, `[image, y, x]`.
    #[must_use]
    pub fn draw(&self, count: usize, random: &mut Random) -> Vec<f64> {
        (0..count).flat_map(|_| self.draw_one(random)).collect()
    }

    fn draw_one(&self, random: &mut Random) -> Vec<f64> {
        let n = self.side * self.side;
        let mut image = self.means[random.random_range(0..self.means.len())].clone();
        for (cosine, power) in self.cosines.chunks_exact(n).zip(&self.powers) {
            let amplitude: f64 = StandardNormal.sample(random);
            image.iter_mut().zip(cosine).for_each(|(v, c)| *v += power.sqrt() * amplitude * c);
        }
        image
    }

    /// The score of one image at noise level `t`.
    #[must_use]
    pub fn score(&self, z: &[f64], t: f64) -> Vec<f64> {
        let parts: Vec<(f64, Vec<f64>)> = self.means.iter().map(|mean| self.part(z, mean, t)).collect();
        let most = parts.iter().map(|(log, _)| *log).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = parts.iter().map(|(log, _)| (log - most).exp()).sum();
        let mut score = vec![0.0; z.len()];
        for (log, own) in &parts {
            let share = (log - most).exp() / total;
            score.iter_mut().zip(own).for_each(|(s, v)| *s += share * v);
        }
        score
    }

    /// Log-density up to a constant, and score, of one part of the mixture.
    fn part(&self, z: &[f64], mean: &[f64], t: f64) -> (f64, Vec<f64>) {
        let (mut log, mut score) = (0.0, vec![0.0; z.len()]);
        for (cosine, power) in self.cosines.chunks_exact(z.len()).zip(&self.powers) {
            let along: f64 = z.iter().zip(mean).zip(cosine).map(|((z, m), c)| (z - m) * c).sum();
            let weight = along / (power + t * t);
            log -= 0.5 * along * weight;
            score.iter_mut().zip(cosine).for_each(|(s, c)| *s -= weight * c);
        }
        (log, score)
    }

    /// Root mean square of the difference between the score of `net` and the true one at noise level `t`, in units of the true
    /// one's, over `count` fresh images.
    ///
    /// # Errors
    /// The network is of another side, or has no score for `t`.
    pub fn relative_error(&self, net: &ScoreNet, t: f64, count: usize, seed: u64) -> Result<f64, NnError> {
        let mut random = Random::seed_from_u64(seed);
        let mut z = self.draw(count, &mut random);
        z.iter_mut().for_each(|v| {
            let noise: f64 = StandardNormal.sample(&mut random);
            *v += t * noise;
        });
        let plan = PlannedNet::<f64>::new(net);
        let (mut found, n) = (vec![0.0; z.len()], self.side * self.side);
        plan.evaluate(&z, t, &mut found, &mut plan.workspace())?;
        let truth: Vec<f64> = z.chunks_exact(n).flat_map(|z| self.score(z, t)).collect();
        let off: f64 = found.iter().zip(&truth).map(|(a, b)| (a - b).powi(2)).sum();
        Ok((off / truth.iter().map(|v| v * v).sum::<f64>()).sqrt())
    }
}

/// A round Gaussian of height 1 whose standard deviation is an eighth of the side.
fn bump(side: usize, [cy, cx]: [f64; 2]) -> Vec<f64> {
    let width = side as f64 / 8.0;
    let places = (0..side).flat_map(|y| (0..side).map(move |x| (y as f64 - cy, x as f64 - cx)));
    places.map(|(y, x)| (-0.5 * (y * y + x * x) / (width * width)).exp()).collect()
}
