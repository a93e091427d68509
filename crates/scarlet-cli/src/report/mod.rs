//! A page about a fit: findings, pictures, the sources one by one, the course of the loss, the settings.
//!
//! [`Report`] is plain data; [`Report::html`] makes one file of it that needs nothing else: pictures and drawings
//! are inside, there are no scripts, and it follows the reader's choice of a light or a dark page.
//! [`Report::write_pictures`] writes the same pictures as PNG files.

mod compass;
mod course;
mod cutout;
mod detail;
mod figure;
mod files;
mod findings;
mod growth;
mod histogram;
mod labels;
mod marks;
mod observation;
mod page;
mod panels;
mod scale_bar;
mod selection;
mod sources;
mod upright;

pub use selection::{MOST_SOURCES, MOST_VIEWS, shown};

use crate::files::write_whole;
use crate::markup::number;
use ndarray::Array3;
use scarlet::obs::check::Finding;
use std::io;
use std::path::{Path, PathBuf};

/// All that the page shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// What was fitted; the page's heading.
    pub title: String,
    /// Version of the program.
    pub version: String,
    /// What came out, in a sentence; may be empty.
    pub summary: String,
    /// The numbers at the top, in order.
    pub numbers: Vec<ReportNumber>,
    /// What checks found, in any order; shown worst first.
    pub findings: Vec<Finding>,
    /// The images, in order.
    pub observations: Vec<ReportObservation>,
    /// Names of the channels of [`ReportSource::flux`].
    pub channels: Vec<String>,
    /// Unit of the fluxes, may be empty.
    pub flux_unit: String,
    /// Side of a pixel of the model in arcseconds, where observations have other pixels; lengths are angles then.
    pub model_arcsec: Option<f64>,
    /// The sources, in order.
    pub sources: Vec<ReportSource>,
    /// The loss at each iterate, the start first.
    pub loss: Vec<f64>,
    /// What the loss is minus the sum of, in words.
    pub loss_holds: Vec<&'static str>,
    /// Boxes over the steps, of the sources whose boxes were followed; may be empty.
    pub boxes: Vec<BoxHistory>,
    /// The scene file, or other text that says what was asked for.
    pub settings: String,
    /// Names and versions of what took part, and whatever else makes the fit reproducible.
    pub provenance: Vec<(String, String)>,
}

/// A number at the top of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportNumber {
    /// What it is: `chi2 per pixel`.
    pub label: String,
    /// The number as it is to be read.
    pub value: String,
    /// A remark in small print, may be empty: `converged`.
    pub note: String,
}

impl ReportNumber {
    /// A number given as text.
    #[must_use]
    pub fn new(label: &str, value: &str, note: &str) -> Self {
        let [label, value, note] = [label, value, note].map(str::to_owned);
        Self { label, value, note }
    }

    /// A number shown with four digits.
    #[must_use]
    pub fn real(label: &str, value: f64, note: &str) -> Self {
        Self::new(label, &number(value, 4), note)
    }
}

/// How an image lies on the sky.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Orientation {
    /// Nothing says so; it is shown as it is.
    #[default]
    Unknown,
    /// North is up and east left, to a degree.
    NorthUp,
    /// Pixel offsets `[y, x]` of the image (columns of the matrix) for one pixel to the north and one to the west in a
    /// picture with north up and east left.
    Turned([[f64; 2]; 2]),
}

/// One observation: what was seen, and what the model says should be seen; cubes `[channel, y, x]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReportObservation {
    /// Its name.
    pub name: String,
    /// Its channels, in the order of the cubes.
    pub channels: Vec<String>,
    /// The images.
    pub data: Array3<f32>,
    /// The model as rendered for this observation.
    pub model: Array3<f32>,
    /// Inverse variances; 0 where a pixel does not count.
    pub weights: Array3<f32>,
    /// `(y, x)` of each source in pixels of this observation; one for each of [`Report::sources`].
    pub positions: Vec<[f64; 2]>,
    /// `(y, x)` of each of [`Report::findings`] in the same pixels, for those that have a place; may be shorter.
    pub places: Vec<Option<[f64; 2]>>,
    /// Side of a pixel in arcseconds, where known.
    pub pixel_arcsec: Option<f64>,
    /// How it lies on the sky; pictures have north up and east left.
    pub orientation: Orientation,
}

/// The box of one source over the steps of a fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BoxHistory {
    /// Name of the source.
    pub source: String,
    /// The step at which the box got a size, and that size: rows, columns; in order of the steps.
    pub sizes: Vec<(usize, [usize; 2])>,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReportSource {
    /// Its name.
    pub id: String,
    /// What it is (`star`, `galaxy`), may be empty.
    pub kind: String,
    /// `(y, x)` in pixels of the model frame, 0-based.
    pub position: [f64; 2],
    /// Right ascension and declination in degrees.
    pub sky_deg: Option<[f64; 2]>,
    /// Flux in each of [`Report::channels`].
    pub flux: Vec<f64>,
    /// Standard deviations of the fluxes; may be empty.
    pub flux_error: Vec<f64>,
    /// Standard deviations of the position, `(y, x)` in pixels of the model frame.
    pub position_error: Option<[f64; 2]>,
    /// Half-light radius, in pixels.
    pub size_px: Option<f64>,
    /// Its standard deviation, in pixels.
    pub size_error_px: Option<f64>,
    /// Other numbers of its light: name, value, standard deviation.
    pub derived: Vec<(String, f64, Option<f64>)>,
    /// chi2 per pixel in its box.
    pub chi2_per_pixel: Option<f64>,
    /// What is to be said about it, may be empty.
    pub flags: String,
    /// Its box in the model frame: first row and column, number of rows and columns.
    pub bbox: Option<([i64; 2], [usize; 2])>,
    /// Its box as each observation sees it; a source without views stands in the table only.
    pub views: Vec<ReportView>,
}

/// The box of a source as one observation sees it; cubes `[channel, y, x]` in the observation's channels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReportView {
    /// Index of the observation.
    pub observation: usize,
    /// Row and column of the box's first pixel in the observation.
    pub corner: [usize; 2],
    /// The source's model before the observation's PSF.
    pub model: Array3<f32>,
    /// The source alone, as the observation should see it.
    pub rendered: Array3<f32>,
    /// Rows and columns of pictures with north up, around the middle of the box; all of it where not given.
    pub shown: Option<[usize; 2]>,
}

impl Report {
    /// The page, as one HTML file.
    #[must_use]
    pub fn html(&self) -> String {
        page::html(self)
    }

    /// Writes [`Report::html`] to a file.
    ///
    /// # Errors
    /// The operating system's.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        write_whole(path, self.html().as_bytes())
    }

    /// Writes the pictures of the page as PNG files into `folder`, which must be there; their paths.
    ///
    /// # Errors
    /// The file that cannot be written, and the operating system's reason.
    pub fn write_pictures(&self, folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
        files::write_pictures(self, folder)
    }
}
