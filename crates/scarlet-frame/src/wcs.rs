//! World coordinates: placeholder until the real one lands.

use crate::{Angle, FrameError};
use serde::{Deserialize, Serialize};

/// A position on the sky, ICRS.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sky {
    /// Right ascension in degrees, 0 to 360.
    pub ra_deg: f64,
    /// Declination in degrees, -90 to 90.
    pub dec_deg: f64,
}

/// One card of a FITS header: keyword and value as text (quotes removed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Keyword, upper case.
    pub keyword: String,
    /// Value as written in the header, strings without their quotes.
    pub value: String,
}

/// The cards of a FITS header, in order.
pub type Header = Vec<Card>;

/// Map between pixels and sky.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wcs {
    header: Header,
}

impl Wcs {
    /// From header cards.
    ///
    /// # Errors
    /// Names the keyword.
    pub fn from_header(header: &[Card]) -> Result<Self, FrameError> {
        Ok(Self { header: header.to_vec() })
    }

    /// Sky to pixel `(y, x)`, 0-based.
    ///
    /// # Errors
    /// Off the projection.
    pub fn to_pixel(&self, _sky: Sky) -> Result<[f64; 2], FrameError> {
        Ok([0.0, 0.0])
    }

    /// Pixel `(y, x)`, 0-based, to sky.
    ///
    /// # Errors
    /// Off the projection.
    pub fn to_sky(&self, _position: [f64; 2]) -> Result<Sky, FrameError> {
        Ok(Sky { ra_deg: 0.0, dec_deg: 0.0 })
    }

    /// Square root of the pixel's area on the sky at `(y, x)`.
    ///
    /// # Errors
    /// Off the projection.
    pub fn pixel_scale(&self, _position: [f64; 2]) -> Result<Angle, FrameError> {
        Ok(Angle::from_arcsec(1.0))
    }
}
