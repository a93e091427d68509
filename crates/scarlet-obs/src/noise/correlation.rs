//! The correlation of stationary noise: from a function or a spectrum to what is positive definite.

use super::NoiseError;
use ndarray::{Array2, ArrayView2};
use num_complex::Complex;
use scarlet_render::{RealFft2, Window, Workspace};

/// Least sides of the torus that a correlation lives on, in pixels.
const LEAST_SIDE: usize = 32;
/// Share of a spectrum that may be negative: that of functions that were measured, or cut at some lag.
const NEGATIVE: f64 = 0.15;
/// How far a function and a spectrum may be from even, relative to their largest value.
const EVEN: f64 = 1e-6;

/// How pixels are correlated.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Correlation {
    /// The coefficient as a function of their distance, on a torus; 1 at distance 0.
    Distance(Array2<f64>),
    /// Those of the neighbours of a pixel up to a reach, and of the pixel, as measured.
    Measured(Windows),
}

/// Coefficients of the pixels that a pixel is predicted from, row by row, and last of the pixel itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Windows {
    pub(super) reach: usize,
    pub(super) matrix: Array2<f64>,
}

impl Windows {
    /// Where the pixel at this place relative to the predicted one is in the matrix.
    const fn index(&self, [y, x]: [i64; 2]) -> usize {
        let r = self.reach as i64;
        ((y + r) * (2 * r + 1) + x + r) as usize
    }

    /// Mean coefficient of all pairs at a lag; 0 where there are none.
    fn at(&self, lag: [i64; 2]) -> f64 {
        let (n, side) = (self.matrix.nrows(), 2 * self.reach + 1);
        let place = |k: usize| [(k / side) as i64, (k % side) as i64];
        let is_pair = |(i, j): &(usize, usize)| [0, 1].map(|k| place(*i)[k] - place(*j)[k]) == lag;
        let pairs: Vec<_> = (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).filter(is_pair).collect();
        pairs.iter().map(|at| self.matrix[*at]).sum::<f64>() / pairs.len().max(1) as f64
    }
}

impl Correlation {
    /// From a function `[2 R + 1, 2 R + 1]` of the lag, 1 in its middle and 0 beyond.
    pub(super) fn from_function(
        plane: usize,
        function: ArrayView2<'_, f64>,
        floor: f64,
    ) -> Result<Self, NoiseError> {
        let (ny, nx) = function.dim();
        let middle = [ny / 2, nx / 2].map(|m| m as i64);
        for ((y, x), value) in function.indexed_iter() {
            let (dy, dx) = (y as i64 - middle[0], x as i64 - middle[1]);
            let wrong = |allowed| NoiseError::Correlation { plane, y: dy, x: dx, value: *value, allowed };
            if value.is_nan() || value.abs() > 1.0 {
                return Err(wrong("it must be between -1 and 1"));
            }
            if (dy, dx) == (0, 0) && *value != 1.0 {
                return Err(wrong("it must be 1 at lag 0: divide the function by its value there"));
            }
            if (value - function[[ny - 1 - y, nx - 1 - x]]).abs() > EVEN {
                return Err(wrong("it must be the same at the lag with both signs changed"));
            }
        }
        let side = |n: usize| (2 * n).next_multiple_of(2).max(LEAST_SIDE);
        let mut torus = Array2::zeros((side(ny), side(nx)));
        let (ty, tx) = torus.dim();
        for ((y, x), value) in function.indexed_iter() {
            let row = (y as i64 - middle[0]).rem_euclid(ty as i64) as usize;
            let column = (x as i64 - middle[1]).rem_euclid(tx as i64) as usize;
            torus[[row, column]] = *value;
        }
        let negative = negative_share(&torus);
        if negative > NEGATIVE {
            return Err(NoiseError::NotPositive { plane, share: negative });
        }
        Ok(Self::Distance(above(torus, floor)))
    }

