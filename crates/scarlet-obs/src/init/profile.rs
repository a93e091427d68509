//! A parametric galaxy with start values.

use super::extended;
use crate::measure::Moments;
use crate::{ObsError, Observation};
use ndarray::ArrayView2;
use scarlet_frame::Frame;
use scarlet_model::profile::Sersic;
use scarlet_model::{Source, Transform, free, relative};

/// Range of a free Sersic index.
const INDEX: [f64; 2] = [0.4, 7.0];
/// Largest start distortion: an axis ratio of 1 to 3.
const MAX_DISTORTION: f64 = 0.8;
/// Half-light radius of an exponential disc of standard deviation 1 along each axis.
const RADIUS_OF_SIGMA: f64 = 0.969;
/// Steps of centre (pixels) and of the other parameters (unconstrained).
const CENTER_STEP_PX: f64 = 0.05;
const STEP: f64 = 0.02;

/// A Sersic profile at `center`, `(y, x)` in pixels of the frame `model`, everything free, with start values.
///
/// Fluxes, size and distortion are those of [`extended`]; the index begins at 1.
///
/// # Errors
/// As [`extended`].
pub fn sersic(observations: &[&Observation], model: &Frame, center: [f64; 2]) -> Result<Source, ObsError> {
    let galaxy = extended(observations, model, center, 1)?;
    let (spectrum, morphology) = (galaxy.component().spectrum(), galaxy.component().morphology());
    let image = morphology.parameters()[0].1.value().view();
    let image: ArrayView2<'_, f64> = image.into_dimensionality().expect("a layer is one image");
    let (moments, total) = (Moments::of(image, 2), image.sum());
    let flux: Vec<f64> = spectrum.parameters()[0].1.values().iter().map(|f| f * total).collect();

    Ok(sersic_of(center, flux, 1.0, RADIUS_OF_SIGMA * moments.size_px(), moments.distortion()))
}

/// A free Sersic profile.
pub(super) fn sersic_of(
    center: [f64; 2],
    flux: Vec<f64>,
    index: f64,
    radius_px: f64,
    [e1, e2]: [f64; 2],
) -> Source {
    let shrink = (MAX_DISTORTION / e1.hypot(e2)).min(1.0);
    let profile = Sersic::new(
        free(index).interval(INDEX[0], INDEX[1]).step(STEP),
        free(radius_px).positive().step(STEP),
    )
    .distortion(free([e1 * shrink, e2 * shrink]).transform(Transform::UnitDisk).step(STEP));
    let flux = free(flux).positive().step(relative(STEP));
    Source::new(free(center).step(CENTER_STEP_PX), flux, profile)
}
