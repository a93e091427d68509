//! Light that nobody claims: peaks of the residual.

use crate::Sight;
use crate::catalog::SourceMeasurement;
use crate::check::coverage::seeing;
use crate::check::filter::{Filtered, point_sources};
use crate::check::robust::scatter_about;
use crate::check::scene::Lookout;
use crate::check::{Finding, Limits, Severity, number};
use ndarray::{Array2, Array3, Axis};
use scarlet_frame::{BBox, Frame, GridAffine};
use scarlet_model::Scene;

/// A peak within this many full widths at half maximum of a source's centre, and half a pixel, is at the source ...
const CORE_FWHM: f64 = 1.0;
const HALF_PX: f64 = 0.5;
/// ... and part of how its model fails to fit where it is below this share of the source's flux there.
const CORE_SHARE: f64 = 0.1;
/// Grids that deviate less from an affine one, in pixels of the model, are taken for it.
const STRAIGHT_PX: f64 = 0.05;
/// Width of PSFs that are not given, in pixels.
const FWHM_PX_WITHOUT_PSF: f64 = 2.5;

/// The residual of one channel of one observation, filtered.
#[derive(Debug)]
struct Layer {
    name: String,
    channel: usize,
    /// Which observation it is of.
    lookout: usize,
    filtered: Filtered,
    /// How much more the filtered residual scatters than it should, at least 1.
    scatter: f64,
    /// Width of the PSF, in pixels of the model.
    fwhm: f64,
}

impl Layer {
    /// Interpolated linearly between pixels, so that the peak of a coarse one is a peak in the model frame.
    fn snr(&self, at: [f64; 2]) -> Option<f64> {
        let pixel = self.pixel(at)?;
        let snr = |pixel: [usize; 2]| self.filtered.snr.get(pixel).copied();
        let low = at.map(f64::floor);
        let part = [at[0] - low[0], at[1] - low[1]];
        let corner = |dy: f64, dx: f64| {
            let of = |k: usize, d: f64| (low[k] + d).max(0.0) as usize;
            let share = (1.0 - (part[0] - dy).abs()) * (1.0 - (part[1] - dx).abs());
            if share == 0.0 {
                0.0
            } else {
                share * snr([of(0, dy), of(1, dx)]).unwrap_or(self.filtered.snr[pixel])
            }
        };
        let sum = corner(0.0, 0.0) + corner(0.0, 1.0) + corner(1.0, 0.0) + corner(1.0, 1.0);
        Some(sum / self.scatter)
    }

    fn pixel(&self, at: [f64; 2]) -> Option<[usize; 2]> {
        let (ny, nx) = self.filtered.snr.dim();
        let on = |v: f64, n: usize| v >= -0.5 && v < n as f64 - 0.5;
        (on(at[0], ny) && on(at[1], nx)).then(|| [(at[0] + 0.5) as usize, (at[1] + 0.5) as usize])
    }
}

/// From the pixels of the model frame to those of each observation's arrays.
struct Ways(Vec<Way>);

enum Way {
    Affine(GridAffine, [f64; 2]),
    Exact(Sight, [f64; 2]),
}

impl Ways {
    fn new(lookouts: &[Lookout<'_>]) -> Self {
        let way = |lookout: &Lookout<'_>| {
            let sight = &lookout.sight;
            let origin = sight.pixels().origin().map(|c| c as f64);
            let is_straight = sight.distortion_px().is_ok_and(|px| px < STRAIGHT_PX);
            match sight.affine().inverse().filter(|_| is_straight) {
                Some(inverse) => Way::Affine(inverse, origin),
                None => Way::Exact(sight.clone(), origin),
            }
        };
        Self(lookouts.iter().map(way).collect())
    }

    /// Writes where a pixel of the model frame is in the arrays of each observation.
    fn of(&self, at: [i64; 2], places: &mut Vec<Option<[f64; 2]>>) {
        let at = at.map(|c| c as f64);
        let place = |way: &Way| match way {
            Way::Affine(affine, [y, x]) => Some(affine.apply(at)).map(|p| [p[0] - y, p[1] - x]),
            Way::Exact(sight, [y, x]) => sight.to_observation(at).ok().map(|p| [p[0] - y, p[1] - x]),
        };
        places.clear();
        places.extend(self.0.iter().map(place));
    }
}

/// A peak of the residual.
#[derive(Debug, Clone, Copy)]
struct Peak {
    at: [i64; 2],
    snr: f64,
}

/// A peak in the layer that sees it best.
#[derive(Debug, Clone, Copy)]
struct BestSeen<'a> {
    peak: Peak,
    layer: &'a Layer,
    /// Of a point source there.
    flux: f64,
}

