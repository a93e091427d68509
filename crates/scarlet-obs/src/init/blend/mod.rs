//! Positions and shapes of all sources of a blend together, from one image that adds up all channels.
//!
//! Galaxies are sums of elliptical Gaussians of fixed sizes, stars are points. One source after the other, the
//! brightest first, is fitted to what the others leave: amplitudes that are not negative, a shift and a change of
//! ellipticity, by linear least squares with derivatives (Gauss-Newton); after a few rounds the sources share the
//! light of the blend. Memory: two stamps for each source.

mod detection;
mod gaussians;
mod local;
mod stamps;

use super::profile::sersic_of;
use super::site::sites;
use super::source::dimmed;
use super::{IMAGE_RANGE, Layer, layers};
use crate::{ObsError, Observation};
use detection::Detection;
use gaussians::Gaussians;
use local::Fitted;
use ndarray::Array2;
use scarlet_frame::{BBox, Frame};
use scarlet_model::Source;
use stamps::Stamps;

/// Rounds through all sources.
const ROUNDS: usize = 6;
/// Boxes end where the model's surface brightness falls to this many times the noise of a pixel.
const LEAST_BRIGHTNESS: f64 = 0.1;
/// Smallest and largest side of a box, in pixels.
const SIDES: [usize; 2] = [11, 151];

/// A position to find start values for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seed {
    /// `(y, x)` in pixels of the model frame.
    pub center: [f64; 2],
    /// Whether it is a point source.
    pub is_star: bool,
}

/// What a source looks like, to begin a fit with.
#[derive(Debug, Clone, PartialEq)]
pub struct StartShape {
    /// `(y, x)` in pixels of the model frame, at most a pixel or two from where it was sought.
    pub center: [f64; 2],
    /// Of a galaxy.
    pub galaxy: Option<GalaxyShape>,
}

/// What a galaxy looks like, to begin a fit with.
#[derive(Debug, Clone, PartialEq)]
pub struct GalaxyShape {
    /// Its image `[y, x]` around the pixel that holds its centre, seen through the model frame's PSF; its peak is 1.
    pub image: Array2<f64>,
    /// Root of the mean second moment along both axes, without the PSF, in pixels.
    pub sigma_px: f64,
    /// Distortion (e1, e2).
    pub distortion: [f64; 2],
}

impl StartShape {
    /// A source of this shape with fluxes of 1 in every channel, for [`fit_fluxes`](super::fit_fluxes) to set:
    /// a star, or a free-form galaxy of `components` layers of equal flux, the most compact first.
    ///
    /// # Errors
    /// `components` is 0.
    pub fn source(&self, channels: usize, components: usize) -> Result<Source, ObsError> {
        self.of_layers(channels, components, Source::extended)
    }

    /// The same with images that fall in every direction from their centre: [`Source::monotonic`].
    ///
    /// # Errors
    /// `components` is 0.
    pub fn monotonic(&self, channels: usize, components: usize) -> Result<Source, ObsError> {
        self.of_layers(channels, components, Source::monotonic)
    }

    fn of_layers(
        &self,
        channels: usize,
        components: usize,
        make: fn([f64; 2], Vec<Layer>) -> Source,
    ) -> Result<Source, ObsError> {
        let flux = vec![1.0; channels];
        let Some(galaxy) = &self.galaxy else { return Ok(Source::point(self.center, flux)) };
        let layers = layers(&flux, &galaxy.image, components)?.into_iter().map(dimmed).collect();
        Ok(make(self.center, layers))
    }

    /// The same with a Sersic profile in place of free-form images.
    #[must_use]
    pub fn sersic(&self, channels: usize) -> Source {
        let flux = vec![1.0; channels];
        match &self.galaxy {
            None => Source::point(self.center, flux),
            Some(galaxy) => sersic_of(self.center, flux, galaxy.sigma_px, galaxy.distortion),
        }
    }
}

/// Positions and shapes of all `seeds`, so that the sources share the light of a blend.
///
/// The observation with the most signal decides; sources outside of it get the most compact shape.
///
/// # Errors
/// No observation, one on another grid, or a position that none sees.
///
/// # Cost
/// Linear in the number of sources: 4 ms for each on one thread, the fluxes included (1,000 simulated sources in five
/// channels of 1024 x 1024 pixels: `scarlet fit` gives 3.7 s as `seconds.setup`).
pub fn shapes(
    observations: &[&Observation],
    model: &Frame,
    seeds: &[Seed],
) -> Result<Vec<StartShape>, ObsError> {
    seeds.iter().try_for_each(|seed| check_seen(observations, model, seed.center))?;
    let mut best: Option<Detection> = None;
    for observation in observations {
        let detection = Detection::new(observation, model)?;
        if best.as_ref().is_none_or(|b| detection.significance() > b.significance()) {
            best = Some(detection);
        }
    }
    let Some(mut detection) = best else { return Err(ObsError::NoObservations) };
    let mut stamps = Stamps::new(detection.kernel().clone());
    let mut sources: Vec<Fitted> = seeds.iter().map(|seed| Fitted::new(*seed)).collect();
    let brightness: Vec<f64> = seeds.iter().map(|seed| detection.point_significance(seed.center)).collect();
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by(|a, b| brightness[*b].total_cmp(&brightness[*a]));
    for _ in 0..ROUNDS {
        let room: Vec<f64> = sources.iter().map(|source| room_of(source, &sources)).collect();
        for k in &order {
            sources[*k].improve(room[*k], &mut detection, &mut stamps);
        }
    }
    Ok(sources.iter().map(|source| shape_of(source, &detection)).collect())
}

/// Checks that an observation sees `center`, `(y, x)` in pixels of the frame `model`.
///
/// # Errors
/// None does, one is on another grid, or there is no observation.
pub fn check_seen(observations: &[&Observation], model: &Frame, center: [f64; 2]) -> Result<(), ObsError> {
    sites(observations, model, center).map(|_| ())
}

/// Distance of a galaxy to the nearest one with more light: a faint one that is wider than that holds the other's
/// wings, or light of nobody.
fn room_of(source: &Fitted, all: &[Fitted]) -> f64 {
    let brighter = all.iter().filter(|other| other.galaxy().is_some() && other.light() > source.light());
    let [y, x] = source.center();
    brighter.map(|o| (o.center()[0] - y).hypot(o.center()[1] - x)).fold(f64::INFINITY, f64::min)
}

fn shape_of(source: &Fitted, detection: &Detection) -> StartShape {
    let galaxy = source.galaxy().map(|(gaussians, amplitudes)| GalaxyShape {
        image: image_of(gaussians, amplitudes, detection),
        sigma_px: gaussians.sigma_px(amplitudes),
        distortion: gaussians.distortion(),
    });
    StartShape { center: source.center(), galaxy }
}

/// The image in a box that ends where it is faint.
fn image_of(gaussians: &Gaussians, amplitudes: &[f64], detection: &Detection) -> Array2<f64> {
    let noise = detection.noise_at(gaussians.center);
    let reach = gaussians.radius_of(amplitudes, LEAST_BRIGHTNESS * noise);
    let half = |r: f64| (r.ceil() as usize).clamp(SIDES[0] / 2, SIDES[1] / 2);
    let shape = reach.map(|r| 2 * half(r) + 1);
    let bbox = BBox::centered(gaussians.center, shape);
    let mut image = gaussians.image(amplitudes, bbox);
    let peak = image.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    image.mapv_inplace(|v| (v / peak).clamp(IMAGE_RANGE[0], IMAGE_RANGE[1]));
    image
}
