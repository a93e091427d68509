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

/// Adds to each row of `y` the rows of `weights` `[unit, column]` whose units are above 0, so many times: units are the rows of
/// `hidden` plus `bias`.
pub(super) fn add_rectified<E: Number>(hidden: &[E], bias: &[E], weights: &[E], y: &mut [E]) {
    Arch::new().dispatch(AddRectified { hidden, bias, weights, y });
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

struct AddRectified<'a, E> {
    hidden: &'a [E],
    bias: &'a [E],
    weights: &'a [E],
    y: &'a mut [E],
}

impl<E: Number> WithSimd for AddRectified<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { hidden, bias, weights, y } = self;
        let width = weights.len() / bias.len();
        for (hidden, y) in hidden.chunks_exact(bias.len()).zip(y.chunks_exact_mut(width)) {
            let (blocks, left) = y.as_chunks_mut::<COLUMNS>();
            for (k, block) in blocks.iter_mut().enumerate() {
                let mut sums = *block;
                each_positive(hidden, bias, |unit, v| {
                    let row = &weights[unit * width + k * COLUMNS..];
                    let row = *row.first_chunk::<COLUMNS>().expect("a row has as many columns as y");
                    sums = std::array::from_fn(|i| v.times_plus(row[i], sums[i]));
                });
                *block = sums;
            }
            if left.is_empty() {
                continue;
            }
            let done = width - left.len();
            each_positive(hidden, bias, |unit, v| {
                let row = &weights[unit * width + done..][..left.len()];
                left.iter_mut().zip(row).for_each(|(y, w)| *y = v.times_plus(*w, *y));
            });
        }
    }
}

/// Calls `f` with the number and the value of each unit that is above 0.
#[inline(always)]
fn each_positive<E: Number>(hidden: &[E], bias: &[E], mut f: impl FnMut(usize, E)) {
    let (groups, left) = hidden.as_chunks::<GROUP>();
    let (biases, of_left) = bias.as_chunks::<GROUP>();
    for (k, (group, bias)) in groups.iter().zip(biases).enumerate() {
        let values: [E; GROUP] = std::array::from_fn(|i| group[i] + bias[i]);
        let mut above = 0_u64;
        for (i, v) in values.iter().enumerate() {
            above |= u64::from(*v > E::default()) << i;
        }
        while above != 0 {
            let i = above.trailing_zeros() as usize;
            above &= above - 1;
            f(k * GROUP + i, values[i]);
        }
    }
    for (i, (h, b)) in left.iter().zip(of_left).enumerate() {
        if *h + *b > E::default() {
            f(groups.len() * GROUP + i, *h + *b);
        }
    }
}
