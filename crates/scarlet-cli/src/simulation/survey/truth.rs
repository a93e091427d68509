//! What is on the sky of a simulated survey.

use super::SkySpec;
use crate::picture::wavelength_nm;
use rand::{Rng, RngExt};
use scarlet::frame::{Angle, arcsec, degrees};
use scarlet::model::profile::distortion_from_axes;
use std::collections::BTreeMap;

/// Wavelength at which fluxes are drawn, nm.
const MIDDLE_NM: f64 = 750.0;
/// Draws of a position before sources may be closer than they should.
const TRIES: usize = 1000;

/// All sources of a simulated sky.
#[derive(Debug, Clone, PartialEq)]
pub struct Sky {
    /// The sources, stars first, transients last.
    pub sources: Vec<SkySource>,
}

/// A source on the sky.
#[derive(Debug, Clone, PartialEq)]
pub struct SkySource {
    /// Its name.
    pub id: String,
    /// Right ascension and declination, degrees.
    pub sky: scarlet::frame::Sky,
    /// Flux in each band in nJy, of a transient at its peak.
    pub flux: BTreeMap<String, f64>,
    /// Index, half-light radius and distortion (with north up, east left) of a galaxy's Sersic profile.
    pub galaxy: Option<(f64, Angle, [f64; 2])>,
    /// Epoch of the peak of a transient and the width of its Gaussian light curve in epochs.
    pub light_curve: Option<[f64; 2]>,
}

impl SkySource {
    /// `star`, `galaxy` or `transient`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match (self.galaxy.is_some(), self.light_curve.is_some()) {
            (true, _) => "galaxy",
            (false, true) => "transient",
            (false, false) => "star",
        }
    }

    /// Flux in a band at an epoch, nJy; a transient is dark where there is no epoch.
    #[must_use]
    pub fn flux_at(&self, band: &str, epoch: Option<usize>) -> f64 {
        let flux = self.flux.get(band).copied().unwrap_or(0.0);
        match (self.light_curve, epoch) {
            (None, _) => flux,
            (Some(_), None) => 0.0,
            (Some([peak, width]), Some(epoch)) => {
                flux * (-0.5 * ((epoch as f64 - peak) / width).powi(2)).exp()
            }
        }
    }
}

pub(super) fn draw(spec: &SkySpec, bands: &[String], epochs: usize, rng: &mut impl Rng) -> Sky {
    let mut sources: Vec<SkySource> = Vec::new();
    for k in 0..spec.stars + spec.galaxies {
        let is_star = k < spec.stars;
        let sky = position(spec, &sources, rng);
        let brightness = 10_f64.powf(rng.random_range(2.6..3.6));
        let slope = rng.random_range(if is_star { -1.0..1.5 } else { 0.0..2.5 });
        let galaxy = (!is_star).then(|| {
            let distortion =
                distortion_from_axes(rng.random_range(0.4..1.0), degrees(rng.random_range(0.0..180.0)));
            (rng.random_range(0.7..2.0), arcsec(rng.random_range(0.2..0.5)), distortion)
        });
        let id = format!(
            "{}{}",
            if is_star { "star" } else { "galaxy" },
            if is_star { k } else { k - spec.stars }
        );
        sources.push(SkySource {
            id,
            sky,
            flux: spectrum(bands, brightness, slope),
            galaxy,
            light_curve: None,
        });
    }
    for k in 0..spec.transients {
        let host = sources.get(spec.stars + k).filter(|source| source.galaxy.is_some()).map(|host| host.sky);
        let sky = match host {
            Some(host) => offset(host, [rng.random_range(-0.4..0.4), rng.random_range(-0.4..0.4)]),
            None => position(spec, &sources, rng),
        };
        let brightness = 10_f64.powf(rng.random_range(2.8..3.4));
        let middle = (1.0 + epochs as f64) / 2.0;
        let light_curve =
            Some([middle + rng.random_range(-0.2..0.2) * epochs as f64, (epochs as f64 / 6.0).max(0.5)]);
        let flux = spectrum(bands, brightness, rng.random_range(-1.0..0.5));
        sources.push(SkySource { id: format!("transient{k}"), sky, flux, galaxy: None, light_curve });
    }
    Sky { sources }
}

/// A position in the square, apart from others if there is room.
fn position(spec: &SkySpec, sources: &[SkySource], rng: &mut impl Rng) -> scarlet::frame::Sky {
    let half = 0.42 * spec.size_arcsec;
    let apart = 0.6 * spec.size_arcsec / (1.0 + (spec.stars + spec.galaxies) as f64).sqrt();
    let middle = scarlet::frame::Sky::new(spec.ra, spec.dec);
    let mut place = middle;
    for _ in 0..TRIES {
        place = offset(middle, [rng.random_range(-half..half), rng.random_range(-half..half)]);
        if sources.iter().all(|other| other.sky.separation(place).arcsec() > apart) {
            break;
        }
    }
    place
}

/// The position `[north, east]` arcseconds from another one, in the plane that touches the sky there.
pub(super) fn offset(from: scarlet::frame::Sky, [north, east]: [f64; 2]) -> scarlet::frame::Sky {
    let dec = from.dec_deg + north / 3600.0;
    scarlet::frame::Sky::new(from.ra_deg + east / 3600.0 / dec.to_radians().cos(), dec)
}

/// A power law in wavelength.
fn spectrum(bands: &[String], brightness: f64, slope: f64) -> BTreeMap<String, f64> {
    let flux =
        |band: &String| brightness * (wavelength_nm(band).unwrap_or(MIDDLE_NM) / MIDDLE_NM).powf(slope);
    bands.iter().map(|band| (band.clone(), flux(band))).collect()
}
