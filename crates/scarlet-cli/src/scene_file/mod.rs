//! Scene files: which images, which sources, which model, how to fit.
//!
//! ```yaml
//! observations:
//!   - name: hsc
//!     channels: [g, r, i, z, y]
//!     image: hsc_all.fits[IMAGE_{channel}]
//!     variance: hsc_all.fits[VARIANCE_{channel}]   # or weight: ... (inverse variance)
//!     mask: { image: "hsc_all.fits[MASK_{channel}]", bits: [0, 5] }    # bits: numbers, or names of MP_ keywords
//!     psf: hsc_all.fits[PSF_{channel}]             # or { image: .., recentre: true }, { gaussian: { sigma_px: 1.2 } }, ...
//! catalog: catalog.csv                             # id; x, y or ra, dec; type: star or galaxy
//! model: { stars: ["0"], galaxy: extended, fixed: ["*.center"] }   # and prior: { network: hsc32.safetensors }
//! fit: { max_iter: 200, time_s: 60 }               # seconds and memory_mb are limits; none where not given
//! output: { redistributed: true }                    # and pictures: true
//! ```
//!
//! Relative paths are relative to the scene file. Unknown fields are errors, with their place in the file.

mod calibration;
mod epochs;
mod fit;
mod grid;
mod layout;
mod listed;
mod mask;
mod noise;
mod observations;
mod pixels;
mod prior;
mod problem;
mod psf;
mod psf_field;
mod reader;
mod sources;
mod transients;
mod units;
mod weights;

pub use calibration::{AstrometrySpec, BackgroundSpec, RotationSpec, ScaleSpec, ShiftSpec};
pub use fit::{BoxesKind, FitSpec, OptimizerKind, PrecisionKind};
pub use grid::Extent;
pub use layout::Layout;
pub use listed::Listed;
pub use noise::{NoiseSpec, PoissonSpec};
pub use observations::{BitSpec, EpochsSpec, MaskSpec, ObservationSpec, SigmaSpec};
pub use prior::PriorSpec;
pub use psf::{PsfSampling, PsfSpec};
pub use psf_field::{PsfFieldKind, PsfFieldSpec};
pub use sources::{DefaultKind, GalaxyModel, ModelSpec};
pub use transients::TransientSpec;

use crate::budget::Budget;
use crate::error::CliError;
use scarlet::model::file::{Kinds, OfObservations, load_observations};
use scarlet::model::{ModelError, Scene};
use scarlet::nn::with_networks;
use scarlet::obs::{ObsError, Observation};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What a scene file says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneFile {
    /// The images.
    pub observations: Vec<ObservationSpec>,
    /// Where the sources are: CSV or Parquet.
    #[serde(default)]
    pub catalog: Option<PathBuf>,
    /// A scene that was saved before, in place of a catalogue and start values; observations go on from their parameters
    /// in it.
    #[serde(default)]
    pub scene: Option<PathBuf>,
    /// How sources are modelled.
    #[serde(default)]
    pub model: ModelSpec,
    /// How to fit.
    #[serde(default)]
    pub fit: FitSpec,
    /// What to write besides the usual.
    #[serde(default)]
    pub output: OutputSpec,
    /// Unit of the fluxes, as it goes into catalogues; `BUNIT` of the images where it is empty.
    #[serde(default)]
    pub flux_unit: String,
    /// The file itself and its text.
    #[serde(skip)]
    origin: Origin,
}

/// Where a scene file came from.
#[derive(Debug, Clone, Default)]
struct Origin {
    path: PathBuf,
    text: String,
}

/// What to write besides the usual.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutputSpec {
    /// The data shared out among the sources in proportion to their models: `redistributed.fits`.
    pub redistributed: bool,
    /// The pictures of the report as PNG files.
    pub pictures: bool,
}

