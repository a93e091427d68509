//! An observation planned for a model frame: from model cube to log-likelihood, and back.

use crate::{ObsError, Observation, kernel};
use ndarray::{Array2, Array3};
use pulp::{Simd, WithSimd};
use scarlet_frame::{BBox, Frame};
use scarlet_model::{Layout, Scene};
use scarlet_render::{Convolution, Pixel, ScenePlan, Window, Workers, Workspace};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How an observation is rendered from a model cube, with all buffers; allocates nothing afterwards.
///
/// Channels are picked by name, the observation's box out of the model's, and each channel is convolved with its
/// difference kernel. log L = -chi2 / 2 + sum ln(w / 2 pi) / 2 over pixels with weight.
#[derive(Debug)]
pub struct ObservationPlan<T: Pixel> {
    convolution: Option<Convolution<T>>,
    window: Window,
    model_plane: usize,
    shape: [usize; 3],
    channels: Vec<ChannelPlan<T>>,
    workspaces: Vec<Mutex<Workspace<T>>>,
    log_norm: f64,
}

#[derive(Debug)]
struct ChannelPlan<T> {
    model_channel: usize,
    data: Vec<T>,
    weights: Vec<T>,
    rendered: Vec<T>,
    residual: Vec<T>,
    adjoint: Vec<T>,
    chi2: f64,
}

/// How all channels are rendered.
struct Stage<'a, T: Pixel> {
    convolution: Option<&'a Convolution<T>>,
    window: Window,
    plane: usize,
}

/// The buffers of the thread that asks; never waits, since each thread has its own.
fn space<'a, T: Pixel>(
    spaces: &'a [Mutex<Workspace<T>>],
    workers: &Workers,
) -> Option<MutexGuard<'a, Workspace<T>>> {
    let own = spaces.get(workers.current().min(spaces.len().saturating_sub(1)))?;
    Some(own.lock().unwrap_or_else(PoisonError::into_inner))
}

impl<T: Pixel> ObservationPlan<T> {
    /// Plans how `observation` sees cubes of the frame `model`, to be evaluated by `workers`.
    ///
    /// # Errors
    /// A channel that the model does not have, grids that are not the same, boxes that do not overlap.
    pub fn new(observation: &Observation, model: &Frame, workers: &Workers) -> Result<Self, ObsError> {
        let frame = observation.frame();
        let origin = frame.offset_in(model).map_err(|e| ObsError::in_observation(observation.name(), &e))?;
        let output = BBox::new(origin, frame.bbox().shape());
        if !model.bbox().encloses(output) {
            let (observation, model) = (observation.name().to_owned(), model.bbox());
            return Err(ObsError::NoOverlap { observation, bbox: output, model });
        }
        let kernels = kernels(observation, model)?;
        let reach = kernels.iter().flat_map(|k| k.shape().iter().map(|n| n / 2)).max().unwrap_or(0);
        let seen = if kernels.is_empty() { output } else { output.grown(reach) };
        let input = seen.intersection(model.bbox()).unwrap_or(output);
        let convolution = match observation.fft_shape_ref() {
            _ if kernels.is_empty() => None,
            Some(shape) => Some(Convolution::with_fft_shape(input, output, &kernels, shape)),
            None => Some(Convolution::new(input, output, &kernels)),
        };
        let [start_y, start_x] = [0, 1].map(|k| (input.origin()[k] - model.bbox().origin()[k]) as usize);
        let stride = model.bbox().shape()[1];
        let window = Window { offset: start_y * stride + start_x, stride, shape: input.shape() };
        let channels = (0..frame.channel_names().len())
            .map(|c| ChannelPlan::new(observation, c, model, input.len()))
            .collect::<Result<_, _>>()?;
        let spaces =
            convolution.iter().flat_map(|c| (0..workers.threads()).map(|_| Mutex::new(c.workspace())));
        Ok(Self {
            workspaces: spaces.collect(),
            convolution,
            window,
            model_plane: model.bbox().len(),
            shape: frame.shape(),
            channels,
            log_norm: observation.log_norm(),
        })
    }

