//! Sampling with gradients alone.

use super::nuts::boxed;
use super::threads::{self, SampleProgress};
use super::{Draws, LogDensity, Nuts, Whitening};
use crate::InferError;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::chain::{DrawStatistics, Shared, Walk};

/// Langevin dynamics without a test of acceptance: for densities of which only the gradient is known, such as priors
/// that are a [`Score`](scarlet_model::Score).
///
/// z <- z + h g(z) + sqrt(h T / 2) (r_n + r_(n+1)), with z whitened values, g the gradient by them, and r standard
/// normal numbers of which each is used in two steps. T falls from `temperature` to 1 during the warm-up
/// (annealing), so that chains cross between modes.
///
/// It has a bias, since no step is ever refused: of second order in h, and none at all for normal densities (for
/// which the usual step with fresh noise is wide by a share of h / 2). How large it is for yours: halve `step` and
/// compare. Stiff directions that the whitening does not know of blow up where h times their curvature exceeds 2;
/// this is told as a divergence, and the chain goes on from its last finite place.
///
/// Source: Leimkuhler & Matthews 2013, Appl. Math. Res. Express 2013, 34, eq. 1.4 (the limit of their scheme BAOAB).
#[derive(Debug, Clone, PartialEq)]
pub struct Langevin {
    /// Number of chains.
    pub chains: usize,
    /// Draws of each chain that are kept.
    pub draws: usize,
    /// Kept draws' worth of steps before.
    pub warmup: usize,
    /// Steps from a draw to the next.
    pub thin: usize,
    /// What the random numbers depend on.
    pub seed: u64,
    /// Threads; 0 for one on each core.
    pub threads: usize,
    /// h, for a density whose whitened curvature is 1.
    pub step: f64,
    /// Temperature at the very start.
    pub temperature: f64,
}

impl Default for Langevin {
    fn default() -> Self {
        Self {
            chains: 4,
            draws: 1000,
            warmup: 200,
            thin: 10,
            seed: 1,
            threads: 1,
            step: 0.2,
            temperature: 4.0,
        }
    }
}

impl Langevin {
    /// Draws from the density whose gradients each call of `make` gives, one for each thread.
    ///
    /// The log-densities in [`Draws::statistics`] are what `make`'s density says: without the priors that have none.
    ///
    /// # Errors
    /// As [`Nuts::sample_from`].
    pub fn sample_from<D: LogDensity + 'static>(
        &self,
        make: &(dyn Fn() -> Result<D, InferError> + Sync),
        whitening: &Whitening,
        watch: &mut dyn FnMut(&SampleProgress) -> ControlFlow<()>,
    ) -> Result<Draws, InferError> {
        self.validate()?;
        let nuts = Nuts {
            chains: self.chains,
            draws: self.draws,
            warmup: self.warmup,
            thin: 1,
            seed: self.seed,
            threads: self.threads,
            ..Nuts::default()
        };
        let begin = |_: &Nuts, chain: usize, density: &Shared, whitening: &Arc<Whitening>| {
            Ok(Box::new(Walker::new(self, chain, density, whitening)) as Box<dyn Walk>)
        };
        threads::run(&nuts, &boxed(make), whitening, &begin, watch)
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// Names the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<(), InferError> {
        let wrong =
            |setting, value, range| Err(InferError::Setting { optimizer: "Langevin", setting, value, range });
        if self.chains == 0 {
            return wrong("chains", 0.0, "at least 1");
        }
        if self.draws < 4 {
            return wrong("draws", self.draws as f64, "at least 4");
        }
        if self.thin == 0 {
            return wrong("thin", 0.0, "at least 1");
        }
        if !(self.step > 0.0 && self.step < 2.0) {
            return wrong("step", self.step, "greater than 0 and less than 2");
        }
        if !(self.temperature >= 1.0 && self.temperature.is_finite()) {
            return wrong("temperature", self.temperature, "at least 1");
        }
        Ok(())
    }
}

/// One chain.
struct Walker {
    density: Shared,
    whitening: Arc<Whitening>,
    rng: ChaCha8Rng,
    z: Vec<f64>,
    /// The noise that the last step ended with.
    noise: Vec<f64>,
    x: Vec<f64>,
    gradient: Vec<f64>,
    settings: Langevin,
    draws: usize,
}

impl Walker {
    fn new(settings: &Langevin, chain: usize, density: &Shared, whitening: &Arc<Whitening>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream(chain as u64 + 1);
        let mut normal = || -> Vec<f64> {
            (0..whitening.dim()).map(|_| Distribution::<f64>::sample(&StandardNormal, &mut rng)).collect()
        };
        let (z, noise) = (normal(), normal());
        let zeros = vec![0.0; whitening.dim()];
        Self {
            density: Shared::clone(density),
            whitening: Arc::clone(whitening),
            rng,
            z,
            noise,
            x: zeros.clone(),
            gradient: zeros,
            settings: settings.clone(),
            draws: 0,
        }
    }

    /// One step at a temperature; the log-density where it began, and whether it could be made.
    fn step(&mut self, temperature: f64) -> (f64, bool) {
        self.whitening.forward(&self.z, &mut self.x);
        let value = self.density.borrow_mut().log_density_and_gradient(&self.x, &mut self.gradient);
        self.whitening.pull_back(&mut self.gradient);
        let h = self.settings.step;
        let width = (0.5 * h * temperature).sqrt();
        let is_finite =
            value.is_finite() && self.gradient.iter().all(|g| g.is_finite() && (h * g).abs() < 1e3);
        for ((z, noise), g) in self.z.iter_mut().zip(&mut self.noise).zip(&self.gradient) {
            let fresh: f64 = StandardNormal.sample(&mut self.rng);
            if is_finite {
                *z += h * g + width * (*noise + fresh);
            } else {
                // back towards the middle, where the density was finite
                *z *= 0.5;
            }
            *noise = fresh;
        }
        (value, is_finite)
    }
}

impl Walk for Walker {
    fn draw(&mut self, x: &mut [f64]) -> Result<DrawStatistics, InferError> {
        let warm = (self.draws as f64 / (0.7 * self.settings.warmup.max(1) as f64)).min(1.0);
        let temperature = self.settings.temperature.powf(1.0 - warm);
        let mut said = DrawStatistics {
            step_size: self.settings.step,
            acceptance: 1.0,
            steps: self.settings.thin as u64,
            ..DrawStatistics::default()
        };
        for _ in 0..self.settings.thin {
            let (value, is_finite) = self.step(temperature);
            said.is_diverging |= !is_finite;
            said.log_density = value;
        }
        said.energy = -said.log_density;
        self.draws += 1;
        self.whitening.forward(&self.z, x);
        Ok(said)
    }
}
