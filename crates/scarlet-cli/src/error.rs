//! What can go wrong in the program, and what to do about it.

use crate::catalog::CatalogError;
use miette::{Diagnostic, NamedSource, SourceSpan};
use scarlet::frame::FrameError;
use scarlet::infer::InferError;
use scarlet::model::ModelError;
use scarlet::obs::ObsError;
use std::path::PathBuf;

/// What can go wrong in the program.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[non_exhaustive]
pub enum CliError {
    /// A scene file that is not valid YAML, or has fields that are not known.
    #[error("{path} is not a scene file: {problem}", path = .source_code.name())]
    #[diagnostic(help("the README's section on scene files lists the fields"))]
    SceneFile {
        /// What is wrong.
        problem: String,
        /// The text of the file.
        #[source_code]
        source_code: NamedSource<String>,
        /// Where.
        #[label("here")]
        place: Option<SourceSpan>,
    },
    /// A scene file whose parts do not fit together.
    #[error("{}, {field}: {problem}", .path.display())]
    Scene {
        /// The scene file.
        path: PathBuf,
        /// Which field.
        field: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A file that cannot be read or written.
    #[error("cannot {action} {}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The operating system's reason.
        error: std::io::Error,
    },
    /// An output folder that holds something else.
    #[error("{} is there and is not a folder", .path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// A simulation that does not fit into its images.
    #[error(
        "{sources} sources, {separation_px} px apart, do not fit into {shape:?} pixels; give it more pixels or fewer sources"
    )]
    Simulation {
        /// Number of sources.
        sources: usize,
        /// Rows and columns.
        shape: [usize; 2],
        /// Least distance.
        separation_px: f64,
    },
    /// Something about a catalogue.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// Something about images or files of images.
    #[error(transparent)]
    Observation(#[from] ObsError),
    /// Something about a frame, a PSF or a WCS.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Something about the model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Something about the fit.
    #[error(transparent)]
    Infer(#[from] InferError),
}

impl CliError {
    /// An error of the operating system about a file.
    pub fn file(path: impl Into<PathBuf>, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, action, error }
    }
}
