//! Convolution of channels with fixed kernels, and its exact adjoint.
//!
//! out(p) = sum_q K(p - q) in(q), p in the output box, q in the input box. The transform is only as long as
//! it takes to keep what wraps around out of the output box: n + h for equal boxes of n pixels and a kernel
//! that reaches h, instead of n + 2 h.

mod matrix;
mod mixing;

pub use matrix::ConvolutionMatrix;

use crate::fft::{RealFft2, Window, Workspace, good_length};
use crate::{Pixel, simd};
use ndarray::{Array2, ArrayView2};
use num_complex::Complex;
use scarlet_frame::BBox;

/// Convolutions of several channels on the same boxes, each with its own kernel.
#[derive(Debug, Clone)]
pub struct Convolution<T: Pixel> {
    fft: RealFft2<T>,
    kernels: Vec<Vec<Complex<T>>>,
    input: [usize; 2],
    output: [usize; 2],
}

impl<T: Pixel> Convolution<T> {
    /// Plans the convolution from the pixels of `input` to those of `output` with one kernel for each channel.
    ///
    /// The centre of a kernel of `n` pixels is its pixel `n / 2`; kernels may differ in shape.
    #[must_use]
    pub fn new(input: BBox, output: BBox, kernels: &[Array2<f64>]) -> Self {
        let shift = [0, 1].map(|k| output.origin()[k] - input.origin()[k]);
        let shape = [0, 1].map(|k| {
            let reach = kernels.iter().map(|kernel| kernel.shape()[k] / 2).max().unwrap_or(0) as i64;
            let (from, to) = (input.shape()[k] as i64, output.shape()[k] as i64);
            let needed = (to + reach + shift[k]).max(from + reach - shift[k]).max(from).max(to);
            good_length(needed as usize)
        });
        Self::with_fft_shape(input, output, kernels, shape)
    }

    /// The same with transforms of `shape`: what wraps around stays, as in codes that pad less.
    #[must_use]
    pub fn with_fft_shape(input: BBox, output: BBox, kernels: &[Array2<f64>], shape: [usize; 2]) -> Self {
        let shift = [0, 1].map(|k| output.origin()[k] - input.origin()[k]);
        let precise = RealFft2::<f64>::new(shape);
        let mut work = precise.workspace();
        let kernels = kernels.iter().map(|k| spectrum_of(k.view(), shift, &precise, &mut work)).collect();
        Self { fft: RealFft2::new(shape), kernels, input: input.shape(), output: output.shape() }
    }

    /// Shape of the transforms, `[y, x]`.
    #[must_use]
    pub const fn fft_shape(&self) -> [usize; 2] {
        self.fft.shape()
    }

    /// Buffers for one channel at a time.
    #[must_use]
    pub fn workspace(&self) -> Workspace<T> {
        self.fft.workspace()
    }

    /// Convolves the image in `window` of `plane` (of the input's shape) into `out` (of the output's).
    pub fn apply(&self, channel: usize, plane: &[T], window: Window, out: &mut [T], work: &mut Workspace<T>) {
        self.apply_to_columns(channel, plane, window, work);
        self.fft.inverse_rows(out, Window::whole(self.output), work);
    }

    /// The adjoint of [`Convolution::apply`]: adds an image of the input's shape, in `window` of `plane`, made from
    /// one of the output's.
    pub fn add_adjoint(
        &self,
        channel: usize,
        image: &[T],
        plane: &mut [T],
        window: Window,
        work: &mut Workspace<T>,
    ) {
        self.fft.forward_rows(image, Window::whole(self.output), work);
        self.add_adjoint_of_columns(channel, plane, window, work);
    }

    /// Convolves, and calls `f` with each pair of rows of the outcome, as [`RealFft2::each_pair`] does.
    pub(crate) fn each_pair(
        &self,
        channel: usize,
        plane: &[T],
        window: Window,
        mut f: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        self.apply_to_columns(channel, plane, window, work);
        self.fft.inverse_pairs(self.output, work, |y, pair| f(y, bytemuck::cast_slice_mut(pair)));
    }

    /// Convolves, lets `f` make another image of the outcome, and adds the adjoint of that to `adjoint`.
    ///
    /// Rows go through `f` while they are in the cache, on their way from one transform to the next.
    pub(crate) fn each_pair_and_back(
        &self,
        channel: usize,
        (plane, adjoint): (&[T], &mut [T]),
        window: Window,
        f: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        self.apply_to_columns(channel, plane, window, work);
        self.fft.each_pair(self.output, work, f);
        self.add_adjoint_of_columns(channel, adjoint, window, work);
    }

    /// Adds the adjoint of the rows that `f` makes to `adjoint`.
    pub(crate) fn each_back(
        &self,
        channel: usize,
        adjoint: &mut [T],
        window: Window,
        f: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        self.fft.forward_pairs(self.output, work, f);
        self.add_adjoint_of_columns(channel, adjoint, window, work);
    }

    fn apply_to_columns(&self, channel: usize, plane: &[T], window: Window, work: &mut Workspace<T>) {
        debug_assert_eq!(window.shape, self.input);
        self.fft.forward_rows(plane, window, work);
        let (kernel, fy) = (&self.kernels[channel], self.fft.shape()[0]);
        self.fft.each_column(work, |k, column| simd::multiply(column, &kernel[k * fy..(k + 1) * fy]));
    }

