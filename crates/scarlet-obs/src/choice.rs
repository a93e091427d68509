//! Which renderer an observation needs, and what it reads of the model.

use crate::calibration::Moving;
use crate::variation::Variation;
use crate::{ObsError, Observation, kernel};
use ndarray::Array2;
use scarlet_frame::{BBox, Frame, FrameError, GridMap};
use scarlet_render::{
    Convolution, Geometry, Matching, Pixel, Renderer, Request, Resampling, Varying, Workers,
};

/// What renders an observation.
#[derive(Debug)]
pub(crate) enum Choice<T: Pixel> {
    /// This, from these pixels of the model.
    Ready(Renderer<T>, BBox),
    /// A resampling, planned with those of other observations.
    Resampled(Request),
}

impl<T: Pixel> Choice<T> {
    /// What `observation` needs, its astrometry `moving` where that is not its WCS's.
    ///
    /// On the model's grid, shifted by whole pixels: the pixels themselves without PSFs, a convolution with them. On any
    /// other, or where pixels move: resampling. The observation may hang over the model's edge; what it sees there is
    /// what comes in through its PSF.
    ///
    /// # Errors
    /// The observation sees nothing of the model, a channel that the model does not have, a pixel that its WCS does not
    /// reach, FFTs of a shape that was asked for and is too small.
    pub(crate) fn new(
        observation: &Observation,
        model: &Frame,
        moving: Option<&Moving>,
    ) -> Result<Self, ObsError> {
        observation.channels_in(model)?;
        let variation = Variation::of(observation, model)?;
        let resampled = |geometry, slack_px| match &variation {
            Some(variation) => varying(observation, model, variation, &geometry, slack_px),
            None => {
                let matchings = matchings(observation.frame(), model);
                Ok(Self::Resampled(Request { geometry, matchings, slack_px }))
            }
        };
        if let Some(moving) = moving {
            return resampled(moving.geometry(), moving.reach_px());
        }
        match observation.frame().offset_in(model) {
            Ok(origin) => {
                let (renderer, input) = aligned(observation, model, origin, variation.as_ref())?;
                Ok(Self::Ready(renderer, input))
            }
            Err(FrameError::GridsDiffer { .. }) => resampled(geometry(observation, model)?, 0.0),
            Err(error) => Err(ObsError::in_observation(observation.name(), &error)),
        }
    }
}

/// The renderers for `observations`, and the pixels of the model that each reads; `movings` are their astrometries
/// where these are not those of their WCS.
///
/// # Errors
/// Those of [`Choice::new`].
pub(crate) fn renderers<T: Pixel>(
    observations: &[&Observation],
    movings: &[Option<Moving>],
    model: &Frame,
    workers: &Workers,
) -> Result<Vec<(Renderer<T>, BBox)>, ObsError> {
    let mut choices: Vec<Option<Result<Choice<T>, ObsError>>> = observations.iter().map(|_| None).collect();
    workers.for_each(&mut choices, |i, choice| {
        *choice = Some(Choice::new(observations[i], model, movings[i].as_ref()));
    });
    let (mut chosen, mut requests, mut asking) = (Vec::new(), Vec::new(), Vec::new());
    for (i, choice) in choices.into_iter().flatten().enumerate() {
        chosen.push(match choice? {
            Choice::Ready(renderer, input) => Some((renderer, input)),
            Choice::Resampled(request) => {
                requests.push(request);
                asking.push(i);
                None
            }
        });
    }
    let planned = Resampling::several(model.bbox(), &requests, workers);
    for ((i, request), resampling) in asking.into_iter().zip(&requests).zip(planned) {
        let unseen = || unseen(observations[i], footprint(&request.geometry), model);
        let resampling = resampling.ok_or_else(unseen)?;
        let input = resampling.input();
        chosen[i] = Some((Renderer::Resampling(Box::new(resampling)), input));
    }
    Ok(chosen.into_iter().flatten().collect())
}

fn aligned<T: Pixel>(
    observation: &Observation,
    model: &Frame,
    origin: [i64; 2],
    variation: Option<&Variation>,
) -> Result<(Renderer<T>, BBox), ObsError> {
    let output = BBox::new(origin, observation.frame().bbox().shape());
    if model.bbox().intersection(output).is_none() {
        return Err(unseen(observation, output, model));
    }
    let mut kernels = kernels(observation, model, variation)?;
    if kernels.is_empty() {
        if model.bbox().encloses(output) {
            return Ok((Renderer::Identity, output));
        }
        // pixels beyond the model are zeros, which a convolution with nothing gives
        kernels = vec![Array2::ones((1, 1)); observation.frame().channel_names().len()];
    }
    let reach = kernels.iter().flat_map(|k| k.shape().iter().map(|n| n / 2)).max().unwrap_or(0);
    let input = output.grown(reach).intersection(model.bbox()).unwrap_or(output);
    let convolution = match observation.fft_shape_ref() {
        Some(shape) => Convolution::with_fft_shape(input, output, &kernels, shape),
        None => Convolution::new(input, output, &kernels),
    };
    let Some(variation) = variation else { return Ok((Renderer::Convolution(convolution), input)) };
    let mixtures = variation.mixtures_in(observation, model, input)?;
    let varying = Varying::convolution(convolution, input.shape(), mixtures);
    Ok((Renderer::Varying(Box::new(varying)), input))
}

