//! Affine maps between the pixels of two grids.

use crate::Angle;

/// `to + jacobian (position - from)`: an affine map of `[y, x]` pixels of one grid to those of another.
///
/// ```
/// use scarlet_frame::GridAffine;
/// // half the pixel scale: one pixel here is two there
/// let map = GridAffine::new([10.0, 10.0], [3.0, 4.0], [[2.0, 0.0], [0.0, 2.0]]);
/// assert_eq!(map.apply([11.0, 10.0]), [5.0, 4.0]);
/// assert_eq!(map.scale_ratio(), 2.0);
/// assert!(!map.is_flipped());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridAffine {
    from: [f64; 2],
    to: [f64; 2],
    jacobian: [[f64; 2]; 2],
}

impl GridAffine {
    /// The map that takes `from` to `to`, both `[y, x]`, with `[[dy/dy, dy/dx], [dx/dy, dx/dx]]`.
    #[must_use]
    pub const fn new(from: [f64; 2], to: [f64; 2], jacobian: [[f64; 2]; 2]) -> Self {
        Self { from, to, jacobian }
    }

    /// The pixel `[y, x]` that `position` = `[y, x]` is taken to.
    #[must_use]
    pub fn apply(&self, [y, x]: [f64; 2]) -> [f64; 2] {
        let ([[a, b], [c, d]], dy, dx) = (self.jacobian, y - self.from[0], x - self.from[1]);
        [self.to[0] + a * dy + b * dx, self.to[1] + c * dy + d * dx]
    }

    /// `[[dy/dy, dy/dx], [dx/dy, dx/dx]]`, dimensionless; rows belong to the grid that is mapped to.
    #[must_use]
    pub const fn jacobian(&self) -> [[f64; 2]; 2] {
        self.jacobian
    }

    /// Pixels of the other grid along a pixel of this one, as the square root of the area; above 1 where the other
    /// grid is the finer one.
    #[must_use]
    pub fn scale_ratio(&self) -> f64 {
        self.determinant().abs().sqrt()
    }

    /// Direction in the other grid of this one's +x axis, from +x towards +y, -pi to pi.
    #[must_use]
    pub fn rotation(&self) -> Angle {
        let [[_, y_by_x], [_, x_by_x]] = self.jacobian;
        Angle::from_radians(y_by_x.atan2(x_by_x))
    }

    /// Whether one grid is a mirror image of the other.
    #[must_use]
    pub fn is_flipped(&self) -> bool {
        self.determinant() < 0.0
    }

    /// The map back; `None` where the Jacobian cannot be inverted.
    #[must_use]
    pub fn inverse(&self) -> Option<Self> {
        let ([[a, b], [c, d]], determinant) = (self.jacobian, self.determinant());
        let inverse = [[d, -b], [-c, a]].map(|row| row.map(|value| value / determinant));
        let finite = inverse.as_flattened().iter().all(|value| value.is_finite());
        finite.then_some(Self::new(self.to, self.from, inverse))
    }

    fn determinant(&self) -> f64 {
        let [[a, b], [c, d]] = self.jacobian;
        a * d - b * c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_and_flip_are_told_apart() {
        let (s, c) = 0.3f64.sin_cos();
        // +x turns towards +y
        let turned = GridAffine::new([0.0; 2], [0.0; 2], [[c, s], [-s, c]]);
        approx::assert_relative_eq!(turned.rotation().radians(), 0.3, epsilon = 1e-15);
        assert!(!turned.is_flipped());
        let flipped = GridAffine::new([0.0; 2], [0.0; 2], [[-c, s], [s, c]]);
        approx::assert_relative_eq!(flipped.rotation().radians(), 0.3, epsilon = 1e-15);
        assert!(flipped.is_flipped());
    }

    #[test]
    fn the_way_back_leads_back() {
        let map = GridAffine::new([3.0, -2.0], [7.0, 1.0], [[0.4, 1.3], [-2.0, 0.7]]);
        let back = map.inverse().expect("regular").apply(map.apply([11.0, 5.0]));
        assert!((back[0] - 11.0).abs() < 1e-14 && (back[1] - 5.0).abs() < 1e-14);
        assert_eq!(GridAffine::new([0.0; 2], [0.0; 2], [[1.0, 2.0], [2.0, 4.0]]).inverse(), None);
    }
}
