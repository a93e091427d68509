//! From where on something is worth saying.

/// From where on a check says something; [`Default`] gives what suits optical surveys.
///
/// Tuned so that simulated blends without a fault give no warning and the HSC images of the test data none that an
/// astronomer would not agree with.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Distance of a PSF's core from the central pixel, in pixels: a warning from here.
    pub psf_offset_px: f64,
    /// Share of a PSF's absolute flux that is negative: a warning from here, a note from a fifth of it.
    pub psf_negative: f64,
    /// How far the sum of a PSF image may be from 1: a note from here.
    pub psf_sum: f64,
    /// Mean surface brightness at the edge of a PSF image times its area, as a share of its flux: a warning from here.
    pub psf_edge: f64,
    /// Share of the absolute sum of a difference kernel that is negative: a warning from here.
    pub kernel_negative: f64,
    /// Scatter of the data over what the weights say: a warning from here, and below one over it.
    pub noise_ratio: f64,
    /// Correlation of neighbouring pixels in empty sky where noise is said to be independent: a warning from here.
    pub correlation: f64,
    /// Scatter of the data over what the weights say from which on they are asked whether they are something else.
    pub wrong_weights_ratio: f64,
    /// Sky level in units of a pixel's noise: a warning from here.
    pub background: f64,
    /// Significance that a sky level needs, in units of its error.
    pub background_significance: f64,
    /// Share of pixels without weight in a channel: a warning from here, a note from a tenth of it.
    pub masked: f64,
    /// Least signal-to-noise ratio of the brightest point-like peak of a channel with signal.
    pub signal: f64,
    /// Distance of two sources in units of the sharpest PSF's full width at half maximum: a warning below.
    pub separation_fwhm: f64,
    /// chi2 per pixel in a box: a warning from here, where it is also significant.
    pub chi2_per_pixel: f64,
    /// Mean of a model over the outermost pixels of its box, in units of a pixel's noise: a warning from here.
    pub edge_noise: f64,
    /// Share of a source's flux in the outermost pixels of its box: a warning from here.
    pub edge_share: f64,
    /// As `edge_noise` and, with it, `edge_share`, though no light is left outside: a neighbour may have it.
    pub edge_noise_alone: f64,
    /// As `edge_share`, beside `edge_noise_alone`.
    pub edge_share_alone: f64,
    /// Significance of light just outside a box whose edge is bright: a warning from here, a note below.
    pub edge_significance: f64,
    /// Cosine between the images of two sources: a warning from here.
    pub overlap: f64,
    /// Share of added noise that a prior's network leaves in an image: a warning from here.
    pub strangeness: f64,
    /// Signal-to-noise ratio of a source: a warning below.
    pub source_snr: f64,
    /// Signal-to-noise ratio of a peak in the residual: reported from here.
    pub peak_snr: f64,
    /// Number of peaks that are reported one by one, the brightest first.
    pub peaks: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            psf_offset_px: 0.1,
            psf_negative: 0.05,
            psf_sum: 0.02,
            psf_edge: 0.05,
            kernel_negative: 0.25,
            noise_ratio: 1.5,
            correlation: 0.1,
            wrong_weights_ratio: 2.0,
            background: 0.5,
            background_significance: 5.0,
            masked: 0.5,
            signal: 5.0,
            separation_fwhm: 0.3,
            chi2_per_pixel: 1.5,
            edge_noise: 0.5,
            edge_share: 0.01,
            edge_noise_alone: 4.0,
            edge_share_alone: 0.1,
            edge_significance: 4.0,
            overlap: 0.95,
            strangeness: 0.5,
            source_snr: 3.0,
            peak_snr: 5.0,
            peaks: 20,
        }
    }
}
