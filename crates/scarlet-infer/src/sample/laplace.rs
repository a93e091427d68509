//! Draws from the normal density that a fit and the curvature around it describe.

use super::{Chains, Draws, PosteriorStart, SampleStatistics, Whitening};
use crate::InferError;
use ndarray::{Array2, Array3};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

impl PosteriorStart<'_> {
    /// So many draws, one chain, from the normal density of the unconstrained values that has its maximum where this starts
    /// and the posterior's curvature there (a Laplace approximation); the start must be a fit.
    ///
    /// # Errors
    /// - [`InferError::LaplaceValues`]: more than 400 values, as free-form images have. Most of their pixels are near 0, where the
    ///   density of the unconstrained values is far from normal; NUTS draws from it as it is.
    /// - As [`Posterior::new`](crate::Posterior::new).
    pub fn laplace(&self, draws: usize, seed: u64) -> Result<Chains, InferError> {
        let n = self.whitening.dim();
        if n > Whitening::DENSE {
            return Err(InferError::LaplaceValues { values: n, most: Whitening::DENSE });
        }
        let mut posterior = self.posterior()?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut all, mut log_density) = (Array3::zeros((1, draws, n)), Array2::zeros((1, draws)));
        let mut x = vec![0.0; n];
        for draw in 0..draws {
            let z: Vec<f64> = (0..n).map(|_| StandardNormal.sample(&mut rng)).collect();
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
}
