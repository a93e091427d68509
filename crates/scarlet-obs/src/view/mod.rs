//! What an observation sees of the light in a box of the model frame: of one source alone, say.

mod contrast;
mod resampled;

use crate::choice::difference_kernels;
use crate::variation::Variation;
use crate::{ObsError, Observation, Sight, kernel};
pub use contrast::{Contrast, Signal};
use ndarray::{Array2, Array3, Axis, s};
use resampled::Resampled;
pub(crate) use resampled::carried;
use scarlet_frame::{BBox, Frame};
use scarlet_model::Scene;
use scarlet_render::{Convolution, Renderer, Varying, Window, Workspace, source_cube};
use std::collections::BTreeMap;

/// Plans that are kept for boxes of the same shape.
const MOST_PLANS: usize = 32;

/// An observation on any grid and what it takes to see one box of a model at a time through it.
///
/// What is seen of all boxes adds up to what is seen of their sum: to rounding on the model's grid, to 1e-5 of the
/// brightest pixel on any other.
///
/// ```
/// use ndarray::Array3;
/// use scarlet_frame::{Frame, Psf};
/// use scarlet_model::{Scene, Source};
/// use scarlet_obs::{Observation, View};
/// let frame = Frame::new([30, 30]).channels(["g"]).psf(Psf::gaussian(1.5)?);
/// let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
/// scene.add(Source::point([14.0, 12.0], [30.0]).named("star"))?;
/// let observation = Observation::new(Array3::zeros((1, 30, 30)), Array3::ones((1, 30, 30)), frame)?;
/// let seen = View::new(&observation, scene.frame())?.source(&scene, "star")?.expect("inside");
/// assert!((seen.pixels.sum() - 30.0).abs() < 1e-3);
/// assert!(seen.bbox.contains([14.0, 12.0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct View<'a> {
    observation: &'a Observation,
    sight: Sight,
    model: BBox,
    way: Way,
}

/// What an observation sees of something.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its pixels in the observation's frame.
    pub bbox: BBox,
    /// What they see, `[channel of the observation, y, x]`.
    pub pixels: Array3<f64>,
}

/// How light comes to the observation's pixels.
#[derive(Debug)]
enum Way {
    /// The same pixels, no PSF.
    Pixels,
    /// The same pixels, through kernels.
    Convolved(Box<Convolved>),
    /// Other pixels.
    Resampled(Box<Resampled>),
}

/// Kernels, how far they reach, and plans by shapes of input and output and the way between them.
#[derive(Debug)]
struct Convolved {
    kernels: Vec<Array2<f64>>,
    reach: usize,
    plans: BTreeMap<[i64; 6], Plan>,
    /// Where the PSF varies; the kernels are those of its components then.
    variation: Option<Variation>,
    /// The box whose plan was asked for last, in the model.
    last: Option<BBox>,
}

/// From a box of the model to one of the observation.
#[derive(Debug)]
struct Plan {
    renderer: Renderer<f64>,
    work: Workspace<f64>,
    /// The pixels that are read, counted from the first one of the box.
    input: BBox,
    /// The pixels that see it, in the observation.
    output: BBox,
}

impl<'a> View<'a> {
    /// How `observation` sees boxes of the frame `model`.
    ///
    /// # Errors
    /// A channel that the model does not have, a pixel that a WCS does not reach.
    pub fn new(observation: &'a Observation, model: &Frame) -> Result<Self, ObsError> {
        let sight = Sight::new(observation, model)?;
        let frame = observation.frame();
        let variation = Variation::of(observation, model)?;
        let way = if sight.whole_pixel_shift().is_none() {
            Way::Resampled(Box::new(Resampled::new(&sight, frame, model, variation)?))
        } else {
            let kernels = match &variation {
                Some(variation) => variation.kernels(frame, model, None),
                None => difference_kernels(frame, model, kernel::difference),
            };
            let reach = kernels.iter().flat_map(|k| k.shape().iter().map(|n| n / 2)).max();
            reach.map_or(Way::Pixels, |reach| {
                let plans = BTreeMap::new();
                Way::Convolved(Box::new(Convolved { kernels, reach, plans, variation, last: None }))
            })
        };
        Ok(Self { observation, sight, model: model.bbox(), way })
    }

