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
//! model: { stars: ["0"], galaxy: extended, fixed: ["*.center"] }
//! fit: { max_iter: 200, time_s: 60 }               # seconds and memory_mb are limits; none where not given
//! output: { redistributed: true }                    # and pictures: true
//! ```
//!
//! Relative paths are relative to the scene file. Unknown fields are errors, with their place in the file.

mod mask;
mod observations;
mod pixels;
mod problem;
mod reader;
mod sources;

pub use observations::{BitSpec, MaskSpec, ObservationSpec, PsfSpec};
pub use sources::Listed;
pub use sources::{GalaxyModel, ModelSpec};

use crate::error::CliError;
use scarlet::infer::{Adam, Optimizer, Precision, Scaled, Yogi};
use scarlet::model::Scene;
use scarlet::obs::Observation;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a scene file says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneFile {
    /// The images.
    pub observations: Vec<ObservationSpec>,
    /// Where the sources are: CSV or Parquet.
    #[serde(default)]
    pub catalog: Option<PathBuf>,
    /// A scene that was saved before, in place of a catalogue and start values.
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

/// How to fit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FitSpec {
    /// The optimiser.
    pub optimizer: OptimizerKind,
    /// Steps at most.
    pub max_iter: usize,
    /// Relative change of every parameter below which `adam` and `yogi` have converged.
    pub e_rel: f64,
    /// Decrease of chi2 in ten steps, for each free value, below which `scaled` has converged.
    pub e_chi2: f64,
    /// What becomes of the boxes of free-form images.
    pub boxes: BoxesKind,
    /// Threads; 0 for one on each core.
    pub threads: usize,
    /// Type of the pixels.
    pub precision: PrecisionKind,
    /// Seconds, from the start of the program, after which no step begins; no limit where not given.
    pub time_s: Option<f64>,
    /// Memory that may be used, in 1e6 bytes, in place of what the system has.
    pub memory_mb: Option<f64>,
}

impl Default for FitSpec {
    fn default() -> Self {
        let Adam { max_iter, e_rel, .. } = Adam::default();
        Self {
            optimizer: OptimizerKind::Scaled,
            max_iter,
            e_rel,
            e_chi2: Scaled::default().e_chi2,
            boxes: BoxesKind::Adapt,
            threads: 1,
            precision: PrecisionKind::Single,
            time_s: None,
            memory_mb: None,
        }
    }
}

/// An optimiser by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// [`Scaled`]: no steps to set.
    Scaled,
    /// [`Adam`].
    Adam,
    /// [`Yogi`].
    Yogi,
}

/// What becomes of boxes during a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BoxesKind {
    /// They grow and shrink.
    Adapt,
    /// They stay as they are at the start.
    Fixed,
}

/// A pixel type by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrecisionKind {
    /// 32 bits.
    Single,
    /// 64 bits.
    Double,
}

impl FitSpec {
    /// The optimiser with its settings.
    #[must_use]
    pub fn optimizer(&self) -> Box<dyn Optimizer> {
        let Self { max_iter, e_rel, e_chi2, .. } = *self;
        match self.optimizer {
            OptimizerKind::Scaled => Box::new(Scaled { max_iter, e_chi2, ..Scaled::default() }),
            OptimizerKind::Adam => Box::new(Adam { max_iter, e_rel, ..Adam::default() }),
            OptimizerKind::Yogi => Box::new(Yogi { max_iter, e_rel, ..Yogi::default() }),
        }
    }

    /// The time after which no step begins.
    #[must_use]
    pub fn time(&self) -> Option<Duration> {
        self.time_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }

    /// The pixel type.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        match self.precision {
            PrecisionKind::Single => Precision::Single,
            PrecisionKind::Double => Precision::Double,
        }
    }
}

/// More threads than any machine has cores are a slip of the pen.
const MOST_THREADS: usize = 4096;

impl SceneFile {
    /// Reads a scene file.
    ///
    /// # Errors
    /// The file cannot be read, is not YAML, or has a field that is missing, unknown or of another type.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let bytes = std::fs::read(path).map_err(CliError::file(path, "read"))?;
        let text = String::from_utf8(bytes).map_err(|e| problem::not_utf8(path, &e))?;
        // In YAML 1.1 a bare `y` is a boolean; here it is a band of the sky.
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        let file = serde_saphyr::from_str_with_options(&text, options);
        let mut file: Self = file.map_err(|e| problem::of_yaml(path, &text, &e))?;
        file.origin = Origin { path: path.to_owned(), text };
        file.check()?;
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
        reader::read_all(self)
    }

    /// Reads the catalogue and makes the model frame; none where a saved scene takes their place.
    ///
    /// # Errors
    /// Names the catalogue's line, or the observation that does not fit to the first.
    pub fn list_sources(&self, observations: &[Observation]) -> Result<Option<Listed>, CliError> {
        self.catalog.as_deref().map(|path| Listed::read(self, path, observations)).transpose()
    }

    /// Makes the scene: from the saved one, or from the catalogue with start values from the images.
    ///
    /// # Errors
    /// Names the catalogue's line, or the source.
    pub fn make_scene(&self, observations: &[Observation]) -> Result<Scene, CliError> {
        self.scene_of(self.list_sources(observations)?.as_ref(), observations)
    }

    /// As [`SceneFile::make_scene`], from what [`SceneFile::list_sources`] gave.
    pub(crate) fn scene_of(
        &self,
        listed: Option<&Listed>,
        observations: &[Observation],
    ) -> Result<Scene, CliError> {
        let mut scene = match listed {
            Some(listed) => listed.scene(self, observations)?,
            None => self.saved_scene()?,
        };
        sources::freeze(self, &mut scene)?;
        Ok(scene)
    }

    fn saved_scene(&self) -> Result<Scene, CliError> {
        let path = self.relative(self.scene.as_deref().unwrap_or_else(|| Path::new("")));
        if !path.is_file() {
            let problem = "there is no such file; check the name: paths are relative to the scene file";
            return Err(self.problem("scene", format!("{}: {problem}", path.display())));
        }
        Scene::load(path).map_err(|e| self.problem("scene", e.to_string()))
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
