//! A position in an observation: what its pixels say of a point source there.

use crate::{ObsError, Observation};
use ndarray::Array2;
use scarlet_frame::Frame;

/// How far around a position is looked for light, in pixels.
pub(super) const REACH_PX: usize = 2;

/// A position in the pixels of an observation's arrays.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) observation: &'a Observation,
    /// `(y, x)`, counted from the first pixel of the arrays.
    pub(super) position: [f64; 2],
}

/// The flux of a point source in one channel and its variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PointFlux {
    pub(super) flux: f64,
    pub(super) variance: f64,
}

impl<'a> Site<'a> {
    /// Where `center`, in pixels of the frame `model`, is in `observation`.
    pub(super) fn new(
        observation: &'a Observation,
        model: &Frame,
        center: [f64; 2],
    ) -> Result<Self, ObsError> {
        let offset = observation.bbox_in(model)?.origin();
        Ok(Self { observation, position: [0, 1].map(|k| center[k] - offset[k] as f64) })
    }

    /// The pixel that holds the position, where it is in the image.
    pub(super) fn pixel(&self) -> Option<[usize; 2]> {
        let [_, ny, nx] = self.observation.frame().shape();
        let inside = |p: f64, n: usize| {
            let pixel = (p + 0.5).floor();
            (pixel >= 0.0 && pixel < n as f64).then_some(pixel as usize)
        };
        Some([inside(self.position[0], ny)?, inside(self.position[1], nx)?])
    }

    /// Whether any channel has a pixel that counts within [`REACH_PX`].
    pub(super) fn is_seen(&self) -> bool {
        let channels = self.observation.frame().channel_names().len();
        self.pixel().is_some() && (0..channels).any(|c| self.near().any(|p| self.weight(c, p) > 0.0))
    }

    /// Flux and variance of a point source here, by its PSF in the pixels within [`REACH_PX`] that count.
    ///
    /// F = sum(w p d) / sum(w p^2), var F = 1 / sum(w p^2); `None` where no pixel counts.
    pub(super) fn point_flux(&self, channel: usize) -> Option<PointFlux> {
        let psf = self.psf(channel);
        let (mut signal, mut information) = (0.0, 0.0);
        for pixel in self.near() {
            let (p, w) = (self.psf_at(&psf, pixel), self.weight(channel, pixel));
            signal += w * p * self.observation.data()[[channel, pixel[0], pixel[1]]];
            information += w * p * p;
        }
        (information > 0.0).then(|| PointFlux { flux: signal / information, variance: 1.0 / information })
    }

    /// Noise of the flux of a point source in `channel`: here, or what it typically is where nothing counts here.
    pub(super) fn flux_error(&self, channel: usize) -> f64 {
        if let Some(found) = self.point_flux(channel) {
            return found.variance.sqrt();
        }
        let psf = self.psf(channel);
        let sharpness: f64 = psf.iter().map(|p| p * p).sum();
        let weights = self.observation.weights().index_axis(ndarray::Axis(0), channel);
        let mut positive: Vec<f64> = weights.iter().copied().filter(|w| *w > 0.0).collect();
        let typical = median(&mut positive).unwrap_or(1.0);
        1.0 / (typical * sharpness).sqrt()
    }

    /// Square of the signal-to-noise ratio of a point source here, over all channels.
    pub(super) fn significance(&self) -> f64 {
        let channels = 0..self.observation.frame().channel_names().len();
        let found = channels.filter_map(|c| self.point_flux(c));
        found.map(|f| f.flux.max(0.0).powi(2) / f.variance).sum()
    }

    fn weight(&self, channel: usize, [y, x]: [usize; 2]) -> f64 {
        self.observation.weights()[[channel, y, x]]
    }

    /// The pixels of the image within [`REACH_PX`] of the one that holds the position.
    fn near(&self) -> impl Iterator<Item = [usize; 2]> + use<> {
        let [_, ny, nx] = self.observation.frame().shape();
        let pixel = self.pixel();
        let range = |p: usize, n: usize| p.saturating_sub(REACH_PX)..(p + REACH_PX + 1).min(n);
        pixel
            .into_iter()
            .flat_map(move |[y, x]| range(y, ny).flat_map(move |j| range(x, nx).map(move |i| [j, i])))
    }

    fn psf(&self, channel: usize) -> Array2<f64> {
        let psf = self.observation.frame().psf_ref();
        psf.map_or_else(|| Array2::ones((1, 1)), |psf| psf.sampled(channel))
    }

    /// The PSF centred on the position at a pixel, interpolated linearly.
    fn psf_at(&self, psf: &Array2<f64>, pixel: [usize; 2]) -> f64 {
        let at = [0, 1].map(|k| pixel[k] as f64 - self.position[k] + (psf.shape()[k] / 2) as f64);
        let low = at.map(f64::floor);
        let mut sum = 0.0;
        for (j, i) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let corner = [low[0] + f64::from(j), low[1] + f64::from(i)];
            let share: f64 = [0, 1].map(|k| 1.0 - (corner[k] - at[k]).abs()).iter().product();
            if corner[0] >= 0.0 && corner[1] >= 0.0 {
                sum += share * psf.get([corner[0] as usize, corner[1] as usize]).copied().unwrap_or(0.0);
            }
        }
        sum
    }
}

/// The sites of `center` in all observations; an error where none sees it.
pub(super) fn sites<'a>(
    observations: &[&'a Observation],
    model: &Frame,
    center: [f64; 2],
) -> Result<Vec<Site<'a>>, ObsError> {
    if observations.is_empty() {
        return Err(ObsError::NoObservations);
    }
    let sites = observations.iter().map(|o| Site::new(o, model, center)).collect::<Result<Vec<_>, _>>()?;
    if sites.iter().any(Site::is_seen) {
        return Ok(sites);
    }
    let observations = observations.iter().map(|o| o.name().to_owned()).collect();
    Err(ObsError::SourceUnseen { center, reach_px: REACH_PX, observations })
}

/// The median, the mean of the two in the middle where their number is even.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    Some(if values.len() % 2 == 1 { values[half] } else { 0.5 * (values[half - 1] + values[half]) })
}
