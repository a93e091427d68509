//! A parametric galaxy with start values.

use scarlet_model::profile::Sersic;
use scarlet_model::{Source, Transform, free, relative};

/// Range of a free Sersic index.
const INDEX: [f64; 2] = [0.4, 7.0];
/// Largest start distortion: an axis ratio of 1 to 3.
const MAX_DISTORTION: f64 = 0.8;
/// Steps of centre (pixels) and of the other parameters (unconstrained).
const CENTER_STEP_PX: f64 = 0.05;
const STEP: f64 = 0.02;

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
