//! How observations see a model, as records for JSON and as a table for a terminal.

use scarlet::obs::{PsfSize, SightSummary};
use serde::Serialize;
use std::fmt::Write as _;

/// What `check --json` says of an observation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SightRecord {
    /// Its name.
    pub observation: String,
    /// Channels, rows, columns.
    pub shape: [usize; 3],
    /// Side of a pixel; null without a WCS, like the next two.
    pub pixel_arcsec: Option<f64>,
    /// Position angle of the +y axis, from north towards east.
    pub position_angle_deg: Option<f64>,
    /// Whether it is a mirror image of the sky.
    pub is_mirrored: Option<bool>,
    /// Model pixels along one of its pixels.
    pub model_pixels_per_pixel: f64,
    /// Direction of its +x axis in the model, from +x towards +y.
    pub angle_in_model_deg: f64,
    /// By how many whole pixels it is moved in the model, where that is all.
    pub whole_pixel_shift: Option<[i64; 2]>,
    /// Largest deviation from an affine map, in pixels of the model.
    pub distortion_px: f64,
    /// First row and column, and numbers of rows and columns, of the model's pixels around its own.
    pub footprint: [i64; 4],
    /// Share of its pixels that lie on the model.
    pub overlap: f64,
    /// Its PSF in each channel; empty without one.
    pub psf: Vec<PsfRecord>,
    /// How it is rendered.
    pub renderer: String,
    /// Milliseconds of one step on one thread, as measured once.
    pub step_ms: f64,
    /// Milliseconds to plan the rendering.
    pub planning_ms: f64,
}

/// Full width at half maximum of the core of a PSF.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PsfRecord {
    /// The channel.
    pub channel: String,
    /// In pixels of the observation.
    pub fwhm_px: Option<f64>,
    /// On the sky.
    pub fwhm_arcsec: Option<f64>,
}

impl From<&SightSummary> for SightRecord {
    fn from(seen: &SightSummary) -> Self {
        let ([y, x], [rows, columns]) = (seen.footprint.origin(), seen.footprint.shape());
        let psf = |psf: &PsfSize| PsfRecord {
            channel: psf.channel.to_string(),
            fwhm_px: psf.fwhm_px,
            fwhm_arcsec: psf.fwhm.map(|angle| angle.arcsec()),
        };
        Self {
            observation: seen.observation.clone(),
            shape: seen.shape,
            pixel_arcsec: seen.pixel_scale.map(|angle| angle.arcsec()),
            position_angle_deg: seen.position_angle.map(|angle| angle.degrees()),
            is_mirrored: seen.is_flipped,
            model_pixels_per_pixel: seen.model_pixels_per_pixel,
            angle_in_model_deg: seen.angle_in_model.degrees(),
            whole_pixel_shift: seen.whole_pixel_shift,
            distortion_px: seen.distortion_px,
            footprint: [y, x, rows as i64, columns as i64],
            overlap: seen.overlap,
            psf: seen.psf.iter().map(psf).collect(),
            renderer: seen.renderer.clone(),
            step_ms: seen.cost.step.as_secs_f64() * 1e3,
            planning_ms: seen.cost.planning.as_secs_f64() * 1e3,
        }
    }
}

const HEADINGS: [&str; 11] = [
    "observation",
    "channels, y, x",
    "pixel",
    "angle",
    "east is",
    "model px",
    "distortion",
    "inside",
    "PSF FWHM",
    "step",
    "plan",
];

/// The observations for people, one line each.
#[must_use]
pub fn table(records: &[SightRecord]) -> String {
    let rows: Vec<([String; 11], &str)> =
        records.iter().map(|record| (cells(record), record.renderer.as_str())).collect();
    let width = |k: usize| {
        let longest = rows.iter().map(|(cells, _)| cells[k].chars().count()).max();
        longest.unwrap_or(0).max(HEADINGS[k].len())
    };
    let widths: [usize; 11] = std::array::from_fn(width);
    let mut text = String::new();
    let mut line = |cells: &[String; 11], renderer: &str| {
        for (cell, width) in cells.iter().zip(widths) {
            let _ = write!(text, "{cell:<width$}  ");
        }
        let _ = writeln!(text, "{renderer}");
    };
    line(&HEADINGS.map(str::to_owned), "renderer");
    rows.iter().for_each(|(cells, renderer)| line(cells, renderer));
    text + "\n"
}

fn cells(record: &SightRecord) -> [String; 11] {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let [channels, ny, nx] = record.shape;
    let shift = record.whole_pixel_shift.map(|[y, x]| format!(" moved by {y}, {x}"));
    [
        record.observation.clone(),
        format!("{channels}, {ny}, {nx}"),
        or_none(record.pixel_arcsec.map(|side| format!("{side:.4}\""))),
        or_none(record.position_angle_deg.map(|angle| format!("{:.2} deg", unsigned_zero(angle)))),
        or_none(record.is_mirrored.map(|mirrored| if mirrored { "right" } else { "left" }.to_owned())),
        format!("{:.4}{}", record.model_pixels_per_pixel, shift.unwrap_or_default()),
        format!("{:.1e} px", record.distortion_px),
        format!("{:.0}%", 100.0 * record.overlap),
        psf_range(&record.psf),
        format!("{:.2} ms", record.step_ms),
        format!("{:.1} ms", record.planning_ms),
    ]
}

/// The narrowest and the widest PSF: `0.58-0.77"`.
fn psf_range(psf: &[PsfRecord]) -> String {
    let range = |widths: Vec<f64>, unit: &str| {
        let low = widths.iter().copied().reduce(f64::min)?;
        let high = widths.iter().copied().reduce(f64::max)?;
        let same = high - low < 5e-4 * high;
        Some(if same { format!("{low:.3}{unit}") } else { format!("{low:.3}-{high:.3}{unit}") })
    };
    let on_sky = range(psf.iter().filter_map(|p| p.fwhm_arcsec).collect(), "\"");
    let in_px = || range(psf.iter().filter_map(|p| p.fwhm_px).collect(), " px");
    on_sky.or_else(in_px).unwrap_or_else(|| "-".to_owned())
}

/// What is shown as 0 without a minus sign.
fn unsigned_zero(value: f64) -> f64 {
    if value.abs() < 5e-3 { 0.0 } else { value }
}
