//! Positions, shapes and fluxes of all sources of a blend together, from all channels.
//!
//! Stars are points, galaxies a disc and a bulge of one size and ellipticity. A few rounds of Gauss-Newton on chi2
//! change all of it at once: fluxes in every channel, positions, sizes, ellipticities and concentrations of sources
//! that overlap are solved for together, from normal equations in blocks, with fluxes that are not negative and
//! with broad expectations of the rest, so that faint sources cannot become what their neighbours leave.

mod alignment;
mod equations;
mod fitted;
mod plane;
mod profile;
mod stamp;

use super::layers::dimmed;
use super::profile::sersic_of;
use super::seen::check_seen_by;
use super::{Layer, layers};
use crate::{ObsError, Observation, Sight};
use alignment::Alignment;
use equations::Equations;
use fitted::{Fit, Sharpness};
use ndarray::{Array2, Ix2};
use plane::{Plane, Spot};
use profile::SHAPE;
use scarlet_frame::Frame;
use scarlet_model::prior::NearImage;
use scarlet_model::{Param, Source};
use stamp::{Painter, Stamp};
use std::ops::ControlFlow;

/// Rounds at most, and the largest change of a shape's number at which they end.
const ROUNDS: usize = 8;
const SMALL_CHANGE: f64 = 0.01;
/// Longest changes of a round: position, logarithm of the radius and the others.
const LONGEST: [f64; 2 + SHAPE] = [0.5, 0.5, 0.7, 0.4, 0.4, 1.0];
/// How far the pixels of a free-form galaxy are expected to be from where they begin: in units of themselves, and of the
/// peak.
const NEAR: [f64; 2] = [0.5, 0.003];

/// A position to find start values for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seed {
    /// `(y, x)` in pixels of the model frame, good to a pixel of the finest observation that sees it.
    pub center: [f64; 2],
    /// Whether it is a point source.
    pub is_star: bool,
}

/// What a source looks like, to begin a fit with.
#[derive(Debug, Clone, PartialEq)]
pub struct StartShape {
    /// `(y, x)` in pixels of the model frame, at most two pixels of the finest observation that sees it from where it was
    /// sought.
    pub center: [f64; 2],
    /// Of a galaxy.
    pub galaxy: Option<GalaxyShape>,
}

/// What a galaxy looks like, to begin a fit with.
#[derive(Debug, Clone, PartialEq)]
pub struct GalaxyShape {
    /// Its image `[y, x]` around the pixel that holds its centre, seen through the model frame's PSF; its peak is 1.
    pub image: Array2<f64>,
    /// Half-light radius without the PSF, the geometric mean along both axes, in pixels.
    pub radius_px: f64,
    /// Index of a Sersic profile that is as concentrated.
    pub index: f64,
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
        let source = self.of_layers(channels, components, Source::extended)?;
        let near = |image: &Param| {
            let expected =
                image.value().view().into_dimensionality::<Ix2>().expect("a layer is one image").to_owned();
            image.clone().prior(NearImage::new(expected, NEAR[0], NEAR[1]).from_data())
        };
        let is_star = self.galaxy.is_none();
        Ok(if is_star { source } else { source.edit_all("*morphology", near) })
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
            Some(galaxy) => sersic_of(self.center, flux, galaxy.index, galaxy.radius_px, galaxy.distortion),
        }
    }
}

/// Positions and shapes of all `seeds`, so that the sources share the light of a blend.
///
/// All channels of all observations count, each on its own grid and through its own PSF; a source is sought where the
/// observations that see it have light. Galaxies without any keep the shape that they were expected to have.
///
/// # Errors
/// No observation, one with a channel that the model has not, a pixel that a WCS does not reach, or a position that none
/// sees.
///
/// # Cost
/// Linear in the number of sources where each overlaps a few others. Memory: the images of all sources in one
/// channel, and of each pair that overlaps a small matrix.
pub fn shapes(
    observations: &[&Observation],
    model: &Frame,
    seeds: &[Seed],
) -> Result<Vec<StartShape>, ObsError> {
    shapes_with(observations, model, seeds, &mut || ControlFlow::Continue(()))
}

/// The same as far as `watch` says, which is asked for each observation and channel in each round: where it breaks, shapes are
/// those of the rounds before, in the first one those that are expected at the positions of the `seeds`.
///
/// # Errors
/// As [`shapes`].
pub fn shapes_with(
    observations: &[&Observation],
    model: &Frame,
    seeds: &[Seed],
    watch: Watch<'_>,
) -> Result<Vec<StartShape>, ObsError> {
    let mut blend = Blend::new(observations, model, seeds)?;
    blend.fit(Vec::new(), watch)?;
    Ok(blend.fits.iter().map(|fit| fit.shape(&blend.planes, &blend.sights)).collect())
}

/// Gives the observations the shifts, rotations and scales that bring them onto one another, where those are free: found
/// together with positions, shapes and fluxes of all `seeds`, as [`shapes`] finds these.
///
/// Call it before [`shapes`]: a fit alone comes to them slowly, as free-form images can move within their boxes.
///
/// # Errors
/// As [`shapes`].
pub fn align(observations: &mut [Observation], model: &Frame, seeds: &[Seed]) -> Result<(), ObsError> {
    align_with(observations, model, seeds, &mut || ControlFlow::Continue(()))
}

