//! Convolutions that take an image patch by patch: reshape, permute and one matrix product.

use crate::error::{NnError, expect};
use crate::{Cube, Matrix, Vector};
use dfdx::prelude::*;

/// Convolution whose stride is the size of its kernel: `[channel, y, x]` to `[feature, patch]`.
///
/// out`[o, p]` = bias`[o]` + sum over i, a, b of weight`[o, i, a, b]` image`[i, n y + a, n x + b]`, where patch
/// p = (y, x) in row order and n x n is the kernel: a cross-correlation, as in all deep-learning libraries.
#[derive(Debug, Clone)]
pub struct PatchConv<E: Dtype, D: Device<E>> {
    /// `[feature, channel * n * n]`.
    weight: Matrix<E, D>,
    bias: Vector<E, D>,
    channels: usize,
    size: usize,
}

impl<E: Dtype, D: Device<E>> PatchConv<E, D> {
    /// From weights `[feature, channel, n, n]` and one bias for each feature.
    ///
    /// # Errors
    /// The kernel is not square, or the number of biases is not that of features.
    pub fn new(
        weight: Tensor<(usize, usize, usize, usize), E, D>,
        bias: Vector<E, D>,
    ) -> Result<Self, NnError> {
        let (features, channels, size, width) = *weight.shape();
        let found = [features, channels, size, width];
        expect(size == width && size > 0, "PatchConv weight", &found, || "a square kernel".to_owned())?;
        expect(bias.shape().0 == features, "PatchConv bias", &[bias.shape().0], || format!("[{features}]"))?;
        let weight = weight.try_reshape_like(&(features, channels * size * size)).map_err(NnError::device)?;
        Ok(Self { weight, bias, channels, size })
    }

    fn check(&self, [channels, rows, columns]: [usize; 3]) -> Result<(), NnError> {
        let n = self.size;
        let fits = channels == self.channels && rows.is_multiple_of(n) && columns.is_multiple_of(n);
        expect(fits, "PatchConv input", &[channels, rows, columns], || {
            format!("{} channels of images whose sides are multiples of {n}", self.channels)
        })
    }
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Cube<E, D, T>> for PatchConv<E, D> {
    type Output = Matrix<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, image: Cube<E, D, T>) -> Result<Self::Output, NnError> {
        let (channels, rows, columns) = *image.shape();
        self.check([channels, rows, columns])?;
        let n = self.size;
        let (h, w) = (rows / n, columns / n);
        let forward = || {
            let patches = image
                .try_reshape_like(&(channels, h, n, w, n))?
                .try_permute::<_, Axes5<0, 2, 4, 1, 3>>()?
                .try_reshape_like(&(channels * n * n, h * w))?;
            let out = self.weight.retaped::<T>().try_matmul(patches)?;
            let bias = self.bias.clone().try_broadcast_like::<_, Axis<1>>(out.shape())?;
            out.try_add(bias)
        };
        forward().map_err(|e: D::Err| NnError::device(e))
    }
}

/// Transposed convolution whose stride is the size of its kernel: `[feature, patch]` to an image `[y, x]`.
///
/// out`[n y + a, n x + b]` = bias + sum over c of weight`[c, n-1-a, n-1-b]` in`[c, p]`, patch p = (y, x) in
/// row order. The kernel is flipped, as in equinox' `ConvTranspose2d`: with the flipped weights of a [`PatchConv`] it is the
/// adjoint of that.
#[derive(Debug, Clone)]
pub struct PatchConvTranspose<E: Dtype, D: Device<E>> {
    /// `[feature, n * n]`, as it is stored.
    weight: Matrix<E, D>,
    bias: Tensor<(), E, D>,
    size: usize,
    shape: [usize; 2],
}

impl<E: Dtype, D: Device<E>> PatchConvTranspose<E, D> {
    /// From weights `[feature, n, n]`, one bias and the shape `[y, x]` of the image that comes out.
    ///
    /// # Errors
    /// The kernel is not square, or the image's sides are not multiples of the kernel's.
    pub fn new(weight: Cube<E, D>, bias: Tensor<(), E, D>, shape: [usize; 2]) -> Result<Self, NnError> {
        let (features, size, width) = *weight.shape();
        let found = [features, size, width];
        let what = "PatchConvTranspose weight";
        expect(size == width && size > 0, what, &found, || "a square kernel".to_owned())?;
        let fits = shape.iter().all(|side| side.is_multiple_of(size));
        expect(fits, "image of PatchConvTranspose", &shape, || {
            format!("of sides that are multiples of {size}")
        })?;
        let weight = weight.try_reshape_like(&(features, size * size)).map_err(NnError::device)?;
        let weight = reversed(&weight)?;
        Ok(Self { weight, bias, size, shape })
    }
}

/// Each row from its end: what flips a kernel.
fn reversed<E: Dtype, D: Device<E>>(weight: &Matrix<E, D>) -> Result<Matrix<E, D>, NnError> {
    let (rows, columns) = *weight.shape();
    let mut values = weight.as_vec();
    values.chunks_mut(columns).for_each(<[E]>::reverse);
    weight.device().try_tensor_from_vec(values, (rows, columns)).map_err(NnError::device)
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Matrix<E, D, T>> for PatchConvTranspose<E, D> {
    type Output = Matrix<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, features: Matrix<E, D, T>) -> Result<Self::Output, NnError> {
        let ([rows, columns], n) = (self.shape, self.size);
        let (h, w) = (rows / n, columns / n);
        let (count, patches) = *features.shape();
        let expected = (self.weight.shape().0, h * w);
        let fits = (count, patches) == expected;
        expect(fits, "PatchConvTranspose input", &[count, patches], || format!("{expected:?}"))?;
        let forward = || {
            let kernel = self.weight.retaped::<T>().try_permute::<_, Axes2<1, 0>>()?;
            let image = kernel
                .try_matmul(features)?
                .try_reshape_like(&(n, n, h, w))?
                .try_permute::<_, Axes4<2, 0, 3, 1>>()?
                .try_reshape_like(&(rows, columns))?;
            let bias = self.bias.clone().try_broadcast_like::<_, Axes2<0, 1>>(&(rows, columns))?;
            image.try_add(bias)
        };
        forward().map_err(|e: D::Err| NnError::device(e))
    }
}
