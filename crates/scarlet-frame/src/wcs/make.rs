//! WCSs that are made here, and not read from a file: plain grids, cutouts, and what is left without distortion.

use super::card::Card;
use super::keywords::bad;
use super::{Sky, Wcs};
use crate::{Angle, FrameError};

impl Wcs {
    /// A gnomonic WCS with square pixels, north up and east left, as for a simulated image.
    ///
    /// - `center`: the sky position at pixel `at_pixel` = `[y, x]`, 0-based.
    /// - `pixel_scale`: the side of a pixel there.
    ///
    /// # Errors
    /// A position that does not exist, a pixel that is not finite, or a scale that is not positive.
    pub fn tan(center: Sky, at_pixel: [f64; 2], pixel_scale: Angle) -> Result<Self, FrameError> {
        Self::tan_turned(center, at_pixel, pixel_scale, Angle::from_radians(0.0))
    }

    /// As [`Wcs::tan`], with the +y axis at `position_angle`, from north towards east.
    ///
    /// # Errors
    /// Those of [`Wcs::tan`], and an angle that is not finite.
    pub fn tan_turned(
        center: Sky,
        at_pixel: [f64; 2],
        pixel_scale: Angle,
        position_angle: Angle,
    ) -> Result<Self, FrameError> {
        let scale = pixel_scale.degrees();
        if !(scale.is_finite() && scale > 0.0) {
            return Err(bad("CD1_1, CD2_2", format!("a pixel of {scale} deg; its side must be positive")));
        }
        let (sin, cos) = position_angle.radians().sin_cos();
        gnomonic(center, at_pixel, [[scale * cos, scale * sin], [scale * sin, -scale * cos]])
    }

    /// The gnomonic WCS that touches this one at the pixel `position` = `[y, x]`: same scale, orientation and shear
    /// there, and no distortion.
    ///
    /// # Errors
    /// The position is outside the projection.
    pub fn undistorted_at(&self, position: [f64; 2]) -> Result<Self, FrameError> {
        let [north, east] = self.local_affine(position)?.matrix().map(|row| row.map(f64::to_degrees));
        gnomonic(self.to_sky(position)?, position, [north, east])
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
}

/// TAN; `matrix` in degrees per pixel, rows `[north, east]`, columns `[y, x]`.
fn gnomonic(center: Sky, at_pixel: [f64; 2], [north, east]: [[f64; 2]; 2]) -> Result<Wcs, FrameError> {
    let number = |name: &str, value: f64| Card::with_number(name, value);
    let mut cards = vec![
        Card::new("CTYPE1", "RA---TAN"),
        Card::new("CTYPE2", "DEC--TAN"),
        number("CRPIX1", at_pixel[1] + 1.0),
        number("CRPIX2", at_pixel[0] + 1.0),
        number("CRVAL1", center.ra_deg),
        number("CRVAL2", center.dec_deg),
        Card::new("RADESYS", "ICRS"),
    ];
    let elements = [("CD1_1", east[1]), ("CD1_2", east[0]), ("CD2_1", north[1]), ("CD2_2", north[0])];
    cards.extend(
        elements.into_iter().filter(|(_, value)| *value != 0.0).map(|(name, value)| number(name, value)),
    );
    Wcs::from_header(&cards)
}
