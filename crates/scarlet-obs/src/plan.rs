//! An observation planned for a model frame: from model cube to log-likelihood, and back.

use crate::{ObsError, Observation, choice};
use ndarray::{Array3, ArrayView2, Axis};
use pulp::{Simd, WithSimd};
use scarlet_frame::Frame;
use scarlet_model::{Layout, Scene};
use scarlet_render::{Pixel, Renderer, ScenePlan, Window, Workers, Workspace};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How an observation is rendered from a model cube, with all buffers; allocates nothing afterwards.
///
/// Channels are picked by name, what the observation sees out of the model's box, and each channel is convolved with its
/// difference kernel, or resampled where the grids are not the same. log L = -chi2 / 2 + sum ln(w / 2 pi) / 2 over pixels with weight.
#[derive(Debug)]
pub struct ObservationPlan<T: Pixel> {
    renderer: Renderer<T>,
    window: Window,
    model_plane: usize,
    shape: [usize; 3],
    /// For each channel of the model the one that observes it.
    channels: Vec<Option<ChannelPlan<T>>>,
    workspaces: Vec<Mutex<Workspace<T>>>,
    log_norm: f64,
}

/// An image to take back to the model with [`ObservationPlan::pull_back`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelImage {
    /// The weights times the absolute value of the rendered model.
    WeightedModel,
    /// The square roots of the weights with signs that look random, others for every seed.
    Signs(u64),
}

/// One channel of an observation, its pixels in pairs of rows as a [`Renderer`] gives them.
#[derive(Debug)]
struct ChannelPlan<T> {
    index: usize,
    data: Vec<T>,
    weights: Vec<T>,
    chi2: f64,
}

impl<T: Pixel> ObservationPlan<T> {
    /// Plans how `observation` sees cubes of the frame `model`, to be evaluated by `workers`.
    ///
    /// # Errors
    /// A channel that the model does not have, nothing of the model to be seen, a pixel that a WCS does not reach.
    pub fn new(observation: &Observation, model: &Frame, workers: &Workers) -> Result<Self, ObsError> {
        let frame = observation.frame();
        let mut channels: Vec<_> = model.channel_names().iter().map(|_| None).collect();
        for (index, of_model) in observation.channels_in(model)?.into_iter().enumerate() {
            channels[of_model] = Some(ChannelPlan::new(observation, index));
        }
        let (renderer, input) = choice::renderer(observation, model)?;
        let [start_y, start_x] = [0, 1].map(|k| (input.origin()[k] - model.bbox().origin()[k]) as usize);
        let stride = model.bbox().shape()[1];
        let window = Window { offset: start_y * stride + start_x, stride, shape: input.shape() };
        Ok(Self {
            workspaces: (0..workers.threads())
                .map(|_| Mutex::new(renderer.workspace(window.shape)))
                .collect(),
            renderer,
            window,
            model_plane: model.bbox().len(),
            shape: frame.shape(),
            channels,
            log_norm: observation.log_norm(),
        })
    }

