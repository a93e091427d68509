//! World coordinates: pixels of an image to ICRS positions and back, from the cards of a FITS header.
//!
//! Pixel, SIP, our linear part (CD, PC with CDELT, or CROTA; any unit, axis order, rotation and flip), TPV, the plane,
//! the projection (TAN, and the `wcs` crate's SIN, ARC, STG, ZEA, CAR), the native sphere, our rotation (CRVAL, LONPOLE,
//! LATPOLE; FK5 and FK4 of any equinox), ICRS. What changes positions and is not handled is refused by name.
//!
//! # Conventions where programs differ
//! - Distortions are inverted by Newton's iteration on the forward polynomials. `AP`, `BP` of SIP are not used.
//! - SIP cards beside a CTYPE without `-SIP` are refused, and so are PV cards beside SIP.
//! - TAN with PV is SCAMP's and read as TPV, where both linear terms (`PV1_1`, `PV2_1`) are there; else it is refused.
//! - TPV's terms are degrees after the whole linear part, CDELT included.
//! - FK4 is taken at the date of the observation where the header has one.
//!
//! # Accuracy
//! Against astropy 8.0.2 on 119 headers of every kind that is handled, both ways: at most 2e-9 px where a pixel is
//! 0.1 arcsec or larger, and 4e-9 px for the HST header with its 0.03 arcsec, which is the rounding of a right
//! ascension in degrees. `cargo test -p scarlet-frame --test wcs_golden -- --nocapture` prints the table.

mod affine;
mod axes;
mod card;
mod date;
mod distortion;
mod equinox;
mod fk4;
mod fk5;
mod keywords;
mod linear;
mod make;
mod newton;
mod pixels;
mod plane;
mod polynomial;
mod refuse;
mod rotation;
mod sip;
mod sky;
mod sphere;
mod tpv;

pub use affine::LocalAffine;
pub use card::{Card, Header, parse_card, parse_header};
pub use sky::Sky;

use crate::{Angle, FrameError};
use axes::Axes;
use keywords::Keywords;
use pixels::Pixels;
use plane::Plane;
use serde::{Deserialize, Serialize};
use sphere::Sphere;

/// Step in the plane, in degrees, of the differences behind [`Wcs::local_affine`].
const STEP_DEG: f64 = 5e-4;

/// Map between the pixels of an image and the sky.
///
/// Two of them are equal where they map every pixel alike, whichever cards they came from. Stored
/// (serde) as the list of its header cards.
///
/// ```
/// use scarlet_frame::{Sky, Wcs, arcsec};
/// let wcs = Wcs::tan(Sky::new(150.1, 2.2), [24.0, 29.0], arcsec(0.168))?;
/// let [y, x] = wcs.to_pixel(Sky::new(150.1, 2.2 + 10.0 * 0.168 / 3600.0))?;
/// assert!((y - 34.0).abs() < 1e-6 && (x - 29.0).abs() < 1e-6);
/// # Ok::<(), scarlet_frame::FrameError>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Header", into = "Header")]
pub struct Wcs {
    header: Header,
    code: String,
    pixels: Pixels,
    sphere: Sphere,
    plane: Plane,
}

impl Wcs {
    /// From the cards of an image header.
    ///
    /// Right ascension and declination must be the image axes 1 and 2, in either order. Cards that say nothing
    /// about positions, alternate WCSs (`CTYPE1A`) and further axes are left out.
    ///
    /// # Errors
    /// Names the keyword of what is missing, contradictory, no number, singular, or not handled yet
    /// (TNX, ZPX, tables, slant SIN, galactic and other systems, other projections).
    pub fn from_header(header: &[Card]) -> Result<Self, FrameError> {
        refuse::refuse_unhandled(header)?;
        let mut keywords = Keywords::collect(header)?;
        let axes = Axes::new(&keywords)?;
        let pixels = Pixels::read(&mut keywords, &axes)?;
        let native = rotation::native_from_celestial(&keywords, &axes)?;
        let sphere = equinox::sphere(&keywords, native)?;
        let plane = Plane::new(axes.projection)?;
        let code = axes.said.code(axes.projection);
        Ok(Self { header: keywords.into_cards(), code, pixels, sphere, plane })
    }

    /// The projection as CTYPE says it: `TAN`, `TAN-SIP`, `TPV`, ...; SCAMP's TAN with PV is `TAN`.
    #[must_use]
    pub fn projection(&self) -> &str {
        &self.code
    }

    /// Whether polynomials (SIP, TPV, SCAMP's PV) bend the grid.
    #[must_use]
    pub const fn is_distorted(&self) -> bool {
        self.pixels.is_distorted()
    }

    /// The cards that make this WCS, to be carried into other headers; no others.
    ///
    /// Old spellings are modernised, everything else is as it was in the header it came from.
    #[must_use]
    pub fn header(&self) -> &[Card] {
        &self.header
    }

