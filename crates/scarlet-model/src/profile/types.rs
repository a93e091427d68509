//! The profile morphologies that users name.

use super::law::{Custom, RadialLaw};
use super::laws::{DeVaucouleursLaw, ExponentialLaw, GaussianLaw, MoffatLaw, SersicLaw, SpergelLaw};
use super::radial::Radial;
use crate::{ModelError, Morphology, Param, Parameters, Site};
use scarlet_frame::{BBox, Frame};

/// Passes the builders and traits of a profile type on to its one field.
macro_rules! delegate {
    ([$($generics:tt)*] $type:ty) => {
        impl $($generics)* $type {
            /// With this distortion `[e1, e2]`, |e| = (a^2 - b^2) / (a^2 + b^2) < 1: e1 along x, e2 along y = x.
            #[must_use]
            pub fn distortion(self, distortion: impl Into<Param>) -> Self {
                Self(self.0.distortion(distortion.into()))
            }

            /// In a box of this shape `[y, x]` in pixels, not one from size, shape and distortion.
            #[must_use]
            pub fn shape_px(self, shape: [usize; 2]) -> Self {
                Self(self.0.shape_px(shape))
            }

            /// Sampled at the pixel centres, not integrated over pixels: faster, and wrong for small sources.
            #[must_use]
            pub fn point_sampled(self) -> Self {
                Self(self.0.point_sampled())
            }
        }

        impl $($generics)* Parameters for $type {
            fn parameters(&self) -> Vec<(&str, &Param)> {
                self.0.parameters()
            }
            fn parameters_mut(&mut self) -> Vec<(&str, &mut Param)> {
                self.0.parameters_mut()
            }
        }

        impl $($generics)* Morphology for $type {
            fn kind(&self) -> &str {
                self.0.kind()
            }
            fn moves(&self) -> bool {
                self.0.moves()
            }
            fn bbox(&self, center: [f64; 2]) -> BBox {
                self.0.bbox(center)
            }
            fn settings(&self) -> serde_json::Value {
                self.0.settings()
            }
            fn attach(&mut self, frame: &Frame) -> Result<(), ModelError> {
                self.0.attach(frame)
            }
            fn scratch_len(&self, shape: [usize; 2]) -> usize {
                self.0.scratch_len(shape)
            }
            fn evaluate(&self, params: &[f64], site: &Site, out: &mut [f64], scratch: &mut [f64]) {
                self.0.evaluate(params, site, out, scratch);
            }
            fn pull_back(
                &self,
                params: &[f64],
                site: &Site,
                seed: &[f64],
                grad: &mut [f64],
                grad_center: &mut [f64; 2],
                scratch: &mut [f64],
            ) {
                self.0.pull_back(params, site, seed, grad, grad_center, scratch);
            }
        }
    };
}

/// A Gaussian; parameters `sigma`, `distortion`.
///
/// f(r) = exp(-r^2 / 2) / (2 pi sigma^2), r in units of `sigma`: the geometric mean of the standard deviations
/// along the two axes, in pixels.
#[derive(Debug, Clone)]
pub struct Gaussian(Radial<GaussianLaw>);
delegate!([] Gaussian);

impl Gaussian {
    /// With this standard deviation in pixels (or an angle).
    pub fn new(sigma: impl Into<Param>) -> Self {
        Self(Radial::new(GaussianLaw, vec![], sigma.into()))
    }
}

/// A Sersic profile; parameters `n`, `size`, `distortion`.
///
/// f(r) = exp(-b_n r^(1/n)) / (2 pi n b_n^(-2n) Gamma(2n) size^2), r in units of `size`: the half-light radius
/// in pixels, the geometric mean along the two axes. 0.36 < n < 8; b_n from Ciotti & Bertin 1999, eq. 18
/// (doi:10.48550/arXiv.astro-ph/9911078), so that half of the flux is inside `size`,
/// to 1.3e-5 for n >= 1 and 1.2e-4 at n = 0.5.
#[derive(Debug, Clone)]
pub struct Sersic(Radial<SersicLaw>);
delegate!([] Sersic);