/// A resampling through a PSF that varies, which shares what it reads with no other.
fn varying<T: Pixel>(
    observation: &Observation,
    model: &Frame,
    variation: &Variation,
    geometry: &Geometry,
    slack_px: f64,
) -> Result<Choice<T>, ObsError> {
    let matchings = variation.matchings(observation.frame(), model);
    let resampling = Resampling::new(model.bbox(), geometry, &matchings, slack_px)
        .ok_or_else(|| unseen(observation, footprint(geometry), model))?;
    let input = resampling.input();
    let mixtures = variation.mixtures_in(observation, model, input)?;
    Ok(Choice::Ready(Renderer::Varying(Box::new(Varying::resampling(resampling, mixtures))), input))
}

/// The PSFs of each channel of `frame`.
pub(crate) fn matchings(frame: &Frame, model: &Frame) -> Vec<Matching> {
    let matching = |(c, name)| Matching {
        observed: frame.psf_ref().map(|psf| psf.samples(c)),
        model: model.psf_ref().map(|psf| psf.samples(model.channel_index(name).unwrap_or(0))),
    };
    frame.channel_names().iter().enumerate().map(matching).collect()
}

/// Where the WCS of `observation` puts its pixels in the frame `model`.
///
/// # Errors
/// A pixel that a WCS does not reach.
pub(crate) fn geometry(observation: &Observation, model: &Frame) -> Result<Geometry, ObsError> {
    let (map, bbox) = (GridMap::new(observation.frame(), model), observation.frame().bbox());
    let geometry = || Ok(Geometry::new(bbox.shape(), map.positions(bbox)?, map.jacobian(bbox.middle())?));
    geometry().map_err(|e: FrameError| ObsError::in_observation(observation.name(), &e))
}

/// The pixels of the model frame around all positions.
fn footprint(geometry: &Geometry) -> BBox {
    let limits = |k: usize| {
        let along = geometry.positions().iter().map(|p| p[k]);
        along.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let limits = [limits(0), limits(1)];
    let origin = limits.map(|(low, _)| low.floor() as i64);
    BBox::new(origin, [0, 1].map(|k| (limits[k].1.ceil() as i64 - origin[k] + 1) as usize))
}

fn unseen(observation: &Observation, bbox: BBox, model: &Frame) -> ObsError {
    ObsError::NoOverlap { observation: observation.name().to_owned(), bbox, model: model.bbox() }
}

/// One kernel for each channel, none where neither frame has a PSF; where it varies, those of all components.
///
/// # Errors
/// FFTs of a shape that was asked for do not hold the model and the observed PSF.
fn kernels(
    observation: &Observation,
    model: &Frame,
    variation: Option<&Variation>,
) -> Result<Vec<Array2<f64>>, ObsError> {
    let Some(psf) = observation.frame().psf_ref() else { return Ok(Vec::new()) };
    if let Some(shape) = observation.fft_shape_ref() {
        let (psf, of_model) = (psf.sampled(0), model.bbox().shape());
        let needed = [psf.nrows().max(of_model[0]), psf.ncols().max(of_model[1])];
        if shape[0] < needed[0] || shape[1] < needed[1] {
            return Err(ObsError::FftShape { observation: observation.name().to_owned(), shape, needed });
        }
    }
    if let Some(variation) = variation {
        return Ok(variation.kernels(observation.frame(), model, observation.fft_shape_ref()));
    }
    Ok(difference_kernels(observation.frame(), model, |observed, of_model| {
        match observation.fft_shape_ref() {
            Some(shape) => kernel::difference_on(observed, of_model, shape),
            None => kernel::difference(observed, of_model),
        }
    }))
}

/// One kernel for each channel of `frame`, as `difference` makes it of the observed PSF and the model's; none where
/// the frame has no PSF.
pub(crate) fn difference_kernels(
    frame: &Frame,
    model: &Frame,
    difference: impl Fn(&Array2<f64>, &Array2<f64>) -> Array2<f64>,
) -> Vec<Array2<f64>> {
    let Some(psf) = frame.psf_ref() else { return Vec::new() };
    let kernel = |(c, name)| {
        let observed = psf.sampled(c);
        let Some(of_model) = model.psf_ref() else { return observed };
        difference(&observed, &of_model.sampled(model.channel_index(name).unwrap_or(0)))
    };
    frame.channel_names().iter().enumerate().map(kernel).collect()
}