    /// Shape of the FFTs, where there is a convolution.
    #[must_use]
    pub fn fft_shape(&self) -> Option<[usize; 2]> {
        self.convolution.as_ref().map(Convolution::fft_shape)
    }

    /// Number of channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels.len()
    }

    /// The log-likelihood of the model `cube`.
    pub fn log_likelihood(&mut self, cube: &[T], workers: &Workers) -> f64 {
        self.see(cube, workers, false)
    }

    /// The log-likelihood of the model `cube`; keeps its gradient with respect to the cube for
    /// [`ObservationPlan::add_adjoint`].
    pub fn value_and_adjoint(&mut self, cube: &[T], workers: &Workers) -> f64 {
        self.see(cube, workers, true)
    }

    /// Renders and compares every channel and, if wanted, takes its residual back to the model.
    fn see(&mut self, cube: &[T], workers: &Workers, with_adjoint: bool) -> f64 {
        let stage =
            Stage { convolution: self.convolution.as_ref(), window: self.window, plane: self.model_plane };
        let spaces = &self.workspaces;
        workers.for_each(&mut self.channels, |c, channel| {
            let mut work = space(spaces, workers);
            channel.render(c, cube, &stage, &mut work);
            channel.compare();
            if with_adjoint && let (Some(convolution), Some(work)) = (stage.convolution, work.as_deref_mut())
            {
                convolution.adjoint(c, &channel.residual, &mut channel.adjoint, work);
            }
        });
        self.log_norm - 0.5 * self.chi2()
    }

    /// Adds the gradient of the last [`ObservationPlan::value_and_adjoint`] in one channel of the model to `plane`.
    pub fn add_adjoint(&self, model_channel: usize, plane: &mut [T]) {
        let is_convolved = self.convolution.is_some();
        for channel in self.channels.iter().filter(|c| c.model_channel == model_channel) {
            channel.add_adjoint(plane, self.window, is_convolved);
        }
    }

    /// chi2 of the last evaluation.
    #[must_use]
    pub fn chi2(&self) -> f64 {
        self.channels.iter().map(|c| c.chi2).sum()
    }

    /// What the observation should have seen, at the last evaluation.
    #[must_use]
    pub fn rendered(&self) -> Array3<f64> {
        let values = self.channels.iter().flat_map(|c| c.rendered.iter().map(|v| v.wide())).collect();
        Array3::from_shape_vec(self.shape, values).expect("one plane for each channel")
    }
}

impl<T: Pixel> ChannelPlan<T> {
    fn new(
        observation: &Observation,
        channel: usize,
        model: &Frame,
        input_len: usize,
    ) -> Result<Self, ObsError> {
        let name = &observation.frame().channel_names()[channel];
        let model_channel = model.channel_index(name).ok_or_else(|| ObsError::NoChannel {
            observation: observation.name().to_owned(),
            channel: name.clone(),
            model: model.channel_names().to_vec(),
        })?;
        let plane = |cube: &Array3<f64>| -> Vec<T> {
            cube.index_axis(ndarray::Axis(0), channel).iter().map(|v| T::of(*v)).collect()
        };
        let data = plane(observation.data());
        let zeros = vec![T::default(); data.len()];
        Ok(Self {
            model_channel,
            weights: plane(observation.weights()),
            rendered: zeros.clone(),
            residual: zeros,
            adjoint: vec![T::default(); input_len],
            chi2: 0.0,
            data,
        })
    }

    fn render(
        &mut self,
        channel: usize,
        cube: &[T],
        stage: &Stage<'_, T>,
        work: &mut Option<MutexGuard<'_, Workspace<T>>>,
    ) {
        let plane = &cube[self.model_channel * stage.plane..(self.model_channel + 1) * stage.plane];
        if let (Some(convolution), Some(work)) = (stage.convolution, work.as_deref_mut()) {
            convolution.apply(channel, plane, stage.window, &mut self.rendered, work);
            return;
        }
        for (y, row) in self.rendered.chunks_exact_mut(stage.window.shape[1]).enumerate() {
            row.copy_from_slice(&plane[stage.window.row(y)]);
        }
    }

