//! From a scene and observations to the best parameters: posterior, optimisers, fits.
//!
//! A [`Posterior`] is a function of one flat vector of unconstrained values; whoever optimises or samples sees
//! nothing else.

mod adam;
mod blocks;
mod boxes;
mod curvature;
mod dense;
pub mod diagnostics;
mod error;
pub mod errors;
mod estimate;
mod fit;
mod optimizer;
mod posterior;
pub mod sample;
mod scaled;
mod scores;
mod step;
#[cfg(test)]
mod testing;
mod yogi;

pub use adam::Adam;
pub use boxes::{BoxChange, BoxRules};
pub use error::InferError;
pub use errors::Errors;
pub use estimate::Estimate;
pub use fit::{Fit, FitScene, Progress, Stop};
pub use optimizer::{Limits, Optimizer, Scaling, Schedule};
pub use posterior::{Posterior, PosteriorBuilder};
pub use scaled::Scaled;
pub use scarlet_render::Precision;
pub use yogi::Yogi;