    /// From a power spectrum `[ny, nx]` in the order of the discrete Fourier transform, of any normalisation.
    pub(super) fn from_spectrum(
        plane: usize,
        spectrum: ArrayView2<'_, f64>,
        floor: f64,
    ) -> Result<Self, NoiseError> {
        let (ny, nx) = spectrum.dim();
        let largest = spectrum.iter().copied().fold(0.0, f64::max);
        for ((y, x), value) in spectrum.indexed_iter() {
            let wrong = |allowed| NoiseError::Spectrum { plane, y, x, value: *value, allowed };
            if !(*value >= 0.0 && value.is_finite()) {
                return Err(wrong("it must be 0 or positive, and finite"));
            }
            if (value - spectrum[[(ny - y) % ny, (nx - x) % nx]]).abs() > EVEN * largest {
                return Err(wrong("it must be that of the frequency with both signs changed"));
            }
        }
        if largest == 0.0 {
            return Err(NoiseError::Spectrum {
                plane,
                y: 0,
                x: 0,
                value: 0.0,
                allowed: "it must be positive at some frequency",
            });
        }
        let mut torus = transformed(&spectrum.to_owned());
        let variance = torus[[0, 0]];
        torus.mapv_inplace(|v| v / variance);
        Ok(Self::Distance(above(torus, floor)))
    }

    /// From what was measured in windows, positive definite but for rounding.
    pub(super) fn from_windows(mut windows: Windows, floor: f64) -> Self {
        let own = windows.matrix[[windows.matrix.nrows() - 1; 2]];
        windows.matrix.mapv_inplace(|v| v / own / (1.0 + floor));
        windows.matrix.diag_mut().mapv_inplace(|v| v + floor / (1.0 + floor));
        Self::Measured(windows)
    }

    /// The coefficient of two pixels at these places relative to one that is predicted from them.
    pub(super) fn between(&self, a: [i64; 2], b: [i64; 2]) -> f64 {
        match self {
            Self::Distance(_) => self.at([a[0] - b[0], a[1] - b[1]]),
            Self::Measured(windows) => windows.matrix[[windows.index(a), windows.index(b)]],
        }
    }

    /// The coefficient of two pixels at this lag.
    pub(crate) fn at(&self, [y, x]: [i64; 2]) -> f64 {
        match self {
            Self::Distance(torus) => {
                let (ty, tx) = torus.dim();
                torus[[y.rem_euclid(ty as i64) as usize, x.rem_euclid(tx as i64) as usize]]
            }
            Self::Measured(windows) => windows.at([y, x]),
        }
    }
}

/// The same torus with a power spectrum that is nowhere below `floor` times its mean.
fn above(mut torus: Array2<f64>, floor: f64) -> Array2<f64> {
    on_spectrum(&mut torus, |value| value.max(floor));
    let variance = torus[[0, 0]];
    torus.mapv_inplace(|v| v / variance);
    torus
}

/// The sum of the negative part of a function's spectrum over that of the positive.
fn negative_share(torus: &Array2<f64>) -> f64 {
    let (mut below, mut above) = (0.0, 0.0);
    for value in &transformed(torus) {
        if *value < 0.0 { below -= value } else { above += value }
    }
    below / above
}

/// The transform of an even plane, which is real.
pub(super) fn transformed(plane: &Array2<f64>) -> Array2<f64> {
    each_frequency(plane, |v| v.re)
}

/// What `f` makes of the transform of a plane, all of it; it must be the same for a number and its conjugate.
pub(super) fn each_frequency(plane: &Array2<f64>, f: impl Fn(Complex<f64>) -> f64) -> Array2<f64> {
    let ((ny, nx), (fft, mut work)) = (plane.dim(), forward(plane));
    fft.forward_columns(&mut work);
    Array2::from_shape_fn((ny, nx), |(y, x)| {
        let (row, column) = if x <= nx / 2 { (y, x) } else { ((ny - y) % ny, nx - x) };
        f(work.spectrum[column * ny + row])
    })
}

/// Changes an even plane by changing its spectrum.
fn on_spectrum(plane: &mut Array2<f64>, change: impl Fn(f64) -> f64) {
    let ((ny, nx), (fft, mut work)) = (plane.dim(), forward(plane));
    let scale = 1.0 / (ny * nx) as f64;
    fft.each_column(&mut work, |_, column| {
        for v in column {
            *v = Complex::new(scale * change(v.re), 0.0);
        }
    });
    let values = plane.as_slice_mut().expect("planes of their own are contiguous");
    fft.inverse_rows(values, Window::whole([ny, nx]), &mut work);
}

