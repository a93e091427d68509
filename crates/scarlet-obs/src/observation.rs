//! An observation: data, weights and the frame they were taken in.

use crate::noise::{CorrelatedNoise, Noise, Poisson};
use crate::{Astrometry, Background, Calibration, ObsError};
use ndarray::{Array3, ArrayView3};
use scarlet_frame::{Channel, Frame};
use scarlet_model::Param;
use std::collections::BTreeMap;

/// Images of one instrument on one pixel grid, with their weights.
///
/// ```
/// use ndarray::Array3;
/// use scarlet_frame::{Frame, Psf};
/// use scarlet_obs::Observation;
/// let frame = Frame::new([40, 50]).channels(["g", "r"]).psf(Psf::gaussian(1.6)?);
/// let mut data = Array3::zeros((2, 40, 50));
/// let mut weights = Array3::ones((2, 40, 50));
/// data[[0, 3, 4]] = f64::NAN;
/// weights[[0, 3, 4]] = 0.0;
/// let observation = Observation::new(data, weights, frame)?.named("simulated");
/// assert_eq!(observation.pixels_with_weight(), 2 * 40 * 50 - 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Observation {
    name: String,
    data: Array3<f64>,
    weights: Array3<f64>,
    frame: Frame,
    fft_shape: Option<[usize; 2]>,
    noise: Noise,
    calibration: Calibration,
}

impl Observation {
    /// From data and weights `[channel, y, x]`; a weight is the inverse variance of a pixel, 0 to ignore it.
    ///
    /// Data under a weight of 0 may be anything, also NaN.
    ///
    /// # Errors
    /// Shapes that differ, a weight that is negative or not finite, data that are not finite where the weight
    /// is positive, no pixel with a positive weight, or a frame that is not valid.
    pub fn new(mut data: Array3<f64>, weights: Array3<f64>, frame: Frame) -> Result<Self, ObsError> {
        frame.validate()?;
        let name = "observation".to_owned();
        check_shape(&name, "data", data.shape(), &frame)?;
        check_shape(&name, "weights", weights.shape(), &frame)?;
        for ((pixel, value), weight) in data.indexed_iter_mut().zip(&weights) {
            if !(*weight >= 0.0 && weight.is_finite()) {
                return Err(bad_pixel(&name, &frame, pixel, "weight", *weight, "0 or positive and finite"));
            }
            if *weight == 0.0 {
                *value = 0.0;
            } else if !value.is_finite() {
                return Err(bad_pixel(&name, &frame, pixel, "value", *value, "finite, or its weight 0"));
            }
        }
        if weights.iter().all(|w| *w == 0.0) {
            return Err(ObsError::NoData { observation: name });
        }
        let (noise, calibration) = (Noise::Independent, Calibration::default());
        Ok(Self { name, data, weights, frame, fft_shape: None, noise, calibration })
    }

    /// From counts `[channel, y, x]`, to be compared with a model by [`Noise::Poisson`]; `mask` is true where a pixel does
    /// not count.
    ///
    /// The data are (counts - background) / gain, in the unit of the model. The weights, which start values and checks use,
    /// are gain^2 over the mean counts in the 5 x 5 pixels around each.
    ///
    /// # Errors
    /// As [`Observation::new`] and [`Observation::poisson`].
    pub fn counts(
        counts: &Array3<f64>,
        mask: ArrayView3<'_, bool>,
        noise: Poisson,
        frame: Frame,
    ) -> Result<Self, ObsError> {
        frame.validate()?;
        let in_noise = |error| ObsError::Noise { observation: "observation".to_owned(), error };
        check_shape("observation", "counts", counts.shape(), &frame)?;
        check_shape("observation", "mask", mask.shape(), &frame)?;
        noise.check(counts.shape()[0]).map_err(in_noise)?;
        let (data, weights) = noise.data_and_weights(counts, mask);
        Self::new(data, weights, frame)?.poisson(noise)
    }

