//! Where the pixels of an observation lie in the model frame when its astrometry is changed, and derivatives.

use scarlet_render::Geometry;

/// Values of an [`Astrometry`](super::Astrometry).
///
/// Pixel q looks where the WCS puts the pixel m + E (q - m - shift), E = exp(-scale) R(-rotation).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Motion {
    shift: [f64; 2],
    /// `[[yy, yx], [xy, xx]]`.
    turn: [[f64; 2]; 2],
    /// Derivative of `turn` by the rotation.
    by_rotation: [[f64; 2]; 2],
    /// exp(-2 scale): how much smaller a pixel is on the sky.
    area: f64,
}

/// Sums over pixels of slopes, those of [`scarlet_render::Resampling::each_pair_back_and_slopes`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Moments {
    /// Of the slopes along the position `[y, x]`.
    slope: [f64; 2],
    /// The same times the pixel's distance `[y, x]` from the middle.
    by_offset: [[f64; 2]; 2],
    /// Of the slopes along the logarithm of the area.
    area: f64,
}

/// The pixels of an observation as its WCS puts them, and how they are moved.
#[derive(Debug, Clone)]
pub(crate) struct Placement {
    nominal: Geometry,
}

impl Motion {
    /// From `[shift y, shift x, rotation, scale]`.
    pub(crate) fn new(values: [f64; 4]) -> Self {
        let [y, x, rotation, scale] = values;
        let (shrink, (sin, cos)) = ((-scale).exp(), rotation.sin_cos());
        Self {
            shift: [y, x],
            turn: [[shrink * cos, -shrink * sin], [shrink * sin, shrink * cos]],
            by_rotation: [[-shrink * sin, -shrink * cos], [shrink * cos, -shrink * sin]],
            area: shrink * shrink,
        }
    }

    /// Derivative of where pixels look by the pixel, rows and columns (y, x).
    pub(crate) const fn turn(&self) -> [[f64; 2]; 2] {
        self.turn
    }

    /// By how many pixels of the WCS, `[y, x]`, the pixel `offset` from the middle looks elsewhere.
    fn off(&self, offset: [f64; 2]) -> [f64; 2] {
        let moved = apply(self.turn, minus(offset, self.shift));
        minus(moved, offset)
    }
}

/// How positions in an image are changed by its astrometry, to and from where its WCS has them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Looks {
    middle: [f64; 2],
    motion: Motion,
}

impl Looks {
    /// `values` as for [`Motion::new`], `middle` that of the image.
    pub(crate) fn new(values: [f64; 4], middle: [f64; 2]) -> Self {
        Self { middle, motion: Motion::new(values) }
    }

    /// What the WCS has at the position that it calls so, `position` in the image.
    pub(crate) fn to_nominal(self, position: [f64; 2]) -> [f64; 2] {
        let off = self.motion.off(minus(position, self.middle));
        [position[0] + off[0], position[1] + off[1]]
    }

    /// Where in the image is what the WCS puts to `position`.
    pub(crate) fn to_image(self, position: [f64; 2]) -> [f64; 2] {
        let back = apply(self.back(), minus(position, self.middle));
        [0, 1].map(|k| self.middle[k] + back[k] + self.motion.shift[k])
    }

    /// Derivative of [`Looks::to_nominal`], rows and columns (y, x).
    pub(crate) const fn turn(self) -> [[f64; 2]; 2] {
        self.motion.turn
    }

    /// Derivative of [`Looks::to_image`].
    pub(crate) fn back(self) -> [[f64; 2]; 2] {
        let [[yy, yx], [xy, xx]] = self.motion.turn;
        let determinant = yy * xx - yx * xy;
        [[xx / determinant, -yx / determinant], [-xy / determinant, yy / determinant]]
    }
}

/// The product of two matrices.
pub(crate) fn product(a: [[f64; 2]; 2], b: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    a.map(|row| [0, 1].map(|j| row[0] * b[0][j] + row[1] * b[1][j]))
}

