//! Fluxes at a position.

use super::FLUX_FLOOR;
use super::site::{REACH_PX, Site};
use crate::{ObsError, Observation};
use scarlet_frame::Frame;

/// The spectrum of the pixel that holds `position`, `(y, x)` in pixels of the observation's own frame.
///
/// With a frame in `matched_to`, every channel is divided by the peak of its PSF and multiplied by that of the
/// frame: the peak that a point source would have there, which takes colours out of the PSFs. Pixels of weight 0
/// count as 0, and values may be negative: for start values use [`point`](super::point()) or
/// [`extended`](super::extended).
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
    let origin = observation.frame().bbox().origin();
    let site = Site { observation, position: [0, 1].map(|k| position[k] - origin[k] as f64) };
    let [y, x] = site.pixel().ok_or_else(|| ObsError::SourceUnseen {
        center: position,
        reach_px: REACH_PX,
        observations: vec![observation.name().to_owned()],
    })?;
    let channels = 0..observation.frame().channel_names().len();
    Ok(channels.map(|c| observation.data()[[c, y, x]] * peak_ratio(observation, c, matched_to)).collect())
}

/// Peak of the model's PSF over that of the observation in `channel`, 1 where one of them has none.
fn peak_ratio(observation: &Observation, channel: usize, model: Option<&Frame>) -> f64 {
    let frame = observation.frame();
    let (Some(model), Some(psf)) = (model, frame.psf_ref()) else { return 1.0 };
    let Some(model_psf) = model.psf_ref() else { return 1.0 };
    let of_model = model.channel_index(&frame.channel_names()[channel]).unwrap_or(0);
    let peak = |image: ndarray::Array2<f64>| image.iter().copied().fold(0.0, f64::max);
    peak(model_psf.sampled(of_model)) / peak(psf.sampled(channel))
}

/// One flux for each channel of `model`, from those of the observations, at least their floor.
///
/// `flux` gives what a site measures in one of its channels, if anything. Of several observations of the same
/// channel the one that sees a point source best counts.
///
/// # Errors
/// No observation has the channel.
pub(super) fn assemble(
    sites: &[Site<'_>],
    model: &Frame,
    flux: impl Fn(&Site<'_>, usize) -> Option<f64>,
) -> Result<Vec<f64>, ObsError> {
    let mut spectrum = Vec::with_capacity(model.channel_names().len());
    for channel in model.channel_names() {
        let having = sites.iter().filter_map(|s| Some((s, s.observation.frame().channel_index(channel)?)));
        let best = having.min_by(|(a, i), (b, j)| {
            let rank = |s: &Site<'_>, c: usize| (s.point_flux(c).is_none(), s.flux_error(c));
            let (a, b) = (rank(a, *i), rank(b, *j));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        let (site, index) = best.ok_or_else(|| ObsError::ChannelUnobserved { channel: channel.clone() })?;
        let floor = FLUX_FLOOR * site.flux_error(index);
        spectrum.push(flux(site, index).filter(|f| f.is_finite()).map_or(floor, |f| f.max(floor)));
    }
    Ok(spectrum)
}
