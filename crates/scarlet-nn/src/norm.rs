//! Layer normalisation over a whole 2-D array.

use crate::Matrix;
use crate::error::{NnError, expect};
use dfdx::prelude::*;

/// Added to the variance, as in equinox and `PyTorch`.
const EPSILON: f64 = 1e-5;

/// Layer normalisation over all elements of a 2-D array: mean 0, variance 1, then a weight and a bias for each.
///
/// out = (x - mean) / sqrt(var + 1e-5) * weight + bias, elementwise, with the biased variance. dfdx's own
/// `LayerNorm1D` normalises one axis.
///
/// Source: Ba, Kiros & Hinton 2016, arXiv:1607.06450, eq. 3.
#[derive(Debug, Clone)]
pub struct LayerNorm2<E: Dtype, D: Device<E>> {
    weight: Matrix<E, D>,
    bias: Matrix<E, D>,
}

impl<E: Dtype, D: Device<E>> LayerNorm2<E, D> {
    /// From weights and biases of the same shape.
    ///
    /// # Errors
    /// The shapes differ.
    pub fn new(weight: Matrix<E, D>, bias: Matrix<E, D>) -> Result<Self, NnError> {
        let (expected, (rows, columns)) = (*weight.shape(), *bias.shape());
        let fits = expected == (rows, columns);
        expect(fits, "LayerNorm2 bias", &[rows, columns], || format!("{expected:?}, as the weight"))?;
        Ok(Self { weight, bias })
    }
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Matrix<E, D, T>> for LayerNorm2<E, D> {
    type Output = Matrix<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, x: Matrix<E, D, T>) -> Result<Self::Output, NnError> {
        let shape = *x.shape();
        let expected = *self.weight.shape();
        expect(shape == expected, "LayerNorm2 input", &[shape.0, shape.1], || format!("{expected:?}"))?;
        let forward = || {
            x.try_reshape_like(&(shape.0 * shape.1,))?
                .try_normalize::<Axis<0>>(EPSILON)?
                .try_reshape_like(&shape)?
                .try_mul(self.weight.clone())?
                .try_add(self.bias.clone())
        };
        forward().map_err(|e: D::Err| NnError::device(e))
    }
}
