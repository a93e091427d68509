//! What is in the sky: parameters, spectra, morphologies, sources and scenes.
//!
//! The parameter is part of the model: a plain value is fixed, [`free`] makes it a parameter and says its
//! constraint, prior and step where the value is. Names follow from the tree: `nucleus.morphology.size`.

mod error;
mod morphology;
mod param;
mod parameters;
pub mod prior;
pub mod profile;
mod spectrum;
mod transform;

pub use error::ModelError;
pub use morphology::{Morphology, Site};
pub use param::{Param, Step, Unit, free, relative};
pub use parameters::Parameters;
pub use prior::{Density, Prior, Score};
pub use spectrum::Spectrum;
pub use transform::Transform;
