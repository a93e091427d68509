//! One channel of an observation, as start values see it.

use crate::{ObsError, Observation};
use ndarray::{Array2, Axis};
use scarlet_frame::{BBox, Frame, MODEL_PSF_SIGMA_PX, Psf};

/// Pixels, weights and PSF of one channel of an observation.
#[derive(Debug)]
pub(super) struct Plane {
    /// The channel of the model that it sees.
    pub(super) channel: usize,
    /// Its pixels in the model frame.
    pub(super) bbox: BBox,
    pub(super) data: Array2<f32>,
    pub(super) weights: Array2<f32>,
    /// Its centre is at pixel n / 2.
    pub(super) psf: Array2<f64>,
    typical_weight: f64,
}

impl Plane {
    /// All channels of the observations.
    pub(super) fn all(observations: &[&Observation], model: &Frame) -> Result<Vec<Self>, ObsError> {
        let mut planes = Vec::new();
        for observation in observations {
            let bbox = observation.bbox_in(model)?;
            for (own, channel) in observation.channels_in(model)?.into_iter().enumerate() {
                planes.push(Self::new(observation, model, own, channel, bbox));
            }
        }
        Ok(planes)
    }

    fn new(observation: &Observation, model: &Frame, own: usize, channel: usize, bbox: BBox) -> Self {
        let weights = observation.weights().index_axis(Axis(0), own).mapv(|w| w as f32);
        let data = observation.data().index_axis(Axis(0), own);
        let data =
            ndarray::Zip::from(data).and(&weights).map_collect(|d, w| if *w > 0.0 { *d as f32 } else { 0.0 });
        let psf = match (observation.frame().psf_ref(), model.psf_ref()) {
            (Some(psf), _) => psf.sampled(own),
            (None, Some(psf)) => psf.sampled(channel),
            (None, None) => Psf::gaussian(MODEL_PSF_SIGMA_PX).expect("a positive width").sampled(0),
        };
        let mut positive: Vec<f64> = weights.iter().filter(|w| **w > 0.0).map(|w| f64::from(*w)).collect();
        let typical_weight = super::super::site::median(&mut positive).unwrap_or(0.0);
        Self { channel, bbox, data, weights, psf, typical_weight }
    }

    /// Inverse variance of the pixel that holds a position, or a typical one.
    pub(super) fn weight_at(&self, center: [f64; 2]) -> f64 {
        let at = [0, 1].map(|k| (center[k] - self.bbox.origin()[k] as f64 + 0.5).floor());
        let inside = at.iter().all(|v| *v >= 0.0);
        let found = inside.then(|| self.weights.get(at.map(|v| v as usize))).flatten();
        found.filter(|w| **w > 0.0).map_or(self.typical_weight, |w| f64::from(*w))
    }

    /// Radius around its centre that holds `share` of the PSF, in pixels.
    pub(super) fn psf_radius(&self, share: f64) -> f64 {
        let [cy, cx] = [self.psf.nrows() / 2, self.psf.ncols() / 2].map(|c| c as f64);
        let mut light: Vec<(f64, f64)> = self
            .psf
            .indexed_iter()
            .map(|((y, x), v)| ((y as f64 - cy).hypot(x as f64 - cx), v.abs()))
            .collect();
        light.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = light.iter().map(|(_, v)| v).sum();
        let mut sum = 0.0;
        let holds = |(_, v): &&(f64, f64)| {
            sum += v;
            sum >= share * total
        };
        light.iter().find(holds).map_or(0.0, |(r, _)| *r)
    }
}
