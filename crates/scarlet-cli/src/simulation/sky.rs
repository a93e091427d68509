//! Which sources are there, drawn at random.

use super::Settings;
use crate::error::CliError;
use rand::{Rng, RngExt};
use scarlet::frame::degrees;
use scarlet::model::profile::distortion_from_axes;

/// Pixels between the edge and the closest source.
const MARGIN_PX: f64 = 10.0;
/// Distance between two sources at least: well inside each other's light.
const SEPARATION_PX: f64 = 6.0;
/// Draws of a position before giving up.
const TRIES: usize = 10_000;
/// Mean wavelength of each band relative to the middle one's.
const WAVELENGTHS: [f64; 5] = [0.62, 0.81, 1.0, 1.16, 1.27];

/// A star, or a galaxy with its shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A point source.
    Star,
    /// A Sersic profile.
    Galaxy {
        /// Sersic index.
        n: f64,
        /// Half-light radius in pixels.
        size_px: f64,
        /// Distortion (e1, e2).
        distortion: [f64; 2],
    },
}

/// A simulated source.
#[derive(Debug, Clone, PartialEq)]
pub struct TrueSource {
    /// What it is.
    pub kind: Kind,
    /// `(y, x)` in pixels.
    pub center: [f64; 2],
    /// Flux in each band.
    pub flux: Vec<f64>,
}

/// Draws all sources, stars first.
pub(super) fn draw(settings: Settings, rng: &mut impl Rng) -> Result<Vec<TrueSource>, CliError> {
    let mut sources: Vec<TrueSource> = Vec::new();
    for k in 0..settings.stars + settings.galaxies {
        let center = position(settings, &sources, rng)?;
        let source = if k < settings.stars { star(center, rng) } else { galaxy(center, rng) };
        sources.push(source);
    }
    Ok(sources)
}

fn position(settings: Settings, sources: &[TrueSource], rng: &mut impl Rng) -> Result<[f64; 2], CliError> {
    let ranges = settings.shape.map(|n| MARGIN_PX..(n as f64 - 1.0 - MARGIN_PX).max(MARGIN_PX + 1.0));
    for _ in 0..TRIES {
        let center = ranges.clone().map(|range| rng.random_range(range));
        let is_free =
            sources.iter().all(|s| (s.center[0] - center[0]).hypot(s.center[1] - center[1]) > SEPARATION_PX);
        if is_free && settings.shape.iter().zip(center).all(|(n, c)| c < *n as f64 - MARGIN_PX) {
            return Ok(center);
        }
    }
    Err(CliError::Simulation {
        sources: settings.stars + settings.galaxies,
        shape: settings.shape,
        separation_px: SEPARATION_PX,
    })
}

fn star(center: [f64; 2], rng: &mut impl Rng) -> TrueSource {
    let brightness = 10_f64.powf(rng.random_range(1.0..2.2));
    let slope = rng.random_range(-1.0..1.5);
    TrueSource { kind: Kind::Star, center, flux: power_law(brightness, slope) }
}

fn galaxy(center: [f64; 2], rng: &mut impl Rng) -> TrueSource {
    let brightness = 10_f64.powf(rng.random_range(1.2..2.4));
    let slope = rng.random_range(0.0..2.5);
    let (axis_ratio, angle) = (rng.random_range(0.35..1.0), degrees(rng.random_range(0.0..180.0)));
    let kind = Kind::Galaxy {
        n: rng.random_range(0.7..2.5),
        size_px: rng.random_range(1.5..3.5),
        distortion: distortion_from_axes(axis_ratio, angle),
    };
    TrueSource { kind, center, flux: power_law(brightness, slope) }
}

fn power_law(brightness: f64, slope: f64) -> Vec<f64> {
    WAVELENGTHS.iter().map(|w| brightness * w.powf(slope)).collect()
}
