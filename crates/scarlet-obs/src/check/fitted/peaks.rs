//! Light that nobody claims: peaks of the residual.

use crate::catalog::SourceMeasurement;
use crate::check::coverage::seeing;
use crate::check::filter::{Filtered, point_sources};
use crate::check::robust::scatter_about;
use crate::check::scene::sharpest_fwhm_px;
use crate::check::{Finding, Limits, Severity, number};
use crate::{ObsError, Observation};
use ndarray::{Array2, Array3, Axis};
use scarlet_frame::{BBox, Frame};
use scarlet_model::Scene;

/// A peak within this many full widths at half maximum of a source's centre, and half a pixel, is at the source ...
const CORE_FWHM: f64 = 1.0;
const HALF_PX: f64 = 0.5;
/// ... and part of how its model fails to fit where it is below this share of the source's flux there.
const CORE_SHARE: f64 = 0.1;
/// Width of PSFs that are not given, in pixels.
const FWHM_PX_WITHOUT_PSF: f64 = 2.5;

/// The residual of one channel of one observation, filtered.
#[derive(Debug)]
struct Layer {
    name: String,
    channel: usize,
    /// Its pixels in the model frame.
    bbox: BBox,
    filtered: Filtered,
    /// How much more the filtered residual scatters than it should, at least 1.
    scatter: f64,
}

impl Layer {
    fn snr(&self, at: [i64; 2]) -> Option<f64> {
        let pixel = self.pixel(at)?;
        Some(self.filtered.snr[pixel] / self.scatter)
    }

    fn pixel(&self, at: [i64; 2]) -> Option<[usize; 2]> {
        let inside = (0..2).all(|k| at[k] >= self.bbox.origin()[k] && at[k] < self.bbox.end()[k]);
        inside.then(|| [0, 1].map(|k| (at[k] - self.bbox.origin()[k]) as usize))
    }
}

/// A peak of the residual.
#[derive(Debug, Clone, Copy)]
struct Peak {
    at: [i64; 2],
    snr: f64,
}

pub(super) fn findings(
    scene: &Scene,
    observations: &[&Observation],
    rendered: &[Array3<f64>],
    sources: &[SourceMeasurement],
    limits: &Limits,
) -> Result<Vec<Finding>, ObsError> {
    let model = scene.frame();
    let fwhm = sharpest_fwhm_px(observations).unwrap_or(FWHM_PX_WITHOUT_PSF);
    let layers = layers(model, observations, rendered)?;
    let peaks = separate(peaks(&significance(model.bbox(), &layers), model.bbox(), limits.peak_snr), fwhm);
    let (mut found, mut left) = (Vec::new(), 0_usize);
    for peak in peaks {
        match at_source(&peak, &layers, sources, fwhm) {
            Some(core) => found.push(core_finding(&peak, core)),
            None if found.len() < limits.peaks => {
                found.push(peak_finding(&peak, model, &layers, sources, fwhm))
            }
            None => left += 1,
        }
    }
    if left > 0 {
        found.push(Finding {
            severity: Severity::Warning,
            code: "undetected_sources",
            subject: "residual".to_owned(),
            problem: format!("{left} more peaks above {} sigma that no source accounts for", limits.peak_snr),
            advice: "run a detection on the residual, add what it finds to the catalogue, and fit again"
                .to_owned(),
            position: None,
        });
    }
    Ok(found)
}

fn layers(
    model: &Frame,
    observations: &[&Observation],
    rendered: &[Array3<f64>],
) -> Result<Vec<Layer>, ObsError> {
    let mut layers = Vec::new();
    for (observation, rendered) in observations.iter().zip(rendered) {
        let bbox = observation.bbox_in(model)?;
        let residual = observation.data() - rendered;
        for (own, name) in observation.frame().channel_names().iter().enumerate() {
            let weights = observation.weights().index_axis(Axis(0), own);
            let image = residual.index_axis(Axis(0), own);
            let filtered = point_sources(image, weights, &seeing(observation, own));
            let mut values: Vec<f64> = filtered.snr.iter().copied().filter(|v| *v != 0.0).collect();
            let Some(scatter) = scatter_about(&mut values, 0.0) else { continue };
            let channel = model.channel_index(name).unwrap_or(0);
            layers.push(Layer { name: name.to_string(), channel, bbox, filtered, scatter: scatter.max(1.0) });
        }
    }
    Ok(layers)
}

/// The larger of the best channel's signal-to-noise ratio and that of all channels at equal weight,
/// sum(snr) / sqrt(n).
fn significance(bbox: BBox, layers: &[Layer]) -> Array2<f64> {
    let [ny, nx] = bbox.shape();
    Array2::from_shape_fn((ny, nx), |(y, x)| {
        let at = [bbox.origin()[0] + y as i64, bbox.origin()[1] + x as i64];
        let (mut sum, mut count, mut best) = (0.0, 0_usize, 0.0_f64);
        for snr in layers.iter().filter_map(|layer| layer.snr(at)) {
            (sum, count, best) = (sum + snr, count + 1, best.max(snr));
        }
        best.max(sum / (count.max(1) as f64).sqrt())
    })
}

