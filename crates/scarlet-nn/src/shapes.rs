//! Broadcasts and sums as matrix products, and single arrays as batches of one.
//!
//! dfdx on the CPU walks through what is broadcast or permuted index by index; a product with ones is its fast way.

use crate::{Cube, Matrix, NnError};
use dfdx::prelude::*;

/// `row` below itself, `[rows, n]`.
pub(crate) fn repeated<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    row: Tensor<(usize,), E, D, T>,
    rows: usize,
) -> Result<Matrix<E, D, T>, D::Err> {
    let (n, ones) = (row.shape().0, row.device().try_ones_like(&(rows, 1))?);
    ones.retaped::<T>().try_matmul(row.try_reshape_like(&(1, n))?)
}

/// A column beside itself, `[rows, n]`.
pub(crate) fn widened<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    column: Matrix<E, D, T>,
    n: usize,
) -> Result<Matrix<E, D, T>, D::Err> {
    let ones = column.device().try_ones_like(&(1, n))?;
    column.try_matmul(ones)
}

/// The mean of each row, `[rows, 1]`.
pub(crate) fn row_means<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    x: Matrix<E, D, T>,
) -> Result<Matrix<E, D, T>, D::Err> {
    let n = x.shape().1;
    let share = E::from_f64(1.0 / n as f64).unwrap_or_default();
    let shares = x.device().try_ones_like(&(n, 1))?.try_mul(share)?;
    x.try_matmul(shares)
}

/// `weight`, `[out, in]`, times each `[in, column]` of a batch.
pub(crate) fn times_each<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    weight: &Matrix<E, D>,
    batch: Cube<E, D, T>,
) -> Result<Cube<E, D, T>, D::Err> {
    let ((out, inner), count) = (*weight.shape(), batch.shape().0);
    let each = weight.retaped::<T>().try_broadcast_like::<_, Axis<0>>(&(count, out, inner))?;
    each.try_matmul(batch)
}

/// What `forward` makes of a batch of one.
pub(crate) fn alone<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    x: Matrix<E, D, T>,
    forward: impl FnOnce(Cube<E, D, T>) -> Result<Cube<E, D, T>, NnError>,
) -> Result<Matrix<E, D, T>, NnError> {
    let (rows, columns) = *x.shape();
    first(forward(x.try_reshape_like(&(1, rows, columns)).map_err(NnError::device)?)?)
}

/// The only array of a batch of one.
pub(crate) fn first<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    batch: Cube<E, D, T>,
) -> Result<Matrix<E, D, T>, NnError> {
    let (_, rows, columns) = *batch.shape();
    batch.try_reshape_like(&(rows, columns)).map_err(NnError::device)
}
