//! Frames that are turned, flipped, coarser and distorted, around one place on the sky.

use scarlet_frame::{Frame, Wcs, parse_header};

/// The middle of every grid.
pub(crate) const CENTER: [f64; 2] = [150.1, 2.2];

/// A pixel grid around [`CENTER`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) shape: [usize; 2],
    pub(crate) pixel_arcsec: f64,
    /// Position angle of +y.
    pub(crate) angle_deg: f64,
    pub(crate) is_flipped: bool,
    /// By how many pixels `[y, x]` the centre is off the middle.
    pub(crate) off_px: [f64; 2],
    /// Quadratic SIP term: pixels at 100 pixels from the middle.
    pub(crate) bend_px: f64,
}

impl Grid {
    pub(crate) const fn new(shape: [usize; 2], pixel_arcsec: f64) -> Self {
        Self { shape, pixel_arcsec, angle_deg: 0.0, is_flipped: false, off_px: [0.0; 2], bend_px: 0.0 }
    }

    pub(crate) const fn turned(self, angle_deg: f64) -> Self {
        Self { angle_deg, ..self }
    }

    pub(crate) const fn flipped(self) -> Self {
        Self { is_flipped: true, ..self }
    }

    pub(crate) const fn off(self, off_px: [f64; 2]) -> Self {
        Self { off_px, ..self }
    }

    pub(crate) const fn bent(self, bend_px: f64) -> Self {
        Self { bend_px, ..self }
    }

    pub(crate) fn wcs(&self) -> Wcs {
        let (sin, cos) = self.angle_deg.to_radians().sin_cos();
        let scale = self.pixel_arcsec / 3600.0;
        let east = if self.is_flipped { scale } else { -scale };
        let crpix = [0, 1].map(|k| 0.5 * (self.shape[k] as f64 + 1.0) + self.off_px[k]);
        let suffix = if self.bend_px == 0.0 { "" } else { "-SIP" };
        let mut cards = format!(
            "CTYPE1  = 'RA---TAN{suffix}'\nCTYPE2  = 'DEC--TAN{suffix}'\nCRVAL1  = {}\nCRVAL2  = {}\n\
             CRPIX1  = {}\nCRPIX2  = {}\nCD1_1   = {}\nCD1_2   = {}\nCD2_1   = {}\nCD2_2   = {}\nRADESYS = 'ICRS'\n",
            CENTER[0],
            CENTER[1],
            crpix[1],
            crpix[0],
            east * cos,
            scale * sin,
            -east * sin,
            scale * cos,
        );
        if self.bend_px != 0.0 {
            let a = self.bend_px * 1e-4;
            cards += &format!("A_ORDER = 2\nB_ORDER = 2\nA_2_0   = {a}\nB_1_1   = {}\n", -0.7 * a);
        }
        Wcs::from_header(&parse_header(&cards)).expect("a valid header")
    }

    pub(crate) fn frame(&self) -> Frame {
        Frame::new(self.shape).wcs(self.wcs())
    }
}
