//! The blocks of an MLP-Mixer.

use crate::error::{NnError, expect};
use crate::{LayerNorm2, Matrix, Vector};
use dfdx::prelude::*;

/// Two linear maps with a rectifier between, applied to each row of a matrix.
///
/// out = W2 max(W1 x + b1, 0) + b2 for each row x.
#[derive(Debug, Clone)]
pub struct Mlp<E: Dtype, D: Device<E>> {
    first: (Matrix<E, D>, Vector<E, D>),
    second: (Matrix<E, D>, Vector<E, D>),
}

impl<E: Dtype, D: Device<E>> Mlp<E, D> {
    /// From weights `[hidden, in]`, `[out, hidden]` and the biases that go with each.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    pub fn new(
        first: (Matrix<E, D>, Vector<E, D>),
        second: (Matrix<E, D>, Vector<E, D>),
    ) -> Result<Self, NnError> {
        let (hidden, (out, inner)) = (first.0.shape().0, *second.0.shape());
        expect(inner == hidden, "second weight of Mlp", &[out, inner], || format!("[{out}, {hidden}]"))?;
        for (what, n, bias) in
            [("first bias of Mlp", hidden, &first.1), ("second bias of Mlp", out, &second.1)]
        {
            expect(bias.shape().0 == n, what, &[bias.shape().0], || format!("[{n}]"))?;
        }
        Ok(Self { first, second })
    }
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Matrix<E, D, T>> for Mlp<E, D> {
    type Output = Matrix<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, x: Matrix<E, D, T>) -> Result<Self::Output, NnError> {
        let ((rows, columns), wanted) = (*x.shape(), self.first.0.shape().1);
        expect(columns == wanted, "Mlp input", &[rows, columns], || format!("rows of {wanted}"))?;
        let forward = || linear(linear(x, &self.first)?.try_relu()?, &self.second);
        forward().map_err(|e: D::Err| NnError::device(e))
    }
}

/// x W' + b for each row x.
fn linear<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    x: Matrix<E, D, T>,
    (weight, bias): &(Matrix<E, D>, Vector<E, D>),
) -> Result<Matrix<E, D, T>, D::Err> {
    let out = x.try_matmul(weight.clone().try_permute::<_, Axes2<1, 0>>()?)?;
    let bias = bias.clone().try_broadcast_like::<_, Axis<0>>(out.shape())?;
    out.try_add(bias)
}

/// One block of an MLP-Mixer on `[hidden, patch]`: mixes the patches, then the hidden features.
///
/// y += patches(norm1(y)); then, on the transposed, y += hidden(norm2(y)).
///
/// Source: Tolstikhin et al. 2021, arXiv:2105.01601, eq. 1; normalisation over the whole array as in scarlet2's
/// networks.
#[derive(Debug, Clone)]
pub struct MixerBlock<E: Dtype, D: Device<E>> {
    /// Normalises `[hidden, patch]`.
    pub norm1: LayerNorm2<E, D>,
    /// Mixes along the patches.
    pub patches: Mlp<E, D>,
    /// Normalises `[patch, hidden]`.
    pub norm2: LayerNorm2<E, D>,
    /// Mixes along the hidden features.
    pub hidden: Mlp<E, D>,
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Matrix<E, D, T>> for MixerBlock<E, D> {
    type Output = Matrix<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, y: Matrix<E, D, T>) -> Result<Self::Output, NnError> {
        let y = transposed(residual(y, &self.norm1, &self.patches)?)?;
        transposed(residual(y, &self.norm2, &self.hidden)?)
    }
}

/// y + mlp(norm(y)); dfdx wants two tensors for the two uses of y, of which only one carries the tape.
fn residual<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    y: Matrix<E, D, T>,
    norm: &LayerNorm2<E, D>,
    mlp: &Mlp<E, D>,
) -> Result<Matrix<E, D, T>, NnError> {
    let mixed = mlp.try_forward(norm.try_forward(y.with_empty_tape())?)?;
    y.try_add(mixed).map_err(NnError::device)
}

fn transposed<E: Dtype, D: Device<E>, T: Tape<E, D>>(y: Matrix<E, D, T>) -> Result<Matrix<E, D, T>, NnError> {
    let turned = y.try_permute::<_, Axes2<1, 0>>().map_err(NnError::device)?;
    turned.try_contiguous().map_err(NnError::device)
}
