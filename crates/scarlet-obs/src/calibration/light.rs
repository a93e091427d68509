//! Flux scale and background of one channel: applied to rendered rows, and pulled back.

use super::placement::middle;
use pulp::{Simd, WithSimd};
use scarlet_render::Pixel;

const LANES: usize = 16;
const BLOCK: usize = 16 * LANES;

/// What is seen of one channel: scale * rendered + a plane, for pairs of rows as a renderer gives them.
#[derive(Debug)]
pub(crate) struct Light<T> {
    scale: f64,
    /// At the middle of the image, and its slopes `[y, x]`.
    plane: [f64; 3],
    shape: [usize; 2],
    /// Derivatives of the log-likelihood by the scale and the plane.
    gradient: [f64; 4],
    /// The pair of rows as it was rendered.
    rendered: Vec<T>,
}

impl<T: Pixel> Light<T> {
    /// For an image of `shape`; changes nothing yet.
    pub(crate) fn new(shape: [usize; 2]) -> Self {
        let rendered = vec![T::default(); 2 * shape[1]];
        Self { scale: 1.0, plane: [0.0; 3], shape, gradient: [0.0; 4], rendered }
    }

    pub(crate) const fn set(&mut self, scale: f64, plane: [f64; 3]) {
        (self.scale, self.plane) = (scale, plane);
    }

    /// Begins an evaluation.
    pub(crate) const fn clear(&mut self) {
        self.gradient = [0.0; 4];
    }

    /// The derivatives by the scale, the level and the slopes along y and x, of all rows since [`Light::clear`].
    pub(crate) const fn gradient(&self) -> [f64; 4] {
        self.gradient
    }

    /// Turns a pair of rendered rows into what is seen.
    pub(crate) fn apply(&mut self, y: usize, pair: &mut [T]) {
        self.rendered.copy_from_slice(pair);
        self.apply_to(y, pair);
    }

    /// The same, not to be pulled back.
    pub(crate) fn apply_to(&self, y: usize, pair: &mut [T]) {
        let [level, slope_y, slope_x] = self.plane;
        let [top, left] = self.shape.map(middle);
        let row = |y: usize| level + slope_y * (y as f64 - top) - slope_x * left;
        let rows = [row(y), row(y + 1)];
        pulp::Arch::new().dispatch(Apply { scale: self.scale, rows, slope: slope_x, pair });
    }

    /// The factor on what is rendered.
    pub(crate) const fn factor(&self) -> f64 {
        self.scale
    }

    /// Multiplies a pair of rows with the scale, without the background.
    pub(crate) fn scale(&self, pair: &mut [T]) {
        let scale = T::of(self.scale);
        pair.iter_mut().for_each(|value| *value = scale * *value);
    }

    /// Turns the derivatives by what is seen in a pair of rows, after [`Light::apply`], into those by what was rendered,
    /// and adds to those by scale and plane.
    pub(crate) fn pull_back(&mut self, y: usize, pair: &mut [T]) {
        let rendered = &self.rendered;
        let sums = pulp::Arch::new().dispatch(PullBack { scale: self.scale, rendered, pair });
        let [light, upper, lower, along] = sums;
        let top = y as f64 - middle(self.shape[0]);
        let level = upper + lower;
        let more = [light, level, upper * top + lower * (top + 1.0), along - level * middle(self.shape[1])];
        self.gradient = std::array::from_fn(|k| self.gradient[k] + more[k]);
    }
}

/// `pair` -> scale * pair + row + slope * column, the `rows` for both rows of the pair.
struct Apply<'a, T> {
    scale: f64,
    rows: [f64; 2],
    slope: f64,
    pair: &'a mut [T],
}