impl Moments {
    /// Of the slopes of pixels in pairs of rows, `[(y, 0), (y + 1, 0), (y, 1), ...]`, of an image of `shape`; always
    /// added up in the same order.
    pub(crate) fn of(slopes: &[[f64; 3]], shape: [usize; 2]) -> Self {
        let mut all = Self::default();
        for (pair, slopes) in slopes.chunks_exact(2 * shape[1]).enumerate() {
            for side in 0..2.min(shape[0] - 2 * pair) {
                let mut row = [0.0; 5];
                let mut column = -middle(shape[1]);
                for [y, x, area] in slopes.iter().skip(side).step_by(2) {
                    let more = [*y, *x, y * column, x * column, *area];
                    row = std::array::from_fn(|k| row[k] + more[k]);
                    column += 1.0;
                }
                all.add_row((2 * pair + side) as f64 - middle(shape[0]), row);
            }
        }
        all
    }

    fn add_row(&mut self, offset: f64, [y, x, y_column, x_column, area]: [f64; 5]) {
        for (k, (slope, by_column)) in [(y, y_column), (x, x_column)].into_iter().enumerate() {
            self.slope[k] += slope;
            self.by_offset[k][0] += slope * offset;
            self.by_offset[k][1] += by_column;
        }
        self.area += area;
    }
}

impl std::ops::AddAssign for Moments {
    fn add_assign(&mut self, other: Self) {
        for k in 0..2 {
            self.slope[k] += other.slope[k];
            (0..2).for_each(|j| self.by_offset[k][j] += other.by_offset[k][j]);
        }
        self.area += other.area;
    }
}

impl Placement {
    pub(crate) const fn new(nominal: Geometry) -> Self {
        Self { nominal }
    }

    /// Where the WCS puts the pixels.
    pub(crate) const fn nominal(&self) -> &Geometry {
        &self.nominal
    }

    /// Writes where the pixels lie and how large they are, row by row.
    pub(crate) fn place(&self, motion: &Motion, positions: &mut [[f64; 2]], areas: &mut [f64]) {
        let jacobian = self.nominal.jacobian();
        let nominal = self.nominal.positions().iter().zip(self.nominal.areas());
        let offsets = offsets(self.nominal.shape());
        for (((to, area), (from, own)), offset) in positions.iter_mut().zip(areas).zip(nominal).zip(offsets) {
            let step = apply(jacobian, motion.off(offset));
            *to = [from[0] + step[0], from[1] + step[1]];
            *area = own * motion.area;
        }
    }

    /// The largest distance along an axis of the model frame, in its pixels, by which values within `limits` move a
    /// pixel.
    pub(crate) fn reach(&self, limits: [[f64; 2]; 4]) -> f64 {
        let largest = |[low, high]: [f64; 2]| low.abs().max(high.abs());
        let [ny, nx] = self.nominal.shape();
        let corner = middle(ny).hypot(middle(nx));
        let grown = (-limits[3][0]).exp();
        let shrunk = (-limits[3][1]).exp();
        let shift = largest(limits[0]).hypot(largest(limits[1]));
        // |E - 1| with E = g R: |g - 1| + g |R - 1|
        let turned = (grown - 1.0).abs().max((shrunk - 1.0).abs()) + grown * largest(limits[2]).min(2.0);
        let off = turned * corner + grown * shift;
        self.nominal.jacobian().map(|row| row[0].hypot(row[1])).into_iter().fold(0.0, f64::max) * off
    }

    /// The derivatives by `[shift y, shift x, rotation, scale]` that `moments` make.
    pub(crate) fn gradient(&self, motion: &Motion, moments: &Moments) -> [f64; 4] {
        let jacobian = self.nominal.jacobian();
        let on_grid = apply_transposed(jacobian, moments.slope);
        let shift = apply_transposed(motion.turn, on_grid);
        let mut by_turn = [[0.0; 2]; 2];
        for (i, row) in by_turn.iter_mut().enumerate() {
            for (j, value) in row.iter_mut().enumerate() {
                let along = |k: usize| moments.by_offset[k][j] - moments.slope[k] * motion.shift[j];
                *value = jacobian[0][i] * along(0) + jacobian[1][i] * along(1);
            }
        }
        let scale = -dot(by_turn, motion.turn) - 2.0 * moments.area;
        [-shift[0], -shift[1], dot(by_turn, motion.by_rotation), scale]
    }

