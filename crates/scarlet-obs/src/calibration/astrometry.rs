//! Where an observation looks, as parameters: shift, rotation, scale.

use super::param::{bounded, check_len, limits, scores};
use scarlet_model::prior::Normal;
use scarlet_model::{ModelError, Param, Transform, free};

/// Free shifts without a constraint stay within this many pixels of the observation.
const SHIFT_PX: f64 = 3.0;
/// Free rotations without a constraint stay within this angle, in radians: 2 degrees.
const ROTATION_RAD: f64 = std::f64::consts::PI / 90.0;
/// Free scales without a constraint stay within this logarithm.
const SCALE: f64 = 0.02;
/// Constraints of [`Astrometry::within`] are this many standard deviations of the prior wide, to both sides.
const SIGMAS: f64 = 5.0;

/// How the places of sources in an image differ from what its WCS says.
///
/// A source that the WCS puts to pixel q appears at m + exp(scale) R (q - m) + shift, m the middle of the image, R the
/// rotation from the x axis towards the y axis. All are 0 and fixed unless said otherwise:
///
/// - `shift`: `[y, x]`, pixels of the observation.
/// - `rotation`: radians, about the middle of the image.
/// - `scale`: natural logarithm of the magnification about the middle: 1e-3 where the image is 0.1% larger. Fluxes stay.
///
/// Where the WCS is distorted, q - m and shift are taken to the sky by the affine map that touches it at the middle. The
/// PSF is turned and scaled with the image by the values that a plan is made with, such as [`align`](crate::init::align)
/// found, and not by what a fit adds to them: a PSF's peak is then off by twice what it adds to the scale, its sides by the
/// PSF's ellipticity times what it adds to the rotation.
///
/// What is free needs ends: an interval ([`Param::interval`]), or it gets one of +-3 pixels, +-2 degrees, +-0.02. In a
/// scene of one observation alone, shifts of the observation and of all sources are the same: give a prior, or fix
/// something.
///
/// ```
/// use scarlet_model::{free, prior::Normal};
/// use scarlet_obs::Astrometry;
/// let astrometry = Astrometry::default()
///     .shift(free([0.0, 0.0]).interval(-2.0, 2.0).prior(Normal::new(0.0, 0.5)))
///     .rotation(free(0.0));
/// assert!(astrometry.rotation_ref().is_free() && !astrometry.scale_ref().is_free());
/// ```
#[derive(Debug, Clone)]
pub struct Astrometry {
    shift: Param,
    rotation: Param,
    scale: Param,
}

impl Default for Astrometry {
    fn default() -> Self {
        Self { shift: Param::from([0.0; 2]), rotation: Param::from(0.0), scale: Param::from(0.0) }
    }
}

impl Astrometry {
    /// A free shift that is expected to be 0 within `sigma_px` pixels of the observation, and at most 5 times that.
    #[must_use]
    pub fn within(sigma_px: f64) -> Self {
        Self::default().shift(expected([0.0; 2], sigma_px))
    }

    /// The same with a free rotation that is expected to be 0 within `sigma_rad`, and at most 5 times that.
    #[must_use]
    pub fn rotated_within(self, sigma_rad: f64) -> Self {
        self.rotation(expected(0.0, sigma_rad))
    }

    /// The same with a free scale whose logarithm is expected to be 0 within `sigma`, and at most 5 times that.
    #[must_use]
    pub fn scaled_within(self, sigma: f64) -> Self {
        self.scale(expected(0.0, sigma))
    }

    /// With this shift, `[y, x]` in pixels of the observation.
    #[must_use]
    pub fn shift(mut self, shift: impl Into<Param>) -> Self {
        self.shift = bounded(shift.into(), SHIFT_PX);
        self
    }

    /// With this rotation about the middle of the image, in radians, from the x axis towards the y axis.
    #[must_use]
    pub fn rotation(mut self, rotation: impl Into<Param>) -> Self {
        self.rotation = bounded(rotation.into(), ROTATION_RAD);
        self
    }

    /// With this logarithm of the magnification about the middle of the image.
    #[must_use]
    pub fn scale(mut self, scale: impl Into<Param>) -> Self {
        self.scale = bounded(scale.into(), SCALE);
        self
    }

    /// The shift.
    #[must_use]
    pub const fn shift_ref(&self) -> &Param {
        &self.shift
    }

    /// The rotation.
    #[must_use]
    pub const fn rotation_ref(&self) -> &Param {
        &self.rotation
    }

    /// The scale.
    #[must_use]
    pub const fn scale_ref(&self) -> &Param {
        &self.scale
    }

    pub(super) fn parameters(&self) -> [(&'static str, &Param); 3] {
        [("shift", &self.shift), ("rotation", &self.rotation), ("scale", &self.scale)]
    }

    pub(super) fn parameters_mut(&mut self) -> [(&'static str, &mut Param); 3] {
        [("shift", &mut self.shift), ("rotation", &mut self.rotation), ("scale", &mut self.scale)]
    }

    /// The values of shift, rotation and scale.
    pub(crate) fn values(&self) -> [f64; 4] {
        let shift = self.shift.values();
        [shift[0], shift[1], self.rotation.values()[0], self.scale.values()[0]]
    }

    /// The same with other values of shift, rotation and scale.
    pub(crate) fn with_values(mut self, [y, x, rotation, scale]: [f64; 4]) -> Self {
        self.shift.values_mut().copy_from_slice(&[y, x]);
        self.rotation.values_mut()[0] = rotation;
        self.scale.values_mut()[0] = scale;
        self
    }

    /// For each value the score of its prior and how fast that falls with it.
    pub(crate) fn scores(&self) -> [[f64; 2]; 4] {
        let shift = scores(&self.shift);
        [shift[0], shift[1], scores(&self.rotation)[0], scores(&self.scale)[0]]
    }

    /// Least and largest values that a fit can give them.
    pub(crate) fn limits(&self) -> [[f64; 2]; 4] {
        let [y, x, rotation, scale] = self.values();
        [
            limits(&self.shift, y),
            limits(&self.shift, x),
            limits(&self.rotation, rotation),
            limits(&self.scale, scale),
        ]
    }

    /// Whether it moves anything, or may.
    pub(crate) fn is_used(&self) -> bool {
        self.values() != [0.0; 4] || self.parameters().iter().any(|(_, param)| param.is_free())
    }

    /// Checks lengths and constraints; `path` is that of the observation.
    pub(super) fn check(&self, path: &str) -> Result<(), ModelError> {
        for ((name, param), len) in self.parameters().into_iter().zip([2, 1, 1]) {
            let path = format!("{path}.{name}");
            check_len(param, &path, 1, len)?;
            let has_ends =
                matches!(param.transform_ref(), Transform::Interval { .. } | Transform::UnitInterval);
            if param.is_free() && !has_ends {
                let may_be = param.transform_ref();
                let problem =
                    format!("it may be {may_be}; give it an interval, for which the rendering is planned");
                return Err(ModelError::Parameter { parameter: path, problem });
            }
        }
        Ok(())
    }
}

/// Free, with a Normal prior around `value`.
fn expected(value: impl Into<Param>, sigma: f64) -> Param {
    free(value).interval(-SIGMAS * sigma, SIGMAS * sigma).prior(Normal::new(0.0, sigma))
}
