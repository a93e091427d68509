//! What can be wrong with an observation and the files it comes from.

use crate::noise::NoiseError;
use scarlet_frame::{BBox, Channel, FrameError};
use scarlet_model::ModelError;
use std::path::PathBuf;

/// What can be wrong with an observation or its files, and what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ObsError {
    /// A file that cannot be opened, written or renamed.
    #[error("cannot {action} {}: {kind}{}", .path.display(), advice(action))]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried: `open`, `write`.
        action: &'static str,
        /// The operating system's reason.
        kind: std::io::ErrorKind,
    },
    /// A file that is there but is not FITS.
    #[error("{} is not a FITS file, or is damaged; copy it again, or give images as FITS (.fits, .fits.gz, .fits.fz)", .path.display())]
    NotFits {
        /// The file.
        path: PathBuf,
    },
    /// A FITS file that ends before its data do.
    #[error("{} is cut short: HDU {hdu} needs more bytes than the file has; copy the file again", .path.display())]
    FitsTruncated {
        /// The file.
        path: PathBuf,
        /// The HDU whose data are incomplete: its name, or its number from 0.
        hdu: String,
    },
    /// A name or number that no HDU of the file has.
    #[error("{} has no HDU {wanted}{}; it has: {}", .path.display(), meant(.wanted, .available), .available.join(", "))]
    NoHdu {
        /// The file.
        path: PathBuf,
        /// What was asked for: `named IMAGE_q`, `number 7`, `with an image`.
        wanted: String,
        /// Names of the HDUs that are there, `#2` for one without a name.
        available: Vec<String>,
    },
    /// An HDU that holds a table or nothing where an image is needed.
    #[error("HDU {hdu} of {} holds {what}, not an image; name the HDU of the image: file.fits[NAME]", .path.display())]
    NotAnImage {
        /// The file.
        path: PathBuf,
        /// Name or number of the HDU.
        hdu: String,
        /// What it holds.
        what: &'static str,
    },
    /// An image with the wrong number of axes.
    #[error("HDU {hdu} of {} has axes {shape:?}; {wanted} is needed", .path.display())]
    ImageAxes {
        /// The file.
        path: PathBuf,
        /// Name or number of the HDU.
        hdu: String,
        /// Lengths of its axes, slowest first.
        shape: Vec<usize>,
        /// What is needed: `an image [y, x]`, `a cube [channel, y, x]`.
        wanted: &'static str,
    },
    /// An image that does not fit into the memory.
    #[error(
        "HDU {hdu} of {} says it has axes {shape:?}: more than this machine's memory holds; cut the image into pieces",
        .path.display()
    )]
    ImageTooLarge {
        /// The file.
        path: PathBuf,
        /// Name or number of the HDU.
        hdu: String,
        /// Lengths of its axes, slowest first.
        shape: Vec<usize>,
    },
    /// A mask whose pixels are not integers.
    #[error(
        "HDU {hdu} of {} is read as a mask but holds {value} at pixel {pixel:?}; masks are whole numbers from 0 on",
        .path.display()
    )]
    MaskNotInteger {
        /// The file.
        path: PathBuf,
        /// Name or number of the HDU.
        hdu: String,
        /// The first pixel that is no integer, slowest axis first, from 0.
        pixel: Vec<usize>,
        /// Its value.
        value: f64,
    },
    /// Any other problem that cfitsio finds in a file.
    #[error(
        "cannot read HDU {hdu} of {}: {message} (cfitsio status {status}); copy the file again, or check it with fitsverify",
        .path.display()
    )]
    FitsRead {
        /// The file.
        path: PathBuf,
        /// Name or number of the HDU.
        hdu: String,
        /// cfitsio's number for the problem.
        status: i32,
        /// cfitsio's words for it.
        message: String,
    },
    /// A `file.fits[HDU]` specification that cannot be understood.
    #[error("`{text}`: {problem}")]
    FitsSpec {
        /// The text as given.
        text: String,
        /// What is wrong and what to do.
        problem: &'static str,
    },
    /// A keyword, name or column that a FITS file cannot hold.
    #[error("cannot write `{name}` to {}: {problem}", .path.display())]
    FitsContent {
        /// The file.
        path: PathBuf,
        /// The keyword, HDU or column.
        name: String,
        /// What is wrong and what to do.
        problem: &'static str,
    },
    /// A table without what is needed of it.
    #[error("HDU {hdu} of {}: {problem}", .path.display())]
    FitsTable {
        /// The file.
        path: PathBuf,
        /// The HDU.
        hdu: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A compressed image whose header makes no sense.
    #[error("HDU {hdu} of {} cannot be uncompressed: {problem}; copy the file again, or compress it anew", .path.display())]
    FitsCompression {
        /// The file.
        path: PathBuf,
        /// The HDU.
        hdu: String,
        /// What is wrong.
        problem: String,
    },
    /// An array that does not fit the observation's frame.
    #[error(
        "{observation}: the {what} have shape {found:?}, and the frame {expected:?} [channel, y, x]; give one plane of \
         the same pixels for each channel"
    )]
    Shape {
        /// Name of the observation.
        observation: String,
        /// Which array.
        what: &'static str,
        /// Shape of the frame.
        expected: [usize; 3],
        /// Shape of the array.
        found: Vec<usize>,
    },
    /// A pixel that cannot be used.
    #[error(
        "{observation}, channel {channel}, pixel (y, x) = ({y}, {x}): the {what} is {value}; it must be {allowed}"
    )]
    Pixel {
        /// Name of the observation.
        observation: String,
        /// Its channel.
        channel: Box<Channel>,
        /// Row.
        y: usize,
        /// Column.
        x: usize,
        /// Data or weight.
        what: &'static str,
        /// What is there.
        value: f64,
        /// What may be there.
        allowed: &'static str,
    },
    /// No pixel has a positive weight.
    #[error(
        "{observation}: no pixel has a positive weight; check the weights (inverse variances) and the mask"
    )]
    NoData {
        /// Name of the observation.
        observation: String,
    },
    /// A channel that is not in the model frame.
    #[error(
        "{observation}: channel {channel} is not in the model frame, which has {}; add it to the scene, or leave it out \
         of the observation", list(.model)
    )]
    NoChannel {
        /// Name of the observation.
        observation: String,
        /// Its channel.
        channel: Channel,
        /// Channels of the model frame.
        model: Vec<Channel>,
    },
    /// An observation that sees nothing, or not enough, of the model frame.
    #[error(
        "{observation}: its pixels {bbox} are not covered by the model frame's {model}; enlarge the model frame"
    )]
    NoOverlap {
        /// Name of the observation.
        observation: String,
        /// Its pixels in the model frame.
        bbox: BBox,
        /// Those of the model frame.
        model: BBox,
    },
    /// A source that no observation sees.
    #[error(
        "source at (y, x) = ({}, {}) of the model frame: no pixel within {reach_px} pixels of it has a positive weight in \
         {}; check its position (it is y, x), unmask it, or leave it out", .center[0], .center[1], .observations.join(", ")
    )]
    SourceUnseen {
        /// Its position `(y, x)` in pixels of the model frame.
        center: [f64; 2],
        /// How far around it was looked.
        reach_px: usize,
        /// Names of the observations.
        observations: Vec<String>,
    },
    /// A channel of the model frame that nothing was observed in.
    #[error(
        "channel {channel} of the model frame is in none of the observations; add one that has it or drop the channel"
    )]
    ChannelUnobserved {
        /// The channel.
        channel: Channel,
    },
    /// No observation was given.
    #[error("start values need at least one observation")]
    NoObservations,
    /// A source without components.
    #[error("an extended source needs at least one component; 0 were asked for")]
    NoComponents,
    /// FFTs of a shape that was asked for are too small.
    #[error(
        "{observation}: FFTs of {shape:?} do not hold the model and its PSF; ask for at least {needed:?}, or for none"
    )]
    FftShape {
        /// Name of the observation.
        observation: String,
        /// The shape that was asked for.
        shape: [usize; 2],
        /// The least that would do.
        needed: [usize; 2],
    },
    /// Something about its frame.
    #[error("{observation}: {error}")]
    InObservation {
        /// Name of the observation.
        observation: String,
        /// What is wrong.
        error: FrameError,
    },
    /// Something about its noise.
    #[error("{observation}: {error}")]
    Noise {
        /// Name of the observation.
        observation: String,
        /// What is wrong.
        error: NoiseError,
    },
    /// Something about the model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Something about a frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl ObsError {
    /// The same error about the observation called `name`, where it is about one.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        match &mut self {
            Self::Shape { observation, .. }
            | Self::Pixel { observation, .. }
            | Self::NoData { observation }
            | Self::NoChannel { observation, .. }
            | Self::NoOverlap { observation, .. }
            | Self::FftShape { observation, .. }
            | Self::Noise { observation, .. }
            | Self::InObservation { observation, .. } => name.clone_into(observation),
            _ => {}
        }
        self
    }

    /// Says in which observation something is wrong with a frame.
    pub(crate) fn in_observation(name: &str, error: &FrameError) -> Self {
        Self::InObservation { observation: name.to_owned(), error: error.clone() }
    }
}

fn list(channels: &[Channel]) -> String {
    channels.iter().map(Channel::to_string).collect::<Vec<_>>().join(", ")
}

/// The HDU whose name is most like the one that was asked for.
fn meant(wanted: &str, available: &[String]) -> String {
    let name = wanted.strip_prefix("named ").unwrap_or_default();
    let found = scarlet_frame::nearest(name, available.iter().map(String::as_str));
    found.map_or_else(String::new, |found| format!(", did you mean {found}?"))
}

fn advice(action: &str) -> &'static str {
    match action {
        "write" => "; the disk may be full, or the folder not for you to write to: choose another",
        _ => "",
    }
}
