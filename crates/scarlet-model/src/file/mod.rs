//! Scene files: a whole scene with its parameters as open, versioned JSON.
//!
//! ```json
//! { "format": "scarlet-scene", "version": 1,
//!   "frame": { "bbox": { "origin": [0, 0], "shape": [58, 48] }, "channels": [{ "band": "g" }],
//!              "psf": { "kind": "gaussian", "sigma_px": [0.7] }, "wcs": null },
//!   "next": 1,
//!   "sources": [ { "name": "star", "component": {
//!       "center": { "shape": [2], "values": [33.0, 14.0], "free": true, "step": { "absolute": 0.1 } },
//!       "spectrum": { "kind": "ArraySpectrum",
//!                     "parameters": { "": { "shape": [1], "values": [44.3], "free": true,
//!                                           "transform": { "kind": "exp" } } } },
//!       "morphology": { "kind": "Point" },
//!       "bbox": { "origin": [28, 9], "shape": [11, 11] } } } ] }
//! ```
//!
//! - Arrays are a shape and their values in row order, every bit kept. Positions are `(y, x)`.
//! - `parts` of a component is a list of `{ "operation": "add" | "multiply" | "attenuate", "component": .. }`.
//! - `"boxed": true` marks a `bbox` that was asked for and does not follow edits of its source.
//! - `transform`, `prior` and `step` are left out where there is none.
//! - A reader refuses a `version` it does not know. Kinds of one's own are read by [`Kinds`] that know them.
//! - Version 2 may have `"observations": { "HST": { "shift": { "shape": [2], "values": [0.1, -0.2], "free": true } } }`: the
//!   parameters that are the observations' own ([`OfObservations`]). Without them version 1 is written.

mod document;
mod kinds;
mod profiles;
mod whole;

pub use kinds::{Kinds, StoredPart};
pub use whole::{create_part, write_whole};

use crate::{ModelError, Param, Scene};
use document::{Document, Observed};
use std::collections::BTreeMap;
use std::path::Path;

/// The newest version, and the newest that is read.
pub const VERSION: u32 = 2;
const FORMAT: &str = "scarlet-scene";

/// Parameters that are not the scene's but those of the observations that it was fitted to, by the names of both.
pub type OfObservations = BTreeMap<String, BTreeMap<String, Param>>;

/// Reads the parameters of observations that [`Scene::save_with`] wrote to `path`; none where there are none.
///
/// # Errors
/// The file cannot be read, or is of another format or version.
pub fn load_observations(path: impl AsRef<Path>) -> Result<OfObservations, ModelError> {
    read(path.as_ref(), |text| parsed::<Observed>(text)?.parameters())
}

impl Scene {
    /// The scene as text of the format of [`crate::file`].
    ///
    /// # Errors
    /// A prior that has no stored form: one of the user's own, or a network.
    pub fn to_json(&self) -> Result<String, ModelError> {
        self.to_json_with(&OfObservations::new())
    }

    /// The same with the parameters of observations.
    ///
    /// # Errors
    /// As [`Scene::to_json`].
    pub fn to_json_with(&self, observations: &OfObservations) -> Result<String, ModelError> {
        let document = Document::of(self, observations)?;
        serde_json::to_string(&document).map_err(|e| file_error("writing", &e.to_string()))
    }

    /// Reads the text that [`Scene::to_json`] wrote.
    ///
    /// # Errors
    /// Text of another format or version, an unknown kind, or a scene that is not valid.
    pub fn from_json(text: &str, kinds: &Kinds) -> Result<Self, ModelError> {
        parsed::<Document>(text)?.into_scene(kinds)
    }

    /// Writes the scene to `path`, through a file beside it that is renamed when it is whole.
    ///
    /// # Errors
    /// As [`Scene::to_json`], or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ModelError> {
        self.save_with(path, &OfObservations::new())
    }

    /// The same with the parameters of observations, for [`load_observations`].
    ///
    /// # Errors
    /// As [`Scene::save`].
    pub fn save_with(&self, path: impl AsRef<Path>, observations: &OfObservations) -> Result<(), ModelError> {
        let (path, text) = (path.as_ref(), self.to_json_with(observations)?);
        write_whole(path, text.as_bytes())
            .map_err(|e| file_error(&path.display().to_string(), &e.to_string()))
    }

    /// Reads a scene of built-in kinds from `path`.
    ///
    /// # Errors
    /// As [`Scene::from_json`], or the file cannot be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        Self::load_with(path, &Kinds::default())
    }

    /// Reads a scene from `path` with kinds of one's own.
    ///
    /// # Errors
    /// As [`Scene::from_json`], or the file cannot be read.
    pub fn load_with(path: impl AsRef<Path>, kinds: &Kinds) -> Result<Self, ModelError> {
        read(path.as_ref(), |text| Self::from_json(text, kinds))
    }
}

/// What `of` makes of the text of a file; errors name the file.
fn read<T>(path: &Path, of: impl FnOnce(&str) -> Result<T, ModelError>) -> Result<T, ModelError> {
    let in_file = |problem: String| file_error(&path.display().to_string(), &problem);
    let text = std::fs::read_to_string(path).map_err(|e| in_file(e.to_string()))?;
    of(&text).map_err(|e| in_file(e.to_string()))
}

fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ModelError> {
    serde_json::from_str(text)
        .map_err(|e| file_error(&format!("line {}, column {}", e.line(), e.column()), &e.to_string()))
}

fn file_error(place: &str, problem: &str) -> ModelError {
    ModelError::File { place: place.to_owned(), problem: problem.to_owned() }
}
