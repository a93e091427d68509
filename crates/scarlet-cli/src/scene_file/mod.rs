//! Scene files: which images, which sources, which model, how to fit.
//!
//! ```yaml
//! observations:
//!   - name: hsc
//!     channels: [g, r, i, z, y]
//!     image: hsc_all.fits[IMAGE_{channel}]
//!     variance: hsc_all.fits[VARIANCE_{channel}]   # or weight: ... (inverse variance)
//!     mask: { image: "hsc_all.fits[MASK_{channel}]", bits: [0, 5] }
//!     psf: hsc_all.fits[PSF_{channel}]             # or { gaussian: { sigma_px: 1.2 } }, { moffat: ... }
//! catalog: catalog.csv                             # id; x, y or ra, dec; type: star or galaxy
//! model: { stars: ["0"], galaxy: extended }
//! fit: { max_iter: 200 }
//! ```
//!
//! Relative paths are relative to the scene file. Unknown fields are errors, with their place in the file.

mod observations;
mod sources;

pub use observations::{MaskSpec, ObservationSpec, PsfSpec};
pub use sources::{GalaxyModel, ModelSpec};

use crate::error::CliError;
use miette::{NamedSource, SourceSpan};
use scarlet::infer::{Adam, Optimizer, Precision, Yogi};
use scarlet::model::Scene;
use scarlet::obs::Observation;
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
    /// A scene that was saved before, in place of a catalogue and start values.
    #[serde(default)]
    pub scene: Option<PathBuf>,
    /// How sources are modelled.
    #[serde(default)]
    pub model: ModelSpec,
    /// How to fit.
    #[serde(default)]
    pub fit: FitSpec,
    /// Unit of the fluxes, as it goes into catalogues; empty where it is not known.
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

/// How to fit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FitSpec {
    /// The optimiser.
    pub optimizer: OptimizerKind,
    /// Steps at most.
    pub max_iter: usize,
    /// Relative change of every parameter below which it has converged.
    pub e_rel: f64,
    /// Threads; 0 for one on each core.
    pub threads: usize,
    /// Type of the pixels.
    pub precision: PrecisionKind,
}

impl Default for FitSpec {
    fn default() -> Self {
        let Adam { max_iter, e_rel, .. } = Adam::default();
        Self { optimizer: OptimizerKind::Adam, max_iter, e_rel, threads: 1, precision: PrecisionKind::Single }
    }
}

/// An optimiser by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// [`Adam`].
    Adam,
    /// [`Yogi`].
    Yogi,
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
        let (max_iter, e_rel) = (self.max_iter, self.e_rel);
        match self.optimizer {
            OptimizerKind::Adam => Box::new(Adam { max_iter, e_rel, ..Adam::default() }),
            OptimizerKind::Yogi => Box::new(Yogi { max_iter, e_rel, ..Yogi::default() }),
        }
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

impl SceneFile {
    /// Reads a scene file.
    ///
    /// # Errors
    /// The file cannot be read, is not YAML, or has a field that is missing, unknown or of another type.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let text = std::fs::read_to_string(path).map_err(CliError::file(path, "read"))?;
        // In YAML 1.1 a bare `y` is a boolean; here it is a band of the sky.
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        let file = serde_saphyr::from_str_with_options(&text, options);
        let mut file: Self = file.map_err(|e| yaml_error(path, &text, &e))?;
        file.origin = Origin { path: path.to_owned(), text };
        if file.observations.is_empty() {
            return Err(file.problem("observations", "there are none; give at least one"));
        }
        match (&file.catalog, &file.scene) {
            (None, None) => Err(file.problem("catalog", "it is missing; give a catalog, or a saved scene")),
            (Some(_), Some(_)) => Err(file.problem("scene", "there is a catalog too; give one of the two")),
            _ => Ok(file),
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
        observations::read_all(self)
    }

    /// Makes the scene: from the saved one, or from the catalogue with start values from the images.
    ///
    /// # Errors
    /// Names the catalogue's line, or the source.
    pub fn make_scene(&self, observations: &[Observation]) -> Result<Scene, CliError> {
        match &self.scene {
            Some(path) => Ok(Scene::load(self.relative(path))?),
            None => sources::from_catalog(self, observations),
        }
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

#[cold]
fn yaml_error(path: &Path, text: &str, error: &serde_saphyr::Error) -> CliError {
    let place = error.location().map(|location| {
        let line = text.split_inclusive('\n').take(location.line().saturating_sub(1) as usize);
        let offset = line.map(str::len).sum::<usize>() + location.column().saturating_sub(1) as usize;
        SourceSpan::new(offset.min(text.len()).into(), 1)
    });
    let problem = error.to_string();
    let problem = problem.lines().next().unwrap_or("it cannot be read");
    let problem =
        problem.split_once(": ").filter(|(place, _)| place.contains("line")).map_or(problem, |p| p.1);
    let problem = problem.to_owned();
    CliError::SceneFile {
        problem,
        source_code: NamedSource::new(path.display().to_string(), text.to_owned()).with_language("yaml"),
        place,
    }
}