/// The transforms of a plane's rows.
fn forward(plane: &Array2<f64>) -> (RealFft2<f64>, Workspace<f64>) {
    let shape = [plane.nrows(), plane.ncols()];
    let fft = RealFft2::new(shape);
    let mut work = fft.workspace();
    let values: Vec<f64> = plane.iter().copied().collect();
    fft.forward_rows(&values, Window::whole(shape), &mut work);
    (fft, work)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spectrum_of(correlation: &Correlation) -> Array2<f64> {
        match correlation {
            Correlation::Distance(torus) => transformed(torus),
            Correlation::Measured(_) => Array2::zeros((0, 0)),
        }
    }

    fn exponential(radius: i64, along_x: f64) -> Array2<f64> {
        let side = 2 * radius as usize + 1;
        Array2::from_shape_fn((side, side), |(y, x)| {
            let (dy, dx) = ((y as i64 - radius).abs() as f64, (x as i64 - radius).abs() as f64);
            0.3f64.powf(dy) * along_x.powf(dx)
        })
    }

    #[test]
    fn functions_and_spectra_say_the_same() {
        let function = exponential(9, 0.4);
        let of_function = Correlation::from_function(0, function.view(), 1e-6).expect("noise has it");
        assert!((of_function.at([1, -2]) - 0.3 * 0.16).abs() < 1e-4, "{}", of_function.at([1, -2]));
        assert!((of_function.at([0, 0]) - 1.0).abs() < 1e-14);
        let spectrum = spectrum_of(&of_function) * 7.0;
        let of_spectrum = Correlation::from_spectrum(0, spectrum.view(), 1e-6).expect("a spectrum");
        for lag in [[0, 1], [3, -2], [-5, 0], [7, 7]] {
            assert!((of_function.at(lag) - of_spectrum.at(lag)).abs() < 1e-12);
            assert!((of_function.at(lag) - of_function.at(lag.map(|l| -l))).abs() < 1e-12);
        }
    }

    #[test]
    fn no_frequency_is_below_the_floor() {
        let mut box_like = exponential(2, 0.5);
        box_like[[2, 1]] = 0.7;
        box_like[[2, 3]] = 0.7;
        let correlation = Correlation::from_function(0, box_like.view(), 0.01).expect("nearly noise");
        let spectrum = spectrum_of(&correlation);
        assert!(spectrum.iter().all(|s| *s > 0.009), "{:?}", spectrum.iter().copied().fold(9.0, f64::min));
        assert!((spectrum.mean().expect("not empty") - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_no_noise_has_is_refused() {
        let refused = |function: Array2<f64>| {
            let found = Correlation::from_function(1, function.view(), 1e-4);
            found.err().map(|e| e.to_string()).unwrap_or_default()
        };
        let mut function = exponential(2, 0.5);
        (function[[2, 1]], function[[2, 3]]) = (1.2, 1.2);
        assert!(refused(function.clone()).contains("plane 1, lag (y, x) = (0, -1): it is 1.2"));
        (function[[2, 1]], function[[2, 3]]) = (0.5, 0.4);
        assert!(refused(function.clone()).contains("with both signs changed"));
        assert!(refused(exponential(2, 0.5) * 0.5).contains("divide the function by its value there"));
        let far = Array2::from_shape_fn((1, 9), |(_, x)| if x == 4 || x % 4 == 0 { 1.0 } else { 0.0 });
        assert!(refused(far).contains("no noise has it"));
        let mut spectrum = Array2::ones((4, 4));
        spectrum[[1, 2]] = -1.0;
        let found = Correlation::from_spectrum(0, spectrum.view(), 1e-4).expect_err("negative");
        assert!(found.to_string().contains("frequency (y, x) = (1, 2): it is -1"));
        let dark = Correlation::from_spectrum(0, Array2::zeros((4, 4)).view(), 1e-4);
        assert!(dark.expect_err("dark").to_string().contains("positive at some frequency"));
    }
}
