//! What a fit leaves behind: catalogue, model images, saved scene, summary, report.

mod catalog;
mod ending;
mod folder;
mod model;
mod page;
mod redistributed;
mod summary;

pub use ending::Ending;
pub use folder::{check_inputs, prepare_folder};
pub use page::write_pictures;
pub use summary::{FluxCorrelation, ParameterSummary, Seconds, SourceSummary, Summary};
pub(crate) use summary::{peak_rss_mb, seconds};

use crate::error::CliError;
use crate::files::write_whole;
use crate::report::BoxHistory;
use crate::scene_file::SceneFile;
use ndarray::Array3;
use scarlet::infer::errors::SourceErrors;
use scarlet::infer::{Errors, Estimate, Fit};
use scarlet::model::file::OfObservations;
use scarlet::model::{Param, Scene};
use scarlet::obs::Observation;
use scarlet::obs::catalog::SourceMeasurement;
use scarlet::obs::check::Finding;
use std::collections::BTreeMap;
use std::path::Path;

/// A finished fit with all that the outputs say of it.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The scene file.
    pub file: &'a SceneFile,
    /// The observations.
    pub observations: &'a [Observation],
    /// The fitted scene.
    pub scene: &'a Scene,
    /// The fit.
    pub fit: &'a Fit,
    /// How it came to its end.
    pub ending: Ending,
    /// The model cube, `[channel, y, x]` of the model frame.
    pub model: Array3<f64>,
    /// What each observation should have seen.
    pub rendered: Vec<Array3<f64>>,
    /// The sources, measured.
    pub sources: Vec<SourceMeasurement>,
    /// chi2 over all observations.
    pub chi2: f64,
    /// Number of pixels that count.
    pub pixels: usize,
    /// The log-likelihood.
    pub log_likelihood: f64,
    /// The free parameters of the observations, with errors.
    pub estimates: Vec<Estimate>,
    /// Errors of the sources.
    pub errors: Errors,
    /// What checks found, in any order.
    pub findings: Vec<Finding>,
    /// Boxes over the steps, of the sources whose boxes were followed; may be empty.
    pub boxes: Vec<BoxHistory>,
}

/// Names of the files that a fit may write.
pub const RESULTS: [&str; 7] = [
    "catalog.csv",
    "catalog.parquet",
    "model.fits",
    "redistributed.fits",
    "scene.json",
    "report.html",
    "summary.json",
];

impl Outcome<'_> {
    /// chi2 per pixel that counts.
    #[must_use]
    pub fn chi2_per_pixel(&self) -> f64 {
        self.chi2 / self.pixels as f64
    }

    /// Errors of a source.
    fn errors_of(&self, id: &str) -> Option<&SourceErrors> {
        self.errors.source(id)
    }

    /// The words of a source's flags: what was measured, and why its errors may be wrong.
    fn flags(&self, source: &SourceMeasurement) -> String {
        let doubts = self.errors_of(&source.id).map(|errors| errors.doubts.as_slice()).unwrap_or_default();
        let unfinished = (!self.fit.converged()).then_some("err_unfinished");
        let words = source.flags.iter().map(|flag| flag.name());
        words.chain(doubts.iter().map(|doubt| doubt.name())).chain(unfinished).collect::<Vec<_>>().join(" ")
    }

    /// Writes everything but the summary into `folder`.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, folder: &Path, summary: &Summary) -> Result<(), CliError> {
        let table = catalog::table(self);
        table.write_csv(&folder.join("catalog.csv"))?;
        table.write_parquet(&folder.join("catalog.parquet"))?;
        model::write(self, &folder.join("model.fits"))?;
        self.scene.save_with(folder.join("scene.json"), &of_observations(self.observations))?;
        let wanted = self.file.output;
        if wanted.redistributed {
            redistributed::write(self, &folder.join("redistributed.fits"))?;
        }
        if wanted.pictures {
            write_pictures(self, folder)?;
        }
        let path = folder.join("report.html");
        page::report(self, summary).write(&path).map_err(CliError::file(path, "write"))
    }
}

/// The parameters that are the observations' own, as a saved scene has them.
pub(crate) fn of_observations(observations: &[Observation]) -> OfObservations {
    let own = |observation: &Observation| -> BTreeMap<String, Param> {
        observation.calibration().named().map(|(of, param)| (of.to_owned(), param.clone())).collect()
    };
    let all = observations.iter().map(|observation| (observation.name().to_owned(), own(observation)));
    all.filter(|(_, own)| !own.is_empty()).collect()
}

/// Name and version of the program.
fn program() -> String {
    format!("scarlet {}", env!("CARGO_PKG_VERSION"))
}

/// Writes a text file whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_text(path: &Path, text: &str) -> Result<(), CliError> {
    write_whole(path, text.as_bytes()).map_err(CliError::file(path, "write"))
}