    /// The observation.
    #[must_use]
    pub const fn observation(&self) -> &'a Observation {
        self.observation
    }

    /// Where it is in the model frame.
    #[must_use]
    pub const fn sight(&self) -> &Sight {
        &self.sight
    }

    /// Whether each pixel of the model is seen like every other.
    const fn is_uniform(&self) -> bool {
        match &self.way {
            Way::Pixels => true,
            Way::Convolved(convolved) => convolved.variation.is_none(),
            Way::Resampled(_) => false,
        }
    }

    /// What is seen of the source called `name` alone; none where that is nothing.
    ///
    /// # Errors
    /// The scene has no such source.
    pub fn source(&mut self, scene: &Scene, name: &str) -> Result<Option<Seen>, ObsError> {
        let (bbox, cube) = source_cube(scene, name)?;
        Ok(self.seen(bbox, &cube))
    }

    /// What is seen of the light `cube` `[channel of the model, y, x]` in `bbox`; light outside the model frame does not
    /// count, as in a fit. None where that is nothing.
    ///
    /// # Panics
    /// The cube is not of the box's shape, or has not the model's channels.
    #[must_use]
    pub fn seen(&mut self, bbox: BBox, cube: &Array3<f64>) -> Option<Seen> {
        let inside = bbox.intersection(self.model)?;
        let [rows, columns] = bbox.slices_of(inside)?;
        let light = cube.slice(s![.., rows, columns]);
        let channels = self.sight.channels().to_vec();
        let (mut output, mut pixels) = (None, Vec::new());
        for (own, of_model) in channels.iter().enumerate() {
            let plane: Vec<f64> = light.index_axis(Axis(0), *of_model).iter().copied().collect();
            let (seeing, image) = self.stamp(own, inside, &plane)?;
            output = Some(seeing);
            pixels.extend(image);
        }
        let bbox = output?;
        let [ny, nx] = bbox.shape();
        let pixels =
            Array3::from_shape_vec((channels.len(), ny, nx), pixels).expect("a box for each channel");
        Some(Seen { bbox, pixels })
    }

    /// Where the pixels of `bbox`, all of them the observation's own, are in its cubes.
    pub(crate) fn window(
        &self,
        bbox: BBox,
    ) -> ndarray::SliceInfo<[ndarray::SliceInfoElem; 3], ndarray::Ix3, ndarray::Ix3> {
        let [rows, columns] = self.sight.pixels().slices_of(bbox).expect("the box is inside the observation");
        s![.., rows, columns]
    }

    /// What channel `own` of the observation sees of `plane`, the pixels of a box `inside` the model frame, and which of
    /// its pixels do.
    pub(crate) fn stamp(&mut self, own: usize, inside: BBox, plane: &[f64]) -> Option<(BBox, Vec<f64>)> {
        let factor = self.observation.calibration().factor(own);
        let (output, mut pixels) = self.unscaled(own, inside, plane)?;
        if factor != 1.0 {
            pixels.iter_mut().for_each(|value| *value *= factor);
        }
        Some((output, pixels))
    }

    fn unscaled(&mut self, own: usize, inside: BBox, plane: &[f64]) -> Option<(BBox, Vec<f64>)> {
        let Self { sight, way, .. } = self;
        match way {
            Way::Pixels => {
                let output = sight.footprint(inside)?;
                let within = sight.unclipped(inside)?.slices_of(output)?;
                let [rows, columns] = within;
                let stride = inside.shape()[1];
                let row = |y: usize| &plane[y * stride + columns.start..y * stride + columns.end];
                Some((output, rows.flat_map(|y| row(y).iter().copied()).collect()))
            }
            Way::Convolved(convolved) => {
                Some(convolved.plan(sight, inside)?.apply(own, plane, inside.shape()))
            }
            Way::Resampled(resampled) => {
                let (output, pixels) = resampled.plan(sight, inside)?.apply(own, plane, inside.shape());
                let kept = output.intersection(sight.pixels())?;
                Some((kept, cut(output, pixels, kept)))
            }
        }
    }
}

