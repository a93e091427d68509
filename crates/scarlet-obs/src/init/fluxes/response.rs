//! What the scene shows for a flux of 1 in one component, and what an observation sees of it.

use crate::ObsError;
use crate::View;
use ndarray::{Array2, ArrayView2};
use scarlet_frame::{BBox, Frame};
use scarlet_model::{Component, Layout, Operation, Scene, Slot, Source, Transform};
use scarlet_render::{ScenePlan, Workers};
use std::ops::Range;

/// Light in a box of the model frame: one plane for each channel, or one for all.
#[derive(Debug)]
pub(super) struct Response {
    bbox: BBox,
    pixels: Vec<f64>,
}

/// A component whose fluxes are looked for.
#[derive(Debug)]
pub(super) struct Unknown {
    pub(super) response: Response,
    /// Its fluxes among the values of the scene.
    pub(super) values: Range<usize>,
    pub(super) may_be_negative: bool,
}

/// An image in a box of an observation.
#[derive(Debug)]
pub(super) struct Stamp {
    bbox: BBox,
    pixels: Vec<f64>,
}

/// The unknown components of a scene, and the light that does not depend on them.
pub(super) fn responses(scene: &Scene) -> Result<(Vec<Unknown>, Vec<Response>), ObsError> {
    let (mut unknowns, mut held) = (Vec::new(), Vec::new());
    let mut first = 0;
    for (_, source) in scene.sources() {
        let used = of_source(source, scene.frame(), first, &mut unknowns, &mut held)?;
        first += used;
    }
    Ok((unknowns, held))
}

/// Adds the components of one source, whose values begin at `first`, and returns how many values it has.
fn of_source(
    source: &Source,
    model: &Frame,
    first: usize,
    unknowns: &mut Vec<Unknown>,
    held: &mut Vec<Response>,
) -> Result<usize, ObsError> {
    let outer = source.component().outer_bbox().and_then(|b| b.intersection(model.bbox()));
    let bbox = outer.unwrap_or_else(|| model.bbox());
    let mut frame = Frame::with_bbox(bbox).channels(model.channel_names().iter().cloned());
    if let Some(psf) = model.psf_ref() {
        frame = frame.psf(psf.clone());
    }
    let mut alone = Scene::new(frame)?;
    alone.add(source.clone())?;
    let layout = Layout::new(&alone)?;
    let mut linear = Vec::new();
    find_linear(source.component(), &mut layout.slots().iter(), true, &mut linear);
    let mut plan = ScenePlan::<f64>::new(&alone, &layout);
    let workers = Workers::default();
    let mut values = layout.start_values().to_vec();
    for slot in &linear {
        values[slot.values.clone()].fill(0.0);
    }
    let rest = plan.evaluate(&values, &workers).to_vec();
    let planes_differ = !only_added(source.component());
    for slot in &linear {
        values[slot.values.clone()].fill(1.0);
        let mut pixels: Vec<f64> = plan
            .evaluate(&values, &workers)
            .iter()
            .zip(&rest)
            .map(|(with, without)| with - without)
            .collect();
        values[slot.values.clone()].fill(0.0);
        if !planes_differ {
            pixels.truncate(bbox.len());
            pixels.shrink_to_fit();
        }
        unknowns.push(Unknown {
            response: Response { bbox, pixels },
            values: first + slot.values.start..first + slot.values.end,
            may_be_negative: slot.transform == Transform::Identity,
        });
    }
    if rest.iter().any(|v| *v != 0.0) {
        held.push(Response { bbox, pixels: rest });
    }
    Ok(layout.values_len())
}

/// The slots of the free array spectra that a source's light is linear in; `slots` in the order of its parameters.
fn find_linear<'a>(
    component: &Component,
    slots: &mut impl Iterator<Item = &'a Slot>,
    is_added: bool,
    found: &mut Vec<&'a Slot>,
) {
    if component.center().is_some() {
        slots.next();
    }
    let spectrum = component.spectrum();
    for slot in slots.by_ref().take(spectrum.parameters().len()) {
        let unbounded = matches!(slot.transform, Transform::Identity | Transform::Exp | Transform::Softplus);
        if is_added && spectrum.kind() == "ArraySpectrum" && slot.is_free() && unbounded {
            found.push(slot);
        }
    }
    slots.by_ref().take(component.morphology().parameters().len()).for_each(drop);
    for (operation, part) in component.parts() {
        find_linear(part, slots, is_added && *operation == Operation::Add, found);
    }
}