    fn add_adjoint_of_columns(
        &self,
        channel: usize,
        plane: &mut [T],
        window: Window,
        work: &mut Workspace<T>,
    ) {
        debug_assert_eq!(window.shape, self.input);
        let (kernel, fy) = (&self.kernels[channel], self.fft.shape()[0]);
        self.fft.each_column(work, |k, column| {
            simd::multiply_conjugate(column, &kernel[k * fy..(k + 1) * fy]);
        });
        self.fft.add_inverse_rows(plane, window, work);
    }
}

/// Transposed spectrum of a kernel, shifted to the origin of the output box, with the inverse's 1 / N in it.
fn spectrum_of<T: Pixel>(
    kernel: ArrayView2<'_, f64>,
    shift: [i64; 2],
    fft: &RealFft2<f64>,
    work: &mut Workspace<f64>,
) -> Vec<Complex<T>> {
    let [fy, fx] = fft.shape();
    let mut wrapped = vec![0.0; fy * fx];
    let (cy, cx) = (kernel.nrows() as i64 / 2, kernel.ncols() as i64 / 2);
    for ((y, x), value) in kernel.indexed_iter() {
        let row = (y as i64 - cy - shift[0]).rem_euclid(fy as i64) as usize;
        let column = (x as i64 - cx - shift[1]).rem_euclid(fx as i64) as usize;
        wrapped[row * fx + column] += value;
    }
    fft.forward_rows(&wrapped, Window::whole([fy, fx]), work);
    fft.forward_columns(work);
    let scale = 1.0 / (fy * fx) as f64;
    work.spectrum.iter().map(|v| Complex::new(T::of(v.re * scale), T::of(v.im * scale))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n: usize, step: f64) -> Vec<f64> {
        (0..n).map(|i| (step * i as f64 + 0.3).sin() + 0.1).collect()
    }

    fn direct(input: BBox, output: BBox, kernel: &Array2<f64>, image: &[f64]) -> Vec<f64> {
        let (cy, cx) = (kernel.nrows() as i64 / 2, kernel.ncols() as i64 / 2);
        let (from, to) = (input.origin(), output.origin());
        let pixel = |k: usize| {
            let p = [to[0] + (k / output.shape()[1]) as i64, to[1] + (k % output.shape()[1]) as i64];
            let terms = image.iter().enumerate().map(|(j, v)| {
                let q = [from[0] + (j / input.shape()[1]) as i64, from[1] + (j % input.shape()[1]) as i64];
                let (y, x) = (p[0] - q[0] + cy, p[1] - q[1] + cx);
                let inside = y >= 0 && x >= 0;
                inside.then(|| kernel.get([y as usize, x as usize])).flatten().map_or(0.0, |k| k * v)
            });
            terms.sum()
        };
        (0..output.len()).map(pixel).collect()
    }

    fn cases() -> Vec<(BBox, BBox, Array2<f64>)> {
        let kernel = |ny: usize, nx: usize| {
            Array2::from_shape_vec((ny, nx), wave(ny * nx, 1.7)).expect("lengths agree")
        };
        vec![
            (BBox::new([0, 0], [12, 15]), BBox::new([0, 0], [12, 15]), kernel(11, 11)),
            (BBox::new([0, 0], [9, 9]), BBox::new([3, -4], [4, 20]), kernel(7, 5)),
            (BBox::new([-2, 5], [20, 8]), BBox::new([1, 6], [6, 3]), kernel(9, 9)),
            (BBox::new([0, 0], [6, 5]), BBox::new([0, 0], [6, 5]), kernel(31, 41)),
            (BBox::new([0, 0], [10, 10]), BBox::new([0, 0], [10, 10]), kernel(6, 8)),
        ]
    }

    #[test]
    fn equals_the_direct_sum() {
        for (input, output, kernel) in cases() {
            let plan = Convolution::<f64>::new(input, output, std::slice::from_ref(&kernel));
            let image = wave(input.len(), 0.37);
            let (mut out, mut work) = (vec![0.0; output.len()], plan.workspace());
            plan.apply(0, &image, Window::whole(input.shape()), &mut out, &mut work);
            let expected = direct(input, output, &kernel, &image);
            let worst = out.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-12, "{input} to {output}: {worst}");
        }
    }

    #[test]
    fn adjoint_is_the_transpose() {
        for (input, output, kernel) in cases() {
            let plan = Convolution::<f64>::new(input, output, &[kernel]);
            let mut work = plan.workspace();
            let (x, y) = (wave(input.len(), 0.9), wave(output.len(), 0.41));
            let (mut ax, mut aty) = (vec![0.0; output.len()], vec![0.0; input.len()]);
            plan.apply(0, &x, Window::whole(input.shape()), &mut ax, &mut work);
            plan.add_adjoint(0, &y, &mut aty, Window::whole(input.shape()), &mut work);
            let left: f64 = ax.iter().zip(&y).map(|(a, b)| a * b).sum();
            let right: f64 = x.iter().zip(&aty).map(|(a, b)| a * b).sum();
            approx::assert_relative_eq!(left, right, max_relative = 1e-12);
            let (mut alone, nx) = (vec![0.0; input.len()], output.shape()[1]);
            let fill = |row: usize, pair: &mut [f64]| {
                for (k, value) in pair.iter_mut().enumerate() {
                    *value = y.get((row + k % 2) * nx + k / 2).copied().unwrap_or_default();
                }
            };
            plan.each_back(0, &mut alone, Window::whole(input.shape()), fill, &mut work);
            assert_eq!(alone, aty);
        }
    }
}
