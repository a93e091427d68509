//! Start values of sources, from images and positions.
//!
//! | function | gives |
//! |---|---|
//! | [`shapes`] | positions and shapes of all sources of a blend together: the way to begin |
//! | [`point`] | a star at a position |
//! | [`extended`] | a galaxy of one or more layers at a position |
//! | [`sersic`] | a galaxy with a Sersic profile at a position |
//! | [`fit_fluxes`] | the best positive fluxes of all sources of a scene together, their shapes held |
//! | [`pixel_spectrum`], [`from_moments`], [`compact`] | the arrays that these are made of |
//! | [`best_box`], [`layers`] | their steps |
//!
//! Positions are `(y, x)` in pixels of the model frame unless a function says otherwise. Make all sources first
//! and call [`fit_fluxes`] then: the fluxes of a single source are measured as if it were alone.
//!
//! A start value is never zero or negative: every flux is at least [`FLUX_FLOOR`] times its own noise.

mod blend;
mod fluxes;
mod footprint;
mod normal;
mod profile;
mod shape;
mod site;
mod source;
mod spectrum;

pub use blend::{GalaxyShape, Seed, StartShape, check_seen, shapes};
pub use fluxes::fit_fluxes;
pub use footprint::{BoxSettings, best_box};
pub use profile::sersic;
pub use shape::{Layer, compact, from_moments, layers};
pub use source::{extended, point};
pub use spectrum::pixel_spectrum;

/// Least start value of a flux, in units of its standard error when everything else is known.
///
/// For one source alone that is the noise-equivalent flux, 1 / sqrt(sum w r^2), r the source's image of flux 1
/// in the observation. Small beside what can be measured, large enough for a step in its logarithm to matter.
pub const FLUX_FLOOR: f64 = 0.1;

/// Range of the pixels of a start image: inside the unit interval, whose ends no finite step reaches.
pub const IMAGE_RANGE: [f64; 2] = [1e-6, 1.0 - 1e-6];

/// Peak of the images that [`extended`] begins with.
///
/// Far enough from 1 for the pixels to rise and fall: on HSC a fit of 200 steps comes down to a chi2 per pixel of
/// 1.30 from here and of 1.59 from a peak of 1 (one layer, Adam, default steps; 1.24 and 1.42 with two).
pub const START_PEAK: f64 = 0.1;