    /// The same of one pixel `offset` from the middle, from its slopes.
    pub(crate) fn gradient_at(&self, motion: &Motion, offset: [f64; 2], [y, x, area]: [f64; 3]) -> [f64; 4] {
        let on_grid = apply_transposed(self.nominal.jacobian(), [y, x]);
        let shift = apply_transposed(motion.turn, on_grid);
        let from = minus(offset, motion.shift);
        let along = |turn| {
            let step = apply(turn, from);
            on_grid[0] * step[0] + on_grid[1] * step[1]
        };
        [-shift[0], -shift[1], along(motion.by_rotation), -along(motion.turn) - 2.0 * area]
    }
}

/// Distances `[y, x]` of all pixels of an image of `shape` from its middle, row by row.
pub(crate) fn offsets(shape: [usize; 2]) -> impl Iterator<Item = [f64; 2]> {
    let [top, left] = shape.map(middle);
    (0..shape[0]).flat_map(move |y| (0..shape[1]).map(move |x| [y as f64 - top, x as f64 - left]))
}

/// The middle of `n` pixels, counted from the first.
pub(crate) fn middle(n: usize) -> f64 {
    0.5 * (n as f64 - 1.0)
}

fn apply(matrix: [[f64; 2]; 2], v: [f64; 2]) -> [f64; 2] {
    matrix.map(|row| row[0] * v[0] + row[1] * v[1])
}

fn apply_transposed(matrix: [[f64; 2]; 2], v: [f64; 2]) -> [f64; 2] {
    [0, 1].map(|j| matrix[0][j] * v[0] + matrix[1][j] * v[1])
}

