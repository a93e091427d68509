//! Positions on the sky.

use crate::Angle;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A position on the sky, ICRS.
///
/// ```
/// use scarlet_frame::Sky;
/// let star = Sky::new(150.1163, 2.2010);
/// let north = Sky::new(150.1163, 2.2020);
/// assert!((star.separation(north).arcsec() - 3.6).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sky {
    /// Right ascension in degrees, 0 to 360.
    pub ra_deg: f64,
    /// Declination in degrees, -90 to 90.
    pub dec_deg: f64,
}

impl Sky {
    /// The position at right ascension `ra_deg` and declination `dec_deg`, both ICRS and in degrees.
    ///
    /// A right ascension outside `[0, 360)` is wrapped; a declination outside `[-90, 90]` is kept and refused
    /// by [`Wcs::to_pixel`](crate::Wcs::to_pixel).
    #[must_use]
    pub fn new(ra_deg: f64, dec_deg: f64) -> Self {
        Self { ra_deg: wrap_degrees(ra_deg), dec_deg }
    }

    /// Great-circle distance to `other`, 0 to pi.
    ///
    /// Vincenty's formula for a sphere: right to rounding at every distance.
    #[must_use]
    pub fn separation(self, other: Self) -> Angle {
        let (sin_d, cos_d) = (other.ra_deg - self.ra_deg).to_radians().sin_cos();
        let (sin_1, cos_1) = self.dec_deg.to_radians().sin_cos();
        let (sin_2, cos_2) = other.dec_deg.to_radians().sin_cos();
        // sin b2 cos b1 - cos b2 sin b1 cos d, without cancellation where both points are close
        let half = (0.5 * (other.ra_deg - self.ra_deg)).to_radians().sin();
        let north = (other.dec_deg - self.dec_deg).to_radians().sin() + 2.0 * cos_2 * sin_1 * half * half;
        let across = (cos_2 * sin_d).hypot(north);
        Angle::from_radians(across.atan2(sin_1 * sin_2 + cos_1 * cos_2 * cos_d))
    }

    /// Whether both numbers are finite and the declination exists.
    pub(super) fn is_valid(self) -> bool {
        self.ra_deg.is_finite() && (-90.0..=90.0).contains(&self.dec_deg)
    }

    /// The unit vector towards this position.
    pub(crate) fn unit_vector(self) -> [f64; 3] {
        let (sin_a, cos_a) = self.ra_deg.to_radians().sin_cos();
        let (sin_d, cos_d) = self.dec_deg.to_radians().sin_cos();
        [cos_a * cos_d, sin_a * cos_d, sin_d]
    }

    /// The position that the (nearly) unit vector `v` points to.
    pub(crate) fn from_vector(v: [f64; 3]) -> Self {
        let ra = v[1].atan2(v[0]).to_degrees();
        Self::new(ra, v[2].atan2(v[0].hypot(v[1])).to_degrees())
    }
}

impl fmt::Display for Sky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RA {:.7} deg, Dec {:+.7} deg", self.ra_deg, self.dec_deg)
    }
}

/// `angle` in `[0, 360)`; what is there already stays as it is, bit for bit.
fn wrap_degrees(angle: f64) -> f64 {
    if (0.0..360.0).contains(&angle) {
        return angle;
    }
    let wrapped = angle.rem_euclid(360.0);
    // a tiny negative angle rounds to 360
    if wrapped >= 360.0 { 0.0 } else { wrapped }
}
