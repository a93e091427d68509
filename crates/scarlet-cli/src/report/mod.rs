//! A page about a fit: pictures, the course of the loss, the sources, the settings.
//!
//! [`Report`] is plain data; [`Report::html`] makes one file of it that needs nothing else: pictures and drawings
//! are inside, there are no scripts, and it follows the reader's choice of a light or a dark page.

mod observation;
mod page;
mod sources;

use crate::files::write_whole;
use crate::markup::number;
use crate::picture::{Curve, YScale};
use ndarray::Array3;
use std::io;
use std::path::Path;

/// All that the page shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// What was fitted; the page's heading.
    pub title: String,
    /// Version of the program.
    pub version: String,
    /// The numbers at the top, in order.
    pub numbers: Vec<ReportNumber>,
    /// What the reader should know before trusting the fit, in order; shown above everything else.
    pub findings: Vec<String>,
    /// The images, in order.
    pub observations: Vec<ReportObservation>,
    /// Names of the channels of [`ReportSource::flux`].
    pub channels: Vec<String>,
    /// Unit of the fluxes, may be empty.
    pub flux_unit: String,
    /// The sources, in order.
    pub sources: Vec<ReportSource>,
    /// The loss after each step.
    pub loss: Vec<f64>,
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

/// One observation: what was seen, and what the model says should be seen; cubes `[channel, y, x]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportObservation {
    /// Its name.
    pub name: String,
    /// Its channels, from blue to red.
    pub channels: Vec<String>,
    /// The images.
    pub data: Array3<f32>,
    /// The model as rendered for this observation.
    pub model: Array3<f32>,
    /// Inverse variances; 0 where a pixel does not count.
    pub weights: Array3<f32>,
    /// `(y, x)` of each source in pixels of this observation; one for each of [`Report::sources`].
    pub positions: Vec<[f64; 2]>,
    /// Side of a pixel in arcseconds, where known.
    pub pixel_arcsec: Option<f64>,
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
    /// Half-light radius, in pixels.
    pub size_px: Option<f64>,
    /// chi2 per pixel in its box.
    pub chi2_per_pixel: Option<f64>,
    /// What is to be said about it, may be empty.
    pub flags: String,
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

    /// The loss above its lowest value over the steps, from 1, by powers of ten.
    fn loss_curve(&self) -> Curve {
        let lowest = self.lowest_loss().map_or(0.0, |(_, lowest)| lowest);
        let points =
            self.loss.iter().enumerate().map(|(step, loss)| [step as f64 + 1.0, loss - lowest]).collect();
        Curve {
            title: "Loss above its lowest value, over the steps of the fit".to_owned(),
            x_label: "step".to_owned(),
            y_label: "loss above its lowest value".to_owned(),
            y_scale: YScale::Log,
            points,
        }
    }

    /// Step, from 1, and value of the lowest loss.
    fn lowest_loss(&self) -> Option<(usize, f64)> {
        let finite = self.loss.iter().copied().enumerate().filter(|(_, loss)| loss.is_finite());
        finite.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(step, loss)| (step + 1, loss))
    }
}
