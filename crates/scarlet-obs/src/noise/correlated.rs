//! Noise that neighbouring pixels share, as resampling and coaddition make it.

use super::correlation::{Correlation, Windows};
use super::measured::measured;
use super::whitening::Whitening;
use super::{NoiseError, prediction};
use crate::Observation;
use ndarray::{Array2, Array3, ArrayView2, Axis, s};
use scarlet_render::Pixel;

/// Least power at any frequency, in units of the mean, unless something else is asked for.
const FLOOR: f64 = 1e-4;
/// Lags along both axes beyond which noise does not count in [`CorrelatedNoise::flux_variance`].
const FARTHEST_LAG: i64 = 8;

/// Gaussian noise with a covariance D rho D: D the errors of the pixels, from their weights, rho a correlation that depends
/// on the distance alone.
///
/// The likelihood is a product over pixels, row by row, of the density of each given those of its neighbours above and to
/// the left that count, at most `reach` rows and columns away. It is normalised, needs no iterations, and the
/// expectation of chi2 is exactly the number of pixels that count, with any mask. What it leaves out are pixels that
/// are farther away. The reach is the least, up to 5, with which fluxes of Gaussians of 1, 2 and 4 pixels have errors within 2%
/// of what the likelihood says and variances within 2% of the least.
///
/// The power spectrum is nowhere below a floor, 1e-4 of its mean: noise that is smooth says that fine structure is known
/// almost without error, and what PSFs and FFTs get wrong is no better than that.
///
/// Source: Vecchia 1988, J. R. Stat. Soc. B 50, 297.
///
/// ```
/// use ndarray::{Array3, arr3};
/// use scarlet_frame::Frame;
/// use scarlet_obs::Observation;
/// use scarlet_obs::noise::CorrelatedNoise;
/// let noise = CorrelatedNoise::from_function(arr3(&[[[0.0, 0.2, 0.0], [0.3, 1.0, 0.3], [0.0, 0.2, 0.0]]]))?;
/// let (data, weights) = (Array3::zeros((1, 20, 30)), Array3::ones((1, 20, 30)));
/// let observation = Observation::new(data, weights, Frame::new([20, 30]))?.correlated(noise)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelatedNoise {
    given: Given,
    correlations: Vec<Correlation>,
    reach: Option<usize>,
}

/// What correlations were made from, `[plane, y, x]`.
#[derive(Debug, Clone, PartialEq)]
enum Given {
    Function(Array3<f64>),
    Spectrum(Array3<f64>),
    Measured(Vec<Windows>),
}

impl CorrelatedNoise {
    /// From the correlation coefficient of pixels as a function of their lag, `[channel, 2 R + 1, 2 R + 1]`.
    ///
    /// Lag 0, where it must be 1, is in the middle; beyond R it is 0. One plane is that of all channels.
    ///
    /// # Errors
    /// Sides that are even, values beyond 1 or not the same at opposite lags, a function with a spectrum that is
    /// negative for more than the cut at R explains.
    pub fn from_function(function: Array3<f64>) -> Result<Self, NoiseError> {
        let odd = function.shape()[1..].iter().all(|n| n % 2 == 1) && !function.is_empty();
        let needed = "[channel, 2 R + 1, 2 R + 1] is needed, lag 0 in the middle";
        if !odd {
            return Err(NoiseError::Shape {
                what: "correlation function",
                found: function.shape().to_vec(),
                needed,
            });
        }
        Self::new(Given::Function(function), FLOOR)
    }

    /// From a power spectrum `[channel, y, x]`, frequencies in the order of the discrete Fourier transform, 0 first.
    ///
    /// It may be on a grid of any size, and in any unit: only its form counts, variances are those of the weights.
    /// One plane is that of all channels.
    ///
    /// # Errors
    /// Values that are negative, not finite, all 0, or not the same at opposite frequencies; sides shorter than 3.
    pub fn from_power_spectrum(spectrum: Array3<f64>) -> Result<Self, NoiseError> {
        if spectrum.shape().iter().zip([1, 3, 3]).any(|(n, least)| *n < least) {
            let needed = "[channel, y, x] is needed, all frequencies along y and x, at least 3 of each";
            return Err(NoiseError::Shape {
                what: "power spectrum",
                found: spectrum.shape().to_vec(),
                needed,
            });
        }
        Self::new(Given::Spectrum(spectrum), FLOOR)
    }

    /// As measured in the empty sky of an observation, every channel by itself.
    ///
    /// - `sources`: true where light of sources is, `[y, x]`; without it, what stands out of the smoothed images and its
    ///   surroundings are left out.
    ///
    /// The best linear prediction of a pixel, in units of its error, from its neighbours is fitted to all that are sky with
    /// all their neighbours; so the noise of the measurement cannot make a correlation that no noise has, and chi2 is right where
    /// it was measured. The reach is the one with the least information criterion of Akaike (1974, IEEE Trans. Autom.
    /// Control 19, 716) among those with 30 pixels for each neighbour: less where masked pixels are strewn. Outliers
    /// are left out; faint light that is not taken for a source counts as noise.
    ///
    /// # Errors
    /// Less than 500 pixels of empty sky in a channel, a mask of another shape.
    pub fn measured(
        observation: &Observation,
        sources: Option<ArrayView2<'_, bool>>,
    ) -> Result<Self, NoiseError> {
        Self::new(Given::Measured(measured(observation, sources)?), FLOOR)
    }

