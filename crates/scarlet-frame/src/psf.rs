//! PSFs as they are sampled by a frame's pixels.

mod fine;
pub(crate) mod varying;

use crate::FrameError;
use ndarray::{Array2, Array3, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

/// The point spread function of a frame, one image for each channel or one for all.
///
/// Analytic PSFs are integrated over pixels where they are sampled; images are taken as they are (they
/// were drawn by an instrument with pixels) and divided by their sum.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Kind", into = "Kind")]
pub struct Psf {
    kind: Kind,
    /// What each image added up to before it was divided by it.
    sums: Vec<f64>,
}

/// Equal as PSFs, whatever their images added up to when they were given.
impl PartialEq for Psf {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Kind {
    Gaussian {
        sigma_px: Vec<f64>,
    },
    Moffat {
        fwhm_px: Vec<f64>,
        beta: f64,
    },
    Images {
        images: Array3<f64>,
        #[serde(default = "one")]
        per_px: f64,
        #[serde(default = "yes")]
        has_pixel: bool,
    },
}

const fn one() -> f64 {
    1.0
}

const fn yes() -> bool {
    true
}

/// A PSF as samples, on a grid that may be finer than the pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct PsfSamples {
    /// `[y, x]`, adding up to 1, centred on sample `n / 2`.
    pub image: Array2<f64>,
    /// Samples along a pixel.
    pub per_px: f64,
    /// Whether the average over a pixel is in it; otherwise it is that of the optics alone.
    pub has_pixel: bool,
}

impl PsfSamples {
    /// Radius in pixels of the circle around the centre that holds `share` of the absolute sum of the samples.
    ///
    /// Each sample counts at the distance of its centre.
    #[must_use]
    pub fn radius_px(&self, share: f64) -> f64 {
        let [cy, cx] = [self.image.nrows() / 2, self.image.ncols() / 2].map(|c| c as f64);
        let away = |(y, x): (usize, usize)| (y as f64 - cy).hypot(x as f64 - cx);
        let mut light: Vec<(f64, f64)> =
            self.image.indexed_iter().map(|(at, v)| (away(at), v.abs())).collect();
        light.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = light.iter().map(|(_, v)| v).sum();
        let mut sum = 0.0;
        let holds = |(_, v): &&(f64, f64)| {
            sum += v;
            sum >= share * total
        };
        light.iter().find(holds).map_or(0.0, |(r, _)| r / self.per_px)
    }
}

impl From<Psf> for Kind {
    fn from(psf: Psf) -> Self {
        psf.kind
    }
}

impl TryFrom<Kind> for Psf {
    type Error = FrameError;

    fn try_from(kind: Kind) -> Result<Self, FrameError> {
        match kind {
            Kind::Gaussian { sigma_px } => Self::gaussians(&sigma_px),
            Kind::Moffat { fwhm_px, beta } => Self::moffat(&fwhm_px, beta),
            Kind::Images { images, per_px, has_pixel } => {
                let psf = Self::images(images)?.sampled_at(per_px)?;
                Ok(if has_pixel { psf } else { psf.without_pixel() })
            }
        }
    }
}

impl Psf {
    /// A round Gaussian of width `sigma_px`, for all channels.
    ///
    /// # Errors
    /// `sigma_px` is not positive and finite.
    pub fn gaussian(sigma_px: f64) -> Result<Self, FrameError> {
        Self::gaussians(&[sigma_px])
    }

    /// A round Gaussian for each channel.
    ///
    /// # Errors
    /// A width is not positive and finite.
    pub fn gaussians(sigma_px: &[f64]) -> Result<Self, FrameError> {
        check_positive("sigma", sigma_px)?;
        Ok(Self { kind: Kind::Gaussian { sigma_px: sigma_px.to_vec() }, sums: Vec::new() })
    }

    /// A round Moffat profile `(1 + r^2/a^2)^-beta` for each channel, by its full width at half maximum.
    ///
    /// # Errors
    /// A width is not positive, or `beta <= 1` (the flux would be infinite).
    pub fn moffat(fwhm_px: &[f64], beta: f64) -> Result<Self, FrameError> {
        check_positive("fwhm", fwhm_px)?;
        if !(beta > 1.0 && beta.is_finite()) {
            return Err(FrameError::PsfParameter {
                parameter: "beta",
                value: beta,
                range: "greater than 1 and finite",
            });
        }
        Ok(Self { kind: Kind::Moffat { fwhm_px: fwhm_px.to_vec(), beta }, sums: Vec::new() })
    }

    /// Images `[channel, y, x]`, each with its centre at pixel `n / 2`; every one is divided by its sum.
    ///
    /// # Errors
    /// A plane has pixels that are not finite, or a sum that is not positive.
    pub fn images(mut images: Array3<f64>) -> Result<Self, FrameError> {
        let mut sums = Vec::new();
        for (plane, mut image) in images.axis_iter_mut(Axis(0)).enumerate() {
            if let Some(((y, x), value)) = image.indexed_iter().find(|(_, v)| !v.is_finite()) {
                let problem = format!("pixel ({y}, {x}) is {value}; PSF pixels must be finite");
                return Err(FrameError::PsfImage { plane, problem });
            }
            let sum = image.sum();
            if sum <= 0.0 {
                let problem = format!("its pixels add up to {sum}; a PSF must have positive flux");
                return Err(FrameError::PsfImage { plane, problem });
            }
            image /= sum;
            sums.push(sum);
        }
        Ok(Self { kind: Kind::Images { images, per_px: 1.0, has_pixel: true }, sums })
    }

    /// One image for all channels.
    ///
    /// # Errors
    /// As [`Psf::images`].
    pub fn image(image: ArrayView2<'_, f64>) -> Result<Self, FrameError> {
        Self::images(image.insert_axis(Axis(0)).to_owned())
    }

    /// Number of planes, where it is not one for all.
    #[must_use]
    pub fn planes(&self) -> Option<usize> {
        Some(match &self.kind {
            Kind::Gaussian { sigma_px } => sigma_px.len(),
            Kind::Moffat { fwhm_px, .. } => fwhm_px.len(),
            Kind::Images { images, .. } => images.len_of(Axis(0)),
        })
    }

    /// What the image of `channel` added up to when it was given, before it was divided by that; none of a formula.
    #[must_use]
    pub fn given_sum(&self, channel: usize) -> Option<f64> {
        self.sums.get(if self.sums.len() == 1 { 0 } else { channel }).copied()
    }

    /// The width of a Gaussian PSF in `channel`, where it is one.
    #[must_use]
    pub fn gaussian_sigma_px(&self, channel: usize) -> Option<f64> {
        match &self.kind {
            Kind::Gaussian { sigma_px } => Some(per_channel(sigma_px, channel)),
            _ => None,
        }
    }

    /// Full width at half maximum and `beta` of a Moffat PSF in `channel`, where it is one.
    #[must_use]
    pub fn moffat_parameters(&self, channel: usize) -> Option<(f64, f64)> {
        match &self.kind {
            Kind::Moffat { fwhm_px, beta } => Some((per_channel(fwhm_px, channel), *beta)),
            _ => None,
        }
    }

    /// The sampled PSF of `channel`, of odd sides, pixels adding up to 1, centred on pixel `n / 2`.
    ///
    /// Analytic ones reach as far as scarlet2's: 15 sigma across, rounded up to odd.
    #[must_use]
    pub fn sampled(&self, channel: usize) -> Array2<f64> {
        match &self.kind {
            Kind::Gaussian { sigma_px } => {
                let sigma = per_channel(sigma_px, channel);
                let line = gaussian_line(sigma, odd(15.0 * sigma));
                Array2::from_shape_fn((line.len(), line.len()), |(y, x)| line[y] * line[x])
            }
            Kind::Moffat { fwhm_px, beta } => {
                let fwhm = per_channel(fwhm_px, channel);
                let mut image = moffat_image(fwhm, *beta, odd(8.0 * fwhm));
                image /= image.sum();
                image
            }
            Kind::Images { images, per_px, has_pixel } => {
                let image = plane_of(images, channel).to_owned();
                if *per_px == 1.0 && *has_pixel {
                    return image;
                }
                fine::in_pixels(&PsfSamples { image, per_px: *per_px, has_pixel: *has_pixel })
            }
        }
    }

    /// The PSF of `channel` at its own sampling, what a map between pixel grids needs; formulas are sampled finely.
    #[must_use]
    pub fn samples(&self, channel: usize) -> PsfSamples {
        match &self.kind {
            Kind::Gaussian { sigma_px } => fine::gaussian(per_channel(sigma_px, channel)),
            Kind::Moffat { fwhm_px, beta } => fine::moffat(per_channel(fwhm_px, channel), *beta),
            Kind::Images { images, per_px, has_pixel } => {
                let image = plane_of(images, channel).to_owned();
                PsfSamples { image, per_px: *per_px, has_pixel: *has_pixel }
            }
        }
    }

    /// The same images, taken to have `per_px` samples along a pixel: above 1 where they are finer than the pixels.
    ///
    /// # Errors
    /// `per_px` is not positive and finite, or this is not a PSF of images.
    ///
    /// ```
    /// use ndarray::Array3;
    /// use scarlet_frame::Psf;
    /// let psf = Psf::images(Array3::ones((1, 15, 15)))?.sampled_at(3.0)?;
    /// assert_eq!(psf.samples(0).image.dim(), (15, 15));
    /// assert_eq!(psf.sampled(0).dim(), (5, 5));
    /// # Ok::<(), scarlet_frame::FrameError>(())
    /// ```
    pub fn sampled_at(mut self, per_px: f64) -> Result<Self, FrameError> {
        check_positive("sampling", &[per_px])?;
        let Kind::Images { per_px: own, .. } = &mut self.kind else {
            return Err(FrameError::PsfFormula);
        };
        *own = per_px;
        Ok(self)
    }

    /// The same PSF, its images taken to be those of the optics alone: the average over a pixel is added where the
    /// PSF is used. Formulas are always averaged.
    #[must_use]
    pub fn without_pixel(mut self) -> Self {
        if let Kind::Images { has_pixel, .. } = &mut self.kind {
            *has_pixel = false;
        }
        self
    }
}

fn plane_of(images: &Array3<f64>, channel: usize) -> ArrayView2<'_, f64> {
    images.index_axis(Axis(0), if images.len_of(Axis(0)) == 1 { 0 } else { channel })
}

