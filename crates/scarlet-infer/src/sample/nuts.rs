//! The no-U-turn sampler: its settings.

use super::chain::{Shared, begin};
use super::threads::{self, SampleProgress};
use super::{LogDensity, SampleStatistics, Whitening};
use crate::InferError;
use ndarray::Array3;
use nuts_rs::{EuclideanAdaptOptions, NutsSettings};
use serde::Serialize;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::sync::Arc;

/// How the sampler learns the scales of a density while it warms up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MassMatrix {
    /// A scale for each value.
    #[default]
    Diagonal,
    /// And the directions along which values vary together, as many as stand out.
    LowRank,
}

/// The no-U-turn sampler (Hoffman & Gelman 2014, JMLR 15, 1593), by the crate nuts-rs.
///
/// Chains begin at draws from the normal density that a [`Whitening`] stands for, so that their spread is about that of
/// the posterior. Chain k with seed s always draws the same, whatever the number of chains and threads.
///
/// ```
/// use scarlet_infer::sample::{LogDensity, Nuts, Whitening};
/// # struct Round;
/// # impl LogDensity for Round {
/// #     fn dim(&self) -> usize { 2 }
/// #     fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
/// #         gradient.iter_mut().zip(x).for_each(|(g, x)| *g = -x);
/// #         -0.5 * (x[0] * x[0] + x[1] * x[1])
/// #     }
/// # }
/// let nuts = Nuts { chains: 2, draws: 200, warmup: 100, ..Nuts::default() };
/// let draws = nuts.sample(&|| Ok(Round), &Whitening::shift(&[0.0, 0.0]))?;
/// assert_eq!(draws.x.dim(), (2, 200, 2));
/// # Ok::<(), scarlet_infer::InferError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Nuts {
    /// Number of chains.
    pub chains: usize,
    /// Draws of each chain that are kept.
    pub draws: usize,
    /// Draws of each chain before, in which step size and mass matrix are adapted.
    pub warmup: usize,
    /// Only one draw of so many is kept; with 10, ten times `draws` are made.
    pub thin: usize,
    /// What the random numbers depend on.
    pub seed: u64,
    /// Threads, each with a density of its own; 0 for one on each core, at most one for each chain.
    pub threads: usize,
    /// Mean acceptance that the step size aims at: more gives shorter steps and fewer divergences.
    pub target_acceptance: f64,
    /// Doublings of a trajectory at most.
    pub max_depth: u64,
    /// How scales are learnt.
    pub mass_matrix: MassMatrix,
}

impl Default for Nuts {
    fn default() -> Self {
        Self {
            chains: 4,
            draws: 1000,
            warmup: 300,
            thin: 1,
            seed: 1,
            threads: 1,
            target_acceptance: 0.8,
            max_depth: 10,
            mass_matrix: MassMatrix::Diagonal,
        }
    }
}

/// What a sampler drew, in unconstrained values.
#[derive(Debug, Clone, PartialEq)]
pub struct Draws {
    /// `[chain, draw, value]`.
    pub x: Array3<f64>,
    /// What each draw says of itself.
    pub statistics: SampleStatistics,
    /// Whether somebody ended it before it was done; all chains then have as many draws as the shortest of them, and
    /// chains that have hardly begun are left out.
    pub is_interrupted: bool,
    /// Gradients that were evaluated, those of the warm-up among them.
    pub gradients: u64,
}

impl Nuts {
    /// Draws from the density that each call of `make` gives, one for each thread.
    ///
    /// # Errors
    /// As [`Nuts::sample_from`].
    pub fn sample<D: LogDensity + 'static>(
        &self,
        make: &(dyn Fn() -> Result<D, InferError> + Sync),
        whitening: &Whitening,
    ) -> Result<Draws, InferError> {
        self.sample_from(make, whitening, &[], &mut |_| ControlFlow::Continue(()))
    }

    /// The same from given starts, one for each chain (draws of the whitening where there are none), telling `watch` how
    /// far it is; the sampler ends early where that returns [`ControlFlow::Break`].
    ///
    /// # Errors
    /// - Settings that make no sense; starts that are not one for each chain.
    /// - [`InferError::Sampler`]: no place was found where the density is finite.
    /// - [`InferError::AlwaysDiverging`]: a chain that diverges at every draw.
    /// - [`InferError::NothingDrawn`]: the end came before a chain had 4 draws after its warm-up.
    pub fn sample_from<D: LogDensity + 'static>(
        &self,
        make: &(dyn Fn() -> Result<D, InferError> + Sync),
        whitening: &Whitening,
        starts: &[Vec<f64>],
        watch: &mut dyn FnMut(&SampleProgress) -> ControlFlow<()>,
    ) -> Result<Draws, InferError> {
        self.validate()?;
        if !starts.is_empty() && starts.len() != self.chains {
            return Err(setting("chains", self.chains as f64, "the number of starts"));
        }
        let begin = |nuts: &Self, chain: usize, density: &Shared, whitening: &Arc<Whitening>| {
            begin(nuts, chain, density, whitening, starts.get(chain).map(Vec::as_slice))
        };
        threads::run(self, &boxed(make), whitening, &begin, watch)
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// Names the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<(), InferError> {
        let at_least_one = [("chains", self.chains), ("draws", self.draws), ("thin", self.thin)];
        for (name, value) in at_least_one {
            if value == 0 {
                return Err(setting(name, 0.0, "at least 1"));
            }
        }
        if self.draws < 4 {
            return Err(setting("draws", self.draws as f64, "at least 4"));
        }
        if !(0.0 < self.target_acceptance && self.target_acceptance < 1.0) {
            return Err(setting("target_acceptance", self.target_acceptance, "between 0 and 1"));
        }
        if !(1..=20).contains(&self.max_depth) {
            return Err(setting("max_depth", self.max_depth as f64, "from 1 to 20"));
        }
        Ok(())
    }

    /// Draws that each chain makes, warm-up included.
    pub(super) const fn total(&self) -> usize {
        self.warmup + self.draws * self.thin
    }

    /// Writes these settings into those of nuts-rs.
    pub(super) fn apply<S>(&self, settings: &mut NutsSettings<EuclideanAdaptOptions<S>>)
    where
        S: Debug + Copy + Default + Serialize,
    {
        settings.num_tune = self.warmup as u64;
        settings.num_draws = (self.draws * self.thin) as u64;
        settings.maxdepth = self.max_depth;
        settings.num_chains = self.chains;
        settings.adapt_options.step_size_settings.target_accept = self.target_acceptance;
    }
}

/// Densities of any kind.
pub(super) fn boxed<D: LogDensity + 'static>(
    make: &(dyn Fn() -> Result<D, InferError> + Sync),
) -> impl Fn() -> Result<Box<dyn LogDensity>, InferError> + Sync {
    move || make().map(|density| Box::new(density) as Box<dyn LogDensity>)
}

fn setting(setting: &'static str, value: f64, range: &'static str) -> InferError {
    InferError::Setting { optimizer: "NUTS", setting, value, range }
}
