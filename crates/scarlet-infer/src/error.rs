//! What can be wrong with a posterior or a fit.

use scarlet_model::ModelError;
use scarlet_obs::ObsError;

/// What can be wrong with a posterior or a fit, and what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InferError {
    /// Nothing to fit.
    #[error("no parameter is free; say free(..) where a value of the model may change")]
    NoFreeParameters,
    /// Nothing to fit to.
    #[error("there is no observation; a posterior needs at least one")]
    NoObservations,
    /// The log-posterior is not finite where the fit begins.
    #[error("the log-posterior is {value} at the start; {suspect}")]
    NotFiniteAtStart {
        /// Its value.
        value: f64,
        /// Which parameter or prior is at fault, and what to do.
        suspect: String,
    },
    /// An optimiser setting that makes no sense.
    #[error("{optimizer}: {setting} is {value}; it must be {range}")]
    Setting {
        /// The optimiser.
        optimizer: &'static str,
        /// Its setting.
        setting: &'static str,
        /// The value.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
    /// Something about the scene.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Something about an observation.
    #[error(transparent)]
    Observation(#[from] ObsError),
}
