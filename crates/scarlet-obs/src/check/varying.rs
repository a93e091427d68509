//! How much a PSF varies over an observation, and whether it is known there.

use super::{Finding, Severity, core};
use crate::Observation;
use ndarray::Array2;
use scarlet_frame::{BBox, VaryingPsf};

/// Places along each axis where a PSF is measured.
const PLACES: usize = 5;
/// Pixels beyond the range where a PSF is known that nobody needs to hear of.
const BEYOND_PX: f64 = 1.0;

/// How much a PSF varies over an observation: smallest and largest values of 5 x 5 places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PsfRange {
    /// Full width at half maximum of the Gaussian that is as wide as its core, in pixels.
    pub fwhm_px: [f64; 2],
    /// Ellipticity (a^2 - b^2) / (a^2 + b^2) of its core.
    pub ellipticity: [f64; 2],
}

impl PsfRange {
    /// Of `channel` over the pixels of `bbox`; none where the PSF has no core at any of the places.
    #[must_use]
    pub fn of(psf: &VaryingPsf, channel: usize, bbox: BBox) -> Option<Self> {
        let none = [f64::INFINITY, f64::NEG_INFINITY];
        let mut range = Self { fwhm_px: none, ellipticity: none };
        for at in places(bbox) {
            let image = psf.at(at).ok()?.sampled(if psf.planes() == 1 { 0 } else { channel });
            let Some(core) = core(image.view()) else { continue };
            let widen = |[low, high]: [f64; 2], value: f64| [low.min(value), high.max(value)];
            range.fwhm_px = widen(range.fwhm_px, core.fwhm_px());
            range.ellipticity = widen(range.ellipticity, ellipticity(&image, core.center, core.sigma_px));
        }
        range.fwhm_px[0].is_finite().then_some(range)
    }
}

/// From end to end of a box.
fn places(bbox: BBox) -> impl Iterator<Item = [f64; 2]> {
    let along = move |k: usize, i: usize| {
        let (first, last) = (bbox.origin()[k] as f64, (bbox.end()[k] - 1) as f64);
        first + (last - first) * i as f64 / (PLACES - 1) as f64
    };
    (0..PLACES * PLACES).map(move |i| [along(0, i / PLACES), along(1, i % PLACES)])
}

/// Of a Gaussian from moments under a round Gaussian of its width, which halves it.
fn ellipticity(image: &Array2<f64>, center: [f64; 2], sigma: f64) -> f64 {
    let mut moments = [0.0; 3];
    for ((y, x), value) in image.indexed_iter() {
        let (dy, dx) = (y as f64 - center[0], x as f64 - center[1]);
        let light = value * (-0.5 * (dy * dy + dx * dx) / (sigma * sigma)).exp();
        let terms = [light * dy * dy, light * dx * dx, light * dy * dx];
        moments.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }
    let [yy, xx, yx] = moments;
    2.0 * (xx - yy).hypot(2.0 * yx) / (xx + yy)
}

pub(super) fn findings(observation: &Observation) -> Vec<Finding> {
    let frame = observation.frame();
    let Some(psf) = frame.varying_psf_ref() else { return Vec::new() };
    let made = |severity, code, problem, advice: &str| Finding {
        severity,
        code,
        subject: format!("PSF of observation {}", observation.name()),
        problem,
        advice: advice.to_owned(),
        position: None,
    };
    let mut found = Vec::new();
    let ranges = (0..psf.planes()).filter_map(|c| PsfRange::of(psf, c, frame.bbox()));
    let wider = ranges.reduce(|a, b| PsfRange {
        fwhm_px: [a.fwhm_px[0].min(b.fwhm_px[0]), a.fwhm_px[1].max(b.fwhm_px[1])],
        ellipticity: [a.ellipticity[0].min(b.ellipticity[0]), a.ellipticity[1].max(b.ellipticity[1])],
    });
    if let Some(PsfRange { fwhm_px: [narrow, wide], ellipticity: [round, long] }) = wider {
        let problem = format!(
            "it varies over the image: FWHM {narrow:.2} to {wide:.2} px, ellipticity {round:.3} to {long:.3}"
        );
        let advice = "nothing to do: every place is seen through its own PSF; the renderer says with how many components";
        found.push(made(Severity::Note, "psf_varies", problem, advice));
    }
    if let Some(beyond) = beyond(psf, frame.bbox()).filter(|px| *px > BEYOND_PX) {
        let problem = format!("the image reaches {beyond:.0} px beyond the places that it was fitted to");
        let advice = "check where the image lies on the detector (in a scene file: psf: { first_pixel: [y, x] }); beyond \
                      the places of its stars a PSF is a guess";
        found.push(made(Severity::Warning, "psf_extrapolated", problem, advice));
    }
    found
}

/// By how many pixels a box reaches beyond where the PSF of any channel is known.
fn beyond(psf: &VaryingPsf, bbox: BBox) -> Option<f64> {
    let of_field = |c: usize| {
        let [low, high] = psf.field(c).law().range();
        let of_axis = |k: usize| (low[k] - bbox.origin()[k] as f64).max((bbox.end()[k] - 1) as f64 - high[k]);
        of_axis(0).max(of_axis(1))
    };
    (0..psf.planes()).map(of_field).reduce(f64::max)
}
