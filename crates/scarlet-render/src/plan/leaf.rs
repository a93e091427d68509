//! A spectrum times a morphology, added to a cube.

use super::Target;
use super::edge::{Edge, Surroundings};
use crate::{Pixel, Window, simd};
use scarlet_frame::BBox;
use scarlet_model::{Component, Morphology, Site, Slot, Spectrum};
use std::ops::Range;

#[derive(Debug)]
pub(super) struct Leaf<T> {
    spectrum: Box<dyn Spectrum>,
    morphology: Box<dyn Morphology>,
    center: Center,
    spectrum_values: Range<usize>,
    morphology_values: Range<usize>,
    has_free_spectrum: bool,
    has_free_image: bool,
    is_drawn: bool,
    is_image: bool,
    bbox: BBox,
    frame: BBox,
    overlap: Option<Overlap>,
    plane_len: usize,
    flux: Vec<f64>,
    image: Vec<f64>,
    pixels: Vec<T>,
    seed: Vec<T>,
    scratch: Vec<f64>,
    grad_spectrum: Vec<f64>,
    grad_morphology: Vec<f64>,
    grad_center: [f64; 2],
}

/// Where a centre is among the values, and whether a fit may move it.
#[derive(Debug, Clone)]
pub(super) struct Center {
    values: Range<usize>,
    is_free: bool,
}

/// Where a box and a cube's plane overlap, seen from either.
#[derive(Debug, Clone, Copy)]
pub(super) struct Overlap {
    pub(super) inner: Window,
    pub(super) outer: Window,
}

impl Overlap {
    pub(super) fn of(inner: BBox, outer: BBox) -> Option<Self> {
        let common = inner.intersection(outer)?;
        let window = |of: BBox| {
            let [y, x] = [0, 1].map(|k| (common.origin()[k] - of.origin()[k]) as usize);
            let stride = of.shape()[1];
            Window { offset: y * stride + x, stride, shape: common.shape() }
        };
        Some(Self { inner: window(inner), outer: window(outer) })
    }

    pub(super) fn rows(self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        (0..self.inner.shape[0]).map(move |y| (self.inner.row(y), self.outer.row(y)))
    }
}

/// The values of the next parameters of `slots`, counted from `first`, and whether one of them is free.
fn take<'a>(slots: &mut impl Iterator<Item = &'a Slot>, params: usize, first: usize) -> (Range<usize>, bool) {
    let mut taken = 0..0;
    let mut is_free = false;
    for k in 0..params {
        let slot = slots.next().expect("the layout was made from this scene");
        let (start, end) = (slot.values.start - first, slot.values.end - first);
        taken = if k == 0 { start..end } else { taken.start..end };
        is_free |= slot.is_free();
    }
    (taken, is_free)
}

