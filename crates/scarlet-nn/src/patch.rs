//! Convolutions that take an image patch by patch: reshape, permute and one matrix product.

use crate::error::{NnError, expect};
use crate::shapes::{alone, first, times_each};
use crate::{Batch, Cube, Matrix, Vector};
use dfdx::prelude::*;

/// Convolution whose stride is the size of its kernel: `[channel, y, x]` to `[feature, patch]`.
///
/// out`[o, p]` = bias`[o]` + sum over i, a, b of weight`[o, i, a, b]` image`[i, n y + a, n x + b]`, where patch
/// p = (y, x) in row order and n x n is the kernel: a cross-correlation, as in all deep-learning libraries. It takes one
/// image or a batch of them.
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

    /// Its arrays, in the order in which [`PatchConv::new`] takes them.
    pub(crate) const fn arrays(&self) -> (&Matrix<E, D>, &Vector<E, D>) {
        (&self.weight, &self.bias)
    }

    fn check(&self, [count, channels, rows, columns]: [usize; 4]) -> Result<(), NnError> {
        let n = self.size;
        let fits = channels == self.channels && rows.is_multiple_of(n) && columns.is_multiple_of(n);
        expect(fits, "PatchConv input", &[count, channels, rows, columns], || {
            format!("{} channels of images whose sides are multiples of {n}", self.channels)
        })
    }
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Batch<E, D, T>> for PatchConv<E, D> {
    type Output = Cube<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, images: Batch<E, D, T>) -> Result<Self::Output, NnError> {
        let (count, channels, rows, columns) = *images.shape();
        self.check([count, channels, rows, columns])?;
        let n = self.size;
        let (h, w) = (rows / n, columns / n);
        let forward = || {
            let patches = images
                .try_reshape_like(&(count * channels, h, n, w, n))?
                .try_permute::<_, Axes5<0, 2, 4, 1, 3>>()?
                .try_reshape_like(&(count, channels * n * n, h * w))?;
            let out = times_each(&self.weight, patches)?;
            let ones = out.device().try_ones_like(&(count, 1, h * w))?;
            let bias = self.bias.clone().try_reshape_like(&(out.shape().1, 1))?;
            out.try_add(times_each(&bias, ones.retaped::<T>())?)
        };
        forward().map_err(|e: D::Err| NnError::device(e))
    }
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Cube<E, D, T>> for PatchConv<E, D> {
    type Output = Matrix<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, image: Cube<E, D, T>) -> Result<Self::Output, NnError> {
        let (channels, rows, columns) = *image.shape();
        let batch = image.try_reshape_like(&(1, channels, rows, columns)).map_err(NnError::device)?;
        first(self.try_forward(batch)?)
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

impl<E: Dtype, D: Device<E>> PatchConvTranspose<E, D> {
    /// Weight, `[feature, n * n]` with each row from its end, and bias.
    pub(crate) const fn arrays(&self) -> (&Matrix<E, D>, &Tensor<(), E, D>) {
        (&self.weight, &self.bias)
    }

    /// Pixels of a kernel.
    pub(crate) const fn kernel_len(&self) -> usize {
        self.size * self.size
    }
}

/// Each row from its end: what flips a kernel.
fn reversed<E: Dtype, D: Device<E>>(weight: &Matrix<E, D>) -> Result<Matrix<E, D>, NnError> {
    let (rows, columns) = *weight.shape();
    let mut values = weight.as_vec();
    values.chunks_mut(columns).for_each(<[E]>::reverse);
    weight.device().try_tensor_from_vec(values, (rows, columns)).map_err(NnError::device)
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Cube<E, D, T>> for PatchConvTranspose<E, D> {
    type Output = Cube<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, features: Cube<E, D, T>) -> Result<Self::Output, NnError> {
        let ([rows, columns], n) = (self.shape, self.size);
        let (h, w) = (rows / n, columns / n);
        let (images, count, patches) = *features.shape();
        let expected = (self.weight.shape().0, h * w);
        let fits = (count, patches) == expected;
        expect(fits, "PatchConvTranspose input", &[images, count, patches], || {
            format!("arrays of {expected:?}")
        })?;
        let forward = || {
            let kernels = self.weight.clone().try_permute::<_, Axes2<1, 0>>()?;
            let image = times_each(&kernels, features)?
                .try_reshape_like(&(images, n, n, h, w))?
                .try_permute::<_, Axes5<0, 3, 1, 4, 2>>()?
                .try_reshape_like(&(images, rows, columns))?;
            let bias = self.bias.clone().try_broadcast_like::<_, Axes3<0, 1, 2>>(image.shape())?;
            image.try_add(bias)
        };
        forward().map_err(|e: D::Err| NnError::device(e))
    }
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Matrix<E, D, T>> for PatchConvTranspose<E, D> {
    type Output = Matrix<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, features: Matrix<E, D, T>) -> Result<Self::Output, NnError> {
        alone(features, |batch| self.try_forward(batch))
    }
}
