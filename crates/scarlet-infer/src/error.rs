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
    /// A prior that NUTS cannot use.
    #[error(
        "the prior of {parameter} is only a score (a gradient without a density), and NUTS needs densities; sample with \
         Langevin, or give it a prior with a density"
    )]
    ScoreOnly {
        /// The parameter.
        parameter: String,
    },
    /// A posterior that cannot be normalised.
    #[error(
        "{parameter} (value {element}) has no prior, and the data say nothing about it: its posterior cannot be \
         normalised; give it a prior, or hold it fixed"
    )]
    Improper {
        /// The parameter.
        parameter: String,
        /// Which of its values.
        element: usize,
    },
    /// A chain that never got anywhere.
    #[error(
        "chain {chain}: all of its first {draws} draws diverged or did not move; start from a fit that has converged, look for priors \
         whose density jumps, or aim at a higher acceptance"
    )]
    AlwaysDiverging {
        /// The chain, from 0.
        chain: usize,
        /// Draws from its start.
        draws: usize,
    },
    /// An end before there was anything to keep.
    #[error(
        "sampling ended after {made} draws in the slowest chain, and its first {warmup} are the warm-up: there is nothing to \
         keep; give it more time, or a shorter warm-up"
    )]
    NothingDrawn {
        /// Draws of the chain that is least far, those of the warm-up among them.
        made: usize,
        /// Draws of the warm-up.
        warmup: usize,
    },
    /// Too many values for draws from the normal density around a fit.
    #[error(
        "draws from the normal density around the fit are for {most} free values at most, and there are {values}: hold some \
         (Scene::edit_all), or sample with Nuts"
    )]
    LaplaceValues {
        /// Free values.
        values: usize,
        /// How many there may be.
        most: usize,
    },
    /// What the sampler itself could not do.
    #[error("the sampler cannot begin: {problem}; start from a fit, see `scarlet fit`")]
    Sampler {
        /// Its words.
        problem: String,
    },
    /// Chains that do not fit together.
    #[error("chains: {problem}")]
    Chains {
        /// What does not fit.
        problem: String,
    },
    /// Something about the scene.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Something about an observation.
    #[error(transparent)]
    Observation(#[from] ObsError),
}