fn only_added(component: &Component) -> bool {
    component.parts().iter().all(|(op, part)| *op == Operation::Add && only_added(part))
}

impl Response {
    fn plane(&self, channel: usize) -> &[f64] {
        let n = self.bbox.len();
        let start = if self.pixels.len() == n { 0 } else { channel * n };
        &self.pixels[start..start + n]
    }

    /// What channel `own` of an observation, the model's `channel`, sees of it.
    pub(super) fn seen(&self, channel: usize, own: usize, view: &mut View<'_>) -> Option<Stamp> {
        let (bbox, pixels) = view.stamp(own, self.bbox, self.plane(channel))?;
        Some(Stamp { bbox, pixels })
    }

    /// Its light in a channel.
    pub(super) fn light(&self, channel: usize) -> f64 {
        self.plane(channel).iter().sum()
    }
}

impl Stamp {
    /// The pixels of row `y` in the columns `x`, all of which it has.
    fn row(&self, y: i64, x: Range<i64>) -> &[f64] {
        let start = (y - self.bbox.origin()[0]) as usize * self.bbox.shape()[1];
        let [from, to] = [x.start, x.end].map(|x| start + (x - self.bbox.origin()[1]) as usize);
        &self.pixels[from..to]
    }

    /// Times the weights of an observation whose first pixel is at `origin`.
    pub(super) fn weighted(&self, weights: ArrayView2<'_, f64>, origin: [i64; 2]) -> Self {
        let pixels = self.pixels.iter().zip(self.of(weights, origin)).map(|(v, w)| v * w).collect();
        Self { bbox: self.bbox, pixels }
    }

    /// Its light in the pixels that count of an observation whose first pixel is at `origin`.
    pub(super) fn counted(&self, weights: ArrayView2<'_, f64>, origin: [i64; 2]) -> f64 {
        let pixels = self.pixels.iter().zip(self.of(weights, origin));
        pixels.filter(|(_, w)| *w > 0.0).map(|(v, _)| v).sum()
    }

    /// Sum of its products with an image whose first pixel is at `origin`.
    pub(super) fn dot(&self, image: ArrayView2<'_, f64>, origin: [i64; 2]) -> f64 {
        self.pixels.iter().zip(self.of(image, origin)).map(|(v, d)| v * d).sum()
    }

    /// Sum of its products with another one, where both are.
    pub(super) fn product(&self, other: &Self) -> f64 {
        let Some(both) = self.bbox.intersection(other.bbox) else { return 0.0 };
        let of_row = |(y, x): (i64, Range<i64>)| {
            let pairs = self.row(y, x.clone()).iter().zip(other.row(y, x));
            pairs.map(|(a, b)| a * b).sum::<f64>()
        };
        rows(both).map(of_row).sum()
    }

    /// Takes it out of an image whose first pixel is at `origin`.
    pub(super) fn subtract_from(&self, image: &mut Array2<f64>, origin: [i64; 2]) {
        let [ny, nx] = self.bbox.shape();
        let [y0, x0] = [0, 1].map(|k| (self.bbox.origin()[k] - origin[k]) as usize);
        let mut inside = image.slice_mut(ndarray::s![y0..y0 + ny, x0..x0 + nx]);
        inside.iter_mut().zip(&self.pixels).for_each(|(d, v)| *d -= v);
    }

    /// The pixels of an image under it.
    fn of<'a>(&self, image: ArrayView2<'a, f64>, origin: [i64; 2]) -> impl Iterator<Item = f64> + use<'a> {
        let [y0, x0] = [0, 1].map(|k| (self.bbox.origin()[k] - origin[k]) as usize);
        let [ny, nx] = self.bbox.shape();
        (y0..y0 + ny).flat_map(move |y| (x0..x0 + nx).map(move |x| image[[y, x]]))
    }
}

/// Rows of a box and their columns.
fn rows(bbox: BBox) -> impl Iterator<Item = (i64, Range<i64>)> {
    let ([y0, x0], [y1, x1]) = (bbox.origin(), bbox.end());
    (y0..y1).map(move |y| (y, x0..x1))
}
