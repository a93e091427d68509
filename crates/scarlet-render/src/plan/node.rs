//! One independent piece of a plan: a single component, or several that are multiplied.

use super::Target;
use super::compound::Compound;
use super::edge::Edge;
use super::leaf::{Center, Leaf};
use crate::Pixel;
use scarlet_model::{Component, Operation, Slot};

#[derive(Debug)]
pub(super) enum Node<T: Pixel> {
    Leaf(Box<Leaf<T>>),
    Compound(Box<Compound<T>>),
}

/// Whether a component is a plain sum, so that its parts can be added to the scene one by one.
fn is_sum(component: &Component) -> bool {
    component.parts().iter().all(|(op, part)| *op == Operation::Add && is_sum(part))
}

impl<T: Pixel> Node<T> {
    /// Plans `component` into as many nodes as it has independent pieces.
    ///
    /// `slots` goes through the layout in the order of [`Scene::params`](scarlet_model::Scene::params);
    /// `center` says where the centre of the enclosing component is among the values.
    pub(super) fn plan_into<'a>(
        nodes: &mut Vec<Self>,
        component: &Component,
        center: Option<Center>,
        target: Target,
        slots: &mut impl Iterator<Item = &'a Slot>,
    ) {
        if is_sum(component) {
            let leaf = Leaf::plan(component, center, target, slots);
            let center = leaf.center();
            nodes.push(Self::Leaf(Box::new(leaf)));
            for (_, part) in component.parts() {
                Self::plan_into(nodes, part, Some(center.clone()), target, slots);
            }
        } else {
            nodes.push(Self::Compound(Box::new(Compound::plan(component, center, target, slots))));
        }
    }

    pub(super) fn evaluate(&mut self, values: &[f64]) {
        match self {
            Self::Leaf(leaf) => leaf.evaluate(values),
            Self::Compound(compound) => compound.evaluate(values),
        }
    }

    /// Adds one channel to a plane of the target.
    pub(super) fn add_to(&self, channel: usize, plane: &mut [T]) {
        match self {
            Self::Leaf(leaf) => leaf.add_to(channel, plane),
            Self::Compound(compound) => compound.add_to(channel, plane),
        }
    }

    /// Takes in the adjoint of the target's cube and keeps the gradient until it is gathered.
    pub(super) fn pull_back(&mut self, values: &[f64], adjoint: &[T]) {
        match self {
            Self::Leaf(leaf) => leaf.pull_back(values, adjoint),
            Self::Compound(compound) => compound.pull_back(values, adjoint),
        }
    }

    /// Adds the gradient of the last pull-back to `grad`, the part that belongs to its source.
    pub(super) fn gather(&self, grad: &mut [f64]) {
        match self {
            Self::Leaf(leaf) => leaf.gather(grad),
            Self::Compound(compound) => compound.gather(grad),
        }
    }

    /// What goes on at the edge of its image; nothing where that has no grid of pixels or is multiplied.
    pub(super) fn edge(&self, adjoint: &[T], weights: &[f64]) -> Option<Edge> {
        match self {
            Self::Leaf(leaf) => leaf.edge(adjoint, weights),
            Self::Compound(_) => None,
        }
    }
}
