//! A network as the prior of free-form galaxies.

use super::{GalaxyModel, SceneFile};
use crate::error::CliError;
use scarlet::nn::{Learned, PriorSettings};
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;

/// `{ network: hsc32.safetensors }`, and how it is used where that is not as usual: `noise_level: 0.02, strength: 0.3`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorSpec {
    /// File of the network: safetensors, or `.eqx` of galaxy-grad.
    pub network: PathBuf,
    /// Level of the noise that the score's images are blurred by.
    #[serde(default = "usual_noise_level")]
    pub noise_level: f64,
    /// Factor of the score; 1 believes the network as it is.
    #[serde(default = "usual_strength")]
    pub strength: f64,
    /// Whether galaxies are expected near their start values too, as they are without a network.
    #[serde(default = "usual_near_start")]
    pub near_start: bool,
}

fn usual_noise_level() -> f64 {
    PriorSettings::default().noise_level
}

fn usual_strength() -> f64 {
    PriorSettings::default().strength
}

fn usual_near_start() -> bool {
    PriorSettings::default().near_start
}

impl SceneFile {
    /// Checks that the prior has something to be the prior of.
    pub(super) fn check_prior(&self) -> Result<(), CliError> {
        if self.model.prior.is_none() {
            return Ok(());
        }
        if self.scene.is_some() {
            let problem = "a saved scene has its priors with it; leave this out, or give the catalog in place of the scene";
            return Err(self.problem("model.prior", problem));
        }
        if self.model.galaxy != (GalaxyModel::Extended { components: 1 }) {
            let problem = "networks know whole free-form galaxies; say galaxy: extended, with one component";
            return Err(self.problem("model.prior", problem));
        }
        Ok(())
    }

    /// The network of the prior, if there is one.
    pub(super) fn learned(&self) -> Result<Option<Arc<Learned>>, CliError> {
        let Some(PriorSpec { network, noise_level, strength, near_start }) = &self.model.prior else {
            return Ok(None);
        };
        let settings =
            PriorSettings { noise_level: *noise_level, strength: *strength, near_start: *near_start };
        settings.validate().map_err(|e| self.problem("model.prior", e.to_string()))?;
        let learned = Learned::read(self.relative(network), settings);
        learned.map(Some).map_err(|e| self.problem("model.prior.network", e.to_string()))
    }
}
