//! Convolutions between several images at once, put together in Fourier space.

use super::Convolution;
use crate::fft::{RealFft2, Window, Workspace};
use crate::{Pixel, simd};
use num_complex::Complex;

/// What images on one box see of each other through the kernels of several channels:
/// out_i = sum_j K_ij * in_j, with K_ij = sum_c a_ic a_jc K_c.
///
/// It takes two transforms for each image, where channel by channel would be two for each channel.
#[derive(Debug, Clone)]
pub struct ConvolutionMatrix<T: Pixel> {
    fft: RealFft2<T>,
    /// Spectra of K_ij, row by row.
    kernels: Vec<Vec<Complex<T>>>,
    spectra: Vec<Vec<Complex<T>>>,
    plane: Vec<T>,
    shape: [usize; 2],
    work: Workspace<T>,
}

impl<T: Pixel> Convolution<T> {
    /// That of images with such amplitudes `a_ic`, a list of all channels for each image.
    ///
    /// # Panics
    /// Input and output are not the same box, or there are not as many amplitudes as kernels.
    #[must_use]
    pub fn matrix(&self, amplitudes: &[&[T]]) -> ConvolutionMatrix<T> {
        assert_eq!(self.input, self.output, "images see each other on one box");
        let kernel = |a: &[T], b: &[T]| {
            let mut sum = vec![Complex::new(T::default(), T::default()); self.fft.spectrum_len()];
            assert_eq!((a.len(), b.len()), (self.kernels.len(), self.kernels.len()), "one for each channel");
            for (share, kernel) in a.iter().zip(b).map(|(a, b)| *a * *b).zip(&self.kernels) {
                sum.iter_mut().zip(kernel).for_each(|(sum, k)| *sum = *sum + k.scale(share));
            }
            sum
        };
        let pairs = amplitudes.iter().flat_map(|a| amplitudes.iter().map(move |b| (a, b)));
        let kernels: Vec<_> = pairs.map(|(a, b)| kernel(a, b)).collect();
        ConvolutionMatrix {
            spectra: kernels[..amplitudes.len()].to_vec(),
            kernels,
            plane: vec![T::default(); self.input[0] * self.input[1]],
            shape: self.input,
            work: self.fft.workspace(),
            fft: self.fft.clone(),
        }
    }
}

impl<T: Pixel> ConvolutionMatrix<T> {
    /// `fill` writes each image into a plane of zeros, `take` gets what it sees.
    pub fn apply(&mut self, mut fill: impl FnMut(usize, &mut [T]), mut take: impl FnMut(usize, &[T])) {
        let Self { fft, kernels, spectra, plane, shape, work } = self;
        for (j, spectrum) in spectra.iter_mut().enumerate() {
            plane.fill(T::default());
            fill(j, plane);
            fft.forward_rows(plane, Window::whole(*shape), work);
            fft.forward_columns(work);
            spectrum.copy_from_slice(&work.spectrum[..fft.spectrum_len()]);
        }
        for (i, kernels) in kernels.chunks_exact(spectra.len()).enumerate() {
            let sum = &mut work.spectrum[..fft.spectrum_len()];
            for (j, (kernel, spectrum)) in kernels.iter().zip(&*spectra).enumerate() {
                if j == 0 {
                    simd::multiply_into(sum, spectrum, kernel);
                } else {
                    simd::add_product(sum, spectrum, kernel);
                }
            }
            fft.inverse_columns(work, |_, _| {});
            fft.inverse_rows(plane, Window::whole(*shape), work);
            take(i, plane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use scarlet_frame::BBox;

    #[test]
    fn images_see_each_other_as_channel_by_channel() {
        let bbox = BBox::new([3, -2], [14, 17]);
        let kernel = |width: f64| {
            Array2::from_shape_fn((9, 9), |(y, x)| {
                (-((y as f64 - 4.0).powi(2) + (x as f64 - 4.0).powi(2)) / width).exp()
            })
        };
        let convolution = Convolution::<f64>::new(bbox, bbox, &[kernel(2.0), kernel(5.0)]);
        let amplitudes: [&[f64]; 3] = [&[1.0, 0.4], &[0.2, 2.0], &[3.0, -1.0]];
        let image = |i: usize, k: usize| ((i * 7 + k) as f64 * 0.37).sin();
        let (mut work, mut expected) = (convolution.workspace(), vec![vec![0.0; bbox.len()]; 3]);
        for c in 0..2 {
            let plane: Vec<f64> =
                (0..bbox.len()).map(|k| (0..3).map(|i| amplitudes[i][c] * image(i, k)).sum()).collect();
            let mut seen = vec![0.0; bbox.len()];
            convolution.apply(c, &plane, Window::whole(bbox.shape()), &mut seen, &mut work);
            for (own, expected) in amplitudes.iter().zip(&mut expected) {
                expected.iter_mut().zip(&seen).for_each(|(e, s)| *e += own[c] * s);
            }
        }
        let fill = |i: usize, plane: &mut [f64]| {
            plane.iter_mut().enumerate().for_each(|(k, v)| *v = image(i, k));
        };
        let mut count = 0;
        convolution.matrix(&amplitudes).apply(fill, |i, seen| {
            count += 1;
            for (a, b) in seen.iter().zip(&expected[i]) {
                assert!((a - b).abs() < 1e-10, "{a} {b}");
            }
        });
        assert_eq!(count, 3);
    }
}