    /// Called `name` in messages and results.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// With a weight of 0 wherever `mask` is true.
    ///
    /// # Errors
    /// The mask has another shape, or nothing is left.
    pub fn masked(mut self, mask: ArrayView3<'_, bool>) -> Result<Self, ObsError> {
        check_shape(&self.name, "mask", mask.shape(), &self.frame)?;
        for ((weight, value), masked) in self.weights.iter_mut().zip(&mut self.data).zip(&mask) {
            if *masked {
                (*weight, *value) = (0.0, 0.0);
            }
        }
        if self.pixels_with_weight() == 0 {
            return Err(ObsError::NoData { observation: self.name });
        }
        Ok(self)
    }

    /// With noise that neighbouring pixels share; its variances are those of the weights.
    ///
    /// # Errors
    /// Another number of correlations than channels.
    pub fn correlated(mut self, noise: CorrelatedNoise) -> Result<Self, ObsError> {
        let checked = noise.check(self.frame.channel_names().len());
        checked.map_err(|error| ObsError::Noise { observation: self.name.clone(), error })?;
        self.noise = Noise::Correlated(noise);
        Ok(self)
    }

    /// With the noise of counts, which are gain * data + background; pixels with a positive weight count.
    ///
    /// # Errors
    /// Another number of gains or backgrounds than channels, counts that are negative.
    pub fn poisson(mut self, noise: Poisson) -> Result<Self, ObsError> {
        let in_noise = |error| ObsError::Noise { observation: self.name.clone(), error };
        noise.check(self.frame.channel_names().len()).map_err(in_noise)?;
        noise.check_counts(&self).map_err(in_noise)?;
        self.noise = Noise::Poisson(noise);
        Ok(self)
    }

    /// Rendered with FFTs of this shape and a kernel that was divided on it, not cut: as scarlet2 does.
    ///
    /// Meant for comparisons; light within half a PSF of an edge can come in at the opposite one.
    #[must_use]
    pub const fn fft_shape(mut self, shape: [usize; 2]) -> Self {
        self.fft_shape = Some(shape);
        self
    }

    /// With sources where `astrometry` puts them, which may be free.
    ///
    /// ```
    /// # use ndarray::Array3;
    /// # use scarlet_frame::Frame;
    /// # use scarlet_obs::{Astrometry, Observation};
    /// # let cube = Array3::ones((1, 40, 50));
    /// let observation = Observation::new(cube.clone(), cube, Frame::new([40, 50]))?
    ///     .named("HSC")
    ///     .astrometry(Astrometry::within(0.5).rotated_within(1e-3))?;
    /// let paths: Vec<String> =
    ///     observation.calibration().parameters("HSC").into_iter().map(|(path, ..)| path).collect();
    /// assert_eq!(paths[..2], ["observations.HSC.shift", "observations.HSC.rotation"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Numbers of values that are not 2, 1 and 1, or a free one without ends.
    pub fn astrometry(mut self, astrometry: Astrometry) -> Result<Self, ObsError> {
        self.calibration = self.calibration.with_astrometry(astrometry, &self.name)?;
        Ok(self)
    }

    /// With everything that sources give multiplied by `scale`, one factor for each channel or one for all.
    ///
    /// A free scale without a constraint is positive. Where only one observation has a channel, its flux scale and the
    /// spectra are not told apart: give it a prior.
    ///
    /// # Errors
    /// A number of values that is neither 1 nor that of the channels, or a factor that is not positive.
    pub fn flux_scale(mut self, scale: impl Into<Param>) -> Result<Self, ObsError> {
        let channels = self.data.dim().0;
        self.calibration = self.calibration.with_flux_scale(scale.into(), &self.name, channels)?;
        Ok(self)
    }

    /// With `background` added to what sources give.
    ///
    /// # Errors
    /// Numbers of values that do not go with that of the channels.
    pub fn background(mut self, background: Background) -> Result<Self, ObsError> {
        let channels = self.data.dim().0;
        self.calibration = self.calibration.with_background(background, &self.name, channels)?;
        Ok(self)
    }

    /// With these values of its calibration, such as a fit found.
    ///
    /// # Panics
    /// There are not [`Calibration::values_len`] values.
    #[must_use]
    pub fn calibrated(mut self, values: &[f64]) -> Self {
        self.calibration = self.calibration.with_values(values);
        self
    }

