//! The loops between the matrix products.

use super::number::Number;
use pulp::{Arch, Simd, WithSimd};

/// Partial sums: as many singles as the widest vectors hold.
const LANES: usize = 16;
/// Added to the variance, as in equinox and `PyTorch`.
const EPSILON: f64 = 1e-5;

/// (x - mean) / sqrt(var + 1e-5) weight + bias over a whole array, with the biased variance.
pub(super) fn normalize<E: Number>(x: &[E], weight: &[E], bias: &[E], out: &mut [E]) {
    Arch::new().dispatch(Normalize { x, weight, bias, out });
}

/// Adds to each row of `array` the same `bias`, and cuts below 0.
pub(super) fn rectify_rows<E: Number>(array: &mut [E], bias: &[E]) {
    Arch::new().dispatch(RectifyRows { array, bias });
}

/// Adds to each element of a row its own `bias`, one for a row, and cuts below 0.
pub(super) fn rectify_columns<E: Number>(array: &mut [E], bias: &[E]) {
    Arch::new().dispatch(RectifyColumns { array, bias });
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

#[inline(always)]
fn positive<E: Number>(v: E) -> E {
    if v > E::default() { v } else { E::default() }
}

struct RectifyRows<'a, E> {
    array: &'a mut [E],
    bias: &'a [E],
}

impl<E: Number> WithSimd for RectifyRows<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in self.array.chunks_exact_mut(self.bias.len()) {
            for (v, b) in row.iter_mut().zip(self.bias) {
                *v = positive(*v + *b);
            }
        }
    }
}

struct RectifyColumns<'a, E> {
    array: &'a mut [E],
    bias: &'a [E],
}

impl<E: Number> WithSimd for RectifyColumns<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let columns = self.array.len() / self.bias.len();
        for (row, &b) in self.array.chunks_exact_mut(columns).zip(self.bias) {
            for v in row {
                *v = positive(*v + b);
            }
        }
    }
}
