//! Real 2-D FFTs of zero-padded images, planned once.
//!
//! Unnormalised in both directions; spectra are stored transposed, `[kx, ky]` with `kx` up to `nx / 2`.

use crate::varying::Mixed;
use crate::{Pixel, simd};
use num_complex::Complex;
use rustfft::Fft;
use std::fmt;
use std::sync::Arc;

/// Lengths that no longer tested length beats in rustfft 6.4 (f32); nearly all 2^a 3^b with at most one 5.
const GOOD: [usize; 37] = [
    8, 12, 16, 24, 32, 36, 48, 54, 64, 72, 80, 96, 108, 128, 144, 160, 162, 192, 216, 240, 256, 288, 320,
    360, 384, 432, 480, 486, 512, 576, 640, 648, 720, 768, 864, 960, 1024,
];

/// Rows that are transformed and transposed together, in pairs: one is the real part of a row, one the imaginary.
const ROWS: usize = simd::TILE;

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
///
/// Two rows at a time are one complex row, which spares the passes that real transforms need: with Z the transform
/// of a + i b, those of a and b are (Z(k) + Z*(-k)) / 2 and (Z(k) - Z*(-k)) / 2i.
#[derive(Clone)]
pub struct RealFft2<T: Pixel> {
    shape: [usize; 2],
    kept: usize,
    rows: Arc<dyn Fft<T>>,
    rows_back: Arc<dyn Fft<T>>,
    columns: Arc<dyn Fft<T>>,
    columns_back: Arc<dyn Fft<T>>,
}

impl<T: Pixel> fmt::Debug for RealFft2<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealFft2").field("shape", &self.shape).finish_non_exhaustive()
    }
}

/// Buffers of one FFT at a time; make one for each thread or channel. They may be larger than a plan needs.
#[derive(Debug, Clone, Default)]
pub struct Workspace<T> {
    /// The transposed spectrum, `[kx, ky]`.
    pub spectrum: Vec<Complex<T>>,
    pub(crate) rows: Vec<Complex<T>>,
    pub(crate) scratch: Vec<Complex<T>>,
    /// What a resampling needs besides.
    pub(crate) fine: Option<Box<Fine<T>>>,
    /// What a PSF that varies needs besides.
    pub(crate) mixed: Option<Box<Mixed<T>>>,
}

/// Buffers of a resampling: those of the FFTs of its fine grid, what is on the grid, and the adjoint of that.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fine<T> {
    pub(crate) work: Workspace<T>,
    pub(crate) grid: Vec<T>,
    pub(crate) adjoint: Vec<T>,
    /// A pair of rows of the observation.
    pub(crate) pair: Vec<T>,
    /// The adjoint of the spectrum of the model's pixels.
    pub(crate) gathered: Vec<Complex<T>>,
}

impl<T: Pixel> Workspace<T> {
    /// Space for a pair of rows alone.
    pub(crate) fn of_rows(nx: usize) -> Self {
        let rows = vec![Complex::new(T::default(), T::default()); nx];
        Self { rows, ..Self::default() }
    }

    /// Grows so that it serves wherever `other` does too.
    pub fn cover(&mut self, other: &Self) {
        let zero = Complex::new(T::default(), T::default());
        let pairs = [
            (&mut self.spectrum, &other.spectrum),
            (&mut self.rows, &other.rows),
            (&mut self.scratch, &other.scratch),
        ];
        pairs.into_iter().for_each(|(own, other)| own.resize(own.len().max(other.len()), zero));
        if let Some(other) = &other.fine {
            let own = self.fine.get_or_insert_default();
            own.work.cover(&other.work);
            own.gathered.resize(own.gathered.len().max(other.gathered.len()), zero);
            let pairs = [
                (&mut own.grid, &other.grid),
                (&mut own.adjoint, &other.adjoint),
                (&mut own.pair, &other.pair),
            ];
            pairs.into_iter().for_each(|(own, other)| own.resize(own.len().max(other.len()), T::default()));
        }
        if let Some(other) = &other.mixed {
            let own = self.mixed.get_or_insert_default();
            own.plane.resize(own.plane.len().max(other.plane.len()), T::default());
            own.spectrum.resize(own.spectrum.len().max(other.spectrum.len()), zero);
        }
    }
}

impl<T: Pixel> RealFft2<T> {
    /// Plans FFTs of `shape`, `[y, x]`.
    #[must_use]
    pub fn new(shape: [usize; 2]) -> Self {
        Self::with_columns(shape, shape[1] / 2 + 1)
    }

