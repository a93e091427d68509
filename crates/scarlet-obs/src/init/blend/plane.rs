//! One channel of an observation, as start values see it.

use crate::init::median::median;
use crate::view::carried;
use crate::{Observation, Sight};
use ndarray::{Array2, Axis};
use scarlet_frame::{BBox, Frame, MODEL_PSF_SIGMA_PX, Psf, PsfSamples};

/// Pixels, weights and PSF of one channel of an observation, in its own frame.
#[derive(Debug)]
pub(super) struct Plane {
    /// The channel of the model that it sees.
    pub(super) channel: usize,
    /// The observation that it is of, and where that is.
    pub(super) observation: usize,
    pub(super) bbox: BBox,
    pub(super) data: Array2<f32>,
    pub(super) weights: Array2<f32>,
    /// Its centre is at pixel n / 2; where it varies, that at the middle.
    psf: Array2<f64>,
    /// Those at the middles of cells, row by row, where it varies.
    psf_of_cells: Vec<Array2<f64>>,
    /// Model pixels along one of its pixels.
    pub(super) model_px: f64,
    typical_weight: f64,
}

/// Cells along each axis of an observation whose PSF varies.
const CELLS: usize = 6;

fn middle_of(cell: usize, bbox: BBox) -> [f64; 2] {
    let along = |k: usize, i: usize| {
        bbox.origin()[k] as f64 - 0.5 + (i as f64 + 0.5) * bbox.shape()[k] as f64 / CELLS as f64
    };
    [along(0, cell / CELLS), along(1, cell % CELLS)]
}

/// Where a source is in an observation, and how the model's pixels lie there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spot {
    /// `[y, x]` in the observation.
    pub(super) at: [f64; 2],
    /// Of that by the position in the model frame.
    pub(super) jacobian: [[f64; 2]; 2],
}

impl Spot {
    /// Where `center`, in pixels of the model, is; none where a WCS does not reach.
    pub(super) fn new(sight: &Sight, center: [f64; 2]) -> Option<Self> {
        let affine = sight.affine_at(center).ok()?;
        Some(Self { at: affine.apply(center), jacobian: affine.jacobian() })
    }

    /// The step in the model that is this `step` in the observation.
    pub(super) fn in_model(&self, step: [f64; 2]) -> [f64; 2] {
        let [[yy, yx], [xy, xx]] = self.jacobian;
        let determinant = yy * xx - yx * xy;
        [(xx * step[0] - yx * step[1]) / determinant, (yy * step[1] - xy * step[0]) / determinant]
    }
}

/// Data and weights of a channel as if it had neither background nor flux scale, and independent noise.
fn as_of_sources(observation: &Observation, own: usize) -> (Array2<f32>, Array2<f32>) {
    let factor = observation.calibration().factor(own);
    let of_noise = observation.flux_variance(own);
    let weights = observation.weights().index_axis(Axis(0), own);
    let mut data = observation.data().index_axis(Axis(0), own).to_owned();
    observation.calibration().add_background(own, -1.0, data.view_mut());
    data.zip_mut_with(&weights, |d, w| *d = if *w > 0.0 { *d / factor } else { 0.0 });
    (data.mapv(|d| d as f32), weights.mapv(|w| (w * factor * factor / of_noise) as f32))
}

impl Plane {
    /// All channels of the observations, where these are in the frame `model`.
    pub(super) fn all(observations: &[&Observation], sights: &[Sight], model: &Frame) -> Vec<Self> {
        let mut planes = Vec::new();
        for (k, (observation, sight)) in observations.iter().zip(sights).enumerate() {
            for (own, channel) in sight.channels().iter().enumerate() {
                planes.push(Self::new(observation, sight, model, own, *channel, k));
            }
        }
        planes
    }

    fn new(
        observation: &Observation,
        sight: &Sight,
        model: &Frame,
        own: usize,
        channel: usize,
        k: usize,
    ) -> Self {
        let (data, weights) = as_of_sources(observation, own);
        let psf = match (observation.frame().psf_ref(), model.psf_ref()) {
            (Some(psf), _) => psf.sampled(own),
            (None, Some(psf)) if sight.whole_pixel_shift().is_some() => psf.sampled(channel),
            (None, Some(psf)) => carried(&psf.sampled(channel), sight),
            (None, None) => Psf::gaussian(MODEL_PSF_SIGMA_PX).expect("a positive width").sampled(0),
        };
        let mut positive: Vec<f64> = weights.iter().filter(|w| **w > 0.0).map(|w| f64::from(*w)).collect();
        let typical_weight = median(&mut positive).unwrap_or(0.0);
        let (bbox, model_px) = (sight.pixels(), sight.model_pixels_per_pixel());
        let varies = observation.frame().varying_psf_ref().is_some();
        let cells = (0..CELLS * CELLS).filter(|_| varies);
        let psf_of_cells = cells.map(|cell| {
            let there = observation.frame().psf_at(middle_of(cell, bbox));
            there.map_or_else(|| psf.clone(), |there| there.sampled(own))
        });
        let psf_of_cells = psf_of_cells.collect();
        Self { channel, observation: k, bbox, data, weights, psf, psf_of_cells, model_px, typical_weight }
    }

    /// The PSF at a position of the observation, and which of several it is: where it varies, that of the nearest of 6 x 6
    /// cells.
    pub(super) fn psf_at(&self, position: [f64; 2]) -> (usize, &Array2<f64>) {
        if self.psf_of_cells.is_empty() {
            return (0, &self.psf);
        }
        let along = |k: usize| {
            let share = (position[k] - self.bbox.origin()[k] as f64 + 0.5) / self.bbox.shape()[k] as f64;
            (share * CELLS as f64).clamp(0.0, (CELLS - 1) as f64) as usize
        };
        let cell = along(0) * CELLS + along(1);
        (cell, &self.psf_of_cells[cell])
    }

    /// Effective inverse variance of the pixel that holds a position of the observation, or a typical one.
    pub(super) fn weight_at(&self, position: [f64; 2]) -> f64 {
        let at = [0, 1].map(|k| (position[k] - self.bbox.origin()[k] as f64 + 0.5).floor());
        let inside = at.iter().all(|v| *v >= 0.0);
        let found = inside.then(|| self.weights.get(at.map(|v| v as usize))).flatten();
        found.filter(|w| **w > 0.0).map_or(self.typical_weight, |w| f64::from(*w))
    }

    /// Radius around its centre that holds `share` of the PSF, in pixels of the observation.
    pub(super) fn psf_radius(&self, share: f64) -> f64 {
        PsfSamples { image: self.psf.clone(), per_px: 1.0, has_pixel: true }.radius_px(share)
    }
}
