//! How many pixels of a free image the data decide.

use crate::errors::part::FreeImage;
use ndarray::Array2;

/// Pixels that are fainter than so many of their own errors are at their bound, and not free.
const AT_BOUND: f64 = 0.5;
/// Frequencies along each axis of the absorbed share.
const FREQUENCIES: usize = 16;

impl FreeImage {
    /// Information that the data have about each pixel by itself.
    pub(super) fn told(&self, kernels: &[Array2<f64>]) -> f64 {
        let center = |kernel: &Array2<f64>| kernel[[kernel.nrows() / 2, kernel.ncols() / 2]];
        self.amplitudes.iter().zip(kernels).map(|(a, kernel)| a * a * center(kernel)).sum()
    }

    /// Whether a pixel can go both ways, where the data tell so much of it.
    pub(super) fn is_free(&self, at: usize, told: f64) -> bool {
        let error = (self.precisions[at] + told).powf(-0.5);
        !self.is_positive || self.pixels[at] > AT_BOUND * error
    }

    /// How many of its pixels the data decide: the sum over them of information over information and precision, at all
    /// frequencies as if neighbouring pixels had the same precision.
    pub(in crate::errors) fn absorbed(&self, kernels: &[Array2<f64>]) -> f64 {
        let told = self.told(kernels);
        let spectrum = self.spectrum(kernels);
        let share = |precision: f64| {
            let terms = spectrum.iter().map(|t| t / (t + precision));
            terms.sum::<f64>() / spectrum.len() as f64
        };
        let free = (0..self.pixels.len()).filter(|at| self.is_free(*at, told));
        free.map(|at| share(self.precisions[at])).sum()
    }

    /// Power spectrum of the information about pairs of pixels.
    fn spectrum(&self, kernels: &[Array2<f64>]) -> Vec<f64> {
        let mut sum: Array2<f64> = Array2::zeros(kernels[0].dim());
        for (a, kernel) in self.amplitudes.iter().zip(kernels) {
            sum.scaled_add(a * a, kernel);
        }
        let half = [sum.nrows() / 2, sum.ncols() / 2];
        // cosine and sine of all multiples of a frequency and a lag
        let waves: [[f64; 2]; FREQUENCIES] = std::array::from_fn(|k| {
            let (sine, cosine) = (std::f64::consts::TAU * k as f64 / FREQUENCIES as f64).sin_cos();
            [cosine, sine]
        });
        let wave = |k: usize, at: usize, middle: usize| {
            waves[(k as i64 * (at as i64 - middle as i64)).rem_euclid(FREQUENCIES as i64) as usize]
        };
        let mut spectrum = Vec::with_capacity(FREQUENCIES * FREQUENCIES);
        for v in 0..FREQUENCIES {
            let row = |x: usize| {
                let column = sum.column(x);
                let terms = column.iter().enumerate().map(|(y, t)| {
                    let [cosine, sine] = wave(v, y, half[0]);
                    [t * cosine, t * sine]
                });
                terms.fold([0.0; 2], |[re, im], [a, b]| [re + a, im + b])
            };
            let rows: Vec<[f64; 2]> = (0..sum.ncols()).map(row).collect();
            for u in 0..FREQUENCIES {
                let terms = rows.iter().enumerate().map(|(x, [re, im])| {
                    let [cosine, sine] = wave(u, x, half[1]);
                    re * cosine - im * sine
                });
                spectrum.push(terms.sum::<f64>().max(0.0));
            }
        }
        spectrum
    }
}
