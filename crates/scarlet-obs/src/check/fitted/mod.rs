//! Checks of a fitted scene: boxes, sources beside each other, light that nobody claims.

mod boxes;
mod overlaps;
mod peaks;
mod priors;
mod seen;

use super::{
    Finding, Limits,
    scene::{centers, lookouts},
};
use crate::catalog::SourceMeasurement;
use crate::{ObsError, Observation};
use ndarray::Array3;
use scarlet_model::Scene;

impl Limits {
    /// As [`fitted`](super::fitted), with these limits.
    ///
    /// # Errors
    /// The frame of an observation does not fit the scene's.
    pub fn fitted(
        &self,
        scene: &Scene,
        observations: &[&Observation],
        rendered: &[Array3<f64>],
        sources: &[SourceMeasurement],
    ) -> Result<Vec<Finding>, ObsError> {
        let lookouts = lookouts(scene.frame(), observations)?;
        let mut found = boxes::findings(&lookouts, rendered, sources, self);
        let seen = seen::all(scene, observations, rendered, sources)?;
        found.extend(seen::findings(scene, sources, &seen, self));
        found.extend(priors::findings(scene, self));
        found.extend(self.pairs(&centers(scene), &lookouts, "sources_ended_together"));
        found.extend(overlaps::findings(sources, &found, self));
        found.extend(peaks::findings(scene, &lookouts, rendered, sources, self));
        Ok(found)
    }
}