fn check_positive(parameter: &'static str, values: &[f64]) -> Result<(), FrameError> {
    match values.iter().find(|v| !(**v > 0.0 && v.is_finite())) {
        Some(&value) => Err(FrameError::PsfParameter { parameter, value, range: "positive and finite" }),
        None => Ok(()),
    }
}

fn per_channel(values: &[f64], channel: usize) -> f64 {
    if values.len() == 1 { values[0] } else { values[channel] }
}

fn odd(length: f64) -> usize {
    let n = length.ceil() as usize;
    n + 1 - n % 2
}

/// Integrals of a unit Gaussian of width `sigma` over `n` pixels around 0, normalised to add up to 1.
fn gaussian_line(sigma: f64, n: usize) -> Vec<f64> {
    let half = (n / 2) as f64;
    let scale = 1.0 / (sigma * std::f64::consts::SQRT_2);
    let cdf = |x: f64| 0.5 * libm::erf(x * scale);
    let line: Vec<f64> = (0..n).map(|i| i as f64 - half).map(|x| cdf(x + 0.5) - cdf(x - 0.5)).collect();
    let sum: f64 = line.iter().sum();
    line.into_iter().map(|v| v / sum).collect()
}

fn moffat_value(dy: f64, dx: f64, fwhm: f64, beta: f64) -> f64 {
    let scale2 = (fwhm / 2.0).powi(2) / (2f64.powf(1.0 / beta) - 1.0);
    (1.0 + (dy * dy + dx * dx) / scale2).powf(-beta)
}