fn minus(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

/// Sum of the products of elements.
fn dot(a: [[f64; 2]; 2], b: [[f64; 2]; 2]) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: [usize; 2] = [7, 9];
    const VALUES: [f64; 4] = [0.4, -1.3, 0.03, -0.02];

    fn placement() -> Placement {
        Placement::new(Geometry::affine(SHAPE, [[0.6, -0.9], [0.8, 0.5]], [20.0, 11.0]))
    }

    fn placed(values: [f64; 4]) -> (Vec<[f64; 2]>, Vec<f64>) {
        let n = SHAPE[0] * SHAPE[1];
        let (mut positions, mut areas) = (vec![[0.0; 2]; n], vec![0.0; n]);
        placement().place(&Motion::new(values), &mut positions, &mut areas);
        (positions, areas)
    }

    /// What a pixel of an image sees, any smooth function of its place and area.
    fn seen(k: usize, position: [f64; 2], area: f64) -> f64 {
        (0.3 * position[0] + 0.1 * k as f64).sin() * area + (0.2 * position[1]).cos() * area * area
    }

    /// The derivatives of [`seen`] by the position and by the logarithm of the area.
    fn slopes(k: usize, [y, x]: [f64; 2], area: f64) -> [f64; 3] {
        let phase = 0.3 * y + 0.1 * k as f64;
        let of_area = phase.sin() * area + 2.0 * (0.2 * x).cos() * area * area;
        [0.3 * phase.cos() * area, -0.2 * (0.2 * x).sin() * area * area, of_area]
    }

    #[test]
    fn sources_appear_where_the_parameters_say() {
        let (nominal, _) = placed([0.0; 4]);
        assert_eq!(nominal, placement().nominal.positions());
        // moved by whole pixels to higher rows, a source that was in row 2 is in row 3
        let (moved, areas) = placed([1.0, 0.0, 0.0, 0.0]);
        for k in 0..9 {
            let (there, here) = (moved[3 * 9 + k], nominal[2 * 9 + k]);
            assert!((there[0] - here[0]).abs() < 1e-12 && (there[1] - here[1]).abs() < 1e-12);
        }
        assert_eq!(areas, placement().nominal.areas());
        // turned by a quarter, what was on the x axis is on the y axis
        let (turned, _) = placed([0.0, 0.0, std::f64::consts::FRAC_PI_2, 0.0]);
        let (there, here) = (turned[5 * 9 + 4], nominal[3 * 9 + 6]);
        assert!((there[0] - here[0]).abs() < 1e-12 && (there[1] - here[1]).abs() < 1e-12);
        // twice as large, what was one pixel from the middle is two from it, and pixels see a quarter of the sky
        let (larger, areas) = placed([0.0, 0.0, 0.0, 2f64.ln()]);
        let (there, here) = (larger[3 * 9 + 6], nominal[3 * 9 + 5]);
        assert!((there[0] - here[0]).abs() < 1e-12 && (there[1] - here[1]).abs() < 1e-12);
        assert!((areas[0] / placement().nominal.areas()[0] - 0.25).abs() < 1e-12);
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let sum = |values| {
            let (positions, areas) = placed(values);
            (0..positions.len()).map(|k| seen(k, positions[k], areas[k])).sum::<f64>()
        };
        let (positions, areas) = placed(VALUES);
        let mut in_pairs = vec![[0.0; 3]; SHAPE[0].next_multiple_of(2) * SHAPE[1]];
        // what stands beside a last row does not count
        in_pairs.iter_mut().for_each(|slope| *slope = [7.0; 3]);
        let (motion, mut single) = (Motion::new(VALUES), [0.0; 4]);
        for (k, offset) in offsets(SHAPE).enumerate() {
            let slope = slopes(k, positions[k], areas[k]);
            let (y, x) = (k / SHAPE[1], k % SHAPE[1]);
            in_pairs[(y / 2) * 2 * SHAPE[1] + 2 * x + y % 2] = slope;
            let more = placement().gradient_at(&motion, offset, slope);
            single = std::array::from_fn(|i| single[i] + more[i]);
        }
        let gradient = placement().gradient(&motion, &Moments::of(&in_pairs, SHAPE));
        for k in 0..4 {
            let at = |step: f64| {
                let mut values = VALUES;
                values[k] += step;
                sum(values)
            };
            let h = 1e-4;
            let expected = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
            assert!((gradient[k] - expected).abs() < 1e-8 * expected.abs(), "{k}: {gradient:?} {expected}");
            assert!((single[k] - expected).abs() < 1e-8 * expected.abs(), "{k}: {single:?} {expected}");
        }
    }

    #[test]
    fn positions_come_back() {
        let looks = Looks::new(VALUES, [3.0, 4.0]);
        let there = looks.to_nominal([1.5, 7.25]);
        let back = looks.to_image(there);
        assert!((back[0] - 1.5).abs() < 1e-14 && (back[1] - 7.25).abs() < 1e-14);
        let one = product(looks.turn(), looks.back());
        assert!((one[0][0] - 1.0).abs() < 1e-15 && one[0][1].abs() < 1e-15, "{one:?}");
        let (nominal, moved) = (placed([0.0; 4]).0, placed(VALUES).0);
        // the pixel in row 2 and column 5 looks where the WCS has that position
        let at = looks.to_nominal([2.0, 5.0]);
        for k in 0..2 {
            let jacobian = placement().nominal.jacobian();
            let expected = nominal[0][k] + jacobian[k][0] * at[0] + jacobian[k][1] * at[1];
            assert!((moved[2 * 9 + 5][k] - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn the_reach_is_not_exceeded_and_not_far_too_large() {
        let limits = [[-0.5, 1.0], [-1.0, 0.3], [-0.05, 0.02], [-0.01, 0.03]];
        let reach = placement().reach(limits);
        let (nominal, mut largest) = (placed([0.0; 4]).0, 0.0_f64);
        for corner in 0..16 {
            let (positions, _) = placed(std::array::from_fn(|k| limits[k][corner >> k & 1]));
            for (moved, from) in positions.iter().zip(&nominal) {
                largest = largest.max((moved[0] - from[0]).abs()).max((moved[1] - from[1]).abs());
            }
        }
        assert!(largest < reach && reach < 2.0 * largest, "{largest} {reach}");
    }
}
