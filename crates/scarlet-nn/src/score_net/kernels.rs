//! The loops between the matrix products.

use super::number::Number;
use pulp::{Arch, Simd, WithSimd};

/// Partial sums: as many singles as the widest vectors hold.
const LANES: usize = 16;
/// Columns whose sums are kept in registers.
const COLUMNS: usize = 64;
/// Units that are looked at together.
pub(super) const GROUP: usize = 64;
/// Units whose weights are together for each value of the input.
pub(super) const TILE_UNITS: usize = 32;
/// Columns that are transposed together.
const TILE: usize = 8;
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

/// The same for units in tiles: `weights` is `[tile, in]`.
pub(super) fn tiled_products<E: Number>(x: &[E], weights: &[[E; TILE_UNITS]], bias: &[E], hidden: &mut [E]) {
    Arch::new().dispatch(TiledProducts { x, weights, bias, hidden });
}

/// Adds to each row of `y` the rows of weights whose units are above 0, so many times. Rows of `hidden` are [`GROUP`] units;
/// `weights` is `[block, unit, column]` of blocks of [`COLUMNS`], then `[unit, column]` of what is left of a row of `y`.
pub(super) fn add_rectified<E: Number>(hidden: &[E], weights: &[E], y: &mut [E]) {
    Arch::new().dispatch(AddRectified { hidden, weights, y });
}

/// Weights `[unit, column]` of a group of units as [`add_rectified`] takes them.
pub(super) fn in_blocks<E: Number>(weights: &[E], to: &mut [E]) {
    let width = weights.len() / GROUP;
    let (whole, mut done) = (width - width % COLUMNS, 0);
    for first in (0..width).step_by(COLUMNS) {
        let columns = first..if first < whole { first + COLUMNS } else { width };
        for row in weights.chunks_exact(width) {
            to[done..done + columns.len()].copy_from_slice(&row[columns.clone()]);
            done += columns.len();
        }
    }
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
            for (x, weights) in x.iter().zip(weights.chunks_exact(columns)) {
                to.iter_mut().zip(weights).for_each(|(to, w)| *to = x.times_plus(*w, *to));
            }
        }
    }
}

/// Vectors of each row whose sums are kept in registers: with four rows eight sums, which keep two multipliers busy and fit in
/// any set of registers with what is multiplied; with eight rows sixteen.
const VECTORS: usize = 2;

struct TiledProducts<'a, E> {
    x: &'a [E],
    weights: &'a [[E; TILE_UNITS]],
    bias: &'a [E],
    hidden: &'a mut [E],
}

impl<E: Number> WithSimd for TiledProducts<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 { self.by_rows::<S, 8>(simd) } else { self.by_rows::<S, 4>(simd) }
    }
}

impl<E: Number> TiledProducts<'_, E> {
    #[inline(always)]
    fn by_rows<S: Simd, const ROWS: usize>(self, simd: S) {
        let Self { x, weights, bias, hidden } = self;
        let units = bias.len();
        let width = weights.len() * TILE_UNITS / units;
        for (x, hidden) in x.chunks(ROWS * width).zip(hidden.chunks_mut(ROWS * units)) {
            let last = x.len() / width - 1;
            // where rows are fewer the last one is done several times
            let rows: [&[E]; ROWS] = std::array::from_fn(|r| &x[r.min(last) * width..][..width]);
            let (biases, _) = bias.as_chunks::<TILE_UNITS>();
            for (tile, (weights, bias)) in weights.chunks_exact(width).zip(biases).enumerate() {
                for first in (0..TILE_UNITS / lanes::<E, S>()).step_by(VECTORS) {
                    let sums = sums::<E, S, ROWS>(simd, rows, weights, bias, first);
                    let at = tile * TILE_UNITS + first * lanes::<E, S>();
                    for (row, sums) in hidden.chunks_exact_mut(units).zip(sums) {
                        E::vectors_mut::<S>(&mut row[at..])[..VECTORS].copy_from_slice(&sums);
                    }
                }
            }
        }
    }
}

/// Numbers in a vector.
#[inline(always)]
const fn lanes<E: Number, S: Simd>() -> usize {
    size_of::<E::Lanes<S>>() / size_of::<E>()
}

/// What two vectors of units, from number `first` of a tile on, are of some rows.
#[inline(always)]
fn sums<E: Number, S: Simd, const ROWS: usize>(
    simd: S,
    rows: [&[E]; ROWS],
    weights: &[[E; TILE_UNITS]],
    bias: &[E; TILE_UNITS],
    first: usize,
) -> [[E::Lanes<S>; VECTORS]; ROWS] {
    let two = |row: &[E; TILE_UNITS]| {
        let vectors = E::vectors::<S>(row);
        [vectors[first], vectors[first + 1]]
    };
    let rows = rows.map(|row| &row[..weights.len()]);
    let mut sums = [two(bias); ROWS];
    for (k, weights) in weights.iter().enumerate() {
        let [w, v] = two(weights);
        for (row, [one, other]) in rows.iter().zip(&mut sums) {
            let x = row[k].splat(simd);
            (*one, *other) = (E::fused(simd, x, w, *one), E::fused(simd, x, v, *other));
        }
    }
    sums
}

struct AddRectified<'a, E> {
    hidden: &'a [E],
    weights: &'a [E],
    y: &'a mut [E],
}

