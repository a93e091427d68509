//! Simulated blends of stars and galaxies: images with noise, and the truth.
//!
//! Galaxies are Sersic profiles seen through a Moffat PSF, stars are that PSF at sub-pixel positions; neither
//! goes through the Gaussian model PSF that a fit uses. Noise is Gaussian with one standard deviation for each
//! band.

mod galaxies;
mod sky;
mod survey;
mod write;

pub use galaxies::galaxy_images;
pub use sky::{Kind, TrueSource};
pub use survey::{
    Exposure, Instrument, SimulatedSurvey, Sky as SurveySky, SkySource, SkySpec, Survey, Variation,
};

use crate::error::CliError;
use ndarray::{Array3, Axis, Zip};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use scarlet::frame::{Frame, Psf, Sky, Wcs, arcsec};
use scarlet::model::profile::{Moffat, Sersic};
use scarlet::model::{Component, Scene, Source};
use scarlet::obs::{Observation, render};
use std::path::Path;

/// Bands, seeing (full width at half maximum, arcsec) and noise of a ground-based survey.
const BANDS: [(&str, f64, f64); 5] =
    [("g", 0.77, 0.032), ("r", 0.76, 0.045), ("i", 0.58, 0.06), ("z", 0.68, 0.075), ("y", 0.68, 0.11)];
const PIXEL_ARCSEC: f64 = 0.168;
const MOFFAT_BETA: f64 = 3.5;
const CENTER: [f64; 2] = [150.1163, 2.2058];
/// Longest side of a source's image: all but 1e-4 of the light of the largest galaxy.
const MAX_SIDE_PX: usize = 201;
/// Sources that are drawn at once, which bounds the memory.
const AT_ONCE: usize = 100;

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Seed of positions, shapes, colours and noise.
    pub seed: u64,
    /// Number of stars.
    pub stars: usize,
    /// Number of galaxies.
    pub galaxies: usize,
    /// Rows and columns of the images.
    pub shape: [usize; 2],
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 1, stars: 3, galaxies: 5, shape: [64, 72] }
    }
}

/// A simulated blend.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// The images with noise, and what is known of them.
    pub observation: Observation,
    /// Standard deviation of the noise in each band.
    pub sigma: Vec<f64>,
    /// What is there.
    pub truth: Vec<TrueSource>,
}

/// Simulates a blend.
///
/// # Errors
/// The images are too small to hold the sources.
pub fn simulate(settings: Settings) -> Result<Simulation, CliError> {
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    let truth = sky::draw(settings, &mut rng)?;
    let fwhm_px = BANDS.map(|(_, fwhm, _)| fwhm / PIXEL_ARCSEC);
    let [cy, cx] = settings.shape.map(|n| (n as f64 - 1.0) / 2.0);
    let wcs = Wcs::tan(Sky::new(CENTER[0], CENTER[1]), [cy, cx], arcsec(PIXEL_ARCSEC))?;
    let frame = Frame::new(settings.shape)
        .channels(BANDS.map(|(band, ..)| band))
        .psf(Psf::moffat(&fwhm_px, MOFFAT_BETA)?)
        .wcs(wcs);
    let mut data = galaxies(&frame, &truth)?;
    for (channel, fwhm) in fwhm_px.iter().enumerate() {
        add_stars(&mut data, &frame, channel, *fwhm, &truth)?;
    }
    let sigma: Vec<f64> = BANDS.iter().map(|(_, _, sigma)| *sigma).collect();
    let mut weights = Array3::zeros(data.dim());
    for (c, sigma) in sigma.iter().enumerate() {
        weights.index_axis_mut(Axis(0), c).fill(1.0 / (sigma * sigma));
        Zip::from(data.index_axis_mut(Axis(0), c)).for_each(|value| {
            let noise: f64 = StandardNormal.sample(&mut rng);
            *value += sigma * noise;
        });
    }
    let observation = Observation::new(data, weights, frame)?.named("simulated");
    Ok(Simulation { observation, sigma, truth })
}

impl Simulation {
    /// Writes images, catalogue, truth and a scene file that fits them into `folder`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), CliError> {
        write::all(self, folder)
    }
}

/// All galaxies as the frame's PSF shows them, without noise.
fn galaxies(frame: &Frame, truth: &[TrueSource]) -> Result<Array3<f64>, CliError> {
    let mut sum = Array3::zeros(frame.shape());
    for some in truth.chunks(AT_ONCE) {
        let mut scene = Scene::new(bare(frame))?;
        for source in some {
            if let Kind::Galaxy { n, size_px, distortion } = source.kind {
                let profile = Sersic::new(n, size_px).distortion(distortion).shape_px(side_of(frame));
                scene.add(Source::new(source.center, source.flux.clone(), profile))?;
            }
        }
        if !scene.is_empty() {
            sum += &render(&scene, frame)?;
        }
    }
    Ok(sum)
}

/// Adds the stars of one channel, each the PSF at its own sub-pixel position.
fn add_stars(
    data: &mut Array3<f64>,
    frame: &Frame,
    channel: usize,
    fwhm_px: f64,
    truth: &[TrueSource],
) -> Result<(), CliError> {
    let own = Frame::new(frame.bbox().shape()).channels([frame.channel_names()[channel].clone()]);
    for some in truth.chunks(AT_ONCE) {
        let mut scene = Scene::new(own.clone())?;
        for source in some.iter().filter(|s| s.kind == Kind::Star) {
            let profile = Moffat::new(MOFFAT_BETA, fwhm_px).shape_px(side_of(frame));
            let component = Component::new([source.flux[channel]], profile);
            scene.add(Source::new(source.center, [0.0], ndarray::Array2::zeros((1, 1))).plus(component))?;
        }
        if !scene.is_empty() {
            let stars = render(&scene, &own)?;
            let mut plane = data.index_axis_mut(Axis(0), channel);
            plane += &stars.index_axis(Axis(0), 0);
        }
    }
    Ok(())
}

/// The same frame without a PSF: kernels are then the observation's PSF itself.
fn bare(frame: &Frame) -> Frame {
    Frame::new(frame.bbox().shape()).channels(frame.channel_names().iter().cloned())
}

/// A box that reaches over the whole frame from any centre in it, or over all of a source's light.
fn side_of(frame: &Frame) -> [usize; 2] {
    frame.bbox().shape().map(|n| (2 * n + 1).min(MAX_SIDE_PX))
}
