//! Ellipses: what the two numbers of an ellipticity mean, and the squared radius they give.

use super::{Dual, Number};
use scarlet_frame::Angle;

/// Reduced shear g of a distortion e: g = e / (1 + sqrt(1 - |e|^2)), |g| = (a - b) / (a + b).
///
/// A distortion has |e| = (a^2 - b^2) / (a^2 + b^2) for semi-axes a >= b. The first component is positive for
/// an ellipse that is long along x, the second for one that is long along y = x. Needs |e| < 1.
///
/// ```
/// use scarlet_model::profile::{distortion_from_shear, shear_from_distortion};
/// let g = shear_from_distortion([0.3, -0.2]);
/// assert!((distortion_from_shear(g)[0] - 0.3).abs() < 1e-15);
/// ```
#[must_use]
pub fn shear_from_distortion([e1, e2]: [f64; 2]) -> [f64; 2] {
    let factor = 1.0 / (1.0 + (1.0 - e1 * e1 - e2 * e2).sqrt());
    [e1 * factor, e2 * factor]
}

/// Distortion e of a reduced shear g: e = 2 g / (1 + |g|^2).
#[must_use]
pub fn distortion_from_shear([g1, g2]: [f64; 2]) -> [f64; 2] {
    let factor = 2.0 / (1.0 + g1 * g1 + g2 * g2);
    [g1 * factor, g2 * factor]
}

/// Distortion of an ellipse with axis ratio `b / a` in (0, 1] and its long axis at `angle` from x towards y.
#[must_use]
pub fn distortion_from_axes(axis_ratio: f64, angle: Angle) -> [f64; 2] {
    let q2 = axis_ratio * axis_ratio;
    let (sin, cos) = (2.0 * angle.radians()).sin_cos();
    let length = (1.0 - q2) / (1.0 + q2);
    [length * cos, length * sin]
}

/// Axis ratio `b / a` of a distortion, and the angle of the long axis from x towards y, in (-90, 90] degrees.
#[must_use]
pub fn axes_from_distortion([e1, e2]: [f64; 2]) -> (f64, Angle) {
    let length = e1.hypot(e2);
    let axis_ratio = ((1.0 - length) / (1.0 + length)).sqrt();
    (axis_ratio, Angle::from_radians(0.5 * e2.atan2(e1)))
}

/// The squared radius in units of the size, as a quadratic form: xx dx^2 + 2 xy dx dy + yy dy^2.
///
/// With the distortion e: (xx, xy, yy) = (1 - e1, -e2, 1 + e1) / (sqrt(1 - |e|^2) size^2). Its determinant is
/// size^-4: the size is the geometric mean of the semi-axes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form<T> {
    pub(crate) xx: T,
    pub(crate) xy: T,
    pub(crate) yy: T,
}

impl<N: Number> Form<N> {
    #[inline(always)]
    pub(crate) fn new(size: N, e1: N, e2: N) -> Self {
        let rest = -(e1 * e1 + e2 * e2) + 1.0;
        let factor = (rest.sqrt() * size * size).recip();
        Self { xx: (-e1 + 1.0) * factor, xy: -e2 * factor, yy: (e1 + 1.0) * factor }
    }
}

impl Form<f64> {
    /// The form with its derivatives with respect to size, e1 and e2.
    pub(crate) fn with_derivatives(size: f64, [e1, e2]: [f64; 2]) -> Form<Dual<f64, 3>> {
        Form::new(Dual::variable(size, 0), Dual::variable(e1, 1), Dual::variable(e2, 2))
    }

    /// Half the extent `[y, x]` of the ellipse where the form is 1.
    pub(crate) fn half_extent(self) -> [f64; 2] {
        let determinant = self.xx * self.yy - self.xy * self.xy;
        [(self.xx / determinant).sqrt(), (self.yy / determinant).sqrt()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_that_of_the_shear_matrix() {
        let (e, size) = ([-0.5, 0.4], 1.7);
        let [g1, g2] = shear_from_distortion(e);
        let form = Form::new(size, e[0], e[1]);
        let s = (1.0 - g1 * g1 - g2 * g2).sqrt() * size;
        for (y, x) in [(0.3, -1.2), (2.0, 0.7), (-1.0, -1.5)] {
            let (u, v) = (((1.0 - g1) * x - g2 * y) / s, (-g2 * x + (1.0 + g1) * y) / s);
            let r2 = form.xx * x * x + 2.0 * form.xy * x * y + form.yy * y * y;
            assert!((r2 - (u * u + v * v)).abs() < 1e-14);
        }
    }

    #[test]
    fn axes_and_angle_come_back() {
        for degrees in [-80.0, -30.0, 0.0, 45.0, 90.0] {
            let (q, angle) = axes_from_distortion(distortion_from_axes(0.2, Angle::from_degrees(degrees)));
            assert!((q - 0.2).abs() < 1e-14 && (angle.degrees() - degrees).abs() < 1e-12);
        }
    }

    #[test]
    fn the_long_axis_along_x_has_a_positive_first_component() {
        let e = distortion_from_axes(0.5, Angle::from_degrees(0.0));
        let [y, x] = Form::new(2.0, e[0], e[1]).half_extent();
        assert!((x / y - 2.0).abs() < 1e-14 && (x * y - 4.0).abs() < 1e-13);
    }
}