/// Reads what a YAML file says, and its text.
///
/// # Errors
/// The file cannot be read, is not YAML, or has a field that is missing, unknown or of another type.
pub(crate) fn yaml<T: serde::de::DeserializeOwned>(path: &Path) -> Result<(T, String), CliError> {
    let bytes = std::fs::read(path).map_err(CliError::file(path, "read"))?;
    let text = String::from_utf8(bytes).map_err(|e| problem::not_utf8(path, &e))?;
    // In YAML 1.1 a bare `y` is a boolean; here it is a band of the sky.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let read = serde_saphyr::from_str_with_options(&text, options);
    Ok((read.map_err(|e| problem::of_yaml(path, &text, &e))?, text))
}

/// A saved scene, and observations that go on from their parameters in it.
pub(crate) fn load_fit(
    path: &Path,
    observations: Vec<Observation>,
) -> Result<(Scene, Vec<Observation>), CliError> {
    Ok((load_scene(path)?, resumed(observations, &load_observations(path)?)?))
}

/// A saved scene, with the networks that its priors name.
fn load_scene(path: impl AsRef<Path>) -> Result<Scene, ModelError> {
    Scene::load_with(path, &with_networks(Kinds::default()))
}

/// Observations that go on from the parameters that were saved of those of their names.
fn resumed(observations: Vec<Observation>, saved: &OfObservations) -> Result<Vec<Observation>, ObsError> {
    let resume = |observation: Observation| match saved.get(observation.name()) {
        Some(own) => observation.resumed(own),
        None => Ok(observation),
    };
    observations.into_iter().map(resume).collect()
}

/// More threads than any machine has cores are a slip of the pen.
const MOST_THREADS: usize = 4096;

