//! Real 2-D FFTs of zero-padded images, planned once.
//!
//! Unnormalised in both directions; spectra are stored transposed, `[kx, ky]` with `kx` up to `nx / 2`.

use crate::Pixel;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};
use std::fmt;
use std::sync::Arc;

/// Lengths that no longer tested length beats in rustfft 6.4 (f32); nearly all 2^a 3^b with at most one 5.
const GOOD: [usize; 37] = [
    8, 12, 16, 24, 32, 36, 48, 54, 64, 72, 80, 96, 108, 128, 144, 160, 162, 192, 216, 240, 256, 288, 320,
    360, 384, 432, 480, 486, 512, 576, 640, 648, 720, 768, 864, 960, 1024,
];

/// Rows that are transformed and transposed together.
const ROWS: usize = 8;

/// The fastest length of at least `n`, from a measured list; above 1024 the next 2^a 3^b.
#[must_use]
pub fn good_length(n: usize) -> usize {
    match GOOD.iter().find(|&&good| good >= n) {
        Some(&good) => good,
        None => (n..).find(|&m| is_smooth(m)).unwrap_or(n),
    }
}

fn is_smooth(mut n: usize) -> bool {
    for p in [2, 3] {
        while n.is_multiple_of(p) {
            n /= p;
        }
    }
    n == 1
}

/// Where an image lies in a larger plane: first element, elements from row to row, and shape `[y, x]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Index of the first element.
    pub offset: usize,
    /// Distance between rows.
    pub stride: usize,
    /// Rows and columns.
    pub shape: [usize; 2],
}

impl Window {
    /// All of a plane of `shape`.
    #[must_use]
    pub const fn whole(shape: [usize; 2]) -> Self {
        Self { offset: 0, stride: shape[1], shape }
    }

    /// Indices of row `y`.
    #[must_use]
    #[inline(always)]
    pub const fn row(&self, y: usize) -> std::ops::Range<usize> {
        let start = self.offset + y * self.stride;
        start..start + self.shape[1]
    }
}

/// A planned real FFT of `[y, x]` pixels.
#[derive(Clone)]
pub struct RealFft2<T: Pixel> {
    shape: [usize; 2],
    rows: Arc<dyn RealToComplex<T>>,
    rows_back: Arc<dyn ComplexToReal<T>>,
    columns: Arc<dyn Fft<T>>,
    columns_back: Arc<dyn Fft<T>>,
}

impl<T: Pixel> fmt::Debug for RealFft2<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealFft2").field("shape", &self.shape).finish_non_exhaustive()
    }
}

/// Buffers of one FFT at a time; make one for each thread or channel.
#[derive(Debug, Clone)]
pub struct Workspace<T> {
    /// The transposed spectrum, `[kx, ky]`.
    pub spectrum: Vec<Complex<T>>,
    real: Vec<T>,
    half: Vec<Complex<T>>,
    scratch: Vec<Complex<T>>,
}

impl<T: Pixel> RealFft2<T> {
    /// Plans FFTs of `shape`, `[y, x]`.
    #[must_use]
    pub fn new(shape: [usize; 2]) -> Self {
        let (mut real, mut complex) = (RealFftPlanner::new(), FftPlanner::new());
        Self {
            shape,
            rows: real.plan_fft_forward(shape[1]),
            rows_back: real.plan_fft_inverse(shape[1]),
            columns: complex.plan_fft_forward(shape[0]),
            columns_back: complex.plan_fft_inverse(shape[0]),
        }
    }

