//! Fluxes at a position.

use super::seen::REACH_PX;
use crate::{ObsError, Observation};
use scarlet_frame::Frame;

/// The spectrum of the pixel that holds `position`, `(y, x)` in pixels of the observation's own frame.
///
/// With a frame in `matched_to`, every channel is divided by the peak of its PSF and multiplied by that of the
/// frame: the peak that a point source would have there, which takes colours out of the PSFs. Pixels of weight 0
/// count as 0, and values may be negative: for start values use [`shapes`](super::shapes()) and
/// [`fit_fluxes`](super::fit_fluxes()).
///
/// scarlet2: `init.pixel_spectrum`; agreement 1e-6 on HSC in single precision (all values <= 0 become 1 there).
///
/// # Errors
/// The position is not in the image.
pub fn pixel_spectrum(
    observation: &Observation,
    position: [f64; 2],
    matched_to: Option<&Frame>,
) -> Result<Vec<f64>, ObsError> {
    let bbox = observation.frame().bbox();
    if !bbox.contains(position) {
        return Err(ObsError::SourceUnseen {
            center: position,
            reach_px: REACH_PX,
            observations: vec![observation.name().to_owned()],
        });
    }
    let [y, x] = [0, 1].map(|k| ((position[k] + 0.5).floor() as i64 - bbox.origin()[k]) as usize);
    let channels = 0..observation.frame().channel_names().len();
    Ok(channels
        .map(|c| observation.data()[[c, y, x]] * peak_ratio(observation, position, c, matched_to))
        .collect())
}

/// Peak of the model's PSF over that of the observation in `channel` at `position`, 1 where one of them has none.
fn peak_ratio(observation: &Observation, position: [f64; 2], channel: usize, model: Option<&Frame>) -> f64 {
    let frame = observation.frame();
    let (Some(model), Some(psf)) = (model, frame.psf_at(position)) else { return 1.0 };
    let Some(model_psf) = model.psf_ref() else { return 1.0 };
    let of_model = model.channel_index(&frame.channel_names()[channel]).unwrap_or(0);
    let peak = |image: ndarray::Array2<f64>| image.iter().copied().fold(0.0, f64::max);
    peak(model_psf.sampled(of_model)) / peak(psf.sampled(channel))
}