impl<T: Pixel> WithSimd for Apply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let scale = T::of(self.scale);
        let first: [T; LANES] =
            std::array::from_fn(|k| T::of(self.rows[k % 2] + self.slope * (k / 2) as f64));
        let (chunks, rest) = self.pair.as_chunks_mut::<LANES>();
        let mut column = 0.0;
        for values in chunks {
            let (v, on) = (*values, T::of(self.slope * column));
            *values = std::array::from_fn(|k| scale * v[k] + (first[k] + on));
            column += (LANES / 2) as f64;
        }
        let on = T::of(self.slope * column);
        for (value, first) in rest.iter_mut().zip(first) {
            *value = scale * *value + (first + on);
        }
    }
}

/// `pair` -> scale * pair; gives the sums of pair * rendered, of both rows, and of pair * column.
struct PullBack<'a, T> {
    scale: f64,
    rendered: &'a [T],
    pair: &'a mut [T],
}

impl<T: Pixel> WithSimd for PullBack<'_, T> {
    type Output = [f64; 4];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [f64; 4] {
        let scale = T::of(self.scale);
        let mut sums = [0.0; 4];
        let blocks = self.rendered.chunks(BLOCK).zip(self.pair.chunks_mut(BLOCK)).enumerate();
        for (block, (rendered, pair)) in blocks {
            let [mut light, mut level, mut along] = [[T::default(); LANES]; 3];
            let (rendered, rendered_left) = rendered.as_chunks::<LANES>();
            let (pair, pair_left) = pair.as_chunks_mut::<LANES>();
            let mut column = 0.0;
            for (m, values) in rendered.iter().zip(pair) {
                let (m, v, on) = (*m, *values, T::of(column));
                light = std::array::from_fn(|k| light[k] + v[k] * m[k]);
                level = std::array::from_fn(|k| level[k] + v[k]);
                along = std::array::from_fn(|k| along[k] + v[k] * on);
                *values = std::array::from_fn(|k| scale * v[k]);
                column += (LANES / 2) as f64;
            }
            for (k, (m, value)) in rendered_left.iter().zip(pair_left).enumerate() {
                light[k] += *value * *m;
                level[k] += *value;
                along[k] += *value * T::of(column);
                *value = scale * *value;
            }
            let start = (block * BLOCK / 2) as f64;
            for k in 0..LANES {
                sums[0] += light[k].wide();
                sums[1 + k % 2] += level[k].wide();
                sums[3] += along[k].wide() + level[k].wide() * (start + (k / 2) as f64);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_is_added_and_its_derivatives_are_sums_over_pixels() {
        let shape = [5, 171];
        let mut light = Light::<f64>::new(shape);
        light.set(1.5, [0.7, 0.02, -0.003]);
        light.clear();
        let value = |y: usize, x: usize| ((y * 171 + x) as f64 * 0.37).sin();
        let mut expected = [0.0; 4];
        for y in (0..6).step_by(2) {
            let mut pair: Vec<f64> = (0..342).map(|k| value(y + k % 2, k / 2)).collect();
            light.apply(y, &mut pair);
            for (k, seen) in pair.iter_mut().enumerate() {
                let (row, column) = (y + k % 2, k / 2);
                let [dy, dx] = [row as f64 - 2.0, column as f64 - 85.0];
                let wanted = 1.5 * value(row, column) + 0.7 + 0.02 * dy - 0.003 * dx;
                assert!((*seen - wanted).abs() < 1e-13, "{row} {column}");
                // a residual; that of a row that is not there is 0
                let residual = if row < 5 { (0.1 + *seen).cos() } else { 0.0 };
                let more = [residual * value(row, column), residual, residual * dy, residual * dx];
                expected = std::array::from_fn(|i| expected[i] + more[i]);
                *seen = residual;
            }
            let before = pair.clone();
            light.pull_back(y, &mut pair);
            assert!(pair.iter().zip(&before).all(|(v, w)| (v - 1.5 * w).abs() < 1e-14));
        }
        for (found, wanted) in light.gradient().iter().zip(expected) {
            assert!((found - wanted).abs() < 1e-11 * wanted.abs().max(1.0), "{found} {wanted}");
        }
    }
}