/// The same as far as `watch` says, as [`shapes_with`] asks it.
///
/// # Errors
/// As [`shapes`].
pub fn align_with(
    observations: &mut [Observation],
    model: &Frame,
    seeds: &[Seed],
    watch: Watch<'_>,
) -> Result<(), ObsError> {
    let free = |(k, observation)| Alignment::new(k, observation);
    let free: Vec<Alignment> = observations.iter().enumerate().filter_map(free).collect();
    if free.is_empty() {
        return Ok(());
    }
    let seen: Vec<&Observation> = observations.iter().collect();
    for found in Blend::new(&seen, model, seeds)?.fit(free, watch)? {
        observations[found.observation()].set_astrometry(found.values());
    }
    Ok(())
}

/// Asked whether to go on.
type Watch<'a> = &'a mut dyn FnMut() -> ControlFlow<()>;

/// All sources, and what the observations see of them.
struct Blend {
    channels: usize,
    planes: Vec<Plane>,
    sights: Vec<Sight>,
    fits: Vec<Fit>,
}

impl Blend {
    fn new(observations: &[&Observation], model: &Frame, seeds: &[Seed]) -> Result<Self, ObsError> {
        if observations.is_empty() {
            return Err(ObsError::NoObservations);
        }
        let sights = observations.iter().map(|o| Sight::new(o, model)).collect::<Result<Vec<_>, _>>()?;
        seeds.iter().try_for_each(|seed| check_seen_by(observations, &sights, seed.center))?;
        let planes = Plane::all(observations, &sights, model);
        let channels = model.channel_names().len();
        let radii: Vec<f64> = planes.iter().map(|plane| plane.psf_radius(0.5) * plane.model_px).collect();
        let begin =
            |seed: &Seed| Fit::new(*seed, channels, Sharpness::new(seed.center, &planes, &sights, &radii));
        Ok(Self { channels, fits: seeds.iter().map(begin).collect(), planes, sights })
    }

    /// Rounds until nothing changes or `watch` breaks; returns the observations whose astrometry is `free` with what it is.
    fn fit(&mut self, mut free: Vec<Alignment>, watch: Watch<'_>) -> Result<Vec<Alignment>, ObsError> {
        let Self { channels, planes, sights, fits } = self;
        let mut painters: Vec<Painter<'_>> = planes.iter().map(Painter::new).collect();
        'rounds: for _ in 0..ROUNDS {
            let columns = fits.iter().map(Fit::columns).chain(free.iter().map(Alignment::columns));
            let mut equations = Equations::new(*channels, &columns.collect::<Vec<_>>());
            let spot = |sight: &Sight| fits.iter().map(|fit| Spot::new(sight, fit.center)).collect();
            let spots: Vec<Vec<Option<Spot>>> = sights.iter().map(spot).collect();
            for (plane, painter) in planes.iter().zip(&mut painters) {
                if watch().is_break() {
                    break 'rounds;
                }
                let spots = &spots[plane.observation];
                let both = fits.iter().zip(spots);
                let mut stamps: Vec<Option<Stamp>> =
                    both.map(|(fit, spot)| painter.stamp((*spot)?, fit.profile.as_ref())).collect();
                let mut fluxes: Vec<f64> = fits.iter().map(|fit| fit.fluxes[plane.channel]).collect();
                let of_all: Vec<_> = free.iter().map(|a| a.stamp(plane, spots, &stamps, &fluxes)).collect();
                fluxes.resize(stamps.len() + of_all.len(), 1.0);
                stamps.extend(of_all);
                equations.add(plane, &stamps, &fluxes);
            }
            let change = improve(fits, &mut free, *channels, equations);
            for alignment in &free {
                let sight = &mut sights[alignment.observation()];
                *sight = sight.looking(alignment.values())?;
            }
            if change < SMALL_CHANGE {
                break;
            }
        }
        Ok(free)
    }
}

/// Moves all sources and observations by what the equations say and returns the largest change of a number of a shape, or
/// in pixels of an observation.
fn improve(fits: &mut [Fit], free: &mut [Alignment], channels: usize, mut equations: Equations) -> f64 {
    let (mut least, mut largest) = (Vec::new(), Vec::new());
    for (s, fit) in fits.iter().enumerate() {
        fit.expect(s, &mut equations);
        least.extend(fit.fluxes.iter().map(|flux| -flux));
        largest.extend(fit.fluxes.iter().map(|_| f64::INFINITY));
        let unit = |k: usize| if k < 2 { fit.sharpness.pixel } else { 1.0 };
        let longest = || LONGEST[..fit.columns() - 1].iter().enumerate().map(|(k, v)| v * unit(k));
        least.extend(longest().map(|v| -v));
        largest.extend(longest());
    }
    for (k, alignment) in free.iter().enumerate() {
        alignment.expect(fits.len() + k, &mut equations);
        for ends in [&mut least, &mut largest] {
            ends.resize(ends.len() + channels, 0.0);
        }
        for [low, high] in alignment.room() {
            least.push(low);
            largest.push(high);
        }
    }
    let changes = equations.solve(&least, &largest);
    // In the first round there is no flux yet whose image could change.
    let is_dark = fits.iter().all(|fit| fit.fluxes.iter().all(|flux| *flux == 0.0));
    let mut most: f64 = if is_dark { f64::INFINITY } else { 0.0 };
    let mut rest = changes.as_slice();
    for fit in fits {
        let (of_fluxes, after) = rest.split_at(fit.fluxes.len());
        let (of_image, after) = after.split_at(fit.columns() - 1);
        fit.change(of_fluxes, of_image);
        most = of_image.iter().fold(most, |most, change| most.max(change.abs()));
        rest = after;
    }
    for alignment in free {
        let (own, after) = rest[channels..].split_at(alignment.columns() - 1);
        most = most.max(alignment.change(own));
        rest = after;
    }
    most
}