    /// Padded shape `[y, x]`.
    #[must_use]
    pub const fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Number of columns of a spectrum, `nx / 2 + 1`.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.shape[1] / 2 + 1
    }

    /// Buffers for this plan.
    #[must_use]
    pub fn workspace(&self) -> Workspace<T> {
        let zero = Complex::new(T::default(), T::default());
        let scratch = [
            self.rows.get_scratch_len(),
            self.rows_back.get_scratch_len(),
            self.columns.get_inplace_scratch_len(),
            self.columns_back.get_inplace_scratch_len(),
        ];
        Workspace {
            spectrum: vec![zero; self.columns() * self.shape[0]],
            real: vec![T::default(); ROWS * self.shape[1]],
            half: vec![zero; ROWS * self.columns()],
            scratch: vec![zero; scratch.into_iter().max().unwrap_or(0)],
        }
    }

    /// Transforms the rows of the image in `window` of `plane`, zeros around it, into `work.spectrum`.
    ///
    /// The columns are left to do: [`RealFft2::each_column`].
    pub fn forward_rows(&self, plane: &[T], window: Window, work: &mut Workspace<T>) {
        let ([fy, fx], [ny, nx], columns) = (self.shape, window.shape, self.columns());
        for first in (0..ny).step_by(ROWS) {
            let rows = ROWS.min(ny - first);
            for r in 0..rows {
                let real = &mut work.real[r * fx..(r + 1) * fx];
                real[..nx].copy_from_slice(&plane[window.row(first + r)]);
                real[nx..].fill(T::default());
                let half = &mut work.half[r * columns..(r + 1) * columns];
                self.rows
                    .process_with_scratch(real, half, &mut work.scratch)
                    .expect("buffers have the lengths of the plan");
            }
            for k in 0..columns {
                let column = &mut work.spectrum[k * fy + first..k * fy + first + rows];
                for (r, value) in column.iter_mut().enumerate() {
                    *value = work.half[r * columns + k];
                }
            }
        }
        for column in work.spectrum.chunks_exact_mut(fy) {
            column[ny..].fill(Complex::new(T::default(), T::default()));
        }
    }

    /// Transforms each column of `work.spectrum`, calls `f` with it, and transforms it back.
    pub fn each_column(&self, work: &mut Workspace<T>, mut f: impl FnMut(usize, &mut [Complex<T>])) {
        for (k, column) in work.spectrum.chunks_exact_mut(self.shape[0]).enumerate() {
            self.columns.process_with_scratch(column, &mut work.scratch);
            f(k, column);
            self.columns_back.process_with_scratch(column, &mut work.scratch);
        }
    }

    /// Transforms the columns of `work.spectrum`, so that it holds the spectrum of the image.
    pub fn forward_columns(&self, work: &mut Workspace<T>) {
        self.columns.process_with_scratch(&mut work.spectrum, &mut work.scratch);
    }

    /// Transforms the rows back and gives the first pixels of each of the first rows to `plane`.
    pub fn inverse_rows(&self, plane: &mut [T], window: Window, work: &mut Workspace<T>) {
        let ([fy, fx], [ny, nx], columns) = (self.shape, window.shape, self.columns());
        for first in (0..ny).step_by(ROWS) {
            let rows = ROWS.min(ny - first);
            for k in 0..columns {
                let column = &work.spectrum[k * fy + first..k * fy + first + rows];
                for (r, value) in column.iter().enumerate() {
                    work.half[r * columns + k] = *value;
                }
            }
            for r in 0..rows {
                let half = &mut work.half[r * columns..(r + 1) * columns];
                half[0].im = T::default();
                if fx.is_multiple_of(2) {
                    half[columns - 1].im = T::default();
                }
                let real = &mut work.real[r * fx..(r + 1) * fx];
                self.rows_back
                    .process_with_scratch(half, real, &mut work.scratch)
                    .expect("buffers have the lengths of the plan");
                plane[window.row(first + r)].copy_from_slice(&real[..nx]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spectrum of a padded image by its definition.
    fn naive(
        image: &[f64],
        [ny, nx]: [usize; 2],
        [fy, fx]: [usize; 2],
        ky: usize,
        kx: usize,
    ) -> Complex<f64> {
        let mut sum = Complex::new(0.0, 0.0);
        for y in 0..ny {
            for x in 0..nx {
                let turns = (ky * y) as f64 / fy as f64 + (kx * x) as f64 / fx as f64;
                sum += Complex::from_polar(image[y * nx + x], -std::f64::consts::TAU * turns);
            }
        }
        sum
    }

    #[test]
    fn spectra_follow_the_definition_and_come_back() {
        for ([ny, nx], shape) in [([5, 7], [8, 12]), ([11, 3], [11, 9]), ([1, 1], [2, 2]), ([9, 10], [9, 10])]
        {
            let image: Vec<f64> = (0..ny * nx).map(|i| (0.7 * i as f64).sin()).collect();
            let fft = RealFft2::<f64>::new(shape);
            let mut work = fft.workspace();
            fft.forward_rows(&image, Window::whole([ny, nx]), &mut work);
            let mut seen = Vec::new();
            fft.each_column(&mut work, |_, column| seen.extend_from_slice(column));
            for kx in 0..fft.columns() {
                for ky in 0..shape[0] {
                    let error = seen[kx * shape[0] + ky] - naive(&image, [ny, nx], shape, ky, kx);
                    assert!(error.norm() < 1e-12);
                }
            }
            let mut back = vec![0.0; ny * nx];
            fft.inverse_rows(&mut back, Window::whole([ny, nx]), &mut work);
            let n = (shape[0] * shape[1]) as f64;
            assert!(image.iter().zip(&back).all(|(a, b)| (a - b / n).abs() < 1e-13));
        }
    }

    #[test]
    fn lengths_come_from_the_list() {
        assert_eq!([1, 60, 65, 250, 1025].map(good_length), [8, 64, 72, 256, 1152]);
    }
}