    /// With a power spectrum that is nowhere below this share of its mean; what was measured gets independent noise of
    /// this share of its variance on top.
    ///
    /// # Errors
    /// A share that is not between 1e-9 and 1.
    pub fn floor(self, floor: f64) -> Result<Self, NoiseError> {
        if !(1e-9..=1.0).contains(&floor) {
            return Err(NoiseError::Setting {
                what: "the floor of the power spectrum",
                value: floor,
                allowed: "between 1e-9 and 1",
            });
        }
        Ok(Self { reach: self.reach, ..Self::new(self.given, floor)? })
    }

    /// With pixels predicted from neighbours as many rows and columns away, at most 5 or what was measured.
    #[must_use]
    pub const fn reach(mut self, reach_px: usize) -> Self {
        self.reach = Some(reach_px);
        self
    }

    fn new(given: Given, floor: f64) -> Result<Self, NoiseError> {
        let correlations = match &given {
            Given::Function(planes) => planes
                .axis_iter(Axis(0))
                .enumerate()
                .map(|(plane, values)| Correlation::from_function(plane, values, floor))
                .collect::<Result<_, _>>()?,
            Given::Spectrum(planes) => planes
                .axis_iter(Axis(0))
                .enumerate()
                .map(|(plane, values)| Correlation::from_spectrum(plane, values, floor))
                .collect::<Result<_, _>>()?,
            Given::Measured(windows) => {
                windows.iter().map(|w| Correlation::from_windows(w.clone(), floor)).collect()
            }
        };
        Ok(Self { given, correlations, reach: None })
    }

    /// The correlation function in use of a channel at lags up to `radius`, `[2 radius + 1, 2 radius + 1]`.
    ///
    /// # Panics
    /// There is no such channel.
    #[must_use]
    pub fn function(&self, channel: usize, radius: usize) -> Array2<f64> {
        let (correlation, side, r) = (self.of(channel), 2 * radius + 1, radius as i64);
        Array2::from_shape_fn((side, side), |(y, x)| correlation.at([y as i64 - r, x as i64 - r]))
    }

    /// Variance of the flux of a source with this image in units of that with independent noise.
    pub(crate) fn flux_variance(&self, channel: usize, image: ArrayView2<'_, f64>) -> f64 {
        let (ny, nx) = image.dim();
        let product = |[y, x]: [i64; 2]| -> f64 {
            let cut = |lag: i64, n: usize| {
                let by = (lag.unsigned_abs() as usize).min(n);
                if lag >= 0 { (by..n, 0..n - by) } else { (0..n - by, by..n) }
            };
            let ((rows, rows_there), (columns, columns_there)) = (cut(y, ny), cut(x, nx));
            let (here, there) = (image.slice(s![rows, columns]), image.slice(s![rows_there, columns_there]));
            here.iter().zip(&there).map(|(a, b)| a * b).sum()
        };
        let correlation = self.of(channel);
        // Opposite lags are alike.
        let of_lag = |lag: [i64; 2]| 2.0 * correlation.at(lag) * product(lag);
        let rows = (1..=FARTHEST_LAG).flat_map(|y| (-FARTHEST_LAG..=FARTHEST_LAG).map(move |x| [y, x]));
        let lags = rows.chain((1..=FARTHEST_LAG).map(|x| [0, x]));
        let of_one = product([0, 0]);
        let of_all: f64 = of_one + lags.map(of_lag).sum::<f64>();
        if of_one > 0.0 { (of_all / of_one).max(FLOOR) } else { 1.0 }
    }

    /// Scatter of differences of neighbours in a row, in units of that of independent pixels.
    pub(crate) fn scatter_of_pairs(&self, channel: usize) -> f64 {
        (1.0 - self.of(channel).at([0, 1])).max(0.0).sqrt()
    }

    /// Whether there is a correlation for each of so many channels.
    pub(crate) fn check(&self, channels: usize) -> Result<(), NoiseError> {
        let found = self.correlations.len();
        if found == 1 || found == channels { Ok(()) } else { Err(NoiseError::Channels { found, channels }) }
    }

    /// Plans the whitening of a channel with these weights.
    pub(crate) fn whitening<T: Pixel>(&self, channel: usize, weights: ArrayView2<'_, f64>) -> Whitening<T> {
        let correlation = self.of(channel);
        let reach = match self.reach {
            Some(reach) => reach.min(prediction::farthest(correlation)),
            None => prediction::reach(correlation),
        };
        Whitening::new(correlation, reach, weights)
    }

    fn of(&self, channel: usize) -> &Correlation {
        &self.correlations[if self.correlations.len() == 1 { 0 } else { channel }]
    }
}