impl<E: Number> WithSimd for AddRectified<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { hidden, weights, y } = self;
        let width = weights.len() / GROUP;
        // so few registers hold a row that the next sum would wait for the last
        let is_wide = size_of::<E::Lanes<S>>() >= 64;
        let (whole, rest) = weights.split_at((width - width % COLUMNS) * GROUP);
        let (rows, _) = whole.as_chunks::<COLUMNS>();
        let (groups, _) = rows.as_chunks::<GROUP>();
        for (hidden, y) in hidden.as_chunks::<GROUP>().0.iter().zip(y.chunks_exact_mut(width)) {
            let (blocks, left) = y.as_chunks_mut::<COLUMNS>();
            for (block, rows) in blocks.iter_mut().zip(groups) {
                let mut sums = *block;
                if is_wide {
                    let mut others = [E::default(); COLUMNS];
                    each_positive(simd, hidden, |[(unit, v), (other, w)]| {
                        let (row, next) = (&rows[unit], &rows[other]);
                        sums = std::array::from_fn(|i| v.times_plus(row[i], sums[i]));
                        others = std::array::from_fn(|i| w.times_plus(next[i], others[i]));
                    });
                    *block = std::array::from_fn(|i| sums[i] + others[i]);
                } else {
                    each_positive(simd, hidden, |[(unit, v), (other, w)]| {
                        let (row, next) = (&rows[unit], &rows[other]);
                        sums = std::array::from_fn(|i| w.times_plus(next[i], v.times_plus(row[i], sums[i])));
                    });
                    *block = sums;
                }
            }
            if !left.is_empty() {
                each_positive(simd, hidden, |pair| {
                    for (unit, v) in pair {
                        let row = &rest[unit * left.len()..][..left.len()];
                        left.iter_mut().zip(row).for_each(|(y, w)| *y = v.times_plus(*w, *y));
                    }
                });
            }
        }
    }
}

/// Calls `f` with the numbers and the values of units that are above 0, two at a time; a last one has a partner of value 0.
#[inline(always)]
fn each_positive<E: Number, S: Simd>(simd: S, group: &[E; GROUP], mut f: impl FnMut([(usize, E); 2])) {
    let mut above = E::above(simd, group);
    while above != 0 {
        // the remainders tell the compiler that there is such a unit
        let i = above.trailing_zeros() as usize % GROUP;
        above &= above - 1;
        if above == 0 {
            f([(i, group[i]), (i, E::default())]);
            break;
        }
        let j = above.trailing_zeros() as usize % GROUP;
        above &= above - 1;
        f([(i, group[i]), (j, group[j])]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n: usize, step: f32) -> Vec<f32> {
        (0..n).map(|k| (step * k as f32).sin()).collect()
    }

    /// Both products of a mixer of `width` columns and some rows, beside plain sums.
    fn check<S: Simd>(simd: S, width: usize, rows: usize) {
        let (x, bias) = (wave(rows * width, 0.37), wave(GROUP, 1.3));
        let (first, second) = (wave(GROUP * width, 0.11), wave(GROUP * width, 0.23));
        let tiled: Vec<[f32; TILE_UNITS]> = (0..GROUP / TILE_UNITS * width)
            .map(|at| {
                let (tile, k) = (at / width, at % width);
                std::array::from_fn(|i| first[k * GROUP + tile * TILE_UNITS + i])
            })
            .collect();
        let mut hidden = vec![0.0; rows * GROUP];
        simd.vectorize(TiledProducts { x: &x, weights: &tiled, bias: &bias, hidden: &mut hidden });
        for (row, hidden) in x.chunks_exact(width).zip(hidden.chunks_exact(GROUP)) {
            for (unit, found) in hidden.iter().enumerate() {
                let terms = row.iter().enumerate().map(|(k, x)| x * first[k * GROUP + unit]);
                let expected = bias[unit] + terms.sum::<f32>();
                assert!((found - expected).abs() < 1e-4, "{width}, unit {unit}: {found} {expected}");
            }
        }
        let mut blocks = vec![0.0; second.len()];
        in_blocks(&second, &mut blocks);
        let start = wave(rows * width, 0.7);
        let mut y = start.clone();
        simd.vectorize(AddRectified { hidden: &hidden, weights: &blocks, y: &mut y });
        for (at, found) in y.iter().enumerate() {
            let (row, column) = (at / width, at % width);
            let units = hidden[row * GROUP..][..GROUP].iter().enumerate();
            let terms = units.map(|(unit, h)| h.max(0.0) * second[unit * width + column]);
            let expected = start[at] + terms.sum::<f32>();
            assert!((found - expected).abs() < 1e-3, "{width}, {row}, {column}: {found} {expected}");
        }
    }

    #[test]
    fn products_are_their_sums_on_every_set_of_instructions() {
        for (width, rows) in [(64, 16), (64, 5), (16, 3), (150, 9)] {
            check(pulp::Scalar::new(), width, rows);
            #[cfg(target_arch = "x86_64")]
            {
                pulp::x86::V2::try_new().into_iter().for_each(|simd| check(simd, width, rows));
                pulp::x86::V3::try_new().into_iter().for_each(|simd| check(simd, width, rows));
                pulp::x86::V4::try_new().into_iter().for_each(|simd| check(simd, width, rows));
            }
        }
    }
}
