//! What the errors of one source are made of: derivatives of its light, and images that are free.

use crate::InferError;
use ndarray::{Array3, Axis};
use scarlet_frame::BBox;
use scarlet_model::{Component, Layout, ModelError, Operation, Role, Scene, Slot, Source, Transform};
use scarlet_obs::catalog::LightShape;
use scarlet_render::{ScenePlan, Workers};
use std::ops::Range;

/// Parameters of more values than this are images.
const FEW: usize = 64;
/// Steps of numerical derivatives: of positions in pixels, of others relative to a value of at least 0.01.
const STEP_PX: f64 = 1e-3;
const STEP: f64 = 1e-4;
/// Faintest pixel that is known to within itself, as a share of the peak.
const FAINTEST: f64 = 1e-6;

/// One source at the best fit.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: String,
    /// Box of all its light.
    pub(super) bbox: BBox,
    pub(super) scalars: Vec<Scalar>,
    /// Curvature of minus the logarithm of the scalars' priors, row by row.
    pub(super) prior: Vec<f64>,
    pub(super) images: Vec<FreeImage>,
    /// Whether every free parameter is a scalar or a free image.
    pub(super) is_whole: bool,
    /// Whether all of its light is positive.
    pub(super) is_positive: bool,
    /// Its flux in each channel.
    pub(super) flux: Vec<f64>,
    /// How each of the [numbers](LightShape::numbers) of its shape changes with the light of each pixel of its box; empty
    /// for a point.
    pub(super) shape: Vec<Vec<f64>>,
}

/// One value of a free parameter that is no image.
#[derive(Debug)]
pub(super) struct Scalar {
    /// Its parameter, and its place in it.
    pub(super) path: String,
    pub(super) element: usize,
    pub(super) role: Role,
    pub(super) value: f64,
    /// How the light of its source changes with it: channels, and their pixels in its source's box.
    pub(super) planes: Vec<(usize, Vec<f64>)>,
}

/// A layer whose pixels are all free.
#[derive(Debug)]
pub(super) struct FreeImage {
    pub(super) bbox: BBox,
    /// Of its spectrum, one for each channel.
    pub(super) amplitudes: Vec<f64>,
    pub(super) pixels: Vec<f64>,
    /// Inverse variances of the pixels before the data.
    pub(super) precisions: Vec<f64>,
    /// Changes of the pixels by which their expectation is uncertain.
    pub(super) loose: Vec<Vec<f64>>,
    /// Whether the pixels are positive.
    pub(super) is_positive: bool,
    pub(super) has_prior: bool,
}

/// All sources of `scene`, whose parameters are as `layout` says and have `values`.
pub(super) fn parts(scene: &Scene, layout: &Layout) -> Result<Vec<Part>, InferError> {
    let mut rest = layout.slots();
    let part = |(name, source): (&str, &Source)| {
        let (own, others) = rest.split_at(rest.iter().take_while(|slot| slot.is_of(name)).count());
        rest = others;
        Part::new(scene, name, source, own)
    };
    scene.sources().map(part).collect()
}

