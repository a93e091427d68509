//! Components that are multiplied with others: evaluated in a cube of their own.

use super::Target;
use super::leaf::{Center, Leaf, Overlap};
use super::node::Node;
use crate::{Pixel, simd};
use scarlet_frame::BBox;
use scarlet_model::{Component, Operation, Slot};

#[derive(Debug)]
pub(super) struct Compound<T: Pixel> {
    base: Leaf<T>,
    parts: Vec<Part<T>>,
    own: Target,
    outer: Option<(Overlap, usize)>,
    cube: Vec<T>,
    adjoint: Vec<T>,
}

/// A part: added to the compound's cube directly, or multiplied with it in a box of its own.
#[derive(Debug)]
enum Part<T: Pixel> {
    Sum(Vec<Node<T>>),
    Product(Product<T>),
}

#[derive(Debug)]
struct Product<T: Pixel> {
    nodes: Vec<Node<T>>,
    is_attenuation: bool,
    overlap: Overlap,
    own: Target,
    /// What is multiplied with; where attenuating, exp(-part).
    factor: Vec<T>,
    /// What was there before.
    before: Vec<T>,
    adjoint: Vec<T>,
}

impl<T: Pixel> Compound<T> {
    pub(super) fn plan<'a>(
        component: &Component,
        center: Option<Center>,
        target: Target,
        slots: &mut impl Iterator<Item = &'a Slot>,
    ) -> Self {
        let bbox = component.outer_bbox().expect("components of a scene have boxes");
        let own = Target { bbox: bbox.intersection(target.bbox).unwrap_or(bbox), ..target };
        let base = Leaf::plan(component, center, own, slots);
        let parts = component
            .parts()
            .iter()
            .map(|(operation, part)| Part::plan(*operation, part, base.center(), own, slots));
        let parts = parts.collect();
        let len = own.plane_len() * own.channels;
        let outer = Overlap::of(own.bbox, target.bbox).map(|o| (o, target.plane_len()));
        Self { base, parts, own, outer, cube: vec![T::default(); len], adjoint: vec![T::default(); len] }
    }

    pub(super) fn evaluate(&mut self, values: &[f64]) {
        self.cube.fill(T::default());
        self.base.evaluate(values);
        for (channel, plane) in self.cube.chunks_exact_mut(self.own.plane_len()).enumerate() {
            self.base.add_to(channel, plane);
        }
        for part in &mut self.parts {
            part.evaluate(values, &mut self.cube, self.own);
        }
    }

    pub(super) fn add_to(&self, channel: usize, plane: &mut [T]) {
        let Some((overlap, _)) = self.outer else { return };
        let len = self.own.plane_len();
        let own = &self.cube[channel * len..(channel + 1) * len];
        simd::add_scaled(plane, overlap.outer, T::of(1.0), own, overlap.inner);
    }

    pub(super) fn pull_back(&mut self, values: &[f64], adjoint: &[T]) {
        self.adjoint.fill(T::default());
        if let Some((overlap, plane_len)) = self.outer {
            let own_planes = self.adjoint.chunks_exact_mut(self.own.plane_len());
            for (own, plane) in own_planes.zip(adjoint.chunks_exact(plane_len)) {
                for (inner, outer) in overlap.rows() {
                    own[inner].copy_from_slice(&plane[outer]);
                }
            }
        }
        for part in self.parts.iter_mut().rev() {
            part.pull_back(values, &mut self.adjoint, self.own);
        }
        self.base.pull_back(values, &self.adjoint);
    }

    pub(super) fn gather(&self, grad: &mut [f64]) {
        self.base.gather(grad);
        for part in &self.parts {
            part.nodes().iter().for_each(|node| node.gather(grad));
        }
    }
}