    /// chi2, and the weighted residual w (data - rendered): the gradient of -chi2 / 2.
    fn compare(&mut self) {
        let Self { data, rendered, weights, residual, .. } = self;
        self.chi2 = pulp::Arch::new().dispatch(Weigh { data, model: rendered, weights, residual });
    }

    fn add_adjoint(&self, plane: &mut [T], window: Window, is_convolved: bool) {
        let image = if is_convolved { &self.adjoint } else { &self.residual };
        for (y, row) in image.chunks_exact(window.shape[1]).enumerate() {
            for (a, v) in plane[window.row(y)].iter_mut().zip(row) {
                *a += *v;
            }
        }
    }
}

/// Writes w (d - m) and returns the sum of w (d - m)^2, short sums in `T`, their sum in double precision.
struct Weigh<'a, T> {
    data: &'a [T],
    model: &'a [T],
    weights: &'a [T],
    residual: &'a mut [T],
}

impl<T: Pixel> WithSimd for Weigh<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        const LANES: usize = 16;
        const BLOCK: usize = 16 * LANES;
        let mut chi2 = 0.0;
        let blocks = self.data.chunks(BLOCK).zip(self.model.chunks(BLOCK)).zip(self.weights.chunks(BLOCK));
        for (((data, model), weights), residual) in blocks.zip(self.residual.chunks_mut(BLOCK)) {
            let mut lanes = [T::default(); LANES];
            let rows = data.chunks(LANES).zip(model.chunks(LANES)).zip(weights.chunks(LANES));
            for (((d, m), w), r) in rows.zip(residual.chunks_mut(LANES)) {
                for (k, lane) in lanes.iter_mut().enumerate().take(d.len()) {
                    let off = d[k] - m[k];
                    r[k] = w[k] * off;
                    *lane += r[k] * off;
                }
            }
            chi2 += lanes.iter().map(|v| v.wide()).sum::<f64>();
        }
        chi2
    }
}

/// One kernel for each channel, none where neither frame has a PSF.
///
/// # Errors
/// FFTs of a shape that was asked for do not hold the model and the observed PSF.
fn kernels(observation: &Observation, model: &Frame) -> Result<Vec<Array2<f64>>, ObsError> {
    let Some(psf) = observation.frame().psf_ref() else { return Ok(Vec::new()) };
    if let Some(shape) = observation.fft_shape_ref() {
        let (psf, of_model) = (psf.sampled(0), model.bbox().shape());
        let needed = [psf.nrows().max(of_model[0]), psf.ncols().max(of_model[1])];
        if shape[0] < needed[0] || shape[1] < needed[1] {
            return Err(ObsError::FftShape { observation: observation.name().to_owned(), shape, needed });
        }
    }
    let names = observation.frame().channel_names();
    let kernel = |(c, name)| {
        let observed = psf.sampled(c);
        let Some(model_psf) = model.psf_ref() else { return observed };
        let model_psf = model_psf.sampled(model.channel_index(name).unwrap_or(0));
        match observation.fft_shape_ref() {
            Some(shape) => kernel::difference_on(&observed, &model_psf, shape),
            None => kernel::difference(&observed, &model_psf),
        }
    };
    Ok(names.iter().enumerate().map(kernel).collect())
}

/// What an instrument with frame `frame` would see of `scene`, without noise: `[channel, y, x]`.
///
/// # Errors
/// The scene is empty of pixels that the frame sees, or has not its channels.
pub fn render(scene: &Scene, frame: &Frame) -> Result<Array3<f64>, ObsError> {
    let layout = Layout::new(scene)?;
    let shape = frame.shape();
    let blank =
        Observation::new(Array3::zeros(shape), Array3::ones(shape), frame.clone())?.named("rendering");
    let workers = Workers::default();
    let mut plan = ObservationPlan::<f64>::new(&blank, scene.frame(), &workers)?;
    let mut of_scene = ScenePlan::<f64>::new(scene, &layout);
    plan.log_likelihood(of_scene.evaluate(layout.start_values(), &workers), &workers);
    Ok(plan.rendered())
}