pub(super) fn findings(
    scene: &Scene,
    lookouts: &[Lookout<'_>],
    rendered: &[Array3<f64>],
    sources: &[SourceMeasurement],
    limits: &Limits,
) -> Vec<Finding> {
    let (model, ways) = (scene.frame(), Ways::new(lookouts));
    let layers = layers(lookouts, rendered);
    let peaks = peaks(&significance(model.bbox(), &layers, &ways), model.bbox(), limits.peak_snr);
    let (mut found, mut left) = (Vec::new(), 0_usize);
    for peak in separate(peaks, &layers, &ways) {
        match at_source(&peak, sources) {
            Some(core) => found.push(core_finding(&peak.peak, core)),
            None if found.len() < limits.peaks => found.push(peak_finding(&peak, model, sources)),
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
    found
}

fn layers(lookouts: &[Lookout<'_>], rendered: &[Array3<f64>]) -> Vec<Layer> {
    let mut layers = Vec::new();
    for (lookout, (Lookout { observation, sight, fwhm_px }, rendered)) in
        lookouts.iter().zip(rendered).enumerate()
    {
        let fwhm = fwhm_px.unwrap_or(FWHM_PX_WITHOUT_PSF * sight.model_pixels_per_pixel());
        let residual = observation.data() - rendered;
        for (own, name) in observation.frame().channel_names().iter().enumerate() {
            let weights = observation.weights().index_axis(Axis(0), own);
            let image = residual.index_axis(Axis(0), own);
            let filtered = point_sources(image, weights, &seeing(observation, own));
            let mut values: Vec<f64> = filtered.snr.iter().copied().filter(|v| *v != 0.0).collect();
            let Some(scatter) = scatter_about(&mut values, 0.0) else { continue };
            let (name, channel) = (name.to_string(), sight.channels()[own]);
            layers.push(Layer { name, channel, lookout, filtered, scatter: scatter.max(1.0), fwhm });
        }
    }
    layers
}

/// The larger of the best channel's signal-to-noise ratio and that of all channels at equal weight,
/// sum(snr) / sqrt(n).
fn significance(bbox: BBox, layers: &[Layer], ways: &Ways) -> Array2<f64> {
    let [ny, nx] = bbox.shape();
    let mut places = Vec::new();
    Array2::from_shape_fn((ny, nx), |(y, x)| {
        ways.of([bbox.origin()[0] + y as i64, bbox.origin()[1] + x as i64], &mut places);
        let (mut sum, mut count, mut best) = (0.0, 0_usize, 0.0_f64);
        for snr in layers.iter().filter_map(|layer| layer.snr(places[layer.lookout]?)) {
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

/// Drops peaks that are within the width of the PSF of a brighter one.
fn separate<'a>(peaks: Vec<Peak>, layers: &'a [Layer], ways: &Ways) -> Vec<BestSeen<'a>> {
    let mut kept: Vec<BestSeen<'a>> = Vec::new();
    for seen in peaks.into_iter().filter_map(|peak| best_seen(peak, layers, ways)) {
        let is_apart = |k: &BestSeen<'_>| {
            distance(k.peak.at.map(|c| c as f64), seen.peak.at.map(|c| c as f64)) > seen.layer.fwhm
        };
        if kept.iter().all(is_apart) {
            kept.push(seen);
        }
    }
    kept
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// A peak in the channel in which it is most significant.
fn best_seen<'a>(peak: Peak, layers: &'a [Layer], ways: &Ways) -> Option<BestSeen<'a>> {
    let mut places = Vec::new();
    ways.of(peak.at, &mut places);
    let seen = layers.iter().filter_map(|layer| {
        let at = places[layer.lookout]?;
        Some((layer, layer.pixel(at)?, layer.snr(at)?))
    });
    let (layer, pixel, _) = seen.reduce(|best, next| if next.2 > best.2 { next } else { best })?;
    Some(BestSeen { peak, layer, flux: layer.filtered.flux(pixel) })
}

/// The source at whose centre a peak is, and the peak's flux as a share of the source's, where that is small.
fn at_source<'a>(
    BestSeen { peak, layer, flux }: &BestSeen<'_>,
    sources: &'a [SourceMeasurement],
) -> Option<(&'a SourceMeasurement, f64)> {
    let near = sources
        .iter()
        .filter(|s| distance(s.center, peak.at.map(|c| c as f64)) <= CORE_FWHM * layer.fwhm + HALF_PX);
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
    BestSeen { peak, layer, flux }: &BestSeen<'_>,
    model: &Frame,
    sources: &[SourceMeasurement],
) -> Finding {
    let position = peak.at.map(|c| c as f64);
    let sky = model.wcs_ref().and_then(|_| model.to_sky(position).ok());
    let sky = sky.map_or_else(String::new, |s| format!(" ({s})"));
    let flux = match layer.name.as_str() {
        "" => format!(", flux {}", number(*flux)),
        name => format!(", flux {} in channel {name}", number(*flux)),
    };
    let nearest = sources
        .iter()
        .map(|s| (s, distance(s.center, position)))
        .reduce(|best, next| if next.1 < best.1 { next } else { best });
    let owner =
        nearest.filter(|(s, d)| *d < (2.0 * s.half_light_radius_px.unwrap_or(0.0)).max(2.0 * layer.fwhm));
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
