//! The value in an expression: a number or many, with what is needed to differentiate it.

use super::elementwise::{CpuTensor, flat};
use super::record::Record;
use dfdx::prelude::{Cpu, OwnedTape, PutTape, ReshapeTo, Shape};
use std::fmt;

/// A number, or as many as there are pixels or channels, that depends on parameters.
///
/// It is [`Copy`], has the operators + - * / with its like and with `f64`, and may be used any number of times.
/// A single number goes with each element of the other operand. Nothing here panics: what makes no sense (31
/// values plus 32) gives NaN and a message that becomes the error of [`Scene::add`](scarlet_model::Scene::add).
#[derive(Clone, Copy)]
pub struct Expr<'t> {
    record: &'t Record,
    node: usize,
}

/// What an operation takes as its second operand: an [`Expr`] or an `f64`.
pub trait Operand<'t> {
    /// As an expression on the tape of `other`.
    fn beside(self, other: Expr<'t>) -> Expr<'t>;
}

impl<'t> Operand<'t> for Expr<'t> {
    fn beside(self, _other: Expr<'t>) -> Expr<'t> {
        self
    }
}

impl<'t> Operand<'t> for f64 {
    fn beside(self, other: Expr<'t>) -> Expr<'t> {
        other.constant(&[self])
    }
}

impl<'t> Expr<'t> {
    pub(super) fn new(record: &'t Record, node: usize) -> Self {
        Self { record, node }
    }

    pub(super) fn record(self) -> &'t Record {
        self.record
    }

    pub(super) fn node(self) -> usize {
        self.node
    }

    /// Fixed values, on the same tape.
    #[must_use]
    pub fn constant(self, values: &[f64]) -> Self {
        self.record.expr(values.to_vec())
    }

    /// Number of values.
    #[must_use]
    pub fn len(self) -> usize {
        self.record.len(self.node)
    }

    /// Whether it has no value.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The values, in row order.
    #[must_use]
    pub fn values(self) -> Vec<f64> {
        self.record.values(self.node)
    }

    /// As a dfdx tensor of shape `shape`; its tape is merged again by [`Expr::from_tensor`].
    ///
    /// ```
    /// use scarlet_render::expression::{ExpressionImage, dfdx::prelude::*};
    /// let disk = ExpressionImage::new("Disk", [9, 9], |p, grid| {
    ///     let shape = grid.shape();
    ///     let r2 = (grid.dy().square() + grid.dx().square()) / p["area"];
    ///     let soft = (-r2.into_tensor((shape[0], shape[1]))).sigmoid();
    ///     r2.from_tensor(soft)
    /// });
    /// ```
    #[must_use]
    pub fn into_tensor<S: Shape>(self, shape: S) -> CpuTensor<S, OwnedTape<f64, Cpu>> {
        let (found, wanted) = (self.len(), shape.num_elements());
        let values = if found == wanted {
            self
        } else {
            let problem = format!("into_tensor: {found} values do not fit the shape {shape:?}");
            self.record.complain(problem);
            self.constant(&vec![f64::NAN; wanted])
        };
        values.record.tensor(values.node).put_tape(OwnedTape::default()).reshape_like(&shape)
    }

    /// Takes in what dfdx made of tensors from [`Expr::into_tensor`], of any shape.
    #[must_use]
    pub fn from_tensor<S: Shape>(self, tensor: CpuTensor<S, OwnedTape<f64, Cpu>>) -> Self {
        self.record.adopt(flat(tensor))
    }
}

impl fmt::Debug for Expr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expr").field(&self.values()).finish()
    }
}
