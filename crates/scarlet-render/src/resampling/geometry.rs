//! Where the pixels of an observation lie in the model frame.

/// Where each pixel of an observation lies in pixels of the model frame, and how large it is there.
///
/// ```
/// use scarlet_render::Geometry;
/// // pixels twice as large, turned by a quarter
/// let geometry = Geometry::affine([10, 20], [[0.0, -2.0], [2.0, 0.0]], [30.0, 5.0]);
/// assert_eq!(geometry.positions()[1], [28.0, 5.0]);
/// assert!(geometry.areas().iter().all(|area| (area - 4.0).abs() < 1e-12));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    shape: [usize; 2],
    positions: Vec<[f64; 2]>,
    areas: Vec<f64>,
    jacobian: [[f64; 2]; 2],
}

impl Geometry {
    /// From the positions `[y, x]` of all pixels of an image of `shape`, row by row, and the derivative
    /// `jacobian[i][j]` of position `i` by pixel `j` (y, x) at the centre of the image.
    ///
    /// The areas are derivatives too, from the differences of positions: maps must be smooth. The PSF and its pixel
    /// keep the orientation and the scale of `jacobian` everywhere.
    ///
    /// # Panics
    /// There are not as many positions as pixels.
    #[must_use]
    pub fn new(shape: [usize; 2], positions: Vec<[f64; 2]>, jacobian: [[f64; 2]; 2]) -> Self {
        assert_eq!(positions.len(), shape[0] * shape[1], "positions for each of {shape:?} pixels");
        let area = |y: usize, x: usize| {
            let along_y =
                slope(&positions, x, shape[1], y, shape[0]).unwrap_or([jacobian[0][0], jacobian[1][0]]);
            let along_x =
                slope(&positions, y * shape[1], 1, x, shape[1]).unwrap_or([jacobian[0][1], jacobian[1][1]]);
            (along_y[0] * along_x[1] - along_y[1] * along_x[0]).abs()
        };
        let areas = (0..shape[0]).flat_map(|y| (0..shape[1]).map(move |x| (y, x)));
        let areas = areas.map(|(y, x)| area(y, x)).collect();
        Self { shape, positions, areas, jacobian }
    }

    /// An affine map: the first pixel lies at `origin`, the others by `jacobian[i][j]`, position `i` by pixel `j`.
    #[must_use]
    pub fn affine(shape: [usize; 2], jacobian: [[f64; 2]; 2], origin: [f64; 2]) -> Self {
        let pixels = (0..shape[0]).flat_map(|y| (0..shape[1]).map(move |x| [y as f64, x as f64]));
        let position = |[y, x]: [f64; 2]| [0, 1].map(|i| origin[i] + jacobian[i][0] * y + jacobian[i][1] * x);
        Self::new(shape, pixels.map(position).collect(), jacobian)
    }

    /// Pixels of the observation, `[y, x]`.
    #[must_use]
    pub const fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Positions `[y, x]` in the model frame, row by row.
    #[must_use]
    pub fn positions(&self) -> &[[f64; 2]] {
        &self.positions
    }

    /// Areas in pixels of the model frame, row by row.
    #[must_use]
    pub fn areas(&self) -> &[f64] {
        &self.areas
    }

    /// Derivative of the position by the pixel at the centre of the image, rows and columns (y, x).
    #[must_use]
    pub const fn jacobian(&self) -> [[f64; 2]; 2] {
        self.jacobian
    }

    /// The frequency in cycles per pixel of the observation that is `frequency` per pixel of the model.
    pub(super) fn frequency(&self, [y, x]: [f64; 2]) -> [f64; 2] {
        let [[yy, yx], [xy, xx]] = self.jacobian;
        [yy * y + xy * x, yx * y + xx * x]
    }

    /// The largest frequencies `[y, x]` in cycles per pixel of the model of those up to `limit` in the observation.
    pub(super) fn highest(&self, limit: f64) -> [f64; 2] {
        let [[yy, yx], [xy, xx]] = self.jacobian;
        let determinant = (yy * xx - yx * xy).abs();
        [(xx.abs() + xy.abs()) * limit / determinant, (yx.abs() + yy.abs()) * limit / determinant]
    }

    /// How far a circle of `radius` pixels of the observation goes in the model frame, `[y, x]`.
    pub(super) fn extent(&self, radius: f64) -> [f64; 2] {
        self.jacobian.map(|row| radius * row[0].hypot(row[1]))
    }
}

/// Derivative at point `i` of `n` on a line of positions, to second order; none where there are less than 3.
fn slope(positions: &[[f64; 2]], start: usize, stride: usize, i: usize, n: usize) -> Option<[f64; 2]> {
    if n < 3 {
        return None;
    }
    let at = |k: usize| positions[start + k * stride];
    let combined = |a: [f64; 2], b: [f64; 2], c: [f64; 2], sign: f64| {
        [0, 1].map(|k| sign * (2.0 * b[k] - 1.5 * a[k] - 0.5 * c[k]))
    };
    Some(match i {
        0 => combined(at(0), at(1), at(2), 1.0),
        i if i + 1 == n => combined(at(i), at(i - 1), at(i - 2), -1.0),
        i => {
            let (before, after) = (at(i - 1), at(i + 1));
            [0, 1].map(|k| 0.5 * (after[k] - before[k]))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_determinants_also_of_distorted_maps() {
        let (ny, nx) = (7, 9);
        let map = |y: f64, x: f64| [3.0 + 1.1 * y + 0.01 * x * x, 2.0 - 0.3 * y + 0.9 * x + 0.004 * x * y];
        let positions = (0..ny).flat_map(|y| (0..nx).map(move |x| map(f64::from(y), f64::from(x)))).collect();
        let geometry = Geometry::new([7, 9], positions, [[1.1, 0.08], [-0.3, 0.9]]);
        for y in 0..ny {
            for x in 0..nx {
                let (fy, fx) = (f64::from(y), f64::from(x));
                let exact = 1.1 * (0.9 + 0.004 * fy) - 0.02 * fx * (-0.3 + 0.004 * fx);
                let area = geometry.areas()[(y * nx + x) as usize];
                assert!((area - exact).abs() < 1e-12, "{y} {x}: {area} {exact}");
            }
        }
    }

    #[test]
    fn narrow_images_have_areas_too() {
        let geometry = Geometry::affine([1, 2], [[0.0, 3.0], [-2.0, 0.5]], [0.0, 0.0]);
        assert_eq!(geometry.areas(), [6.0, 6.0]);
    }

    #[test]
    fn frequencies_and_extents_follow_the_map() {
        let geometry = Geometry::affine([4, 4], [[0.6, -0.8], [0.8, 0.6]], [0.0, 0.0]);
        let f = geometry.frequency([0.1, 0.2]);
        // the phase of a wave is the same in both frames
        let q = [2.0, 3.0];
        let p = [0.6 * q[0] - 0.8 * q[1], 0.8 * q[0] + 0.6 * q[1]];
        assert!((f[0] * q[0] + f[1] * q[1] - 0.1 * p[0] - 0.2 * p[1]).abs() < 1e-15);
        assert!((geometry.highest(0.5)[0] - 0.7).abs() < 1e-15);
        assert!((geometry.extent(3.0)[1] - 3.0).abs() < 1e-15);
    }
}