impl Part {
    fn new(scene: &Scene, name: &str, source: &Source, slots: &[Slot]) -> Result<Self, InferError> {
        let bbox = source.component().outer_bbox().ok_or_else(|| ModelError::Source {
            source_name: name.to_owned(),
            problem: "it has no box".to_owned(),
        })?;
        let mut alone = Scene::new(scene.frame().clone().cropped(bbox))?;
        alone.add(source.clone().named(name))?;
        let layout = Layout::new(&alone)?;
        let values = layout.start_values().to_vec();
        let slots: Vec<&Slot> = slots.iter().zip(layout.slots()).map(|(_, own)| own).collect();
        let mut images = Vec::new();
        let is_sum = is_sum(source.component());
        let mut walked = slots.iter().copied();
        walk(source.component(), &mut walked, (&values, scene.frame().shape()[0]), &mut |path, image| {
            images.extend(is_sum.then_some((path, image)));
        });
        let is_free_image = |slot: &Slot| images.iter().any(|(path, _)| *path == slot.path);
        let free = || slots.iter().copied().filter(|slot| slot.is_free() && !is_free_image(slot));
        let is_scalar = |slot: &&Slot| slot.values.len() <= FEW && slot.transform != Transform::Simplex;
        let mut part = Self {
            name: name.to_owned(),
            bbox,
            scalars: Vec::new(),
            prior: prior_curvature(&free().filter(is_scalar).collect::<Vec<_>>(), &values),
            is_positive: free().filter(|s| s.role == Role::Light).all(|s| s.transform.is_positive()),
            is_whole: free().all(|slot| is_scalar(&slot)),
            shape: Vec::new(),
            flux: Vec::new(),
            images: Vec::new(),
        };
        let mut plan = ScenePlan::<f64>::new(&alone, &layout);
        let cube = plan.evaluate(&values, &Workers::default()).to_vec();
        part.flux = cube.chunks_exact(bbox.len()).map(|plane| plane.iter().sum()).collect();
        for slot in free().filter(is_scalar) {
            for element in 0..slot.values.len() {
                part.scalars.push(Scalar::new(&mut plan, slot, element, &values, bbox));
            }
        }
        if !images.is_empty() || part.scalars.iter().any(|s| s.role == Role::Shape) {
            let center = scene.param(&format!("{name}.center"))?.values();
            let shape = plan.shape();
            let cube = Array3::from_shape_vec(shape, cube).expect("the cube has the plan's shape");
            part.shape = slopes_of_shape(&cube, bbox, [center[0], center[1]]);
        }
        part.images = images.into_iter().map(|(_, image)| image).collect();
        Ok(part)
    }

    /// Whether light that has to be positive gives less than `least` in a channel that it shines in.
    pub(super) fn is_faint(&self, channel: usize, least: f64) -> bool {
        self.is_positive && self.scalars.iter().any(|s| s.flux(channel) != 0.0) && self.flux[channel] < least
    }
}

impl Scalar {
    fn new(plan: &mut ScenePlan<f64>, slot: &Slot, element: usize, values: &[f64], bbox: BBox) -> Self {
        let at = slot.values.start + element;
        let value = values[at];
        let step = match slot.role {
            // the light is linear in it: any step is exact
            Role::Light => {
                if value == 0.0 {
                    1.0
                } else {
                    value.abs()
                }
            }
            Role::Center => STEP_PX,
            _ => STEP * value.abs().max(1e-2),
        };
        let mut moved = values.to_vec();
        let mut at_step = |step: f64| {
            moved[at] = value + step;
            plan.evaluate(&moved, &Workers::default()).to_vec()
        };
        let (ahead, behind) = (at_step(step), at_step(-step));
        let slopes = ahead.iter().zip(&behind).map(|(a, b)| (a - b) / (2.0 * step)).collect::<Vec<_>>();
        let planes = slopes.chunks_exact(bbox.len()).map(<[f64]>::to_vec).enumerate();
        let planes = planes.filter(|(_, plane)| plane.iter().any(|v| *v != 0.0)).collect();
        Self { path: slot.path.clone(), element, role: slot.role, value, planes }
    }

    /// How the flux of its source in `channel` changes with it.
    pub(super) fn flux(&self, channel: usize) -> f64 {
        self.planes.iter().filter(|(c, _)| *c == channel).map(|(_, plane)| plane.iter().sum::<f64>()).sum()
    }

    /// The same of a sum over the light of all channels, each pixel with its part of `weights`.
    pub(super) fn sum(&self, weights: &[f64]) -> f64 {
        let plane = |plane: &Vec<f64>| plane.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>();
        self.planes.iter().map(|(_, values)| plane(values)).sum()
    }

    /// The light as a cube of the box `bbox` and so many channels.
    pub(super) fn cube(&self, channels: usize, bbox: BBox) -> Array3<f64> {
        let [ny, nx] = bbox.shape();
        let mut cube = Array3::zeros((channels, ny, nx));
        for (channel, plane) in &self.planes {
            cube.index_axis_mut(Axis(0), *channel).iter_mut().zip(plane).for_each(|(to, v)| *to = *v);
        }
        cube
    }
}

/// Of values for the pixels of `outer`, those of the pixels of `inner`; 0 beyond.
pub(super) fn inside(outer: BBox, inner: BBox, values: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; inner.len()];
    if let (Some([rows, columns]), width) = (outer.slices_of(inner), outer.shape()[1]) {
        for (out, y) in out.chunks_exact_mut(inner.shape()[1]).zip(rows) {
            out.copy_from_slice(&values[y * width + columns.start..y * width + columns.end]);
        }
    }
    out
}