    /// Sky to pixel `[y, x]`, 0-based.
    ///
    /// # Errors
    /// The position does not exist or the projection does not show it.
    pub fn to_pixel(&self, sky: Sky) -> Result<[f64; 2], FrameError> {
        if !sky.is_valid() {
            return Err(self.off_sky(sky));
        }
        self.pixel_of(sky.unit_vector()).ok_or_else(|| self.off_sky(sky))
    }

    /// Pixel `[y, x]`, 0-based, to sky.
    ///
    /// # Errors
    /// The pixel is not finite or outside the projection.
    pub fn to_sky(&self, position: [f64; 2]) -> Result<Sky, FrameError> {
        let vector = self.vector_at(position).ok_or_else(|| self.off_pixel(position))?;
        Ok(Sky::from_vector(vector))
    }

    /// Side of a square with the area of the pixel at `[y, x]`.
    ///
    /// It is the geometric mean of both axes' scales.
    ///
    /// # Errors
    /// The position is outside the projection.
    pub fn pixel_scale(&self, position: [f64; 2]) -> Result<Angle, FrameError> {
        Ok(self.local_affine(position)?.scale())
    }

    /// Scale, orientation and handedness of the pixels at `[y, x]`.
    ///
    /// Central differences on the sphere, good to about 1e-10 relative.
    ///
    /// # Errors
    /// The position is outside the projection, or on its rim.
    pub fn local_affine(&self, position: [f64; 2]) -> Result<LocalAffine, FrameError> {
        let sky = self.to_sky(position)?;
        let [by_y, by_x] = self.tangents(position).ok_or_else(|| self.off_pixel(position))?;
        let (sin_a, cos_a) = sky.ra_deg.to_radians().sin_cos();
        let (sin_d, cos_d) = sky.dec_deg.to_radians().sin_cos();
        let north = [-sin_d * cos_a, -sin_d * sin_a, cos_d];
        let east = [-sin_a, cos_a, 0.0];
        let row = |axis: [f64; 3]| [dot(axis, by_y), dot(axis, by_x)];
        Ok(LocalAffine::new([row(north), row(east)]))
    }

    /// ICRS unit vector of the pixel `[y, x]`.
    pub(crate) fn vector_at(&self, position: [f64; 2]) -> Option<[f64; 3]> {
        self.icrs_vector(self.pixels.plane(position))
    }

    /// Pixel `[y, x]` of an ICRS unit vector.
    pub(crate) fn pixel_of(&self, icrs: [f64; 3]) -> Option<[f64; 2]> {
        self.pixels.pixel(self.plane.project(self.sphere.to_native(icrs))?)
    }

    /// Change of the ICRS unit vector per pixel along `[y, x]`, at the pixel `[y, x]`.
    pub(crate) fn tangents(&self, position: [f64; 2]) -> Option<[[f64; 3]; 2]> {
        let [lon, lat] = self.pixels.plane(position);
        let by_lon = self.slope([lon - STEP_DEG, lat], [lon + STEP_DEG, lat])?;
        let by_lat = self.slope([lon, lat - STEP_DEG], [lon, lat + STEP_DEG])?;
        let [[lon_y, lon_x], [lat_y, lat_x]] = self.pixels.slopes(position);
        let along = |lon: f64, lat: f64| [0, 1, 2].map(|k| lon * by_lon[k] + lat * by_lat[k]);
        Some([along(lon_y, lat_y), along(lon_x, lat_x)])
    }

    fn icrs_vector(&self, plane: [f64; 2]) -> Option<[f64; 3]> {
        Some(self.sphere.to_icrs(self.plane.unproject(plane)?))
    }

    /// Change of the unit vector per degree in the plane between two points `2 STEP_DEG` apart.
    fn slope(&self, from: [f64; 2], to: [f64; 2]) -> Option<[f64; 3]> {
        let (a, b) = (self.icrs_vector(from)?, self.icrs_vector(to)?);
        Some([0, 1, 2].map(|k| (b[k] - a[k]) / (2.0 * STEP_DEG)))
    }

    #[cold]
    pub(crate) fn off_sky(&self, sky: Sky) -> FrameError {
        self.off(sky.to_string())
    }

    #[cold]
    fn off_pixel(&self, [y, x]: [f64; 2]) -> FrameError {
        self.off(format!("pixel (y, x) = ({y}, {x})"))
    }

    fn off(&self, position: String) -> FrameError {
        FrameError::WcsPosition { position, projection: self.code.clone() }
    }
}

impl PartialEq for Wcs {
    fn eq(&self, other: &Self) -> bool {
        self.pixels == other.pixels
            && self.sphere == other.sphere
            && self.plane.projection() == other.plane.projection()
    }
}

impl TryFrom<Header> for Wcs {
    type Error = FrameError;

    fn try_from(header: Header) -> Result<Self, FrameError> {
        Self::from_header(&header)
    }
}

impl From<Wcs> for Header {
    fn from(wcs: Wcs) -> Self {
        wcs.header
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
