//! Start values of sources, from images and positions.
//!
//! | function | gives |
//! |---|---|
//! | [`align`] | the observations, where a shift, rotation or scale of them is free, as they lie on one another: before |
//! | [`shapes`] | positions and shapes of all sources of a blend together: the way to begin |
//! | [`fit_fluxes`] | the best positive fluxes of all sources of a scene together, their shapes held: then |
//! | [`sky_levels`] | the levels that free backgrounds begin with |
//! | [`check_seen`] | whether any observation sees a position |
//! | [`layers`] | an image cut into layers of equal flux, for who makes galaxies of several components by hand |
//! | [`pixel_spectrum`] | the colour at a position of one observation |
//!
//! Observations may be on any grid. Positions are `(y, x)` in pixels of the model frame unless a function says otherwise.
//!
//! What the observations say of themselves counts: the sky is that of their backgrounds, fluxes are multiplied by their
//! flux scales, and noise that is correlated makes their weights as much smaller as it makes the flux of a point source
//! less certain.
//!
//! A start value is never zero or negative: every flux is at least [`FLUX_FLOOR`] times its own noise.

mod blend;
mod fluxes;
mod layers;
mod median;
mod normal;
mod profile;
mod seen;
mod sky;
mod spectrum;

pub use blend::{GalaxyShape, Seed, StartShape, align, align_with, shapes, shapes_with};
pub use fluxes::{fit_fluxes, fit_fluxes_with};
pub use layers::{Layer, layers};
pub use seen::check_seen;
pub use sky::sky_levels;
pub use spectrum::pixel_spectrum;

/// Least start value of a flux, in units of its standard error when everything else is known.
///
/// For one source alone that is the noise-equivalent flux, 1 / sqrt(sum w r^2), r the source's image of flux 1
/// in the observation. Small beside what can be measured, large enough for a step in its logarithm to matter.
pub const FLUX_FLOOR: f64 = 0.1;

/// Range of the pixels of a start image: inside the unit interval, whose ends no finite step reaches.
pub const IMAGE_RANGE: [f64; 2] = [1e-6, 1.0 - 1e-6];

/// Peak of the images that free-form galaxies begin with.
///
/// Far enough from 1 for the pixels to rise and fall: on HSC a fit of 200 steps comes down to a chi2 per pixel of
/// 1.30 from here and of 1.59 from a peak of 1 (one layer, Adam, default steps; 1.24 and 1.42 with two).
pub const START_PEAK: f64 = 0.1;
