//! What is in the sky: parameters, spectra, morphologies, sources and scenes.
//!
//! The parameter is part of the model: a plain value is fixed, [`free`] makes it a parameter and says its
//! constraint, prior and step where the value is. Names follow from the tree: `nucleus.morphology.size`.

mod component;
mod error;
pub mod file;
mod glob;
mod layout;
mod morphology;
mod param;
mod parameters;
pub mod prior;
pub mod profile;
mod scene;
mod source;
mod spectrum;
mod transform;

pub use component::{Component, Operation, Role};
pub use error::ModelError;
pub use layout::{Layout, Slot};
pub use morphology::{
    Image, IntoMorphology, Monotonic, Morphology, Point, Site, Starlet, Symmetric, starlet,
};
pub use param::{Param, Step, Unit, free, relative};
pub use parameters::Parameters;
pub use prior::{Density, Prior, Score};
pub use profile::{DeVaucouleurs, Exponential, Gaussian, Moffat, Profile, RadialLaw, Sersic, Spergel};
pub use scene::Scene;
pub use source::Source;
pub use spectrum::{ArraySpectrum, IntoSpectrum, Spectrum, StaticSpectrum, TransientSpectrum};
pub use transform::Transform;