/// Pixels above `threshold` that are brighter than their eight neighbours, the brightest first.
fn peaks(map: &Array2<f64>, bbox: BBox, threshold: f64) -> Vec<Peak> {
    let mut peaks = Vec::new();
    for ((y, x), snr) in map.indexed_iter().filter(|(_, v)| **v >= threshold) {
        let around = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dy, dx))).filter(|d| *d != (0, 0));
        let is_highest = around.into_iter().all(|(dy, dx)| {
            let neighbour = y.checked_add_signed(dy).zip(x.checked_add_signed(dx));
            neighbour.and_then(|(y, x)| map.get([y, x])).is_none_or(|v| v <= snr)
        });
        if is_highest {
            let at = [bbox.origin()[0] + y as i64, bbox.origin()[1] + x as i64];
            peaks.push(Peak { at, snr: *snr });
        }
    }
    peaks.sort_by(|a, b| b.snr.total_cmp(&a.snr));
    peaks
}

/// Drops peaks that are within `fwhm` of a brighter one.
fn separate(peaks: Vec<Peak>, fwhm: f64) -> Vec<Peak> {
    let mut kept: Vec<Peak> = Vec::new();
    for peak in peaks {
        if kept.iter().all(|k| distance(k.at.map(|c| c as f64), peak.at.map(|c| c as f64)) > fwhm) {
            kept.push(peak);
        }
    }
    kept
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Flux in the channel in which a peak is most significant: the channel, its name and the flux.
fn best_flux<'a>(peak: &Peak, layers: &'a [Layer]) -> Option<(&'a Layer, f64)> {
    let seen = layers.iter().filter_map(|layer| Some((layer, layer.pixel(peak.at)?, layer.snr(peak.at)?)));
    let (layer, pixel, _) = seen.reduce(|best, next| if next.2 > best.2 { next } else { best })?;
    Some((layer, layer.filtered.flux(pixel)))
}

/// The source at whose centre a peak is, and the peak's flux as a share of the source's, where that is small.
fn at_source<'a>(
    peak: &Peak,
    layers: &[Layer],
    sources: &'a [SourceMeasurement],
    fwhm: f64,
) -> Option<(&'a SourceMeasurement, f64)> {
    let (layer, flux) = best_flux(peak, layers)?;
    let near = sources
        .iter()
        .filter(|s| distance(s.center, peak.at.map(|c| c as f64)) <= CORE_FWHM * fwhm + HALF_PX);
    let shares = near.map(|source| (source, flux / source.flux[layer.channel]));
    shares
        .filter(|(_, share)| *share > 0.0 && *share < CORE_SHARE)
        .reduce(|a, b| if b.1 < a.1 { b } else { a })
}

fn core_finding(peak: &Peak, (source, share): (&SourceMeasurement, f64)) -> Finding {
    Finding {
        severity: Severity::Note,
        code: "residual_at_centre",
        subject: format!("source {}", source.id),
        problem: format!(
            "{:.1}% of its flux is left near its centre, at (y, x) = ({}, {}), {:.1} sigma",
            100.0 * share,
            peak.at[0],
            peak.at[1],
            peak.snr
        ),
        advice: "the PSF or the model's shape does not fit to that precision; no new source".to_owned(),
        position: Some(peak.at.map(|c| c as f64)),
    }
}

fn peak_finding(
    peak: &Peak,
    model: &Frame,
    layers: &[Layer],
    sources: &[SourceMeasurement],
    fwhm: f64,
) -> Finding {
    let position = peak.at.map(|c| c as f64);
    let sky = model.wcs_ref().and_then(|_| model.to_sky(position).ok());
    let sky = sky.map_or_else(String::new, |s| format!(" ({s})"));
    let flux = best_flux(peak, layers).map_or_else(String::new, |(layer, flux)| match layer.name.as_str() {
        "" => format!(", flux {}", number(flux)),
        name => format!(", flux {} in channel {name}", number(flux)),
    });
    let nearest = sources
        .iter()
        .map(|s| (s, distance(s.center, position)))
        .reduce(|best, next| if next.1 < best.1 { next } else { best });
    let owner = nearest.filter(|(s, d)| *d < (2.0 * s.half_light_radius_px.unwrap_or(0.0)).max(2.0 * fwhm));
    let at = format!("at (y, x) = ({}, {}){sky}", peak.at[0], peak.at[1]);
    let (code, subject, advice) = match owner {
        Some((source, _)) => (
            "residual_in_source",
            format!("source {}", source.id),
            "a neighbour that is not in the catalogue, or structure that the model is too simple for: look at the residual \
             there, add a source, or give this one another component",
        ),
        None => (
            "undetected_source",
            "residual".to_owned(),
            "add a source at this position to the catalogue and fit again, or mask it if it is an artefact",
        ),
    };
    let beside = owner.map_or_else(String::new, |(_, d)| format!(", {d:.1} px from its centre"));
    Finding {
        severity: Severity::Warning,
        code,
        subject,
        problem: format!("light that no source accounts for {at}{beside}: {:.1} sigma{flux}", peak.snr),
        advice: advice.to_owned(),
        position: Some(position),
    }
}
