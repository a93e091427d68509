//! Layer normalisation over a whole 2-D array.

use crate::error::{NnError, expect};
use crate::shapes::{alone, repeated, row_means, widened};
use crate::{Cube, Matrix};
use dfdx::prelude::*;

/// Added to the variance, as in equinox and `PyTorch`.
const EPSILON: f64 = 1e-5;

/// Layer normalisation over all elements of a 2-D array: mean 0, variance 1, then a weight and a bias for each.
///
/// out = (x - mean) / sqrt(var + 1e-5) * weight + bias, elementwise, with the biased variance, for one array or each of a
/// batch. dfdx's own `LayerNorm1D` normalises one axis.
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

    /// Weight and bias.
    pub(crate) const fn arrays(&self) -> [&Matrix<E, D>; 2] {
        [&self.weight, &self.bias]
    }

    /// The same for transposed arrays, `[array, columns, rows]`, which stay transposed.
    ///
    /// # Errors
    /// The arrays have another shape than the weight.
    pub fn try_transposed<T: Tape<E, D>>(&self, x: Cube<E, D, T>) -> Result<Cube<E, D, T>, NnError> {
        let (rows, columns) = *self.weight.shape();
        let turned = |array: &Matrix<E, D>| {
            let turned = array.retaped::<T>().try_permute::<_, Axes2<1, 0>>()?;
            turned.try_reshape_like(&(rows * columns,))
        };
        let turn = || Ok((turned(&self.weight)?, turned(&self.bias)?));
        let (weight, bias) = turn().map_err(|e: D::Err| NnError::device(e))?;
        normalized(x, (columns, rows), weight, bias)
    }
}

/// `weight` and `bias` in row order.
fn normalized<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    x: Cube<E, D, T>,
    expected: (usize, usize),
    weight: Tensor<(usize,), E, D, T>,
    bias: Tensor<(usize,), E, D, T>,
) -> Result<Cube<E, D, T>, NnError> {
    let shape @ (count, rows, columns) = *x.shape();
    let fits = (rows, columns) == expected;
    expect(fits, "LayerNorm2 input", &[count, rows, columns], || format!("arrays of {expected:?}"))?;
    let n = rows * columns;
    let forward = || {
        let x = x.try_reshape_like(&(count, n))?;
        let mean = row_means(x.with_empty_tape())?;
        let centred = x.try_sub(widened(mean, n)?)?;
        let variance = row_means(centred.with_empty_tape().try_square()?)?;
        let epsilon = E::from_f64(EPSILON).unwrap_or_default();
        let deviation = variance.try_add(epsilon)?.try_sqrt()?;
        let normed = centred.try_div(widened(deviation, n)?)?;
        let weighted = normed.try_mul(repeated(weight, count)?)?;
        weighted.try_add(repeated(bias, count)?)?.try_reshape_like(&shape)
    };
    forward().map_err(|e: D::Err| NnError::device(e))
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Cube<E, D, T>> for LayerNorm2<E, D> {
    type Output = Cube<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, x: Cube<E, D, T>) -> Result<Self::Output, NnError> {
        let shape @ (rows, columns) = *self.weight.shape();
        let flat = |array: &Matrix<E, D>| array.retaped::<T>().try_reshape_like(&(rows * columns,));
        let weight = flat(&self.weight).map_err(NnError::device)?;
        normalized(x, shape, weight, flat(&self.bias).map_err(NnError::device)?)
    }
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Matrix<E, D, T>> for LayerNorm2<E, D> {
    type Output = Matrix<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, x: Matrix<E, D, T>) -> Result<Self::Output, NnError> {
        alone(x, |batch| self.try_forward(batch))
    }
}
