//! The local linear map of a WCS: scale, orientation and handedness at a position.

use crate::Angle;

/// How pixels lie on the sky near one position: the derivative of the sky offset by the pixel position.
///
/// Sky offsets are angles `[north, east]` in the tangent plane at the position, pixel offsets are `[y, x]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalAffine {
    /// Radians per pixel: rows north, east; columns y, x.
    matrix: [[f64; 2]; 2],
}

impl LocalAffine {
    pub(super) const fn new(matrix: [[f64; 2]; 2]) -> Self {
        Self { matrix }
    }

    /// Radians per pixel: rows `[north, east]`, columns `[y, x]`.
    #[must_use]
    pub const fn matrix(&self) -> [[f64; 2]; 2] {
        self.matrix
    }

    /// Side of a square with the pixel's area: the geometric mean of both axes' scales.
    #[must_use]
    pub fn scale(&self) -> Angle {
        Angle::from_radians(self.determinant().abs().sqrt())
    }

    /// Angles on the sky of one pixel along `[y, x]`.
    #[must_use]
    pub fn axis_scales(&self) -> [Angle; 2] {
        let [north, east] = self.matrix;
        [0, 1].map(|axis| Angle::from_radians(north[axis].hypot(east[axis])))
    }

    /// Position angle of the +y axis: from north towards east, -pi to pi.
    #[must_use]
    pub fn position_angle(&self) -> Angle {
        let [north, east] = self.matrix;
        Angle::from_radians(east[0].atan2(north[0]))
    }

    /// Whether the image is a mirror image of the sky: with north up, east is right.
    #[must_use]
    pub fn is_flipped(&self) -> bool {
        self.determinant() > 0.0
    }

    /// Sky offset `[north, east]` of a small pixel offset `[y, x]`.
    #[must_use]
    pub fn to_sky_offset(&self, [dy, dx]: [f64; 2]) -> [Angle; 2] {
        self.matrix.map(|row| Angle::from_radians(row[0] * dy + row[1] * dx))
    }

    /// Pixel offset `[y, x]` of a small sky offset `[north, east]`.
    #[must_use]
    pub fn to_pixel_offset(&self, [north, east]: [Angle; 2]) -> [f64; 2] {
        let [[a, b], [c, d]] = self.matrix;
        let (north, east) = (north.radians(), east.radians());
        [(d * north - b * east) / self.determinant(), (a * east - c * north) / self.determinant()]
    }

    fn determinant(&self) -> f64 {
        let [[a, b], [c, d]] = self.matrix;
        a * d - b * c
    }
}
