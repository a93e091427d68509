//! Convolutions put together in Fourier space.

use super::Convolution;
use crate::varying::Mixing;
use crate::{Pixel, Window, Workspace, simd};
use num_complex::Complex;

impl<T: Pixel> Convolution<T> {
    /// Takes the sum of components to rows.
    fn mixed_to_rows(&self, work: &mut Workspace<T>) {
        let Some(mixed) = work.mixed.take() else { return };
        let mut sum = mixed.spectrum.chunks_exact(self.fft.shape()[0]);
        self.fft.inverse_columns(work, |_, column| {
            if let Some(summed) = sum.next() {
                column.copy_from_slice(summed);
            }
        });
        work.mixed = Some(mixed);
    }

    /// Keeps the transform of the rows whose transforms are in the spectrum.
    fn keep(&self, work: &mut Workspace<T>) {
        self.fft.forward_columns(work);
        let Workspace { spectrum, mixed: Some(mixed), .. } = work else { return };
        let len = self.fft.spectrum_len();
        mixed.spectrum[..len].copy_from_slice(&spectrum[..len]);
    }
}

impl<T: Pixel> Mixing<T> for Convolution<T> {
    fn take(&self, plane: &[T], window: Window, work: &mut Workspace<T>) {
        debug_assert_eq!(window.shape, self.input);
        self.fft.forward_rows(plane, window, work);
        self.fft.forward_columns(work);
    }

    fn mix(&self, kernel: usize, is_first: bool, work: &mut Workspace<T>) {
        let Workspace { spectrum, mixed: Some(mixed), .. } = work else { return };
        let (sum, taken) = (&mut mixed.spectrum[..], &spectrum[..self.fft.spectrum_len()]);
        if is_first {
            simd::multiply_into(&mut sum[..taken.len()], taken, &self.kernels[kernel]);
        } else {
            simd::add_product(&mut sum[..taken.len()], taken, &self.kernels[kernel]);
        }
    }

    fn each_mixed(&self, f: &mut dyn FnMut(usize, &mut [T]), work: &mut Workspace<T>) {
        self.mixed_to_rows(work);
        self.fft.inverse_pairs(self.output, work, |y, pair| f(y, bytemuck::cast_slice_mut(pair)));
    }

    fn each_mixed_and_keep(
        &self,
        f: &mut dyn FnMut(usize, &mut [T]),
        _: Option<&mut [[f64; 3]]>,
        work: &mut Workspace<T>,
    ) {
        self.mixed_to_rows(work);
        self.fft.each_pair(self.output, work, f);
        self.keep(work);
    }

    fn each_kept(&self, f: &mut dyn FnMut(usize, &mut [T]), work: &mut Workspace<T>) {
        self.fft.forward_pairs(self.output, work, f);
        self.keep(work);
    }

    fn give(&self, kernel: usize, plane: &mut [T], window: Window, work: &mut Workspace<T>) {
        let Workspace { spectrum, mixed: Some(mixed), .. } = &mut *work else { return };
        let out = &mut spectrum[..self.fft.spectrum_len()];
        out.fill(Complex::new(T::default(), T::default()));
        simd::add_conjugate_product(out, &mixed.spectrum, &self.kernels[kernel]);
        self.fft.inverse_columns(work, |_, _| {});
        self.fft.add_inverse_rows(plane, window, work);
    }

    fn spectrum_len(&self) -> usize {
        self.fft.spectrum_len()
    }

    fn plain_workspace(&self) -> Workspace<T> {
        self.fft.workspace()
    }
}
