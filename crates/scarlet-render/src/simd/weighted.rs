//! Inner loops over weighted pixels, and over spectra that are added up.

use crate::{Pixel, Window};
use num_complex::Complex;
use pulp::{Simd, WithSimd};

/// `sum += column * kernel`.
pub(crate) fn add_product<T: Pixel>(sum: &mut [Complex<T>], column: &[Complex<T>], kernel: &[Complex<T>]) {
    pulp::Arch::new().dispatch(AddProduct { sum, column, kernel });
}

/// `out = weights * window of plane`; `out` and `weights` have no gaps between rows.
pub(crate) fn weigh<T: Pixel>(out: &mut [T], weights: &[T], plane: &[T], window: Window) {
    pulp::Arch::new().dispatch(Weigh { out, weights, plane, window });
}

/// `window of plane += weights * image`; `image` and `weights` have no gaps between rows.
pub(crate) fn add_weighed<T: Pixel>(plane: &mut [T], window: Window, weights: &[T], image: &[T]) {
    pulp::Arch::new().dispatch(AddWeighed { plane, window, weights, image });
}

struct AddProduct<'a, T> {
    sum: &'a mut [Complex<T>],
    column: &'a [Complex<T>],
    kernel: &'a [Complex<T>],
}

impl<T: Pixel> WithSimd for AddProduct<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (sum, (v, k)) in self.sum.iter_mut().zip(self.column.iter().zip(self.kernel)) {
            *sum = *sum + Complex::new(v.re * k.re - v.im * k.im, v.re * k.im + v.im * k.re);
        }
    }
}

struct Weigh<'a, T> {
    out: &'a mut [T],
    weights: &'a [T],
    plane: &'a [T],
    window: Window,
}

impl<T: Pixel> WithSimd for Weigh<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.window.shape[1];
        let rows = self.out.chunks_exact_mut(width).zip(self.weights.chunks_exact(width));
        for (y, (out, weights)) in rows.enumerate() {
            for (out, (w, v)) in out.iter_mut().zip(weights.iter().zip(&self.plane[self.window.row(y)])) {
                *out = *w * *v;
            }
        }
    }
}

struct AddWeighed<'a, T> {
    plane: &'a mut [T],
    window: Window,
    weights: &'a [T],
    image: &'a [T],
}

impl<T: Pixel> WithSimd for AddWeighed<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.window.shape[1];
        let rows = self.image.chunks_exact(width).zip(self.weights.chunks_exact(width));
        for (y, (image, weights)) in rows.enumerate() {
            let row = &mut self.plane[self.window.row(y)];
            for (v, (w, more)) in row.iter_mut().zip(weights.iter().zip(image)) {
                *v += *w * *more;
            }
        }
    }
}
