//! Packaged sources with start values.

use super::shape::{box_flux, image_at};
use super::site::{Site, sites};
use super::spectrum::assemble;
use super::{IMAGE_RANGE, Layer, START_PEAK, layers};
use crate::{ObsError, Observation};
use scarlet_frame::{BBox, Frame};
use scarlet_model::Source;

/// A star at `center`, `(y, x)` in pixels of the frame `model`, with start fluxes from the observations.
///
/// Fluxes are those of a point source in the 5 x 5 pixels around it, at least [`FLUX_FLOOR`](super::FLUX_FLOOR)
/// times their noise; each channel's comes from the observation that sees it best.
///
/// # Errors
/// No observation sees the position, or none has a channel of `model`.
pub fn point(observations: &[&Observation], model: &Frame, center: [f64; 2]) -> Result<Source, ObsError> {
    let sites = sites(observations, model, center)?;
    let flux = assemble(&sites, model, |site, c| site.point_flux(c).map(|f| f.flux))?;
    Ok(Source::point(center, flux))
}

/// A galaxy of `components` layers at `center`, `(y, x)` in pixels of the frame `model`, with start values.
///
/// The image comes from the moments in the observation with the highest signal-to-noise ratio there (see
/// [`from_moments`](super::from_moments)) and is cut into layers of equal flux, the most compact first (see
/// [`layers`]) that peak at [`START_PEAK`]; fluxes are those in its box, each channel's from the observation that sees it best.
///
/// # Errors
/// No observation sees the position, none has a channel of `model`, or `components` is 0.
pub fn extended(
    observations: &[&Observation],
    model: &Frame,
    center: [f64; 2],
    components: usize,
) -> Result<Source, ObsError> {
    let sites = sites(observations, model, center)?;
    let seeing = sites.iter().filter(|s| s.is_seen());
    let best = seeing.max_by(|a, b| a.significance().total_cmp(&b.significance()));
    let best = best.expect("at least one observation sees it, else there were no sites");
    let (_, image) = image_at(best, model, center)?;
    let total = image.sum();
    let in_box = |site: &Site<'_>, c: usize| {
        site.point_flux(c)?;
        let origin = site.observation.frame().bbox().origin();
        let position = [0, 1].map(|k| site.position[k] + origin[k] as f64);
        box_flux(site, c, model, BBox::centered(position, [image.nrows(), image.ncols()]))
    };
    let mut spectrum = assemble(&sites, model, in_box)?;
    spectrum.iter_mut().for_each(|f| *f /= total);
    let layers = layers(&spectrum, &image, components)?.into_iter().map(dimmed).collect();
    Ok(Source::extended(center, layers))
}

/// The same light from an image that peaks at [`START_PEAK`].
pub(super) fn dimmed((spectrum, image): Layer) -> Layer {
    let image = image.mapv(|v| (v * START_PEAK).max(IMAGE_RANGE[0]));
    (spectrum.into_iter().map(|f| f / START_PEAK).collect(), image)
}
