//! Weights as flat arrays: into layers, and the derivatives back out of them.

use crate::error::expect;
use crate::{
    LayerNorm2, Matrix, MixerBlock, Mlp, NnError, PatchConv, PatchConvTranspose, ScoreModule, Vector,
};
use dfdx::prelude::*;

/// Layers whose weights can be learnt.
pub trait Trainable<E: Dtype, D: Device<E>> {
    /// Reads the derivative of each weight, in the order in which the layers took them from [`Arrays`].
    ///
    /// # Errors
    /// The device failed.
    fn derivatives(&self, of: &mut Derivatives<'_, E, D>) -> Result<(), NnError>;
}

/// Arrays of weights that layers take one after the other.
#[derive(Debug)]
pub struct Arrays<'a, E, D> {
    left: std::vec::IntoIter<Vec<E>>,
    device: &'a D,
}

impl<'a, E: Dtype, D: Device<E>> Arrays<'a, E, D> {
    /// From the elements of each array, for tensors on `device`.
    #[must_use]
    pub fn new(values: Vec<Vec<E>>, device: &'a D) -> Self {
        Self { left: values.into_iter(), device }
    }

    /// The next array as a tensor of `shape`.
    ///
    /// # Errors
    /// None is left, or it has another number of elements; the device failed.
    pub fn next<S: Shape>(&mut self, shape: S) -> Result<Tensor<S, E, D>, NnError> {
        let values = self.left.next().unwrap_or_default();
        let fits = values.len() == shape.num_elements();
        expect(fits, "the next array of weights", &[values.len()], || {
            format!("of {} elements", shape.num_elements())
        })?;
        self.device.try_tensor_from_vec(values, shape).map_err(NnError::device)
    }

    /// An [`Mlp`] from its next four: `[hidden, n]`, `[hidden]`, `[out, hidden]`, `[out]`.
    ///
    /// # Errors
    /// As [`Arrays::next`].
    pub fn mlp(&mut self, [n, hidden, out]: [usize; 3]) -> Result<Mlp<E, D>, NnError> {
        let first: (Matrix<E, D>, Vector<E, D>) = (self.next((hidden, n))?, self.next((hidden,))?);
        Mlp::new(first, (self.next((out, hidden))?, self.next((out,))?))
    }

    /// A [`LayerNorm2`] from its next two.
    ///
    /// # Errors
    /// As [`Arrays::next`].
    pub fn norm(&mut self, rows: usize, columns: usize) -> Result<LayerNorm2<E, D>, NnError> {
        LayerNorm2::new(self.next((rows, columns))?, self.next((rows, columns))?)
    }
}

/// The derivatives of a loss with respect to weights, one array behind the other.
#[derive(Debug)]
pub struct Derivatives<'a, E: Dtype, D: Device<E>> {
    gradients: &'a mut Gradients<E, D>,
    values: Vec<E>,
}

impl<'a, E: Dtype, D: Device<E>> Derivatives<'a, E, D> {
    /// Those in what a backward pass left.
    #[must_use]
    pub const fn new(gradients: &'a mut Gradients<E, D>) -> Self {
        Self { gradients, values: Vec::new() }
    }

    /// Appends those with respect to `weight`; zeros where the loss does not depend on it.
    ///
    /// # Errors
    /// The device failed.
    pub fn of<S: Shape>(&mut self, weight: &Tensor<S, E, D>) -> Result<(), NnError> {
        self.gradients.try_alloc_for(weight).map_err(NnError::device)?;
        self.values.extend(self.gradients.get(weight).as_vec());
        Ok(())
    }

    /// All that were read.
    #[must_use]
    pub fn into_values(self) -> Vec<E> {
        self.values
    }
}

impl<E: Dtype, D: Device<E>> Trainable<E, D> for Mlp<E, D> {
    fn derivatives(&self, of: &mut Derivatives<'_, E, D>) -> Result<(), NnError> {
        for (weight, bias) in self.arrays() {
            of.of(weight)?;
            of.of(bias)?;
        }
        Ok(())
    }
}

impl<E: Dtype, D: Device<E>> Trainable<E, D> for LayerNorm2<E, D> {
    fn derivatives(&self, of: &mut Derivatives<'_, E, D>) -> Result<(), NnError> {
        self.arrays().into_iter().try_for_each(|array| of.of(array))
    }
}

impl<E: Dtype, D: Device<E>> Trainable<E, D> for PatchConv<E, D> {
    fn derivatives(&self, of: &mut Derivatives<'_, E, D>) -> Result<(), NnError> {
        let (weight, bias) = self.arrays();
        of.of(weight)?;
        of.of(bias)
    }
}

impl<E: Dtype, D: Device<E>> Trainable<E, D> for PatchConvTranspose<E, D> {
    fn derivatives(&self, of: &mut Derivatives<'_, E, D>) -> Result<(), NnError> {
        let (flipped, bias) = self.arrays();
        let start = of.values.len();
        of.of(flipped)?;
        of.values[start..].chunks_mut(self.kernel_len()).for_each(<[E]>::reverse);
        of.of(bias)
    }
}

impl<E: Dtype, D: Device<E>> Trainable<E, D> for MixerBlock<E, D> {
    fn derivatives(&self, of: &mut Derivatives<'_, E, D>) -> Result<(), NnError> {
        self.patches.derivatives(of)?;
        self.hidden.derivatives(of)?;
        self.norm1.derivatives(of)?;
        self.norm2.derivatives(of)
    }
}

impl<E: Dtype, D: Device<E>> Trainable<E, D> for ScoreModule<E, D> {
    fn derivatives(&self, of: &mut Derivatives<'_, E, D>) -> Result<(), NnError> {
        self.conv_in.derivatives(of)?;
        self.conv_out.derivatives(of)?;
        self.blocks.iter().try_for_each(|block| block.derivatives(of))?;
        self.norm.derivatives(of)
    }
}