    /// Gives its astrometry these values of shift y, shift x, rotation and scale.
    pub(crate) fn set_astrometry(&mut self, values: [f64; 4]) {
        self.calibration.set_astrometry(values);
    }

    /// Going on from the parameters that an earlier fit saved, by name, as [`Calibration::named`] gives them.
    ///
    /// What is free begins with their values and keeps its own constraint and prior; all else is as it was saved.
    ///
    /// # Errors
    /// A name that is not known, or numbers of values that do not go with that of the channels.
    pub fn resumed(mut self, saved: &BTreeMap<String, Param>) -> Result<Self, ObsError> {
        let channels = self.data.dim().0;
        self.calibration = self.calibration.resumed(saved, &self.name, channels)?;
        Ok(self)
    }

    /// Its own parameters: astrometry, flux scales, background.
    #[must_use]
    pub const fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The data, 0 where the weight is.
    #[must_use]
    pub const fn data(&self) -> &Array3<f64> {
        &self.data
    }

    /// The data without the background of its calibration, 0 where the weight is.
    #[must_use]
    pub fn data_of_sources(&self) -> Array3<f64> {
        let mut data = self.data.clone();
        for (channel, image) in data.outer_iter_mut().enumerate() {
            self.calibration.add_background(channel, -1.0, image);
        }
        data.zip_mut_with(&self.weights, |value, weight| {
            if *weight == 0.0 {
                *value = 0.0;
            }
        });
        data
    }

    /// The weights, inverse variances.
    #[must_use]
    pub const fn weights(&self) -> &Array3<f64> {
        &self.weights
    }

    /// How its pixels scatter.
    #[must_use]
    pub const fn noise(&self) -> &Noise {
        &self.noise
    }

    /// Its frame.
    #[must_use]
    pub const fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The shape of FFTs that was asked for.
    #[must_use]
    pub const fn fft_shape_ref(&self) -> Option<[usize; 2]> {
        self.fft_shape
    }

    /// For each of its channels the one of the frame `model`.
    ///
    /// # Errors
    /// Names a channel that the model does not have.
    pub(crate) fn channels_in(&self, model: &Frame) -> Result<Vec<usize>, ObsError> {
        let index = |name: &Channel| {
            model.channel_index(name).ok_or_else(|| ObsError::NoChannel {
                observation: self.name.clone(),
                channel: name.clone(),
                model: model.channel_names().to_vec(),
            })
        };
        self.frame.channel_names().iter().map(index).collect()
    }

    /// Variance of a point source's flux, measured with its own PSF and these weights, in units of what it is with
    /// independent noise.
    ///
    /// Sum over lags of rho(lag) A(lag) / A(0), rho the correlation of the noise and A that of the PSF.
    pub(crate) fn flux_variance(&self, channel: usize) -> f64 {
        match (&self.noise, self.frame.psf_ref()) {
            (Noise::Correlated(noise), Some(psf)) => {
                noise.flux_variance(channel, psf.sampled(channel).view())
            }
            _ => 1.0,
        }
    }

    /// Number of pixels that count.
    #[must_use]
    pub fn pixels_with_weight(&self) -> usize {
        self.weights.iter().filter(|w| **w > 0.0).count()
    }

    /// The part of the log-likelihood that no model changes where noise is independent: sum over pixels of
    /// ln(w / 2 pi) / 2.
    #[must_use]
    pub fn log_norm(&self) -> f64 {
        let counted = self.weights.iter().filter(|w| **w > 0.0);
        counted.map(|w| 0.5 * (w / std::f64::consts::TAU).ln()).sum()
    }
}

fn check_shape(name: &str, what: &'static str, found: &[usize], frame: &Frame) -> Result<(), ObsError> {
    let expected = frame.shape();
    if found == expected {
        return Ok(());
    }
    Err(ObsError::Shape { observation: name.to_owned(), what, expected, found: found.to_vec() })
}

#[cold]
fn bad_pixel(
    name: &str,
    frame: &Frame,
    (channel, y, x): (usize, usize, usize),
    what: &'static str,
    value: f64,
    allowed: &'static str,
) -> ObsError {
    let channel = Box::new(frame.channel_names()[channel].clone());
    ObsError::Pixel { observation: name.to_owned(), channel, y, x, what, value, allowed }
}
