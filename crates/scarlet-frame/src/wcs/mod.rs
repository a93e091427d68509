//! World coordinates: pixels of an image to ICRS positions and back, from the cards of a FITS header.
//!
//! Pixel, our linear part (CD, PC with CDELT, or CROTA; any unit, axis order, rotation and flip), the plane, the
//! `wcs` crate's projection (TAN, SIN, ARC, STG, ZEA, CAR), the native sphere, our rotation (CRVAL, LONPOLE, LATPOLE and the
//! frame bias of FK5), ICRS. What changes positions and is not handled is refused by name.
//!
//! # Accuracy
//! Against astropy 8.0.2 on 51 headers of every kind that is handled, both ways: at most 2e-9 px where a pixel is
//! 0.168 arcsec or larger, and 4e-9 px for the HST header with its 0.03 arcsec, which is the rounding of a right
//! ascension in degrees. `cargo test -p scarlet-frame --test wcs_golden -- --nocapture` prints the table.

mod affine;
mod axes;
mod card;
mod equinox;
mod keywords;
mod linear;
mod plane;
mod refuse;
mod rotation;
mod sky;

pub use affine::LocalAffine;
pub use card::{Card, Header, parse_card, parse_header};
pub use sky::Sky;

use crate::{Angle, FrameError};
use axes::Axes;
use keywords::{Keywords, bad};
use linear::Linear;
use plane::Plane;
use rotation::{Matrix, multiply, rotate, rotate_back};
use serde::{Deserialize, Serialize};

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
    linear: Linear,
    native_from_icrs: Matrix,
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
    /// (SIP, TPV, PV, TNX, ZPX, tables, FK4, galactic and other systems, other projections).
    pub fn from_header(header: &[Card]) -> Result<Self, FrameError> {
        refuse::refuse_unhandled(header)?;
        let mut keywords = Keywords::collect(header)?;
        let axes = Axes::new(&keywords)?;
        let linear = Linear::new(&keywords, &axes)?;
        let native = rotation::native_from_celestial(&keywords, &axes)?;
        let native_from_icrs = multiply(native, equinox::from_icrs(&keywords)?);
        let plane = Plane::new(axes.projection)?;
        let has_cd = keywords.any(&["CD1_1", "CD1_2", "CD2_1", "CD2_2"]);
        keywords.forget(|name| has_cd && (name.starts_with("CDELT") || name.starts_with("CROTA")));
        Ok(Self { header: keywords.into_cards(), linear, native_from_icrs, plane })
    }

    /// A gnomonic WCS with square pixels, north up and east left, as for a simulated image.
    ///
    /// - `center`: the sky position at pixel `at_pixel` = `[y, x]`, 0-based.
    /// - `pixel_scale`: the side of a pixel there.
    ///
    /// # Errors
    /// A position that does not exist, a pixel that is not finite, or a scale that is not positive.
    pub fn tan(center: Sky, at_pixel: [f64; 2], pixel_scale: Angle) -> Result<Self, FrameError> {
        let scale = pixel_scale.degrees();
        if !(scale.is_finite() && scale > 0.0) {
            return Err(bad("CD1_1, CD2_2", format!("a pixel of {scale} deg; its side must be positive")));
        }
        let number = |name: &str, value: f64| Card::with_number(name, value);
        Self::from_header(&[
            Card::new("CTYPE1", "RA---TAN"),
            Card::new("CTYPE2", "DEC--TAN"),
            number("CRPIX1", at_pixel[1] + 1.0),
            number("CRPIX2", at_pixel[0] + 1.0),
            number("CRVAL1", center.ra_deg),
            number("CRVAL2", center.dec_deg),
            number("CD1_1", -scale),
            number("CD2_2", scale),
            Card::new("RADESYS", "ICRS"),
        ])
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
        let native = rotate(&self.native_from_icrs, sky.unit_vector());
        let plane = self.plane.project(native).ok_or_else(|| self.off_sky(sky))?;
        Ok(self.linear.to_pixel(plane))
    }

    /// Pixel `[y, x]`, 0-based, to sky.
    ///
    /// # Errors
    /// The pixel is not finite or outside the projection.
    pub fn to_sky(&self, position: [f64; 2]) -> Result<Sky, FrameError> {
        let plane = self.linear.to_plane(position);
        let vector = self.icrs_vector(plane).ok_or_else(|| self.off_pixel(position))?;
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
        let [lon, lat] = self.linear.to_plane(position);
        let sky = self.to_sky(position)?;
        let along_lon = self.slope([lon - STEP_DEG, lat], [lon + STEP_DEG, lat]);
        let along_lat = self.slope([lon, lat - STEP_DEG], [lon, lat + STEP_DEG]);
        let (Some(u), Some(v)) = (along_lon, along_lat) else { return Err(self.off_pixel(position)) };
        let (sin_a, cos_a) = sky.ra_deg.to_radians().sin_cos();
        let (sin_d, cos_d) = sky.dec_deg.to_radians().sin_cos();
        let north = [-sin_d * cos_a, -sin_d * sin_a, cos_d];
        let east = [-sin_a, cos_a, 0.0];
        let [[lon_x, lon_y], [lat_x, lat_y]] = self.linear.matrix();
        let row = |axis: [f64; 3]| {
            let (by_lon, by_lat) = (dot(axis, u), dot(axis, v));
            [by_lon * lon_y + by_lat * lat_y, by_lon * lon_x + by_lat * lat_x]
        };
        Ok(LocalAffine::new([row(north), row(east)]))
    }

    /// The WCS of a cutout whose first pixel is the pixel `origin` = `[y, x]` of this one.
    ///
    /// # Errors
    /// None that a WCS made by this crate could meet; those of [`Wcs::from_header`].
    pub fn shifted(&self, origin: [i64; 2]) -> Result<Self, FrameError> {
        let mut header = self.header.clone();
        for card in &mut header {
            let start = match card.keyword.as_str() {
                "CRPIX1" => origin[1],
                "CRPIX2" => origin[0],
                _ => continue,
            };
            if let Some(value) = card.number() {
                *card = Card::with_number(&card.keyword, value - start as f64);
            }
        }
        Self::from_header(&header)
    }

    fn icrs_vector(&self, plane: [f64; 2]) -> Option<[f64; 3]> {
        Some(rotate_back(&self.native_from_icrs, self.plane.unproject(plane)?))
    }

    /// Change of the unit vector per degree in the plane between two points `2 STEP_DEG` apart.
    fn slope(&self, from: [f64; 2], to: [f64; 2]) -> Option<[f64; 3]> {
        let (a, b) = (self.icrs_vector(from)?, self.icrs_vector(to)?);
        Some([0, 1, 2].map(|k| (b[k] - a[k]) / (2.0 * STEP_DEG)))
    }

    #[cold]
    fn off_sky(&self, sky: Sky) -> FrameError {
        self.off(sky.to_string())
    }

    #[cold]
    fn off_pixel(&self, [y, x]: [f64; 2]) -> FrameError {
        self.off(format!("pixel (y, x) = ({y}, {x})"))
    }

    fn off(&self, position: String) -> FrameError {
        FrameError::WcsPosition { position, projection: self.plane.projection().to_string() }
    }
}

impl PartialEq for Wcs {
    fn eq(&self, other: &Self) -> bool {
        self.linear == other.linear
            && self.native_from_icrs == other.native_from_icrs
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
