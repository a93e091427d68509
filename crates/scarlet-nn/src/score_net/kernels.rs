//! The loops between the matrix products.

use super::number::Number;
use pulp::{Arch, Simd, WithSimd};

/// Partial sums: as many singles as the widest vectors hold.
const LANES: usize = 16;
/// Columns whose sums are kept in registers.
const COLUMNS: usize = 64;
/// Units that are looked at together.
const GROUP: usize = 64;
/// Columns that are transposed together.
const TILE: usize = 8;
/// Added to the variance, as in equinox and `PyTorch`.
const EPSILON: f64 = 1e-5;

/// (x - mean) / sqrt(var + 1e-5) weight + bias over a whole array, with the biased variance.
pub(super) fn normalize<E: Number>(x: &[E], weight: &[E], bias: &[E], out: &mut [E]) {
    Arch::new().dispatch(Normalize { x, weight, bias, out });
}

/// Writes for each row of `x` the sums of the rows of `weights` `[in, unit]`, so many times, and `bias` into `hidden`.
pub(super) fn products<E: Number>(x: &[E], weights: &[E], bias: &[E], hidden: &mut [E]) {
    Arch::new().dispatch(Products { x, weights, bias, hidden });
}

/// Adds to each row of `y` the rows of `weights` `[unit, column]` whose units are above 0, so many times: rows of `hidden`
/// hold so many `units`.
pub(super) fn add_rectified<E: Number>(hidden: &[E], units: usize, weights: &[E], y: &mut [E]) {
    Arch::new().dispatch(AddRectified { hidden, units, weights, y });
}

/// Writes rows of so many `columns` as columns.
pub(super) fn transpose<E: Number>(from: &[E], columns: usize, to: &mut [E]) {
    let rows = from.len() / columns;
    for first in (0..columns).step_by(TILE) {
        let last = columns.min(first + TILE);
        for (y, row) in from.chunks_exact(columns).enumerate() {
            for (x, v) in (first..last).zip(&row[first..last]) {
                to[x * rows + y] = *v;
            }
        }
    }
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
        for (lane, v) in lanes.iter_mut().zip(chunk) {
            *lane += f(*v);
        }
    }
    let all = lanes.into_iter().fold(E::default(), |all, lane| all + lane);
    rest.iter().fold(all, |all, v| all + f(*v))
}

/// Rows whose sums are kept in registers, and vectors of each: eight sums keep two multipliers busy, and fit in any set of
/// registers with what is multiplied.
const ROWS: usize = 4;
const VECTORS: usize = 2;

struct Products<'a, E> {
    x: &'a [E],
    weights: &'a [E],
    bias: &'a [E],
    hidden: &'a mut [E],
}

impl<E: Number> WithSimd for Products<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { x, weights, bias, hidden } = self;
        let units = bias.len();
        let (width, tile) = (weights.len() / units, VECTORS * size_of::<E::Lanes<S>>() / size_of::<E>());
        let whole = units - units % tile;
        for (x, hidden) in x.chunks(ROWS * width).zip(hidden.chunks_mut(ROWS * units)) {
            let mut rows = x.chunks_exact(width);
            let done = match [rows.next(), rows.next(), rows.next(), rows.next()] {
                [Some(a), Some(b), Some(c), Some(d)] => {
                    for first in (0..whole).step_by(tile) {
                        let sums = sums::<E, S>(simd, [a, b, c, d], &weights[first..], &bias[first..], units);
                        for (row, sums) in hidden.chunks_exact_mut(units).zip(sums) {
                            E::vectors_mut::<S>(&mut row[first..first + tile]).copy_from_slice(&sums);
                        }
                    }
                    whole
                }
                _ => 0,
            };
            // rows and units that are left
            if done == units {
                continue;
            }
            for (x, hidden) in x.chunks_exact(width).zip(hidden.chunks_exact_mut(units)) {
                let hidden = &mut hidden[done..];
                hidden.copy_from_slice(&bias[done..]);
                for (x, weights) in x.iter().zip(weights.chunks_exact(units)) {
                    hidden.iter_mut().zip(&weights[done..]).for_each(|(h, w)| *h = x.times_plus(*w, *h));
                }
            }
        }
    }
}