fn is_sum(component: &Component) -> bool {
    component.parts().iter().all(|(operation, part)| *operation == Operation::Add && is_sum(part))
}

/// Calls `f` with the path of each free image of `component` and what is to be known of it; `slots` are its parameters.
fn walk<'a>(
    component: &Component,
    slots: &mut impl Iterator<Item = &'a Slot>,
    (values, channels): (&[f64], usize),
    f: &mut dyn FnMut(String, FreeImage),
) {
    let mut take = |count: usize| slots.by_ref().take(count).collect::<Vec<_>>();
    take(usize::from(component.center().is_some()));
    let spectrum = take(component.spectrum().parameters().len());
    let morphology = take(component.morphology().parameters().len());
    if let ([image], Some(bbox), true) =
        (morphology.as_slice(), component.bbox(), component.morphology().is_image())
        && image.is_free()
        && image.transform != Transform::Simplex
    {
        let all: Range<usize> = match (spectrum.first(), spectrum.last()) {
            (Some(first), Some(last)) => first.values.start..last.values.end,
            _ => 0..0,
        };
        let pixels = &values[image.values.clone()];
        let score = image.prior.as_ref().map(|prior| prior.as_score());
        let prior = score.and_then(|score| score.precisions());
        // without a prior, a pixel is taken to be known to within itself
        let least = FAINTEST * pixels.iter().fold(f64::MIN_POSITIVE, |peak, v| peak.max(v.abs()));
        let own = || pixels.iter().map(|v| v.abs().max(least).powi(-2)).collect();
        f(
            image.path.clone(),
            FreeImage {
                bbox,
                amplitudes: component.amplitudes(&values[all], channels),
                pixels: pixels.to_vec(),
                precisions: prior.map_or_else(own, <[f64]>::to_vec),
                loose: score.map_or_else(Vec::new, |score| score.loose_directions()),
                is_positive: image.transform.is_positive(),
                has_prior: prior.is_some(),
            },
        );
    }
    component.parts().iter().for_each(|(_, part)| walk(part, slots, (values, channels), f));
}

/// Curvature of minus the log-densities of all priors, row by row: of a Normal its precisions, of others how scores fall.
fn prior_curvature(slots: &[&Slot], values: &[f64]) -> Vec<f64> {
    let n: usize = slots.iter().map(|slot| slot.values.len()).sum();
    let (mut curvature, mut first) = (vec![0.0; n * n], 0);
    for slot in slots {
        let own = &values[slot.values.clone()];
        let Some(prior) = &slot.prior else {
            first += own.len();
            continue;
        };
        for k in 0..own.len() {
            let row = match prior.as_score().precisions() {
                Some(precisions) => {
                    (0..own.len()).map(|j| if j == k { precisions[k] } else { 0.0 }).collect()
                }
                None => fall(prior.as_score(), own, k),
            };
            for (j, fall) in row.into_iter().enumerate() {
                curvature[(first + k) * n + first + j] += 0.5 * fall;
                curvature[(first + j) * n + first + k] += 0.5 * fall;
            }
        }
        // where a density curves upwards it tells nothing
        (first..first + own.len()).for_each(|k| curvature[k * n + k] = curvature[k * n + k].max(0.0));
        first += own.len();
    }
    curvature
}

/// How the score falls with the `k`th value.
fn fall(prior: &dyn scarlet_model::Score, values: &[f64], k: usize) -> Vec<f64> {
    let step = STEP * values[k].abs().max(1e-2);
    let score = |step: f64| {
        let (mut moved, mut score) = (values.to_vec(), vec![0.0; values.len()]);
        moved[k] += step;
        prior.score(&moved, &mut score);
        score
    };
    let (ahead, behind) = (score(step), score(-step));
    behind.iter().zip(&ahead).map(|(b, a)| (b - a) / (2.0 * step)).collect()
}

/// How each of the numbers of the shape of a cube's light changes with each pixel.
fn slopes_of_shape(cube: &Array3<f64>, bbox: BBox, center: [f64; 2]) -> Vec<Vec<f64>> {
    let origin = bbox.origin().map(|c| c as f64);
    let inside = [center[0] - origin[0], center[1] - origin[1]];
    let slopes = LightShape::slopes(cube.sum_axis(Axis(0)).view(), inside);
    slopes.into_iter().map(|plane| plane.into_iter().collect()).collect()
}
