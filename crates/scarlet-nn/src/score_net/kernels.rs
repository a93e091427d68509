//! The loops between the matrix products.

use super::number::Number;
use pulp::{Arch, Simd, WithSimd};

/// Partial sums: so many that the next of each need not wait for the last.
const LANES: usize = 32;
/// Columns that are transposed together.
const TILE: usize = 8;
/// Columns whose sums are kept in registers.
const COLUMNS: usize = 64;
/// Added to the variance, as in equinox and `PyTorch`.
const EPSILON: f64 = 1e-5;

/// (x - mean) / sqrt(var + 1e-5) weight + bias over a whole array, with the biased variance.
pub(super) fn normalize<E: Number>(x: &[E], weight: &[E], bias: &[E], out: &mut [E]) {
    Arch::new().dispatch(Normalize { x, weight, bias, out });
}

/// Writes for each row of `x` the sums of the rows of `weights` `[in, column]`, so many times, and `bias`.
pub(super) fn products<E: Number>(x: &[E], weights: &[E], bias: &[E], to: &mut [E]) {
    Arch::new().dispatch(Products { x, weights, bias, to });
}

/// `[row, column]` of so many columns to `[column, row]`.
pub(super) fn transposed<E: Number>(from: &[E], columns: usize) -> Vec<E> {
    let mut to = vec![E::default(); from.len()];
    add_transposed(from, columns, &mut to);
    to
}

/// Adds rows of so many `columns` as columns.
pub(super) fn add_transposed<E: Number>(from: &[E], columns: usize, to: &mut [E]) {
    Arch::new().dispatch(AddTransposed { from, columns, to });
}

struct Normalize<'a, E> {
    x: &'a [E],
    weight: &'a [E],
    bias: &'a [E],
    out: &'a mut [E],
}

impl<E: Number> WithSimd for Normalize<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { x, weight, bias, out } = self;
        let n = E::of(x.len() as f64);
        let mean = sum(x, |v| v) / n;
        let variance = sum(x, |v| (v - mean) * (v - mean)) / n;
        let scale = E::of((variance.to_double() + EPSILON).sqrt().recip());
        for (((out, x), w), b) in out.iter_mut().zip(x).zip(weight).zip(bias) {
            *out = (*x - mean) * scale * *w + *b;
        }
    }
}

/// Sum of `f` over `x` in a fixed number of lanes.
#[inline(always)]
fn sum<E: Number>(x: &[E], f: impl Fn(E) -> E) -> E {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut lanes = [E::default(); LANES];
    for chunk in chunks {
        lanes = std::array::from_fn(|lane| lanes[lane] + f(chunk[lane]));
    }
    let all = lanes.into_iter().fold(E::default(), |all, lane| all + lane);
    rest.iter().fold(all, |all, v| all + f(*v))
}

struct Products<'a, E> {
    x: &'a [E],
    weights: &'a [E],
    bias: &'a [E],
    to: &'a mut [E],
}

impl<E: Number> WithSimd for Products<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { x, weights, bias, to } = self;
        let columns = bias.len();
        for (x, to) in x.chunks_exact(weights.len() / columns).zip(to.chunks_exact_mut(columns)) {
            to.copy_from_slice(bias);
            let (blocks, rest) = to.as_chunks_mut::<COLUMNS>();
            for (block, first) in blocks.iter_mut().zip((0..).step_by(COLUMNS)) {
                let mut sums = *block;
                for (x, weights) in x.iter().zip(weights.chunks_exact(columns)) {
                    let weights = &weights[first..first + COLUMNS];
                    sums = std::array::from_fn(|i| x.times_plus(weights[i], sums[i]));
                }
                *block = sums;
            }
            for (x, weights) in x.iter().zip(weights.chunks_exact(columns)) {
                let left = &weights[columns - rest.len()..];
                rest.iter_mut().zip(left).for_each(|(to, w)| *to = x.times_plus(*w, *to));
            }
        }
    }
}

struct AddTransposed<'a, E> {
    from: &'a [E],
    columns: usize,
    to: &'a mut [E],
}

impl<E: Number> WithSimd for AddTransposed<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { from, columns, to } = self;
        let rows = from.len() / columns;
        for (top, from) in (0..).step_by(TILE).zip(from.chunks(TILE * columns)) {
            for (left, to) in (0..).step_by(TILE).zip(to.chunks_mut(TILE * rows)) {
                let size = [from.len() / columns, to.len() / rows];
                if size == [TILE; 2] {
                    let mut tile = [[E::default(); TILE]; TILE];
                    for (tile, row) in tile.iter_mut().zip(from.chunks_exact(columns)) {
                        tile.copy_from_slice(&row[left..left + TILE]);
                    }
                    for (x, to) in to.chunks_exact_mut(rows).enumerate() {
                        let to = &mut to[top..top + TILE];
                        to.iter_mut().zip(&tile).for_each(|(to, row)| *to += row[x]);
                    }
                } else {
                    for (y, row) in from.chunks_exact(columns).enumerate() {
                        let column = to.iter_mut().skip(top + y).step_by(rows);
                        column.zip(&row[left..]).for_each(|(to, v)| *to += *v);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::score_net) fn wave(n: usize, step: f32) -> Vec<f32> {
        (0..n).map(|k| (step * k as f32).sin()).collect()
    }

    #[test]
    fn columns_of_any_number_are_rows_of_another() {
        for (rows, columns) in [(64, 64), (9, 64), (17, 8), (3, 5)] {
            let (from, start) = (wave(rows * columns, 0.3), wave(rows * columns, 0.7));
            let mut to = start.clone();
            add_transposed(&from, columns, &mut to);
            for (at, to) in to.iter().enumerate() {
                let (x, y) = (at / rows, at % rows);
                assert_eq!(*to, start[at] + from[y * columns + x], "{rows} x {columns}: {y}, {x}");
            }
        }
    }

    #[test]
    fn products_are_their_sums() {
        for (rows, width, columns) in [(3, 16, 64), (2, 5, 150), (4, 7, 9)] {
            let (x, weights, bias) =
                (wave(rows * width, 0.3), wave(width * columns, 0.7), wave(columns, 1.1));
            let mut to = vec![0.0; rows * columns];
            products(&x, &weights, &bias, &mut to);
            for (at, found) in to.iter().enumerate() {
                let (row, column) = (at / columns, at % columns);
                let terms = (0..width).map(|k| x[row * width + k] * weights[k * columns + column]);
                let expected = bias[column] + terms.sum::<f32>();
                assert!((found - expected).abs() < 1e-5, "{row}, {column}: {found} {expected}");
            }
        }
    }
}
