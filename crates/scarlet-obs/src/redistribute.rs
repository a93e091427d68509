//! Data shared out among the sources of a scene.
//!
//! In every pixel, source k gets the share max(m_k, 0) / sum_j max(m_j, 0) of the data, m_k what the observation should
//! see of it alone. What the model does not explain goes with the light, so fluxes are conserved, and a source
//! keeps structure that its model is too simple for. Where the model is dark nobody gets anything.
//!
//! Source: the idea is that of the SDSS deblender and of the flux re-distribution with scarlet 1,
//! Melchior et al. 2018 (Astronomy and Computing 24, 129).

use crate::{ObsError, Observation, Seen, View};
use ndarray::{Array3, Axis, Zip};
use scarlet_frame::BBox;
use scarlet_model::Scene;

/// Models below this share of their channel's brightest pixel count as dark: rounding of the transforms.
pub const DARK: f64 = 1e-9;

/// The share of one source in the data of one observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Share<'a> {
    /// Name of the source.
    pub source: &'a str,
    /// Its pixels in the observation's frame: all that its light reaches.
    pub bbox: BBox,
    /// Its part of the data, `[channel of the observation, y, x]`, in the unit of the data.
    pub data: Array3<f64>,
    /// What the observation should see of it alone, of the same shape.
    pub model: Array3<f64>,
}

/// Shares the data of an observation out among the sources of `scene` and calls `each` with every source's part.
///
/// Returns what nobody got, `[channel, y, x]` of the observation: the data where the model of all sources is dark
/// (not above [`DARK`] times the brightest pixel of its channel). The parts of all sources add up to the data
/// everywhere else, a background of its calibration taken off before. Pixels of weight 0 are 0 in an observation's data, and so is everybody's part of them. Sources that
/// the observation does not see are left out.
///
/// # Errors
/// A channel that the scene does not have, a pixel that a WCS does not reach.
///
/// # Cost
/// Every source is rendered twice in its box, 0.7 s for 1,000 sources of 31 x 31 pixels in 3 channels; memory for one
/// cube of the observation's shape and one source.
///
/// ```
/// use ndarray::Array3;
/// use scarlet_frame::{Frame, Psf};
/// use scarlet_model::{Scene, Source};
/// use scarlet_obs::{Observation, redistribute, render};
/// let frame = Frame::new([30, 30]).channels(["g"]).psf(Psf::gaussian(1.5)?);
/// let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
/// scene.add(Source::point([14.0, 12.0], [30.0]).named("a"))?;
/// scene.add(Source::point([16.0, 17.0], [50.0]).named("b"))?;
/// let data = render(&scene, &frame)? * 1.1;
/// let observation = Observation::new(data, Array3::ones((1, 30, 30)), frame)?;
/// let mut fluxes = Vec::new();
/// redistribute(&scene, &observation, |share| fluxes.push(share.data.sum()))?;
/// assert!((fluxes[0] - 33.0).abs() < 0.1 && (fluxes[1] - 55.0).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn redistribute(
    scene: &Scene,
    observation: &Observation,
    mut each: impl FnMut(Share<'_>),
) -> Result<Array3<f64>, ObsError> {
    let mut view = View::new(observation, scene.frame())?;
    let data_of_sources = observation.data_of_sources();
    let mut total = Array3::zeros(data_of_sources.dim());
    for (name, _) in scene.sources() {
        if let Some(Seen { bbox, pixels }) = view.source(scene, name)? {
            let mut part = total.slice_mut(view.window(bbox));
            Zip::from(&mut part).and(&pixels).for_each(|sum, m| *sum += m.max(0.0));
        }
    }
    for mut plane in total.axis_iter_mut(Axis(0)) {
        let dark = DARK * plane.iter().copied().fold(0.0, f64::max);
        plane.mapv_inplace(|v| if v > dark { v } else { 0.0 });
    }
    for (source, _) in scene.sources() {
        let Some(Seen { bbox, pixels: model }) = view.source(scene, source)? else { continue };
        let (all, data) = (total.slice(view.window(bbox)), data_of_sources.slice(view.window(bbox)));
        let part = Zip::from(&model)
            .and(all)
            .and(data)
            .map_collect(|m, sum, d| if *sum > 0.0 { m.max(0.0) / sum * d } else { 0.0 });
        each(Share { source, bbox, data: part, model });
    }
    Zip::from(&mut total).and(&data_of_sources).for_each(|left, d| {
        *left = if *left > 0.0 { 0.0 } else { *d };
    });
    Ok(total)
}
