//! Inner loops over rows of pixels, compiled for the widest vector instructions that a machine has.
//!
//! Each is a struct whose `with_simd` is inlined where it is dispatched: closures are not, once they are large.

use crate::{Pixel, Window};
use pulp::{Simd, WithSimd};
use realfft::num_complex::Complex;

/// Accumulators of a dot product; a fixed number, so that sums do not depend on the machine.
const LANES: usize = 16;

/// `plane += factor * image` where two windows overlap.
pub(crate) fn add_scaled<T: Pixel>(plane: &mut [T], to: Window, factor: T, image: &[T], from: Window) {
    pulp::Arch::new().dispatch(AddScaled { plane, to, factor, image, from });
}

/// `sum(a * b)` where two windows overlap; rows are summed in `T`, their sum is in double precision.
pub(crate) fn dot<T: Pixel>(a: &[T], of_a: Window, b: &[T], of_b: Window) -> f64 {
    pulp::Arch::new().dispatch(Dot { a, of_a, b, of_b })
}

/// `column *= kernel`.
pub(crate) fn multiply<T: Pixel>(column: &mut [Complex<T>], kernel: &[Complex<T>]) {
    pulp::Arch::new().dispatch(Multiply { column, kernel, sign: T::of(1.0) });
}

/// `column *= conj(kernel)`.
pub(crate) fn multiply_conjugate<T: Pixel>(column: &mut [Complex<T>], kernel: &[Complex<T>]) {
    pulp::Arch::new().dispatch(Multiply { column, kernel, sign: T::of(-1.0) });
}

struct AddScaled<'a, T> {
    plane: &'a mut [T],
    to: Window,
    factor: T,
    image: &'a [T],
    from: Window,
}

impl<T: Pixel> WithSimd for AddScaled<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for y in 0..self.to.shape[0] {
            let row = &mut self.plane[self.to.row(y)];
            for (r, v) in row.iter_mut().zip(&self.image[self.from.row(y)]) {
                *r += self.factor * *v;
            }
        }
    }
}

struct Dot<'a, T> {
    a: &'a [T],
    of_a: Window,
    b: &'a [T],
    of_b: Window,
}

impl<T: Pixel> WithSimd for Dot<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut sum = 0.0;
        for y in 0..self.of_a.shape[0] {
            let mut lanes = [T::default(); LANES];
            let a = self.a[self.of_a.row(y)].chunks_exact(LANES);
            let b = self.b[self.of_b.row(y)].chunks_exact(LANES);
            for (lane, (x, y)) in lanes.iter_mut().zip(a.remainder().iter().zip(b.remainder())) {
                *lane = *x * *y;
            }
            for (x, y) in a.zip(b) {
                for k in 0..LANES {
                    lanes[k] += x[k] * y[k];
                }
            }
            sum += lanes.iter().map(|v| v.wide()).sum::<f64>();
        }
        sum
    }
}

struct Multiply<'a, T> {
    column: &'a mut [Complex<T>],
    kernel: &'a [Complex<T>],
    sign: T,
}

impl<T: Pixel> WithSimd for Multiply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (v, k) in self.column.iter_mut().zip(self.kernel) {
            let im = self.sign * k.im;
            *v = Complex::new(v.re * k.re - v.im * im, v.re * im + v.im * k.re);
        }
    }
}
