//! Whether any observation sees a position.

use crate::{ObsError, Observation, Sight};
use ndarray::s;
use scarlet_frame::Frame;

/// How far around a position is looked for pixels that count.
pub(super) const REACH_PX: usize = 2;

/// Checks that an observation sees `center`, `(y, x)` in pixels of the frame `model`: that it falls on the image, and pixels
/// near it count.
///
/// # Errors
/// None does, one has channels that the model has not, or there is no observation.
pub fn check_seen(observations: &[&Observation], model: &Frame, center: [f64; 2]) -> Result<(), ObsError> {
    if observations.is_empty() {
        return Err(ObsError::NoObservations);
    }
    let sights = observations.iter().map(|o| Sight::new(o, model)).collect::<Result<Vec<_>, _>>()?;
    check_seen_by(observations, &sights, center)
}

/// The same where it is known where the observations are.
pub(super) fn check_seen_by(
    observations: &[&Observation],
    sights: &[Sight],
    center: [f64; 2],
) -> Result<(), ObsError> {
    let sees = |(observation, sight): (&&Observation, &Sight)| {
        let Some([y, x]) = sight.pixel(center) else { return false };
        let (_, ny, nx) = observation.weights().dim();
        let near = |p: usize, n: usize| p.saturating_sub(REACH_PX)..(p + REACH_PX + 1).min(n);
        observation.weights().slice(s![.., near(y, ny), near(x, nx)]).iter().any(|w| *w > 0.0)
    };
    if observations.iter().zip(sights).any(sees) {
        return Ok(());
    }
    let observations = observations.iter().map(|o| o.name().to_owned()).collect();
    Err(ObsError::SourceUnseen { center, reach_px: REACH_PX, observations })
}
