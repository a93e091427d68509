//! What can go wrong in the program, and what to do about it.

use crate::catalog::CatalogError;
use crate::log::{Level, Log};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, NamedSource, SourceSpan, ThemeStyles};
use scarlet::frame::FrameError;
use scarlet::infer::InferError;
use scarlet::model::ModelError;
use scarlet::nn::NnError;
use scarlet::obs::ObsError;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// What can go wrong in the program.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[non_exhaustive]
pub enum CliError {
    /// A scene file that is not valid YAML, or has fields that are not known.
    #[error("{path} is not a scene file: {problem}", path = .source_code.name())]
    #[diagnostic(help("{advice}"))]
    SceneFile {
        /// What to do.
        advice: String,
        /// What is wrong.
        problem: String,
        /// The text of the file.
        #[source_code]
        source_code: Arc<NamedSource<String>>,
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
    #[error("cannot {action} {}: {error}{}", .path.display(), advice(action, .error.kind()))]
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
    /// An output folder that holds files of others.
    #[error("{} holds {holds} and was not written by scarlet", .path.display())]
    #[diagnostic(help(
        "give --out a new folder, or --overwrite to write beside what is there (only files of the names of results \
         are replaced)"
    ))]
    FolderInUse {
        /// The folder.
        path: PathBuf,
        /// A file in it.
        holds: String,
    },
    /// A result that would replace what it is made from.
    #[error("{} is an input of this fit and would be replaced by its results", .path.display())]
    #[diagnostic(help("give --out another folder"))]
    OutputIsInput {
        /// The file.
        path: PathBuf,
    },
    /// A fit that needs more memory than there is.
    #[error("{stage} needs about {needed_mb:.0} MB of memory ({parts}), and {limit} is {limit_mb:.0} MB")]
    #[diagnostic(help(
        "cut the images into smaller pieces, fit fewer sources at once, use one thread or single precision; or say \
         how much may be used with --memory-limit-mb or fit.memory_mb"
    ))]
    Memory {
        /// Which part of the work.
        stage: &'static str,
        /// What it needs, in 1e6 bytes.
        needed_mb: f64,
        /// What for.
        parts: String,
        /// Where the limit comes from.
        limit: &'static str,
        /// The limit, in 1e6 bytes.
        limit_mb: f64,
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
    /// A network or its training that cannot be, and what to do.
    #[error("{problem}")]
    #[diagnostic(help("{advice}"))]
    Network {
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: String,
    },
    /// Something about a network, its file or the images it is trained on.
    #[error(transparent)]
    Nn(#[from] NnError),
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
    /// Says on standard error what is wrong and what to do.
    pub fn tell(&self, log: Log) {
        if log.is_json() {
            let help = self.help().map(|help| help.to_string());
            let fields: Vec<_> = help.into_iter().map(|help| ("help", help.into())).collect();
            log.say(Level::Error, "error", &self.to_string(), &fields);
            return;
        }
        let handler = if std::io::stderr().is_terminal() {
            GraphicalReportHandler::new()
        } else {
            let plain = GraphicalTheme { styles: ThemeStyles::none(), ..GraphicalTheme::ascii() };
            GraphicalReportHandler::new_themed(plain).with_wrap_lines(false)
        };
        let mut text = String::new();
        if handler.render_report(&mut text, self).is_err() {
            text = format!("error: {self}");
        }
        // Where nobody listens there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "{}", text.trim_end());
    }

    /// An error of the operating system about a file.
    pub fn file(path: impl Into<PathBuf>, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, action, error }
    }
}

/// What to do about a file that cannot be read or written.
fn advice(action: &str, kind: std::io::ErrorKind) -> &'static str {
    match (action, kind) {
        ("read", std::io::ErrorKind::NotFound) => "; check the name and the folder you are in",
        ("read", std::io::ErrorKind::IsADirectory) => "; name a file in it",
        ("read", _) => "; check whether you may read it",
        (_, std::io::ErrorKind::PermissionDenied) => "; give --out a folder that you may write to",
        _ => "; give --out a folder on a disk that can be written to and has space",
    }
}