impl SceneFile {
    /// Reads a scene file.
    ///
    /// # Errors
    /// The file cannot be read, is not YAML, or has a field that is missing, unknown or of another type.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let (mut file, text): (Self, String) = yaml(path)?;
        file.origin = Origin { path: path.to_owned(), text };
        file.check()?;
        file.expand_epochs()?;
        file.check_names()?;
        Ok(file)
    }

    /// Checks what is more than the type of a field.
    fn check(&self) -> Result<(), CliError> {
        if self.observations.is_empty() {
            return Err(self.problem("observations", "there are none; give at least one"));
        }
        match (&self.catalog, &self.scene) {
            (None, None) => {
                return Err(self.problem("catalog", "it is missing; give a catalog, or a saved scene"));
            }
            (Some(_), Some(_)) => {
                return Err(self.problem("scene", "there is a catalog too; give one of the two"));
            }
            _ => {}
        }
        let positive = |field, value: Option<f64>, what: &str| match value {
            Some(v) if !(v > 0.0 && v.is_finite()) => {
                Err(self.problem(field, format!("it is {v}; give {what} greater than 0")))
            }
            _ => Ok(()),
        };
        positive("fit.time_s", self.fit.time_s, "seconds")?;
        positive("fit.memory_mb", self.fit.memory_mb, "a number of 1e6 bytes")?;
        positive("model.psf_sigma_px", Some(self.model.psf_sigma_px), "a width in pixels")?;
        positive("model.pixel_scale_arcsec", self.model.pixel_scale_arcsec, "arcseconds")?;
        self.check_grid()?;
        self.check_prior()?;
        if !(self.fit.e_rel >= 0.0 && self.fit.e_rel.is_finite()) {
            let problem = format!("it is {}; give a small number such as 1e-4, or 0", self.fit.e_rel);
            return Err(self.problem("fit.e_rel", problem));
        }
        if self.fit.threads > MOST_THREADS {
            let problem =
                format!("it is {}; give at most {MOST_THREADS}, or 0 for one on each core", self.fit.threads);
            return Err(self.problem("fit.threads", problem));
        }
        Ok(())
    }

    /// Checks that names tell observations apart.
    fn check_names(&self) -> Result<(), CliError> {
        let mut seen: Vec<(String, &ObservationSpec)> = Vec::new();
        for (index, spec) in self.observations.iter().enumerate() {
            let name = self.observation_name(spec, index);
            if let Some((_, first)) = seen.iter().find(|(other, _)| *other == name) {
                let problem =
                    format!("{name} is the name of {}, too; give each its own", first.place.whole());
                return Err(self.problem(&spec.field("name"), problem));
            }
            seen.push((name, spec));
        }
        Ok(())
    }

    /// What an observation is called; `index` is its number.
    fn observation_name(&self, spec: &ObservationSpec, index: usize) -> String {
        match &spec.name {
            Some(name) => name.clone(),
            None if self.observations.len() == 1 => "images".to_owned(),
            None => format!("images {index}"),
        }
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.origin.text
    }

    /// Name of the scene: that of the file without its ending.
    #[must_use]
    pub fn title(&self) -> String {
        self.origin.path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    }

    /// Reads all images.
    ///
    /// # Errors
    /// Names the file, the HDU or the pixel.
    pub fn read_observations(&self) -> Result<Vec<Observation>, CliError> {
        let observations = reader::read_all(self)?;
        match &self.scene {
            Some(_) => {
                let saved = self.of_saved(load_observations)?;
                resumed(observations, &saved).map_err(|e| self.problem("scene", e.to_string()))
            }
            None => Ok(observations),
        }
    }

    /// Reads the catalogue and makes the model frame; none where a saved scene takes their place.
    ///
    /// # Errors
    /// Names the catalogue's line, or the observation that does not fit to the first.
    pub fn list_sources(&self, observations: &[Observation]) -> Result<Option<Listed>, CliError> {
        self.catalog.as_deref().map(|path| Listed::read(self, path, observations)).transpose()
    }

    /// Makes the scene: from the saved one, or from the catalogue with start values from the images, which are then brought
    /// onto one another where their astrometry is free.
    ///
    /// # Errors
    /// Names the catalogue's line, or the source.
    pub fn make_scene(&self, observations: &mut [Observation]) -> Result<Scene, CliError> {
        self.make_scene_within(&mut Budget::default(), observations)
    }

    /// The same with start values that are improved for half of what is left of the `budget` at most.
    ///
    /// # Errors
    /// As [`SceneFile::make_scene`].
    pub fn make_scene_within(
        &self,
        budget: &mut Budget,
        observations: &mut [Observation],
    ) -> Result<Scene, CliError> {
        let listed = self.list_sources(observations)?;
        if let Some(listed) = &listed {
            listed.align(self, budget, observations)?;
        }
        self.scene_of(listed.as_ref(), budget, observations)
    }

    /// As [`SceneFile::make_scene_within`], from what [`SceneFile::list_sources`] gave.
    pub(crate) fn scene_of(
        &self,
        listed: Option<&Listed>,
        budget: &mut Budget,
        observations: &[Observation],
    ) -> Result<Scene, CliError> {
        let mut scene = match listed {
            Some(listed) => listed.scene(self, budget, observations)?,
            None => self.saved_scene()?,
        };
        listed::freeze(self, &mut scene)?;
        Ok(scene)
    }

    fn saved_scene(&self) -> Result<Scene, CliError> {
        self.of_saved(load_scene)
    }

    /// What `load` reads from the saved scene.
    fn of_saved<T>(&self, load: impl FnOnce(PathBuf) -> Result<T, ModelError>) -> Result<T, CliError> {
        let path = self.relative(self.scene.as_deref().unwrap_or_else(|| Path::new("")));
        if !path.is_file() {
            let problem = "there is no such file; check the name: paths are relative to the scene file";
            return Err(self.problem("scene", format!("{}: {problem}", path.display())));
        }
        load(path).map_err(|e| self.problem("scene", e.to_string()))
    }

    /// A path of the file, relative to it.
    fn relative(&self, path: &Path) -> PathBuf {
        self.folder().join(path)
    }

    fn folder(&self) -> &Path {
        self.origin.path.parent().unwrap_or_else(|| Path::new(""))
    }

    fn problem(&self, field: &str, problem: impl Into<String>) -> CliError {
        CliError::Scene { path: self.origin.path.clone(), field: field.to_owned(), problem: problem.into() }
    }
}