    /// The same with no more than the first `columns` columns of a spectrum: the others are not made, and count as
    /// zeros on the way back.
    #[must_use]
    pub fn with_columns(shape: [usize; 2], columns: usize) -> Self {
        let ([rows, rows_back], [down, up]) = (T::ffts(shape[1]), T::ffts(shape[0]));
        let kept = columns.min(shape[1] / 2 + 1);
        Self { shape, kept, rows, rows_back, columns: down, columns_back: up }
    }

    /// Padded shape `[y, x]`.
    #[must_use]
    pub const fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Number of columns of a spectrum, `nx / 2 + 1` where none are left out.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.kept
    }

    /// Elements of a spectrum.
    pub(crate) const fn spectrum_len(&self) -> usize {
        self.kept * self.shape[0]
    }

    /// Elements of the rows that are transformed together.
    const fn rows_len(&self) -> usize {
        ROWS / 2 * self.shape[1]
    }

    /// Buffers for this plan.
    #[must_use]
    pub fn workspace(&self) -> Workspace<T> {
        let zero = Complex::new(T::default(), T::default());
        let ffts = [&self.rows, &self.rows_back, &self.columns, &self.columns_back];
        let scratch = ffts.into_iter().map(|fft| fft.get_inplace_scratch_len()).max().unwrap_or(0);
        Workspace {
            spectrum: vec![zero; self.spectrum_len()],
            rows: vec![zero; self.rows_len()],
            scratch: vec![zero; scratch],
            fine: None,
            mixed: None,
        }
    }

    /// Transforms the rows of the image in `window` of `plane`, zeros around it, into `work.spectrum`.
    ///
    /// The columns are left to do: [`RealFft2::each_column`].
    pub fn forward_rows(&self, plane: &[T], window: Window, work: &mut Workspace<T>) {
        for first in (0..window.shape[0]).step_by(ROWS) {
            for (pair, row) in work.rows[..self.rows_len()].chunks_exact_mut(self.shape[1]).enumerate() {
                simd::pair_rows(row, plane, window, first + 2 * pair);
            }
            self.spread(first, work);
        }
        self.clear_below(window.shape[0], work);
    }

    /// Transforms each column of `work.spectrum`, calls `f` with it, and transforms it back.
    pub fn each_column(&self, work: &mut Workspace<T>, mut f: impl FnMut(usize, &mut [Complex<T>])) {
        for (k, column) in work.spectrum[..self.spectrum_len()].chunks_exact_mut(self.shape[0]).enumerate() {
            self.columns.process_with_scratch(column, &mut work.scratch);
            f(k, column);
            self.columns_back.process_with_scratch(column, &mut work.scratch);
        }
    }

    /// Transforms one column of a spectrum.
    pub(crate) fn forward_column(&self, column: &mut [Complex<T>], scratch: &mut [Complex<T>]) {
        self.columns.process_with_scratch(column, scratch);
    }

    /// Transforms one column of a spectrum back.
    pub(crate) fn inverse_column(&self, column: &mut [Complex<T>], scratch: &mut [Complex<T>]) {
        self.columns_back.process_with_scratch(column, scratch);
    }

    /// Transforms the columns of `work.spectrum`, so that it holds the spectrum of the image.
    pub fn forward_columns(&self, work: &mut Workspace<T>) {
        self.columns.process_with_scratch(&mut work.spectrum[..self.spectrum_len()], &mut work.scratch);
    }

    /// Calls `f` with each column of `work.spectrum`, whatever it holds, to be filled, and transforms it back.
    pub fn inverse_columns(&self, work: &mut Workspace<T>, mut f: impl FnMut(usize, &mut [Complex<T>])) {
        for (k, column) in work.spectrum[..self.spectrum_len()].chunks_exact_mut(self.shape[0]).enumerate() {
            f(k, column);
            self.columns_back.process_with_scratch(column, &mut work.scratch);
        }
    }

    /// Transforms the rows back and gives the first pixels of each of the first rows to `plane`.
    pub fn inverse_rows(&self, plane: &mut [T], window: Window, work: &mut Workspace<T>) {
        self.inverse_pairs(window.shape, work, |y, pair| simd::part_rows(plane, window, y, pair));
    }

    /// Transforms the rows back and adds the first pixels of each of the first rows to `plane`.
    pub fn add_inverse_rows(&self, plane: &mut [T], window: Window, work: &mut Workspace<T>) {
        self.inverse_pairs(window.shape, work, |y, pair| simd::add_rows(plane, window, y, pair));
    }

    /// Transforms the rows back, calls `f` with each pair of rows of an image of `shape`, and transforms what it
    /// makes of them forward again.
    ///
    /// `f` sees the index of the first row and pixels of both in turn: (y, 0), (y + 1, 0), (y, 1), ... A last row
    /// without a partner has an arbitrary one, which `f` must make zeros.
    pub fn each_pair(&self, shape: [usize; 2], work: &mut Workspace<T>, mut f: impl FnMut(usize, &mut [T])) {
        for first in (0..shape[0]).step_by(ROWS) {
            self.collect(first, work);
            self.fill_rows(first, shape, work, &mut f);
            self.spread(first, work);
        }
        self.clear_below(shape[0], work);
    }

    /// Transforms the rows back and calls `f` with each pair of rows of an image of `shape`.
    pub(crate) fn inverse_pairs(
        &self,
        shape: [usize; 2],
        work: &mut Workspace<T>,
        mut f: impl FnMut(usize, &mut [Complex<T>]),
    ) {
        for first in (0..shape[0]).step_by(ROWS) {
            self.collect(first, work);
            let rows = (first..shape[0])
                .step_by(2)
                .zip(work.rows[..self.rows_len()].chunks_exact_mut(self.shape[1]));
            rows.for_each(|(y, row)| f(y, &mut row[..shape[1]]));
        }
    }

    /// Calls `f` with each pair of rows of an image of `shape`, whatever they hold, to be filled, and transforms them,
    /// zeros around them, into `work.spectrum`; as [`RealFft2::each_pair`] otherwise.
    pub fn forward_pairs(
        &self,
        shape: [usize; 2],
        work: &mut Workspace<T>,
        mut f: impl FnMut(usize, &mut [T]),
    ) {
        for first in (0..shape[0]).step_by(ROWS) {
            self.fill_rows(first, shape, work, &mut f);
            self.spread(first, work);
        }
        self.clear_below(shape[0], work);
    }

    /// Calls `f` with each pair of rows in `work.rows`, the first of which is `first`, and puts zeros around them.
    #[inline]
    fn fill_rows(
        &self,
        first: usize,
        shape: [usize; 2],
        work: &mut Workspace<T>,
        f: &mut impl FnMut(usize, &mut [T]),
    ) {
        let zero = Complex::new(T::default(), T::default());
        let rows = work.rows[..self.rows_len()].chunks_exact_mut(self.shape[1]);
        for (pair, row) in rows.enumerate() {
            let (image, around) = row.split_at_mut(shape[1]);
            around.fill(zero);
            match first + 2 * pair {
                y if y < shape[0] => f(y, bytemuck::cast_slice_mut(image)),
                _ => image.fill(zero),
            }
        }
    }

    /// Transforms the rows in `work.rows` and puts them into the spectrum, from row `first` on.
    fn spread(&self, first: usize, work: &mut Workspace<T>) {
        let rows = &mut work.rows[..self.rows_len()];
        self.rows.process_with_scratch(rows, &mut work.scratch);
        simd::untangle(rows, &mut work.spectrum, self.shape, self.kept, first);
    }

    /// Takes rows of the spectrum, from `first` on, to `work.rows` and transforms them back.
    fn collect(&self, first: usize, work: &mut Workspace<T>) {
        let rows = &mut work.rows[..self.rows_len()];
        simd::tangle(&work.spectrum, rows, self.shape, self.kept, first);
        self.rows_back.process_with_scratch(rows, &mut work.scratch);
    }

    /// Zeros in all rows of the spectrum that no block of an image of `ny` rows reaches.
    fn clear_below(&self, ny: usize, work: &mut Workspace<T>) {
        let fy = self.shape[0];
        let written = ny.next_multiple_of(ROWS).min(fy);
        for column in work.spectrum[..self.spectrum_len()].chunks_exact_mut(fy) {
            column[written..].fill(Complex::new(T::default(), T::default()));
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
        let wide = [([19, 23], [24, 36]), ([13, 33], [17, 35])];
        let small = [([5, 7], [8, 12]), ([11, 3], [11, 9]), ([1, 1], [2, 2]), ([9, 10], [9, 10])];
        for ([ny, nx], shape) in wide.into_iter().chain(small) {
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