/// Moffat profile averaged over pixels by 8 x 8 midpoints in each.
fn moffat_image(fwhm: f64, beta: f64, n: usize) -> Array2<f64> {
    const SUB: usize = 8;
    let half = (n / 2) as f64;
    let offset = |k: usize| (k as f64 + 0.5) / SUB as f64 - 0.5;
    Array2::from_shape_fn((n, n), |(y, x)| {
        let mut sum = 0.0;
        for j in 0..SUB {
            for i in 0..SUB {
                let (dy, dx) = (y as f64 - half + offset(j), x as f64 - half + offset(i));
                sum += moffat_value(dy, dx, fwhm, beta);
            }
        }
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampled_psfs_are_odd_centred_and_normalised() {
        let psfs = [Psf::gaussian(0.7), Psf::gaussian(1.8), Psf::moffat(&[3.0], 2.5)];
        for psf in psfs.map(|p| p.expect("valid")) {
            let image = psf.sampled(0);
            let (ny, nx) = image.dim();
            assert!(ny % 2 == 1 && nx % 2 == 1);
            approx::assert_relative_eq!(image.sum(), 1.0, epsilon = 1e-12);
            let peak = image.iter().copied().fold(0.0, f64::max);
            assert_eq!(image[[ny / 2, nx / 2]], peak);
        }
    }

    #[test]
    fn half_of_a_gaussian_is_within_its_median_radius_at_any_sampling() {
        let psf = Psf::gaussian(4.0).expect("valid");
        let expected = 4.0 * (2.0 * 2.0_f64.ln()).sqrt();
        let coarse = PsfSamples { image: psf.sampled(0), per_px: 1.0, has_pixel: true };
        for samples in [psf.samples(0), coarse] {
            assert!((samples.radius_px(0.5) - expected).abs() < 0.35, "{}", samples.radius_px(0.5));
            assert!(samples.radius_px(0.999) > 3.6 * 4.0 && samples.radius_px(0.0) == 0.0);
        }
    }

    #[test]
    fn half_maximum_of_a_moffat_is_at_half_its_fwhm() {
        let image = Psf::moffat(&[12.0], 3.0).expect("valid").sampled(0);
        let c = image.dim().0 / 2;
        approx::assert_relative_eq!(image[[c, c + 6]] / image[[c, c]], 0.5, epsilon = 5e-3);
    }

    #[test]
    fn images_remember_what_they_added_up_to() {
        let mut images = Array3::ones((2, 3, 3));
        images.index_axis_mut(Axis(0), 1).fill(2.0);
        let psf = Psf::images(images).expect("valid");
        assert_eq!([0, 1, 2].map(|c| psf.given_sum(c)), [Some(9.0), Some(18.0), None]);
        let again = Psf::images(Array3::ones((2, 3, 3))).expect("valid");
        assert_eq!(psf, again);
        assert_eq!(Psf::gaussian(1.0).expect("valid").given_sum(0), None);
    }

    #[test]
    fn bad_psfs_are_named() {
        let error = Psf::gaussian(-1.0).expect_err("negative");
        assert_eq!(error.to_string(), "PSF sigma is -1; it must be positive and finite");
        let mut images = Array3::ones((2, 3, 3));
        images[[1, 2, 0]] = f64::NAN;
        let error = Psf::images(images).expect_err("NaN");
        assert!(error.to_string().contains("plane 1") && error.to_string().contains("(2, 0)"));
    }
}
