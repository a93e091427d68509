//! The tape on which one evaluation of an expression is written down.

use super::elementwise::{self, Flat};
use super::expr::Expr;
use dfdx::prelude::*;
use std::cell::RefCell;

/// The tensors of one evaluation, dfdx's tape if gradients are wanted, and the first thing that went wrong.
pub(super) struct Record {
    device: Cpu,
    tensors: RefCell<Vec<Flat>>,
    /// Empty where only values are wanted.
    tape: RefCell<Option<OwnedTape<f64, Cpu>>>,
    problem: RefCell<Option<String>>,
}

/// An operation on one tensor, with or without a tape.
pub(super) trait Unary {
    fn apply<T: Tape<f64, Cpu>>(self, x: Flat<T>) -> Flat<T>;
}

/// An operation on two tensors, with or without a tape.
pub(super) trait Binary {
    fn apply<T: Tape<f64, Cpu>>(self, a: Flat<T>, b: Flat) -> Flat<T>;
}

impl Record {
    /// A record of values without gradients.
    pub(super) fn of_values() -> Self {
        Self::new(None)
    }

    /// A record from which gradients can be had.
    pub(super) fn of_gradients() -> Self {
        Self::new(Some(OwnedTape::default()))
    }

    fn new(tape: Option<OwnedTape<f64, Cpu>>) -> Self {
        Self {
            device: Cpu::default(),
            tensors: RefCell::new(Vec::with_capacity(32)),
            tape: RefCell::new(tape),
            problem: RefCell::new(None),
        }
    }

    pub(super) fn expr(&self, values: Vec<f64>) -> Expr<'_> {
        self.push(elementwise::write(&self.device, values))
    }

    pub(super) fn tensor(&self, node: usize) -> Flat {
        self.tensors.borrow()[node].clone()
    }

    pub(super) fn len(&self, node: usize) -> usize {
        self.tensors.borrow()[node].shape().0
    }

    pub(super) fn values(&self, node: usize) -> Vec<f64> {
        let tensor = self.tensor(node);
        elementwise::read(&tensor, tensor.shape().0)
    }

    fn push(&self, tensor: Flat) -> Expr<'_> {
        let mut tensors = self.tensors.borrow_mut();
        tensors.push(tensor);
        Expr::new(self, tensors.len() - 1)
    }

    fn push_taped(&self, tensor: Flat<OwnedTape<f64, Cpu>>) -> Expr<'_> {
        let (tensor, tape) = tensor.split_tape();
        self.tape.replace(Some(tape));
        self.push(tensor)
    }

    pub(super) fn unary(&self, x: usize, operation: impl Unary) -> Expr<'_> {
        let x = self.tensor(x);
        match self.tape.take() {
            Some(tape) => self.push_taped(operation.apply(x.put_tape(tape))),
            None => self.push(operation.apply(x)),
        }
    }

    pub(super) fn binary(&self, a: usize, b: usize, operation: impl Binary) -> Expr<'_> {
        let (m, n) = (self.len(a), self.len(b));
        if m != n && m != 1 && n != 1 {
            return self.complain(format!(
                "an operation got {m} and {n} values; both must have as many, or one of them a single one"
            ));
        }
        let (a, b) = (self.tensor(a), self.tensor(b));
        match self.tape.take() {
            Some(tape) => self.push_taped(operation.apply(a.put_tape(tape), b)),
            None => self.push(operation.apply(a, b)),
        }
    }

    pub(super) fn concatenate(&self, nodes: &[usize]) -> Expr<'_> {
        let parts = nodes.iter().map(|node| self.tensor(*node)).collect();
        match self.tape.take() {
            Some(tape) => self.push_taped(elementwise::concatenate(&self.device, parts, tape)),
            None => self.push(elementwise::concatenate(&self.device, parts, NoneTape)),
        }
    }

    /// Takes in a tensor that dfdx made, with what its tape has recorded.
    pub(super) fn adopt(&self, tensor: Flat<OwnedTape<f64, Cpu>>) -> Expr<'_> {
        let (tensor, other) = tensor.split_tape();
        let tape = self.tape.take().map(|tape| tape.merge(other));
        self.tape.replace(tape);
        self.push(tensor)
    }

    /// Keeps the first complaint; what is returned in the place of a result is not a number.
    pub(super) fn complain(&self, problem: String) -> Expr<'_> {
        self.problem.borrow_mut().get_or_insert(problem);
        self.expr(vec![f64::NAN])
    }

    /// What went wrong first.
    pub(super) fn problem(&self) -> Option<String> {
        self.problem.borrow().clone()
    }

    /// The gradient of `sum(seed * out)`; the tape is used up.
    pub(super) fn backward(&self, out: Expr<'_>, seed: Vec<f64>) -> Gradients<f64, Cpu> {
        let out = self.tensor(out.node());
        let mut tape = self.tape.take().unwrap_or_default();
        let total: Tensor<Rank0, f64, Cpu> = self.device.zeros();
        tape.add_backward_op(move |grads| {
            for (g, s) in elementwise::gradient(grads, &out).iter_mut().zip(&seed) {
                *g += s;
            }
            Ok(())
        });
        total.put_tape(tape).backward()
    }
}
