//! Fourier transforms of sampled PSFs at the frequencies of a model, by a nonuniform FFT in double precision.
//!
//! psf^(f) = sum_n psf[n] exp(-2 pi i f n / s), n from the centre, f in cycles per pixel, s samples along a pixel: exact
//! but for the bump, 2e-8 of the sum of |psf|. Beyond s / 2, the highest frequency that samples hold, it is 0.

use super::bump::{Bump, LANES};
use super::taps::Taps;
use crate::fft::{RealFft2, Window, good_length};
use ndarray::Array2;
use num_complex::Complex;

/// Points beyond both ends of the grid of frequencies, for the bump.
const MARGIN: usize = LANES / 2 + 1;

/// Transforms of images of one shape at a list of frequencies.
pub(super) struct Spectra {
    shape: [usize; 2],
    fft: RealFft2<f64>,
    taps: Taps<f64>,
    inside: Vec<bool>,
    bumps: [Bump; 2],
}

impl Spectra {
    /// For images of `shape` with `per_px` samples along a pixel at `frequencies` `[y, x]` in cycles per pixel.
    pub(super) fn new(shape: [usize; 2], per_px: f64, frequencies: &[[f64; 2]]) -> Self {
        let grid = shape.map(|n| good_length(2 * n + 2));
        let bumps = [0, 1].map(|k| Bump::new(LANES, grid[k] as f64 / shape[k] as f64));
        let padded = grid.map(|n| n + 2 * MARGIN + 1);
        let mut taps = Taps::new(bumps.clone(), padded, frequencies.len());
        let mut inside = vec![false; frequencies.len()];
        for (i, frequency) in frequencies.iter().enumerate() {
            let at = frequency.map(|f| f / per_px);
            inside[i] = at.iter().all(|v| v.abs() <= 0.5);
            if inside[i] {
                let place = [0, 1].map(|k| at[k] * grid[k] as f64 + (grid[k] / 2 + MARGIN) as f64);
                inside[i] = taps.place(i, place, 1.0);
            }
        }
        Self { shape, fft: RealFft2::new(grid), taps, inside, bumps }
    }

    /// Whether these are for images like `image`.
    pub(super) fn fit(&self, image: &Array2<f64>) -> bool {
        image.shape() == self.shape
    }

    /// The transform of `image`, its centre at `n / 2`.
    pub(super) fn of(&self, image: &Array2<f64>) -> Vec<Complex<f64>> {
        let [fy, fx] = self.fft.shape();
        let mut work = self.fft.workspace();
        self.fft.forward_rows(&self.wrapped(image), Window::whole([fy, fx]), &mut work);
        self.fft.forward_columns(&mut work);
        let [ny, nx] = self.fft.shape().map(|n| n + 2 * MARGIN + 1);
        let (mut re, mut im) = (vec![0.0; ny * nx], vec![0.0; ny * nx]);
        for y in 0..ny {
            let ky = (y + fy - (fy / 2 + MARGIN) % fy) % fy;
            for x in 0..nx {
                let kx = (x + fx - (fx / 2 + MARGIN) % fx) % fx;
                let value = if kx <= fx / 2 {
                    work.spectrum[kx * fy + ky]
                } else {
                    work.spectrum[(fx - kx) * fy + (fy - ky) % fy].conj()
                };
                (re[y * nx + x], im[y * nx + x]) = (value.re, value.im);
            }
        }
        let n = self.taps.len();
        let (mut real, mut imaginary) = (vec![0.0; n], vec![0.0; n]);
        self.taps.gather(0..n, &re, &mut real);
        self.taps.gather(0..n, &im, &mut imaginary);
        let both = real.iter().zip(&imaginary).zip(&self.inside);
        both.map(|((re, im), inside)| if *inside { Complex::new(*re, *im) } else { Complex::ZERO }).collect()
    }

    /// `image` divided by the transforms of the bumps, its centre on the first point of the periodic grid.
    fn wrapped(&self, image: &Array2<f64>) -> Vec<f64> {
        let [fy, fx] = self.fft.shape();
        let center = self.shape.map(|n| n / 2);
        let divisors = [0, 1].map(|k| {
            let offsets = (0..self.shape[k]).map(|i| i as f64 - center[k] as f64);
            let at = offsets.map(|offset| self.bumps[k].transform(offset / self.fft.shape()[k] as f64));
            at.collect::<Vec<_>>()
        });
        let mut grid = vec![0.0; fy * fx];
        for ((y, x), value) in image.indexed_iter() {
            let (row, column) = ((y + fy - center[0]) % fy, (x + fx - center[1]) % fx);
            grid[row * fx + column] = value / (divisors[0][y] * divisors[1][x]);
        }
        grid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_the_direct_sums() {
        for (ny, nx, per_px) in [(15, 21, 1.0), (24, 13, 2.5), (43, 43, 1.0), (3, 1, 1.0)] {
            let image =
                Array2::from_shape_fn((ny, nx), |(y, x)| (1.3 * y as f64 + 0.7 * (x * x) as f64).sin());
            let frequencies: Vec<[f64; 2]> = (0..200)
                .map(|i| {
                    [(f64::from(i) * 0.377).sin(), (f64::from(i) * 1.71).cos()].map(|v| 0.5 * per_px * v)
                })
                .chain([[0.5 * per_px, -0.5 * per_px], [0.51 * per_px, 0.0]])
                .collect();
            let seen = Spectra::new([ny, nx], per_px, &frequencies).of(&image);
            let total: f64 = image.iter().map(|v| v.abs()).sum();
            let mut worst = 0.0_f64;
            for (f, value) in frequencies.iter().zip(&seen) {
                let mut sum = Complex::new(0.0, 0.0);
                for ((y, x), v) in image.indexed_iter() {
                    let turns = f[0] * (y as f64 - (ny / 2) as f64) + f[1] * (x as f64 - (nx / 2) as f64);
                    sum += Complex::from_polar(*v, -std::f64::consts::TAU * turns / per_px);
                }
                if f[0] > 0.5 * per_px {
                    sum = Complex::ZERO;
                }
                worst = worst.max((sum - value).norm() / total);
            }
            println!("{ny} x {nx}: {worst:.1e} of the sum of absolute values");
            assert!(worst < 2e-8, "{ny} x {nx}: {worst}");
        }
    }
}