/// What two vectors of units are of four rows; the first row of `weights` begins with these units, as `bias` does.
#[inline(always)]
fn sums<E: Number, S: Simd>(
    simd: S,
    [a, b, c, d]: [&[E]; ROWS],
    weights: &[E],
    bias: &[E],
    units: usize,
) -> [[E::Lanes<S>; VECTORS]; ROWS] {
    let two = |row: &[E]| {
        let [first, second, ..] = E::vectors::<S>(row) else { unreachable!("two vectors of units") };
        [*first, *second]
    };
    let start = two(bias);
    let [mut of_a, mut of_b, mut of_c, mut of_d] = [start; ROWS];
    let step = |x: &E, [w, v]: [E::Lanes<S>; VECTORS], [first, second]: [E::Lanes<S>; VECTORS]| {
        let x = x.splat(simd);
        [E::fused(simd, x, w, first), E::fused(simd, x, v, second)]
    };
    for ((((row, a), b), c), d) in weights.chunks(units).zip(a).zip(b).zip(c).zip(d) {
        let w = two(row);
        (of_a, of_b, of_c, of_d) = (step(a, w, of_a), step(b, w, of_b), step(c, w, of_c), step(d, w, of_d));
    }
    [of_a, of_b, of_c, of_d]
}

struct AddRectified<'a, E> {
    hidden: &'a [E],
    units: usize,
    weights: &'a [E],
    y: &'a mut [E],
}

impl<E: Number> WithSimd for AddRectified<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { hidden, units, weights, y } = self;
        let width = weights.len() / units;
        // so few registers hold a row that the next sum would wait for the last
        let is_wide = size_of::<E::Lanes<S>>() >= 64;
        for (hidden, y) in hidden.chunks_exact(units).zip(y.chunks_exact_mut(width)) {
            let (blocks, left) = y.as_chunks_mut::<COLUMNS>();
            for (k, block) in blocks.iter_mut().enumerate() {
                let row = |unit: usize| -> [E; COLUMNS] {
                    let row = &weights[unit * width + k * COLUMNS..];
                    *row.first_chunk::<COLUMNS>().expect("a row has as many columns as y")
                };
                let mut sums = *block;
                if is_wide {
                    let mut others = [E::default(); COLUMNS];
                    each_positive(hidden, |[(unit, v), (other, w)]| {
                        let (row, next) = (row(unit), row(other));
                        sums = std::array::from_fn(|i| v.times_plus(row[i], sums[i]));
                        others = std::array::from_fn(|i| w.times_plus(next[i], others[i]));
                    });
                    *block = std::array::from_fn(|i| sums[i] + others[i]);
                } else {
                    each_positive(hidden, |[(unit, v), (other, w)]| {
                        let (row, next) = (row(unit), row(other));
                        sums = std::array::from_fn(|i| w.times_plus(next[i], v.times_plus(row[i], sums[i])));
                    });
                    *block = sums;
                }
            }
            if left.is_empty() {
                continue;
            }
            let done = width - left.len();
            each_positive(hidden, |pair| {
                for (unit, v) in pair {
                    let row = &weights[unit * width + done..][..left.len()];
                    left.iter_mut().zip(row).for_each(|(y, w)| *y = v.times_plus(*w, *y));
                }
            });
        }
    }
}

/// Calls `f` with the numbers and the values of units that are above 0, two at a time; a last one has a partner of value 0.
#[inline(always)]
fn each_positive<E: Number>(hidden: &[E], mut f: impl FnMut([(usize, E); 2])) {
    let (groups, left) = hidden.as_chunks::<GROUP>();
    for (k, group) in groups.iter().enumerate() {
        let mut above = 0_u64;
        for (i, v) in group.iter().enumerate() {
            above |= u64::from(*v > E::default()) << i;
        }
        while above != 0 {
            let i = above.trailing_zeros() as usize;
            above &= above - 1;
            let (j, is_there) = (above.trailing_zeros() as usize % GROUP, above != 0);
            above &= above.wrapping_sub(1);
            let partner = if is_there { (k * GROUP + j, group[j]) } else { (k * GROUP + i, E::default()) };
            f([(k * GROUP + i, group[i]), partner]);
        }
    }
    for (i, h) in left.iter().enumerate().filter(|(_, h)| **h > E::default()) {
        let unit = groups.len() * GROUP + i;
        f([(unit, *h), (unit, E::default())]);
    }
}