impl Sersic {
    /// With index `n` and half-light radius `size` in pixels (or an angle).
    pub fn new(n: impl Into<Param>, size: impl Into<Param>) -> Self {
        Self(Radial::new(SersicLaw, vec![n.into()], size.into()))
    }
}

/// An exponential disc: [`Sersic`] with n = 1; parameters `size` (half-light radius), `distortion`.
#[derive(Debug, Clone)]
pub struct Exponential(Radial<ExponentialLaw>);
delegate!([] Exponential);

impl Exponential {
    /// With half-light radius `size` in pixels (or an angle): 1.678 scale lengths.
    pub fn new(size: impl Into<Param>) -> Self {
        Self(Radial::new(ExponentialLaw, vec![], size.into()))
    }
}

/// A de Vaucouleurs profile: [`Sersic`] with n = 4; parameters `size` (half-light radius), `distortion`.
#[derive(Debug, Clone)]
pub struct DeVaucouleurs(Radial<DeVaucouleursLaw>);
delegate!([] DeVaucouleurs);

impl DeVaucouleurs {
    /// With half-light radius `size` in pixels (or an angle).
    pub fn new(size: impl Into<Param>) -> Self {
        Self(Radial::new(DeVaucouleursLaw, vec![], size.into()))
    }
}

/// A Moffat profile; parameters `beta`, `fwhm`, `distortion`.
///
/// f(r) = (beta - 1) k / (pi fwhm^2) (1 + k r^2)^-beta, k = 4 (2^(1/beta) - 1), r in units of `fwhm`: the full
/// width at half maximum in pixels, the geometric mean along the two axes. 1 < beta < 100. Moffat 1969,
/// A&A 3, 455.
#[derive(Debug, Clone)]
pub struct Moffat(Radial<MoffatLaw>);
delegate!([] Moffat);

impl Moffat {
    /// With exponent `beta` and full width at half maximum `fwhm` in pixels (or an angle).
    pub fn new(beta: impl Into<Param>, fwhm: impl Into<Param>) -> Self {
        Self(Radial::new(MoffatLaw, vec![beta.into()], fwhm.into()))
    }
}

/// A Spergel profile; parameters `nu`, `size`, `distortion`.
///
/// f(r) = c^2 / (2 pi size^2) (c r / 2)^nu K_nu(c r) / Gamma(nu + 1), r in units of `size`: the half-light
/// radius in pixels, the geometric mean along the two axes; c(nu) makes it so. -0.85 < nu < 4, nu = 1/2 is the
/// exponential disc. Spergel 2010 (doi:10.1088/0067-0049/191/1/58).
#[derive(Debug, Clone)]
pub struct Spergel(Radial<SpergelLaw>);
delegate!([] Spergel);

impl Spergel {
    /// With index `nu` and half-light radius `size` in pixels (or an angle).
    pub fn new(nu: impl Into<Param>, size: impl Into<Param>) -> Self {
        Self(Radial::new(SpergelLaw, vec![nu.into()], size.into()))
    }
}

/// A profile by a [`RadialLaw`] of one's own; its shape parameters, `size` (the unit of the law's radius, in
/// pixels), `distortion`.
#[derive(Debug, Clone)]
pub struct Profile<L: RadialLaw>(Radial<Custom<L>>);
delegate!([<L: RadialLaw>] Profile<L>);

impl<L: RadialLaw> Profile<L> {
    /// With the law's shape parameters in its order, and the unit of its radius in pixels (or an angle).
    pub fn new<P: Into<Param>>(law: L, shape: impl IntoIterator<Item = P>, size: impl Into<Param>) -> Self {
        Self(Radial::new(Custom(law), shape.into_iter().map(Into::into).collect(), size.into()))
    }
}
