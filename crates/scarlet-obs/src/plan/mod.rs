//! An observation planned for a model frame: from model cube to log-likelihood, and back.

mod channel;
mod joint;
mod own;
mod shared;
mod spaces;
mod weigh;

pub use joint::JointPlan;

use crate::calibration::{Moving, Places};
use crate::noise::Noise;
use crate::{ObsError, Observation, choice};
use channel::ChannelPlan;
use ndarray::Array3;
use num_complex::Complex;
use scarlet_frame::{BBox, Frame};
use scarlet_model::{Layout, Scene};
use scarlet_render::{Pixel, Renderer, ScenePlan, Sighting, Window, Workers, Workspace};
use spaces::Spaces;
use std::sync::Arc;

/// How an observation is rendered from a model cube, with all buffers; allocates nothing afterwards.
///
/// Channels are picked by name, what the observation sees out of the model's box, and each channel is convolved with its
/// difference kernel, or resampled where the grids are not the same. log L and chi2 are those of the observation's [`crate::noise`].
#[derive(Debug)]
pub struct ObservationPlan<T: Pixel> {
    renderer: Renderer<T>,
    window: Window,
    model_plane: usize,
    shape: [usize; 3],
    /// For each channel of the model the one that observes it.
    channels: Vec<Option<ChannelPlan<T>>>,
    spaces: Arc<Spaces<T>>,
    log_norm: f64,
    places: Places,
    moving: Option<Moving>,
}

/// An image to take back to the model with [`ObservationPlan::pull_back`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelImage {
    /// The weights times the absolute value of the rendered model; C^-1 times it, positive, where noise is correlated.
    WeightedModel,
    /// The square roots of the weights, or of C^-1, times signs that look random, others for every seed.
    Signs(u64),
}

impl<T: Pixel> ObservationPlan<T> {
    /// Plans how `observation` sees cubes of the frame `model`, to be evaluated by `workers`.
    ///
    /// # Errors
    /// A channel that the model does not have, nothing of the model to be seen, a pixel that a WCS does not reach.
    pub fn new(observation: &Observation, model: &Frame, workers: &Workers) -> Result<Self, ObsError> {
        let moving = [Moving::of(observation, model)?];
        let mut renderers = choice::renderers(&[observation], &moving, model, workers)?;
        let (rendered, [moving]) = (renderers.pop().expect("one for each observation"), moving);
        let mut plan = Self::without_spaces(observation, model, rendered, moving)?;
        plan.spaces = Arc::new(Spaces::new([plan.workspace()], workers));
        Ok(plan)
    }

    /// The same without buffers for rendering.
    fn without_spaces(
        observation: &Observation,
        model: &Frame,
        (renderer, input): (Renderer<T>, BBox),
        moving: Option<Moving>,
    ) -> Result<Self, ObsError> {
        let mut channels: Vec<_> = model.channel_names().iter().map(|_| None).collect();
        let places = Places::of(observation);
        let is_moving = moving.as_ref().is_some_and(Moving::is_free);
        for (index, of_model) in observation.channels_in(model)?.into_iter().enumerate() {
            channels[of_model] = Some(ChannelPlan::new(observation, index, &places, is_moving));
        }
        let of_channels: f64 = channels.iter().flatten().map(ChannelPlan::log_norm).sum();
        let of_weights = match observation.noise() {
            Noise::Poisson(_) => 0.0,
            _ => observation.log_norm(),
        };
        let [start_y, start_x] = [0, 1].map(|k| (input.origin()[k] - model.bbox().origin()[k]) as usize);
        let stride = model.bbox().shape()[1];
        let mut plan = Self {
            renderer,
            window: Window { offset: start_y * stride + start_x, stride, shape: input.shape() },
            model_plane: model.bbox().len(),
            shape: observation.frame().shape(),
            channels,
            spaces: Arc::new(Spaces::new([], &Workers::default())),
            log_norm: of_weights + of_channels,
            places,
            moving,
        };
        plan.calibrate(&observation.calibration().values());
        Ok(plan)
    }

    fn workspace(&self) -> Workspace<T> {
        self.renderer.workspace(self.window.shape)
    }

    /// Shape of the FFTs, where there is a convolution.
    #[must_use]
    pub fn fft_shape(&self) -> Option<[usize; 2]> {
        match &self.renderer {
            Renderer::Identity => None,
            Renderer::Convolution(convolution) => Some(convolution.fft_shape()),
            Renderer::Resampling(resampling) => Some(resampling.fft_shape()),
            Renderer::Varying(varying) => Some(varying.fft_shape()),
        }
    }

    /// How the observation is rendered, for humans: "convolution, FFTs of 96 x 96".
    #[must_use]
    pub fn renderer_name(&self) -> String {
        self.renderer.to_string()
    }

