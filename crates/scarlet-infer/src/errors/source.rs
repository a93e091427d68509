//! What is said of the errors of one source.

use ndarray::Array2;

/// Magnitudes for each change of a natural logarithm of flux.
const MAGNITUDES: f64 = 2.5 / std::f64::consts::LN_10;

/// Errors of one source: standard deviations.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceErrors {
    /// Its name.
    pub id: String,
    /// Covariance of its fluxes, `[channel, channel]` of the model frame: of the sums of its model over its box.
    pub flux_covariance: Array2<f64>,
    /// Covariance of its centre, `[y, x]` in pixels of the model frame; none where that is fixed.
    pub center_covariance: Option<[[f64; 2]; 2]>,
    /// Of its half-light radius, in pixels; none for a point.
    pub half_light_radius_px: Option<f64>,
    /// Of its concentration; none for a point.
    pub concentration: Option<f64>,
    /// Of its reduced shear `[g1, g2]`; none for a point.
    pub shear: Option<[f64; 2]>,
    /// Of each free value that is neither its centre nor light.
    pub parameters: Vec<ParameterError>,
    /// Number of parameters that the data decide: the share of the noise that it absorbs, in pixels.
    pub absorbed: f64,
    /// Covariances of its fluxes with those of sources that overlap it, the closest first.
    pub neighbours: Vec<FluxCovariance>,
    /// Why they may be wrong; empty where they are to be trusted.
    pub doubts: Vec<Doubt>,
}

/// A value with its error.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterError {
    /// The path of its parameter.
    pub path: String,
    /// Its place among the parameter's values.
    pub element: usize,
    /// The value.
    pub value: f64,
    /// Its standard deviation.
    pub error: f64,
}

/// Covariance of the fluxes of two sources.
#[derive(Debug, Clone, PartialEq)]
pub struct FluxCovariance {
    /// The other source.
    pub id: String,
    /// `[own channel, its channel]`.
    pub covariance: Array2<f64>,
}

/// Why errors may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// A flux that has to be positive is within two errors of 0: its errors are not those of a Gaussian.
    Faint,
    /// Some of its parameters are held: images that are not free pixel by pixel, or multiplied with others.
    Held,
    /// Pixels are free without a prior, each taken to be known to within itself.
    NoPrior,
    /// The data do not tell all its parameters, or not from those of others.
    NotTold,
    /// Free parameters of observations are held.
    Calibration,
}

impl Doubt {
    /// The word that stands for it in catalogues.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Faint => "err_faint",
            Self::Held => "err_held",
            Self::NoPrior => "err_no_prior",
            Self::NotTold => "err_not_told",
            Self::Calibration => "err_calibration",
        }
    }
}

impl SourceErrors {
    /// Standard deviation of the flux in each channel.
    #[must_use]
    pub fn flux(&self) -> Vec<f64> {
        self.flux_covariance.diag().iter().map(|v| v.sqrt()).collect()
    }

    /// Standard deviations of the magnitudes -2.5 log10(flux) of these fluxes; NaN where they are not positive.
    ///
    /// # Panics
    /// There are not as many fluxes as channels.
    #[must_use]
    pub fn magnitudes(&self, flux: &[f64]) -> Vec<f64> {
        (0..flux.len()).map(|c| self.of_logarithms(flux, &[(c, 1.0)])).collect()
    }

    /// Standard deviations of the colours -2.5 log10(flux A / flux B) of neighbouring channels; NaN where one of them is not
    /// positive.
    ///
    /// # Panics
    /// There are not as many fluxes as channels.
    #[must_use]
    pub fn colours(&self, flux: &[f64]) -> Vec<f64> {
        (1..flux.len()).map(|c| self.of_logarithms(flux, &[(c - 1, 1.0), (c, -1.0)])).collect()
    }

    /// Standard deviation of a sum of magnitudes with these weights.
    fn of_logarithms(&self, flux: &[f64], weights: &[(usize, f64)]) -> f64 {
        assert_eq!(flux.len(), self.flux_covariance.nrows(), "one flux for each channel");
        if weights.iter().any(|(c, _)| flux[*c] <= 0.0) {
            return f64::NAN;
        }
        let pairs = weights.iter().flat_map(|a| weights.iter().map(move |b| (a, b)));
        let terms =
            pairs.map(|((a, v), (b, w))| v * w * self.flux_covariance[[*a, *b]] / (flux[*a] * flux[*b]));
        MAGNITUDES * terms.sum::<f64>().max(0.0).sqrt()
    }
}
