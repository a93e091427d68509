//! The blocks of an MLP-Mixer.

use crate::error::{NnError, expect};
use crate::shapes::{alone, repeated, times_each};
use crate::{Cube, LayerNorm2, Matrix, Vector};
use dfdx::prelude::*;

/// The weight and the bias of a layer.
type Linear<'a, E, D> = (&'a Matrix<E, D>, &'a Vector<E, D>);

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

    /// Its arrays, in the order in which [`Mlp::new`] takes them.
    pub(crate) fn arrays(&self) -> [Linear<'_, E, D>; 2] {
        [(&self.first.0, &self.first.1), (&self.second.0, &self.second.1)]
    }

    /// The same applied to each column of each `[in, column]` of a batch.
    ///
    /// # Errors
    /// The columns have another length than `in`.
    pub fn try_columns<T: Tape<E, D>>(&self, x: Cube<E, D, T>) -> Result<Cube<E, D, T>, NnError> {
        let ((count, rows, columns), wanted) = (*x.shape(), self.first.0.shape().1);
        expect(rows == wanted, "Mlp input", &[count, rows, columns], || format!("columns of {wanted}"))?;
        let forward = || linear_columns(linear_columns(x, &self.first)?.try_relu()?, &self.second);
        forward().map_err(|e: D::Err| NnError::device(e))
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
    let rows = out.shape().0;
    out.try_add(repeated(bias.retaped::<T>(), rows)?)
}

/// W x + b for each column x.
fn linear_columns<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    x: Cube<E, D, T>,
    (weight, bias): &(Matrix<E, D>, Vector<E, D>),
) -> Result<Cube<E, D, T>, D::Err> {
    let (count, _, columns) = *x.shape();
    let out = times_each(weight, x)?;
    let ones = out.device().try_ones_like(&(count, 1, columns))?;
    let bias = bias.clone().try_reshape_like(&(out.shape().1, 1))?;
    let bias = times_each(&bias, ones.retaped::<T>())?;
    out.try_add(bias)
}

/// One block of an MLP-Mixer on `[hidden, patch]`: mixes the patches, then the hidden features.
///
/// y += patches(norm1(y)); then, on the transposed, y += hidden(norm2(y)). It takes one array or a batch of them.
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

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Cube<E, D, T>> for MixerBlock<E, D> {
    type Output = Cube<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, y: Cube<E, D, T>) -> Result<Self::Output, NnError> {
        let shape @ (count, features, patches) = *y.shape();
        let rows = self.norm1.try_forward(y.with_empty_tape())?;
        let rows = rows.try_reshape_like(&(count * features, patches)).map_err(NnError::device)?;
        let mixed = self.patches.try_forward(rows)?.try_reshape_like(&shape).map_err(NnError::device)?;
        let y = sum(y, mixed)?;
        let mixed = self.hidden.try_columns(self.norm2.try_transposed(y.with_empty_tape())?)?;
        sum(y, mixed)
    }
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Matrix<E, D, T>> for MixerBlock<E, D> {
    type Output = Matrix<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, y: Matrix<E, D, T>) -> Result<Self::Output, NnError> {
        alone(y, |batch| self.try_forward(batch))
    }
}

/// y + mixed, of which only y carries the tape before both.
fn sum<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    y: Cube<E, D, T>,
    mixed: Cube<E, D, T>,
) -> Result<Cube<E, D, T>, NnError> {
    y.try_add(mixed).map_err(NnError::device)
}