    /// Number of channels.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.shape[0]
    }

    /// Mean weight of the pixels that see a channel of the model; 0 where none does.
    #[must_use]
    pub fn mean_weight(&self, model_channel: usize) -> f64 {
        let pixels = self.shape[1] * self.shape[2];
        self.channels[model_channel].as_ref().map_or(0.0, |channel| channel.mean_weight(pixels))
    }

    /// The log-likelihood of the model `cube`.
    pub fn log_likelihood(&mut self, cube: &[T], workers: &Workers) -> f64 {
        let plan = &*self;
        workers.for_each_index(plan.channels.len(), |c| {
            plan.evaluate(c, plan.plane(c, cube), None, &mut plan.spaces.of(workers));
        });
        self.last_log_likelihood()
    }

    /// The log-likelihood of the model `cube`; adds its gradient with respect to the cube to `gradient`.
    pub fn value_and_gradient(&mut self, cube: &[T], gradient: &mut [T], workers: &Workers) -> f64 {
        let plan = &*self;
        workers.for_each_chunk(gradient, plan.model_plane, |c, gradient| {
            let planes = (plan.plane(c, cube), gradient);
            plan.evaluate_and_back(c, planes, None, &mut plan.spaces.of(workers));
        });
        self.last_log_likelihood()
    }

    /// Adds the gradient of sum(image * rendered) with respect to the model `cube` to `gradient`.
    pub fn pull_back(&self, cube: &[T], gradient: &mut [T], image: PixelImage, workers: &Workers) {
        workers.for_each_chunk(gradient, self.model_plane, |c, gradient| {
            let planes = (self.plane(c, cube), gradient);
            self.pull_back_channel(c, planes, None, image, &mut self.spaces.of(workers));
        });
    }

    /// Compares one channel with the model's `plane`; what it sees is remembered for
    /// [`ObservationPlan::last_log_likelihood`]. `spectrum` as in [`Sighting`].
    fn evaluate(
        &self,
        model_channel: usize,
        plane: &[T],
        spectrum: Option<&[Complex<T>]>,
        work: &mut Workspace<T>,
    ) {
        if let Some(channel) = &self.channels[model_channel] {
            channel.evaluate(self.sighting(channel, spectrum), plane, work);
        }
    }

    /// The same, and adds the gradient with respect to the plane to the second of `planes`.
    fn evaluate_and_back(
        &self,
        model_channel: usize,
        planes: (&[T], &mut [T]),
        spectrum: Option<&[Complex<T>]>,
        work: &mut Workspace<T>,
    ) {
        if let Some(channel) = &self.channels[model_channel] {
            channel.evaluate_and_back(self.sighting(channel, spectrum), planes, work);
        }
    }

    /// One channel of [`ObservationPlan::pull_back`].
    fn pull_back_channel(
        &self,
        model_channel: usize,
        planes: (&[T], &mut [T]),
        spectrum: Option<&[Complex<T>]>,
        image: PixelImage,
        work: &mut Workspace<T>,
    ) {
        if let Some(channel) = &self.channels[model_channel] {
            channel.pull_back(self.sighting(channel, spectrum), planes, image, work);
        }
    }

    const fn sighting<'a>(
        &'a self,
        channel: &ChannelPlan<T>,
        spectrum: Option<&'a [Complex<T>]>,
    ) -> Sighting<'a, T> {
        Sighting { renderer: &self.renderer, channel: channel.index, window: self.window, spectrum }
    }

    fn plane<'a>(&self, model_channel: usize, cube: &'a [T]) -> &'a [T] {
        &cube[model_channel * self.model_plane..(model_channel + 1) * self.model_plane]
    }

    /// The log-likelihood of the last evaluation, all channels of which are done; minus infinity where the pixels are
    /// not where they should be, their places not being finite.
    fn last_log_likelihood(&self) -> f64 {
        match &self.moving {
            Some(moving) if !moving.is_placed() => f64::NEG_INFINITY,
            _ => self.log_norm - 0.5 * self.chi2(),
        }
    }

    /// chi2 of the last evaluation.
    #[must_use]
    pub fn chi2(&self) -> f64 {
        self.channels.iter().flatten().map(|channel| channel.outcome().chi2).sum()
    }

    /// What the observation should see of the model `cube`, `[channel, y, x]`.
    #[must_use]
    pub fn render(&self, cube: &[T]) -> Array3<f64> {
        let [_, ny, nx] = self.shape;
        let mut seen = Array3::zeros(self.shape);
        let work = &mut self.spaces.of(&Workers::default());
        for (channel, plane) in self.channels.iter().zip(cube.chunks_exact(self.model_plane)) {
            let Some(channel) = channel else { continue };
            let own = channel.calibration();
            let keep = |y: usize, pair: &mut [T]| {
                own.iter().for_each(|own| own.see(y, pair));
                for (k, value) in pair.iter().enumerate().filter(|(k, _)| y + k % 2 < ny) {
                    seen[[channel.index, y + k % 2, k / 2]] = value.wide();
                }
                debug_assert_eq!(pair.len(), 2 * nx);
            };
            self.sighting(channel, None).each_pair(plane, keep, work);
        }
        seen
    }
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
    let plan = ObservationPlan::<f64>::new(&blank, scene.frame(), &workers)?;
    let mut of_scene = ScenePlan::<f64>::new(scene, &layout);
    Ok(plan.render(of_scene.evaluate(layout.start_values(), &workers)))
}
