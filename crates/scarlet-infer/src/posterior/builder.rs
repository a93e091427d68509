//! From a scene and observations to a planned posterior.

use super::Posterior;
use crate::InferError;
use crate::scores::Scores;
use scarlet_model::{Layout, Scene};
use scarlet_obs::{Calibration, Observation, plan_likelihood};
use scarlet_render::{Precision, Workers};

/// Settings of a [`Posterior`] that has not been planned yet.
#[derive(Debug, Clone, Copy, Default)]
pub struct PosteriorBuilder {
    precision: Precision,
    threads: Option<usize>,
}

impl PosteriorBuilder {
    /// With pixels of this type.
    #[must_use]
    pub const fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// With this number of threads; 0 for one on each core. The default is 1.
    #[must_use]
    pub const fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Plans the posterior of `scene` given `observations`.
    ///
    /// # Errors
    /// As [`Posterior::new`].
    pub fn build<'a>(
        self,
        scene: &Scene,
        observations: impl IntoIterator<Item = &'a Observation>,
    ) -> Result<Posterior, InferError> {
        self.plan(scene, &observations.into_iter().collect::<Vec<_>>())
    }

    /// What [`PosteriorBuilder::build`] does, compiled once and not in every program that calls it.
    fn plan(self, scene: &Scene, observations: &[&Observation]) -> Result<Posterior, InferError> {
        if observations.is_empty() {
            return Err(InferError::NoObservations);
        }
        let calibrations: Vec<_> =
            observations.iter().map(|o| (o.name().to_owned(), o.calibration().clone())).collect();
        let layout = layout_of(scene, &calibrations)?;
        if layout.dim() == 0 {
            return Err(InferError::NoFreeParameters);
        }
        let workers = Workers::new(self.threads.unwrap_or(1));
        let likelihood = plan_likelihood(scene, &layout, observations, self.precision, &workers)?;
        Ok(Posterior {
            likelihood,
            scores: Scores::new(&layout, &workers),
            workers,
            values: layout.start_values().to_vec(),
            grad_values: vec![0.0; layout.values_len()],
            pixels: observations.iter().map(|o| o.pixels_with_weight()).sum(),
            layout,
            scratch: vec![0.0; calibrations.iter().map(|(_, own)| own.values_len()).sum()],
            calibrations,
        })
    }
}

/// The layout of a scene and then of the observations' own parameters.
pub(super) fn layout_of(scene: &Scene, calibrations: &[(String, Calibration)]) -> Result<Layout, InferError> {
    let of_observations = calibrations.iter().flat_map(|(name, calibration)| calibration.parameters(name));
    Ok(Layout::with(scene, of_observations)?)
}
