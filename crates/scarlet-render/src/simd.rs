//! Inner loops over rows of pixels; callers run them inside [`dispatch`].

use crate::Pixel;
use realfft::num_complex::Complex;

/// Runs `work` compiled for the widest vector instructions that this machine has.
#[inline(always)]
pub(crate) fn dispatch<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// Accumulators of a dot product; a fixed number, so that sums do not depend on the machine.
const LANES: usize = 16;

/// `row += factor * image`.
#[inline(always)]
pub(crate) fn add_scaled<T: Pixel>(row: &mut [T], factor: T, image: &[T]) {
    for (r, v) in row.iter_mut().zip(image) {
        *r += factor * *v;
    }
}

/// `sum(a * b)`, the sums of the lanes in double precision.
#[inline(always)]
pub(crate) fn dot<T: Pixel>(a: &[T], b: &[T]) -> f64 {
    let mut lanes = [T::default(); LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| (*x * *y).wide()).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for k in 0..LANES {
            lanes[k] += x[k] * y[k];
        }
    }
    lanes.iter().map(|v| v.wide()).sum::<f64>() + rest
}

/// `column *= kernel`.
#[inline(always)]
pub(crate) fn multiply<T: Pixel>(column: &mut [Complex<T>], kernel: &[Complex<T>]) {
    for (v, k) in column.iter_mut().zip(kernel) {
        *v = Complex::new(v.re * k.re - v.im * k.im, v.re * k.im + v.im * k.re);
    }
}

/// `column *= conj(kernel)`.
#[inline(always)]
pub(crate) fn multiply_conjugate<T: Pixel>(column: &mut [Complex<T>], kernel: &[Complex<T>]) {
    for (v, k) in column.iter_mut().zip(kernel) {
        *v = Complex::new(v.re * k.re + v.im * k.im, v.im * k.re - v.re * k.im);
    }
}