impl<T: Pixel> Part<T> {
    fn plan<'a>(
        operation: Operation,
        part: &Component,
        center: Center,
        cube: Target,
        slots: &mut impl Iterator<Item = &'a Slot>,
    ) -> Self {
        let mut nodes = Vec::new();
        if operation == Operation::Add {
            Node::plan_into(&mut nodes, part, Some(center), cube, slots);
            return Self::Sum(nodes);
        }
        let bbox = part.outer_bbox().expect("components of a scene have boxes");
        let common = bbox.intersection(cube.bbox).unwrap_or(BBox::new(cube.bbox.origin(), [0, 0]));
        let own = Target { bbox: common, ..cube };
        Node::plan_into(&mut nodes, part, Some(center), own, slots);
        let Some(overlap) = Overlap::of(common, cube.bbox) else { return Self::Sum(Vec::new()) };
        let zeros = || vec![T::default(); own.plane_len() * own.channels];
        Self::Product(Product {
            nodes,
            is_attenuation: operation == Operation::Attenuate,
            overlap,
            own,
            factor: zeros(),
            before: zeros(),
            adjoint: zeros(),
        })
    }

    fn nodes(&self) -> &[Node<T>] {
        match self {
            Self::Sum(nodes) => nodes,
            Self::Product(product) => &product.nodes,
        }
    }

    fn evaluate(&mut self, values: &[f64], cube: &mut [T], of: Target) {
        match self {
            Self::Sum(nodes) => {
                nodes.iter_mut().for_each(|node| node.evaluate(values));
                for (channel, plane) in cube.chunks_exact_mut(of.plane_len()).enumerate() {
                    nodes.iter().for_each(|node| node.add_to(channel, plane));
                }
            }
            Self::Product(product) => product.evaluate(values, cube, of),
        }
    }

    fn pull_back(&mut self, values: &[f64], adjoint: &mut [T], of: Target) {
        match self {
            Self::Sum(nodes) => nodes.iter_mut().for_each(|node| node.pull_back(values, adjoint)),
            Self::Product(product) => product.pull_back(values, adjoint, of),
        }
    }
}

impl<T: Pixel> Product<T> {
    fn evaluate(&mut self, values: &[f64], cube: &mut [T], of: Target) {
        self.nodes.iter_mut().for_each(|node| node.evaluate(values));
        self.factor.fill(T::default());
        let len = self.own.plane_len();
        for (channel, plane) in self.factor.chunks_exact_mut(len).enumerate() {
            self.nodes.iter().for_each(|node| node.add_to(channel, plane));
        }
        if self.is_attenuation {
            self.factor.iter_mut().for_each(|f| *f = T::of((-f.wide()).exp()));
        }
        let planes = self.factor.chunks_exact(len).zip(self.before.chunks_exact_mut(len));
        for ((factor, before), cube) in planes.zip(cube.chunks_exact_mut(of.plane_len())) {
            for (inner, outer) in self.overlap.rows() {
                before[inner.clone()].copy_from_slice(&cube[outer.clone()]);
                for (v, f) in cube[outer].iter_mut().zip(&factor[inner]) {
                    *v *= *f;
                }
            }
        }
    }

    /// Turns the adjoint of what was made into that of what was there before.
    fn pull_back(&mut self, values: &[f64], adjoint: &mut [T], of: Target) {
        let len = self.own.plane_len();
        let planes = self.factor.chunks_exact(len).zip(self.before.chunks_exact(len));
        let own = planes.zip(self.adjoint.chunks_exact_mut(len));
        for (((factor, before), own), adjoint) in own.zip(adjoint.chunks_exact_mut(of.plane_len())) {
            for (inner, outer) in self.overlap.rows() {
                for (k, a) in inner.zip(&mut adjoint[outer]) {
                    let slope = if self.is_attenuation { T::default() - factor[k] } else { T::of(1.0) };
                    own[k] = *a * before[k] * slope;
                    *a *= factor[k];
                }
            }
        }
        self.nodes.iter_mut().for_each(|node| node.pull_back(values, &self.adjoint));
    }
}
