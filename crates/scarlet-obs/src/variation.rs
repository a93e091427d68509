//! A PSF that varies over an observation, as few components that a renderer can put together.

use crate::choice::matchings;
use crate::kernel::{self, TAIL};
use crate::{ObsError, Observation};
use ndarray::Array2;
use scarlet_frame::{BBox, Frame, FrameError, GridMap, PsfComponents};
use scarlet_render::{Component, Matching, Mixture, Pixel};
use std::sync::Arc;

/// Pixels of the observation beyond the reach of the PSF that count too.
const MARGIN_PX: f64 = 4.0;

/// A PSF that varies over an observation noticeably.
#[derive(Debug)]
pub(crate) struct Variation {
    channels: Vec<PsfComponents>,
}

impl Variation {
    /// That of `observation`, seen through the PSF of `model`; none where it has one PSF all over.
    ///
    /// # Errors
    /// The PSF has no positive flux somewhere near the observation, or its WCS does not reach its middle.
    pub(crate) fn of(observation: &Observation, model: &Frame) -> Result<Option<Self>, ObsError> {
        let named = |e: FrameError| ObsError::in_observation(observation.name(), &e);
        Self::of_frame(observation.frame(), model).map_err(named)
    }

    fn of_frame(frame: &Frame, model: &Frame) -> Result<Option<Self>, FrameError> {
        let Some(varying) = frame.varying_psf_ref() else { return Ok(None) };
        let (bbox, middle) = (frame.bbox(), frame.bbox().middle());
        let reach = (0..varying.planes())
            .map(|plane| varying.field(plane).at(middle).radius_px(1.0 - TAIL) + MARGIN_PX)
            .fold(0.0, f64::max);
        let around = bbox.grown(reach.ceil() as usize);
        varying.check_over(around)?;
        let to_model = GridMap::new(frame, model).jacobian(middle)?;
        let components = |(c, name)| {
            let of_model = model.psf_ref().map(|psf| psf.sampled(model.channel_index(name).unwrap_or(0)));
            let moments = of_model.map_or([[0.0; 2]; 2], |image| carried(second_moments(&image), to_model));
            PsfComponents::new(varying.field(c), middle, around, moments)
        };
        let channels: Vec<_> = frame.channel_names().iter().enumerate().map(components).collect();
        let varies = channels.iter().any(|components| !components.images().is_empty());
        Ok(varies.then_some(Self { channels }))
    }

    /// Kernels of all components, channel by channel, that match the PSF of `model`; divided on transforms of
    /// `fft_shape` and not cut where that is given.
    pub(crate) fn kernels(
        &self,
        frame: &Frame,
        model: &Frame,
        fft_shape: Option<[usize; 2]>,
    ) -> Vec<Array2<f64>> {
        let mut kernels = Vec::new();
        for (components, name) in self.channels.iter().zip(frame.channel_names()) {
            let (base, images) = components.in_pixels();
            let of_model = model.psf_ref().map(|psf| psf.sampled(model.channel_index(name).unwrap_or(0)));
            let Some(of_model) = of_model else {
                kernels.push(base);
                kernels.extend(images);
                continue;
            };
            match fft_shape {
                Some(shape) => {
                    let all = std::iter::once(&base).chain(&images);
                    kernels.extend(all.map(|image| kernel::difference_on(image, &of_model, shape)));
                }
                None => kernels.extend(kernel::differences(&base, &images, &of_model)),
            }
        }
        kernels
    }

    /// The PSFs of all components, channel by channel.
    pub(crate) fn matchings(&self, frame: &Frame, model: &Frame) -> Vec<Matching> {
        let of_channel = |(components, plain): (&PsfComponents, Matching)| -> Vec<Matching> {
            let all = std::iter::once(components.base()).chain(components.images());
            all.map(|samples| Matching { observed: Some(samples.clone()), ..plain.clone() }).collect()
        };
        self.channels.iter().zip(matchings(frame, model)).flat_map(of_channel).collect()
    }

    /// How components come together where the pixels that are read are at `positions` in the observation.
    pub(crate) fn mixtures<T: Pixel>(&self, positions: &[[f64; 2]]) -> Vec<Mixture<T>> {
        let (mut first, mut scratch) = (0, Vec::new());
        let mut mixtures = Vec::new();
        for components in &self.channels {
            let n = components.images().len();
            let mut weights = vec![Vec::with_capacity(positions.len()); n];
            let mut values = vec![0.0; n];
            for position in positions.iter().filter(|_| n > 0) {
                components.coefficients_into(*position, &mut values, &mut scratch);
                weights.iter_mut().zip(&values).for_each(|(weights, value)| weights.push(T::of(*value)));
            }
            let others = weights.into_iter().enumerate();
            let others =
                others.map(|(k, weights)| Component { kernel: first + 1 + k, weights: Arc::new(weights) });
            mixtures.push(Mixture { kernel: first, others: others.collect() });
            first += 1 + n;
        }
        mixtures
    }

    /// The same for the pixels of `input` of the frame `model`.
    ///
    /// # Errors
    /// A pixel that a WCS does not reach.
    pub(crate) fn mixtures_in<T: Pixel>(
        &self,
        observation: &Observation,
        model: &Frame,
        input: BBox,
    ) -> Result<Vec<Mixture<T>>, ObsError> {
        let positions = GridMap::new(model, observation.frame()).positions(input);
        let positions = positions.map_err(|e| ObsError::in_observation(observation.name(), &e))?;
        Ok(self.mixtures(&positions))
    }
}

/// Second moments (y, x) of an image around its centre.
fn second_moments(image: &Array2<f64>) -> [[f64; 2]; 2] {
    let center = [image.nrows() / 2, image.ncols() / 2].map(|c| c as f64);
    let (mut sum, mut moments) = (0.0, [[0.0; 2]; 2]);
    for ((y, x), value) in image.indexed_iter() {
        let off = [y as f64 - center[0], x as f64 - center[1]];
        sum += value;
        for (i, row) in moments.iter_mut().enumerate() {
            (0..2).for_each(|j| row[j] += value * off[i] * off[j]);
        }
    }
    moments.map(|row| row.map(|v| v / sum))
}

/// Moments in the model frame as they are in an observation; `to_model` is the derivative of the way from that to the model.
fn carried(moments: [[f64; 2]; 2], [[a, b], [c, d]]: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    let determinant = a * d - b * c;
    let back = [[d / determinant, -b / determinant], [-c / determinant, a / determinant]];
    let half = back.map(|row| [0, 1].map(|j| row[0] * moments[0][j] + row[1] * moments[1][j]));
    half.map(|row| back.map(|to| row[0] * to[0] + row[1] * to[1]))
}
