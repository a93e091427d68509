//! A function with its gradient, like the log-likelihood of a scene, as one operation on a dfdx tape.

use super::elementwise::{CpuTensor, flat, gradient, read};
use dfdx::prelude::*;
use scarlet_model::{Layout, ModelError};
use std::ops::Range;

/// One number from the elements of `x`, as one operation on the tape of `x`.
///
/// `f` gets the elements in row order, writes the gradient (given as zeros) and returns the value; it is called
/// once, in the forward pass. `Posterior::value_and_gradient` is such a function.
///
/// ```
/// use scarlet_render::expression::{dfdx::prelude::*, scalar_op};
/// let x = Cpu::default().tensor([1.0, 2.0]);
/// let half_norm2 = scalar_op(x.leaky_trace(), |x, grad| {
///     grad.copy_from_slice(x);
///     x.iter().map(|x| 0.5 * x * x).sum()
/// });
/// assert_eq!(half_norm2.array(), 2.5);
/// assert_eq!((half_norm2 * 3.0).backward().get(&x).array(), [3.0, 6.0]);
/// ```
///
/// # Cost
/// That of `f`, and two copies of the elements.
pub fn scalar_op<S: Shape, T: Tape<f64, Cpu>>(
    x: CpuTensor<S, T>,
    f: impl FnOnce(&[f64], &mut [f64]) -> f64,
) -> CpuTensor<Rank0, T> {
    let (x, mut tape) = flat(x).split_tape();
    let values = read(&x, x.shape().0);
    let mut slopes = vec![0.0; values.len()];
    let value = f(&values, &mut slopes);
    let out = x.device().tensor(value);
    let key: CpuTensor<Rank0> = out.clone();
    tape.add_backward_op(move |grads| {
        let g = gradient(grads, &key)[0];
        for (gx, slope) in gradient(grads, &x).iter_mut().zip(&slopes) {
            *gx += g * slope;
        }
        Ok(())
    });
    out.put_tape(tape)
}

/// One free parameter of a scene that a dfdx program provides, the others held at their values.
///
/// The program provides the *unconstrained* values: for a parameter without a constraint these are the values
/// themselves, so leave the constraint away where the program (a decoder that ends in a sigmoid) has its own.
#[derive(Debug, Clone)]
pub struct Part {
    path: String,
    x: Vec<f64>,
    gradient: Vec<f64>,
    at: Range<usize>,
}

impl Part {
    /// The free parameter at `path`; the others are held at the scene's start values.
    ///
    /// # Errors
    /// No free parameter has this path, or a start value is outside its constraint.
    pub fn new(layout: &Layout, path: &str) -> Result<Self, ModelError> {
        let free = || layout.slots().iter().filter(|slot| slot.is_free());
        let slot = free().find(|slot| slot.path == path).ok_or_else(|| {
            let known: Vec<&str> = free().map(|slot| slot.path.as_str()).collect();
            ModelError::NoSuchPath { path: format!("{path} and free"), known: known.join(", ") }
        })?;
        let x = layout.inverse(layout.start_values())?;
        let at = slot.unconstrained.clone();
        Ok(Self { path: path.to_owned(), gradient: vec![0.0; x.len()], x, at })
    }

    /// All unconstrained values, those of the part as they were provided last.
    #[must_use]
    pub fn x(&self) -> &[f64] {
        &self.x
    }

    /// The same, to change those that are held.
    pub fn x_mut(&mut self) -> &mut [f64] {
        &mut self.x
    }

    /// The value of `f` with `values` in the place of the parameter, as one operation on the tape of `values`.
    ///
    /// `f` is a function of all unconstrained values that writes the gradient and returns the value.
    ///
    /// # Errors
    /// `values` has not as many elements as the parameter.
    pub fn log_density<S: Shape, T: Tape<f64, Cpu>>(
        &mut self,
        values: CpuTensor<S, T>,
        f: impl FnOnce(&[f64], &mut [f64]) -> f64,
    ) -> Result<CpuTensor<Rank0, T>, ModelError> {
        let (expected, found) = (self.at.len(), values.shape().num_elements());
        if expected != found {
            return Err(ModelError::Shape { what: self.path.clone(), expected, found });
        }
        let Self { x, gradient, at, .. } = self;
        Ok(scalar_op(values, |values, slopes| {
            x[at.clone()].copy_from_slice(values);
            gradient.fill(0.0);
            let value = f(x, gradient);
            slopes.copy_from_slice(&gradient[at.clone()]);
            value
        }))
    }
}