impl Convolved {
    fn plan(&mut self, sight: &Sight, inside: BBox) -> Option<&mut Plan> {
        let input = sight.unclipped(inside)?;
        let output = input.grown(self.reach).intersection(sight.pixels())?;
        let way = [0, 1].map(|k| output.origin()[k] - input.origin()[k]);
        let [[a, b], [c, d]] = [input.shape(), output.shape()].map(|shape| shape.map(|n| n as i64));
        if self.plans.len() >= MOST_PLANS {
            self.plans.clear();
        }
        let is_last = self.last.replace(inside) == Some(inside);
        let plan = self.plans.entry([a, b, c, d, way[0], way[1]]).or_insert_with(|| {
            let convolution = Convolution::new(input, output, &self.kernels);
            let renderer = match &self.variation {
                None => Renderer::Convolution(convolution),
                Some(variation) => varying(convolution, variation, input),
            };
            Plan::new(renderer, BBox::new([0, 0], inside.shape()), output)
        });
        if let (Some(variation), Renderer::Varying(varying), false) =
            (&self.variation, &mut plan.renderer, is_last)
        {
            varying.set_mixtures(variation.mixtures(&positions(input)));
        }
        plan.output = output;
        Some(plan)
    }
}

/// A convolution through a PSF that varies, of the pixels of `input` in the observation.
fn varying(convolution: Convolution<f64>, variation: &Variation, input: BBox) -> Renderer<f64> {
    let mixtures = variation.mixtures(&positions(input));
    Renderer::Varying(Box::new(Varying::convolution(convolution, input.shape(), mixtures)))
}

/// Those of the pixels of a box, row by row.
fn positions(bbox: BBox) -> Vec<[f64; 2]> {
    let ([y0, x0], [ny, nx]) = (bbox.origin(), bbox.shape());
    let row = |y: usize| (0..nx).map(move |x| [y as f64 + y0 as f64, x as f64 + x0 as f64]);
    (0..ny).flat_map(row).collect()
}

impl Plan {
    fn new(renderer: Renderer<f64>, input: BBox, output: BBox) -> Self {
        Self { work: renderer.workspace(input.shape()), renderer, input, output }
    }

    /// What is seen of `plane`, an image of `shape`.
    fn apply(&mut self, channel: usize, plane: &[f64], shape: [usize; 2]) -> (BBox, Vec<f64>) {
        let [y0, x0] = self.input.origin().map(|c| c as usize);
        let window = Window { offset: y0 * shape[1] + x0, stride: shape[1], shape: self.input.shape() };
        let [ny, nx] = self.output.shape();
        let mut pixels = vec![0.0; ny * nx];
        let keep = |y: usize, pair: &mut [f64]| {
            for (k, value) in pair.iter().enumerate().filter(|(k, _)| y + k % 2 < ny) {
                pixels[(y + k % 2) * nx + k / 2] = *value;
            }
        };
        self.renderer.each_pair(channel, plane, window, keep, &mut self.work);
        (self.output, pixels)
    }
}

/// The pixels of `kept` of those of `bbox`.
fn cut(bbox: BBox, pixels: Vec<f64>, kept: BBox) -> Vec<f64> {
    if kept == bbox {
        return pixels;
    }
    let Some([rows, columns]) = bbox.slices_of(kept) else { return Vec::new() };
    let width = bbox.shape()[1];
    rows.flat_map(|y| pixels[y * width + columns.start..y * width + columns.end].iter().copied()).collect()
}