    /// Shape of the FFTs, where there is a convolution.
    #[must_use]
    pub const fn fft_shape(&self) -> Option<[usize; 2]> {
        match &self.renderer {
            Renderer::Identity => None,
            Renderer::Convolution(convolution) => Some(convolution.fft_shape()),
            Renderer::Resampling(resampling) => Some(resampling.fft_shape()),
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
        let weights = self.channels[model_channel].as_ref().map(|channel| &channel.weights);
        let pixels = (self.shape[1] * self.shape[2]) as f64;
        weights.map_or(0.0, |weights| weights.iter().map(|w| w.wide()).sum::<f64>() / pixels)
    }

    /// The log-likelihood of the model `cube`.
    pub fn log_likelihood(&mut self, cube: &[T], workers: &Workers) -> f64 {
        let Self { renderer, window, model_plane, workspaces, .. } = self;
        workers.for_each(&mut self.channels, |c, channel| {
            let Some(channel) = channel else { return };
            let plane = &cube[c * *model_plane..(c + 1) * *model_plane];
            let (index, work) = (channel.index, &mut space(workspaces, workers));
            channel.chi2 = 0.0;
            renderer.each_pair(index, plane, *window, |y, pair| channel.compare(y, pair), work);
        });
        self.log_norm - 0.5 * self.chi2()
    }

    /// The log-likelihood of the model `cube`; adds its gradient with respect to the cube to `gradient`.
    pub fn value_and_gradient(&mut self, cube: &[T], gradient: &mut [T], workers: &Workers) -> f64 {
        let Self { renderer, window, model_plane, workspaces, .. } = self;
        workers.for_each_with_chunk(&mut self.channels, gradient, *model_plane, |c, channel, gradient| {
            let Some(channel) = channel else { return };
            let planes = (&cube[c * *model_plane..(c + 1) * *model_plane], gradient);
            let work = &mut space(workspaces, workers);
            let index = channel.index;
            channel.chi2 = 0.0;
            renderer.each_pair_and_back(index, planes, *window, |y, pair| channel.compare(y, pair), work);
        });
        self.log_norm - 0.5 * self.chi2()
    }

    /// Adds the gradient of sum(image * rendered) with respect to the model `cube` to `gradient`.
    pub fn pull_back(&self, cube: &[T], gradient: &mut [T], image: PixelImage, workers: &Workers) {
        let Self { renderer, window, model_plane, workspaces, .. } = self;
        workers.for_each_chunk(gradient, *model_plane, |c, gradient| {
            let Some(channel) = &self.channels[c] else { return };
            let planes = (&cube[c * *model_plane..(c + 1) * *model_plane], gradient);
            let work = &mut space(workspaces, workers);
            let fill = |y, pair: &mut [T]| channel.fill(image, y, pair);
            renderer.each_pair_and_back(channel.index, planes, *window, fill, work);
        });
    }

    /// chi2 of the last evaluation.
    #[must_use]
    pub fn chi2(&self) -> f64 {
        self.channels.iter().flatten().map(|c| c.chi2).sum()
    }

    /// What the observation should see of the model `cube`, `[channel, y, x]`.
    #[must_use]
    pub fn render(&self, cube: &[T]) -> Array3<f64> {
        let [_, ny, nx] = self.shape;
        let mut seen = Array3::zeros(self.shape);
        let work = &mut space(&self.workspaces, &Workers::default());
        for (channel, plane) in self.channels.iter().zip(cube.chunks_exact(self.model_plane)) {
            let Some(index) = channel.as_ref().map(|c| c.index) else { continue };
            let keep = |y: usize, pair: &mut [T]| {
                for (k, value) in pair.iter().enumerate().filter(|(k, _)| y + k % 2 < ny) {
                    seen[[index, y + k % 2, k / 2]] = value.wide();
                }
                debug_assert_eq!(pair.len(), 2 * nx);
            };
            self.renderer.each_pair(index, plane, self.window, keep, work);
        }
        seen
    }
}

/// The buffers of the thread that asks; never waits, since each thread has its own.
fn space<'a, T: Pixel>(spaces: &'a [Mutex<Workspace<T>>], workers: &Workers) -> MutexGuard<'a, Workspace<T>> {
    spaces[workers.current().min(spaces.len() - 1)].lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Pixel> ChannelPlan<T> {
    fn new(observation: &Observation, index: usize) -> Self {
        let data = in_pairs(observation.data().index_axis(Axis(0), index));
        let weights = in_pairs(observation.weights().index_axis(Axis(0), index));
        Self { index, data, weights, chi2: 0.0 }
    }

    /// Adds to chi2 and turns a pair of rendered rows into their weighted residual w (data - rendered): the gradient
    /// of -chi2 / 2.
    fn compare(&mut self, y: usize, pair: &mut [T]) {
        let own = y / 2 * pair.len()..(y / 2 + 1) * pair.len();
        let (data, weights) = (&self.data[own.clone()], &self.weights[own]);
        self.chi2 += pulp::Arch::new().dispatch(Weigh { data, weights, pair });
    }

    /// Turns a pair of rendered rows into those of an image.
    fn fill(&self, image: PixelImage, y: usize, pair: &mut [T]) {
        let start = y / 2 * pair.len();
        let weights = &self.weights[start..start + pair.len()];
        match image {
            PixelImage::WeightedModel => {
                for (p, w) in pair.iter_mut().zip(weights) {
                    *p = T::of(w.wide() * p.wide().abs());
                }
            }
            PixelImage::Signs(seed) => {
                let seed = mixed(seed ^ mixed(self.index as u64 + 1));
                for (k, (p, w)) in pair.iter_mut().zip(weights).enumerate() {
                    let bits = mixed(seed ^ ((start + k) / 64) as u64);
                    let sign = if bits >> ((start + k) % 64) & 1 == 0 { 1.0 } else { -1.0 };
                    *p = T::of(sign * w.wide().sqrt());
                }
            }
        }
    }
}

/// The finaliser of SplitMix64: bits that look random, from any number.
const fn mixed(number: u64) -> u64 {
    let z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The pixels of a plane in pairs of rows; beside a last row without a partner are zeros.
fn in_pairs<T: Pixel>(plane: ArrayView2<'_, f64>) -> Vec<T> {
    let mut pairs = Vec::with_capacity(plane.len().next_multiple_of(2 * plane.ncols()));
    for rows in plane.axis_chunks_iter(Axis(0), 2) {
        for x in 0..plane.ncols() {
            pairs.push(T::of(rows[[0, x]]));
            pairs.push(T::of(rows.get([1, x]).copied().unwrap_or_default()));
        }
    }
    pairs
}

/// Turns rendered pixels m into w (d - m) and returns the sum of w (d - m)^2, short sums in `T`, their sum in
/// double precision.
struct Weigh<'a, T> {
    data: &'a [T],
    weights: &'a [T],
    pair: &'a mut [T],
}

impl<T: Pixel> WithSimd for Weigh<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        const LANES: usize = 16;
        const BLOCK: usize = 16 * LANES;
        let mut chi2 = 0.0;
        let blocks = self.data.chunks(BLOCK).zip(self.weights.chunks(BLOCK)).zip(self.pair.chunks_mut(BLOCK));
        for ((data, weights), pair) in blocks {
            let mut lanes = [T::default(); LANES];
            let (data, data_left) = data.as_chunks::<LANES>();
            let (weights, weights_left) = weights.as_chunks::<LANES>();
            let (pair, pair_left) = pair.as_chunks_mut::<LANES>();
            for ((d, w), p) in data.iter().zip(weights).zip(pair) {
                // As values, so that the compiler sees that they do not overlap.
                let (d, w, m) = (*d, *w, *p);
                let off: [T; LANES] = std::array::from_fn(|k| d[k] - m[k]);
                let residual: [T; LANES] = std::array::from_fn(|k| w[k] * off[k]);
                *p = residual;
                lanes = std::array::from_fn(|k| lanes[k] + residual[k] * off[k]);
            }
            for (k, ((d, w), p)) in data_left.iter().zip(weights_left).zip(pair_left).enumerate() {
                let off = *d - *p;
                *p = *w * off;
                lanes[k] += *p * off;
            }
            chi2 += lanes.iter().map(|v| v.wide()).sum::<f64>();
        }
        chi2
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
