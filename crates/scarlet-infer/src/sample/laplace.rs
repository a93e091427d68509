//! Draws from the normal density that a fit and the curvature around it describe.

use super::{Chains, Draws, PosteriorStart, SampleStatistics};
use crate::dense::cholesky;
use crate::errors::prior_curvature;
use crate::{InferError, Posterior};
use ndarray::{Array2, Array3};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use scarlet_obs::PixelImage;

/// Iterations at most, and the share of the residual at which they end.
const ITERATIONS: usize = 100;
const SMALL: f64 = 0.01;
/// Root mean square of the steps of derivatives, in standard deviations.
const STEP: f64 = 0.1;

impl PosteriorStart<'_> {
    /// So many draws, one chain, from the normal density of the unconstrained values that has its maximum where this starts
    /// and the posterior's curvature there (a Laplace approximation); the start must be a fit.
    ///
    /// With up to 400 values the draws come from the whole curvature. Beyond, each draw is a solution H d = b by conjugate
    /// gradients, with H the curvature and b noise as the data and the priors have it: random signs in units of the pixels'
    /// errors taken back to the values, and draws of normal densities with the curvature of the priors. Correlations of all values
    /// are in them. Priors that are only a score give no noise, and draws are too narrow along what they alone decide.
    ///
    /// # Cost
    /// Beyond 400 values, twenty to two hundred gradients for each draw.
    ///
    /// # Errors
    /// As [`Posterior::new`].
    pub fn laplace(&self, draws: usize, seed: u64) -> Result<Chains, InferError> {
        let mut posterior = self.posterior()?;
        let n = self.whitening.dim();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut center = vec![0.0; n];
        self.whitening.forward(&vec![0.0; n], &mut center);
        let (mut all, mut log_density) = (Array3::zeros((1, draws, n)), Array2::zeros((1, draws)));
        let mut x = vec![0.0; n];
        for draw in 0..draws {
            let z = match self.whitening.is_whole() {
                true => (0..n).map(|_| StandardNormal.sample(&mut rng)).collect(),
                false => {
                    let mut noise = noise(&mut posterior, &center, seed.wrapping_add(draw as u64), &mut rng);
                    self.whitening.pull_back(&mut noise);
                    self.solve(&mut posterior, &noise)
                }
            };
            self.whitening.forward(&z, &mut x);
            log_density[[0, draw]] = posterior.value(&x);
            x.iter().enumerate().for_each(|(k, value)| all[[0, draw, k]] = *value);
        }
        let zeros = Array2::zeros((1, draws));
        let (whole, no) = (Array2::zeros((1, draws)), Array2::from_elem((1, draws), false));
        let statistics = SampleStatistics {
            energy: -&log_density,
            log_density,
            acceptance: zeros.clone(),
            step_size: zeros,
            tree_depth: whole.clone(),
            steps: whole,
            is_diverging: no.clone(),
            is_deepest: no,
        };
        self.named(&Draws { x: all, statistics, is_interrupted: false, gradients: 0 })
    }

    /// The z whose curvature in whitened values is `noise`.
    fn solve(&self, posterior: &mut Posterior, noise: &[f64]) -> Vec<f64> {
        let n = noise.len();
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (mut z, mut residual, mut ahead) = (vec![0.0; n], noise.to_vec(), noise.to_vec());
        let (mut x, mut front, mut back) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        let first = product(noise, noise);
        let mut norm = first;
        for _ in 0..ITERATIONS {
            if norm <= SMALL * SMALL * first {
                break;
            }
            let step = STEP * (n as f64 / product(&ahead, &ahead)).sqrt();
            for (sign, gradient) in [(1.0, &mut front), (-1.0, &mut back)] {
                let moved: Vec<f64> = ahead.iter().map(|p| sign * step * p).collect();
                self.whitening.forward(&moved, &mut x);
                posterior.value_and_gradient(&x, gradient);
                self.whitening.pull_back(gradient);
            }
            let applied: Vec<f64> = front.iter().zip(&back).map(|(f, b)| (b - f) / (2.0 * step)).collect();
            let curvature = product(&ahead, &applied);
            // where the density curves upwards it has no normal density around it
            if curvature <= 0.0 || !curvature.is_finite() {
                break;
            }
            let length = norm / curvature;
            z.iter_mut().zip(&ahead).for_each(|(z, p)| *z += length * p);
            residual.iter_mut().zip(&applied).for_each(|(r, a)| *r -= length * a);
            let next = product(&residual, &residual);
            let share = next / norm;
            ahead.iter_mut().zip(&residual).for_each(|(p, r)| *p = r + share * *p);
            norm = next;
        }
        z
    }
}

/// Noise of the gradient at `x`: its covariance is the information of the data and the curvature of the priors.
fn noise(posterior: &mut Posterior, x: &[f64], seed: u64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    posterior.pull_back_image(x, PixelImage::Signs(seed));
    let (slots, values, gradient) = posterior.parts();
    for slot in slots.iter().filter(|slot| slot.is_free()) {
        let Some(prior) = &slot.prior else { continue };
        let own = &mut gradient[slot.values.clone()];
        let normal: Vec<f64> = (0..own.len()).map(|_| StandardNormal.sample(rng)).collect();
        if let Some(precisions) = prior.as_score().precisions() {
            own.iter_mut().zip(precisions).zip(&normal).for_each(|((g, p), z)| *g += p.sqrt() * z);
        } else if let Some(factor) = cholesky(prior_curvature(&[slot], values), own.len()) {
            for (row, g) in factor.chunks_exact(normal.len()).zip(own) {
                *g += row.iter().zip(&normal).map(|(l, z)| l * z).sum::<f64>();
            }
        }
    }
    let mut pulled = vec![0.0; x.len()];
    posterior.layout().pull_back(x, posterior.values(), posterior.gradient_of_values(), &mut pulled);
    pulled
}
