//! Resamplings put together in Fourier space: components meet in the spectrum of the fine grid.

use super::Resampling;
use crate::fft::Fine;
use crate::varying::Mixing;
use crate::{Pixel, Window, Workspace, simd};
use num_complex::Complex;

impl<T: Pixel> Resampling<T> {
    /// Takes the spectrum of the fine grid to its points.
    fn mixed_to_grid(&self, fine: &mut Fine<T>) {
        self.fine.inverse_columns(&mut fine.work, |_, _| {});
        self.fine.inverse_rows(&mut fine.grid, Window::whole(self.points), &mut fine.work);
    }

    /// Keeps the spectrum of the adjoint on the fine grid.
    fn keep(&self, work: &mut Workspace<T>) {
        let Some(fine) = work.fine.as_deref_mut() else { return };
        self.fine.forward_rows(&fine.adjoint, Window::whole(self.points), &mut fine.work);
        self.fine.forward_columns(&mut fine.work);
    }
}

impl<T: Pixel> Mixing<T> for Resampling<T> {
    fn take(&self, plane: &[T], window: Window, work: &mut Workspace<T>) {
        self.reading.forward(plane, window, work);
    }

    fn mix(&self, kernel: usize, is_first: bool, work: &mut Workspace<T>) {
        let Workspace { spectrum, fine: Some(fine), .. } = work else { return };
        let ([from, to], rows) = (self.lengths(), 2 * self.highest[0] + 1);
        let columns = spectrum.chunks_exact(from).zip(fine.work.spectrum.chunks_exact_mut(to));
        let kernels = self.kernels[kernel].chunks_exact(rows).zip(&self.heights);
        for ((column, out), (kernel, &by)) in columns.zip(kernels) {
            let ((low, high), (of_low, of_high)) = ((..=by, from - by..), (..=by, to - by..));
            if is_first {
                simd::multiply_into(&mut out[of_low], &column[low], &kernel[..=by]);
                out[by + 1..to - by].fill(Complex::new(T::default(), T::default()));
                simd::multiply_into(&mut out[of_high], &column[high], &kernel[rows - by..]);
            } else {
                simd::add_product(&mut out[of_low], &column[low], &kernel[..=by]);
                simd::add_product(&mut out[of_high], &column[high], &kernel[rows - by..]);
            }
        }
    }

    fn each_mixed(&self, f: &mut dyn FnMut(usize, &mut [T]), work: &mut Workspace<T>) {
        let Some(fine) = work.fine.as_deref_mut() else { return };
        self.mixed_to_grid(fine);
        let pair = &mut fine.pair[..2 * self.output[1]];
        for y in (0..self.output[0]).step_by(2) {
            self.taps.gather(self.pair(y), &fine.grid, pair);
            f(y, pair);
        }
    }

    fn each_mixed_and_keep(
        &self,
        mut f: &mut dyn FnMut(usize, &mut [T]),
        slopes: Option<&mut [[f64; 3]]>,
        work: &mut Workspace<T>,
    ) {
        if let Some(fine) = work.fine.as_deref_mut() {
            self.mixed_to_grid(fine);
        }
        self.rows_and_back(&mut f, slopes, work);
        self.keep(work);
    }

    fn each_kept(&self, f: &mut dyn FnMut(usize, &mut [T]), work: &mut Workspace<T>) {
        let Some(fine) = work.fine.as_deref_mut() else { return };
        let pair = &mut fine.pair[..2 * self.output[1]];
        fine.adjoint[..self.points[0] * self.points[1]].fill(T::default());
        for y in (0..self.output[0]).step_by(2) {
            f(y, pair);
            self.taps.scatter(self.pair(y), pair, &mut fine.adjoint);
        }
        self.keep(work);
    }

    fn give(&self, kernel: usize, plane: &mut [T], window: Window, work: &mut Workspace<T>) {
        self.reading.begin_back(work);
        let Workspace { fine: Some(fine), .. } = &mut *work else { return };
        let ([to, from], rows) = (self.lengths(), 2 * self.highest[0] + 1);
        let columns = fine.work.spectrum.chunks_exact(from).zip(fine.gathered.chunks_exact_mut(to));
        let kernels = self.kernels[kernel].chunks_exact(rows).zip(&self.heights);
        for ((column, sum), (kernel, &by)) in columns.zip(kernels) {
            simd::add_conjugate_product(&mut sum[..=by], &column[..=by], &kernel[..=by]);
            simd::add_conjugate_product(&mut sum[to - by..], &column[from - by..], &kernel[rows - by..]);
        }
        self.reading.end(plane, window, work);
    }

    fn spectrum_len(&self) -> usize {
        0
    }

    fn plain_workspace(&self) -> Workspace<T> {
        self.workspace()
    }
}