impl<T: Pixel> Leaf<T> {
    pub(super) fn plan<'a>(
        component: &Component,
        center: Option<Center>,
        target: Target,
        slots: &mut impl Iterator<Item = &'a Slot>,
    ) -> Self {
        let (spectrum, morphology) = (component.spectrum(), component.morphology());
        let (own, is_own_free) = take(slots, usize::from(component.center().is_some()), target.first);
        let own = (!own.is_empty()).then_some(Center { values: own, is_free: is_own_free });
        let center = own.or(center).expect("a source has a centre");
        let (spectrum_values, has_free_spectrum) = take(slots, spectrum.parameters().len(), target.first);
        let (morphology_values, is_free) = take(slots, morphology.parameters().len(), target.first);
        let bbox = component.bbox().expect("components of a scene have boxes");
        Self {
            has_free_spectrum,
            has_free_image: is_free || (morphology.moves() && center.is_free),
            center,
            is_drawn: false,
            is_image: morphology.is_image(),
            bbox,
            frame: target.bbox,
            overlap: Overlap::of(bbox, target.bbox),
            plane_len: target.plane_len(),
            flux: vec![0.0; target.channels],
            image: vec![0.0; if morphology.is_image() { 0 } else { bbox.len() }],
            pixels: vec![T::default(); bbox.len()],
            seed: vec![T::default(); bbox.len()],
            scratch: vec![0.0; morphology.scratch_len(bbox.shape())],
            grad_spectrum: vec![0.0; spectrum_values.len()],
            grad_morphology: vec![0.0; if morphology.is_image() { 0 } else { morphology_values.len() }],
            grad_center: [0.0; 2],
            spectrum: dyn_clone::clone_box(spectrum),
            morphology: dyn_clone::clone_box(morphology),
            spectrum_values,
            morphology_values,
        }
    }

    /// Where its centre is among the values.
    pub(super) fn center(&self) -> Center {
        self.center.clone()
    }

    fn site(&self, values: &[f64]) -> Site {
        let center = &values[self.center.values.clone()];
        Site { center: [center[0], center[1]], bbox: self.bbox }
    }

    pub(super) fn evaluate(&mut self, values: &[f64]) {
        self.spectrum.evaluate(&values[self.spectrum_values.clone()], &mut self.flux);
        if self.is_drawn && !self.has_free_image {
            return;
        }
        let site = self.site(values);
        let params = &values[self.morphology_values.clone()];
        let image = if self.is_image {
            params
        } else {
            self.morphology.evaluate(params, &site, &mut self.image, &mut self.scratch);
            &self.image
        };
        for (p, v) in self.pixels.iter_mut().zip(image) {
            *p = T::of(*v);
        }
        self.is_drawn = true;
    }

    pub(super) fn add_to(&self, channel: usize, plane: &mut [T]) {
        let flux = T::of(self.flux[channel]);
        if let Some(Overlap { inner, outer }) = self.overlap {
            simd::add_scaled(plane, outer, flux, &self.pixels, inner);
        }
    }

    pub(super) fn pull_back(&mut self, values: &[f64], adjoint: &[T]) {
        self.grad_spectrum.fill(0.0);
        self.grad_morphology.fill(0.0);
        self.grad_center = [0.0; 2];
        if self.has_free_spectrum {
            self.pull_back_flux(values, adjoint);
        }
        if self.has_free_image {
            self.pull_back_image(values, adjoint);
        }
    }

    fn pull_back_flux(&mut self, values: &[f64], adjoint: &[T]) {
        // The fluxes are not needed any more: their buffer takes their gradient in, and gives them back below.
        let params = &values[self.spectrum_values.clone()];
        for (flux, plane) in self.flux.iter_mut().zip(adjoint.chunks_exact(self.plane_len)) {
            *flux = self.overlap.map_or(0.0, |o| simd::dot(&self.pixels, o.inner, plane, o.outer));
        }
        self.spectrum.pull_back(params, &self.flux, &mut self.grad_spectrum);
        self.spectrum.evaluate(params, &mut self.flux);
    }

    fn pull_back_image(&mut self, values: &[f64], adjoint: &[T]) {
        self.seed.fill(T::default());
        for (flux, plane) in self.flux.iter().zip(adjoint.chunks_exact(self.plane_len)) {
            if let Some(Overlap { inner, outer }) = self.overlap {
                simd::add_scaled(&mut self.seed, inner, T::of(*flux), plane, outer);
            }
        }
        if self.is_image {
            return;
        }
        for (v, s) in self.image.iter_mut().zip(&self.seed) {
            *v = s.wide();
        }
        let (site, params) = (self.site(values), &values[self.morphology_values.clone()]);
        self.morphology.pull_back(
            params,
            &site,
            &self.image,
            &mut self.grad_morphology,
            &mut self.grad_center,
            &mut self.scratch,
        );
    }

    /// Adds the gradient of the last pull-back to `grad`, the part that belongs to its source.
    pub(super) fn gather(&self, grad: &mut [f64]) {
        let add = |to: &mut [f64], from: &[f64]| to.iter_mut().zip(from).for_each(|(t, f)| *t += f);
        add(&mut grad[self.spectrum_values.clone()], &self.grad_spectrum);
        add(&mut grad[self.center.values.clone()], &self.grad_center);
        let image = &mut grad[self.morphology_values.clone()];
        if !self.is_image {
            add(image, &self.grad_morphology);
        } else if self.has_free_image {
            image.iter_mut().zip(&self.seed).for_each(|(t, s)| *t += s.wide());
        }
    }

    /// What goes on at the edge of its image, where that is free and on a grid of pixels.
    pub(super) fn edge(&self, adjoint: &[T], weights: &[f64]) -> Option<Edge> {
        self.morphology.grid_shape().filter(|_| self.has_free_image)?;
        let Self { pixels, bbox, flux, frame, .. } = self;
        let (bbox, frame) = (*bbox, *frame);
        let around = Surroundings { pixels, bbox, flux, adjoint, frame, weights };
        Some(around.edge(self.morphology_values.start))
    }
}
