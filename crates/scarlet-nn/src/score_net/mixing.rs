//! The two layers of a mixer.

use super::aligned::Aligned;
use super::kernels::transposed;
use super::number::Number;
use pulp::{Arch, Simd, WithSimd};

/// Hidden units that are looked at together: their weights of both layers fit in the innermost cache, and which of them are
/// above 0 is one number.
const GROUP: usize = 64;
/// Numbers of a row of them: behind the units there is a 0.
const ROOM: usize = GROUP + 16;
/// Columns of the second layer whose weights are together for each unit.
const COLUMNS: usize = 64;
/// Rows that go through a group of units together.
const TOGETHER: usize = 32;

/// A layer, what is positive of what it gives, and a second layer.
///
/// Hidden units are taken a group at a time: a matrix product over some rows, and then the weights of those units that are
/// above 0, row by row. Trained networks are sparse there: of the published one, a twentieth to a fifth of the units that mix
/// patches are, and a third to two thirds of those that mix features.
#[derive(Debug, Clone)]
pub(super) struct Layers<E: Number> {
    groups: Vec<Group<E>>,
    /// Of the second layer, as many as there are values that the first one takes.
    bias: Vec<E>,
}

/// One bias for each unit, weights `[in, unit]` of the first layer, and of the second `[block, unit, out]` of blocks of
/// [`COLUMNS`], then `[unit, out]` of what is left; units that fill the last group have zeros, and are never above 0.
#[derive(Debug, Clone)]
struct Group<E: Number> {
    bias: Aligned<E>,
    first: Aligned<E>,
    second: Aligned<E>,
}

/// Where the values of a row are in the input.
#[derive(Debug, Clone, Copy)]
pub(super) enum Along {
    /// In a row of it.
    Rows,
    /// In a column of it.
    Columns,
}

impl<E: Number> Layers<E> {
    /// From weights `[hidden, in]` and `[out, hidden]` with biases.
    pub(super) fn new((first, bias): &(Vec<E>, Vec<E>), second: (Vec<E>, Vec<E>)) -> Self {
        let (hidden, width) = (bias.len(), second.1.len());
        let back = transposed(&second.0, hidden);
        let group = |start: usize| {
            let own = start..hidden.min(start + GROUP);
            let [first, second] = [first, &back].map(|rows| &rows[own.start * width..own.end * width]);
            Group::new(first, &bias[own], second)
        };
        Self { groups: (0..hidden).step_by(GROUP).map(group).collect(), bias: second.1 }
    }

    /// Room for hidden values.
    pub(super) fn buffer() -> Aligned<E> {
        Aligned::zeros(TOGETHER * ROOM)
    }

    /// Adds what they give for `x` to each row of `y`, of images of so many values; an image of `x` has the same rows, or as
    /// many columns.
    pub(super) fn add(&self, x: &[E], along: Along, y: &mut [E], len: usize, hidden: &mut [E]) {
        Arch::new().dispatch(Add { layers: self, x, along, y, len, hidden });
    }
}

struct Add<'a, E: Number> {
    layers: &'a Layers<E>,
    x: &'a [E],
    along: Along,
    y: &'a mut [E],
    len: usize,
    hidden: &'a mut [E],
}

impl<E: Number> WithSimd for Add<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // at least eight sums in registers, which keep two multipliers busy, and room for what is multiplied
        if S::REGISTER_COUNT >= 32 {
            self.in_registers::<S, 4, 4, 2, 4>(simd);
        } else {
            self.in_registers::<S, 4, 2, 1, 8>(simd);
        }
    }
}

impl<E: Number> Add<'_, E> {
    /// With sums of `ROWS` rows by `UNITS` vectors of the first layer and `OUT_ROWS` by `OUT` of the second.
    #[inline(always)]
    fn in_registers<
        S: Simd,
        const ROWS: usize,
        const UNITS: usize,
        const OUT_ROWS: usize,
        const OUT: usize,
    >(
        self,
        simd: S,
    ) {
        let Self { layers: Layers { groups, bias }, x, along, y, len, hidden } = self;
        let width = bias.len();
        for row in y.chunks_exact_mut(width) {
            row.iter_mut().zip(bias).for_each(|(y, bias)| *y += *bias);
        }
        let [beside, every] = match along {
            Along::Rows => [width, 1],
            Along::Columns => [1, len / width],
        };
        let reach = (width - 1) * every + 1;
        let (hidden, _) = hidden.as_chunks_mut::<ROOM>();
        for group in groups {
            for (x, y) in x.chunks_exact(len).zip(y.chunks_exact_mut(len)) {
                for (start, y) in (0..).step_by(TOGETHER).zip(y.chunks_mut(TOGETHER * width)) {
                    let hidden = &mut hidden[..y.len() / width];
                    for (start, hidden) in (start..).step_by(ROWS).zip(hidden.chunks_mut(ROWS)) {
                        // where rows are fewer the last one is done several times
                        let last = hidden.len() - 1;
                        let rows: [&[E]; ROWS] =
                            std::array::from_fn(|row| &x[(start + row.min(last)) * beside..][..reach]);
                        group.first::<S, ROWS, UNITS>(simd, rows, every, hidden);
                    }
                    group.second::<S, OUT_ROWS, OUT>(simd, hidden, y);
                }
            }
        }
    }
}

impl<E: Number> Group<E> {
    /// From weights `[unit, in]` and biases of the first layer, and weights `[unit, out]` of the second.
    fn new(first: &[E], bias: &[E], second: &[E]) -> Self {
        let width = first.len() / bias.len();
        let mut group = Self {
            bias: Aligned::zeros(GROUP),
            first: Aligned::zeros(width * GROUP),
            second: Aligned::zeros(width * GROUP),
        };
        group.bias[..bias.len()].copy_from_slice(bias);
        for (unit, row) in first.chunks_exact(width).enumerate() {
            group.first.iter_mut().skip(unit).step_by(GROUP).zip(row).for_each(|(to, w)| *to = *w);
        }
        let (whole, left) = group.second.split_at_mut((width - width % COLUMNS) * GROUP);
        for (unit, row) in second.chunks_exact(width).enumerate() {
            let (blocks, rest) = row.as_chunks::<COLUMNS>();
            for (block, columns) in whole.chunks_exact_mut(COLUMNS * GROUP).zip(blocks) {
                block[unit * COLUMNS..][..COLUMNS].copy_from_slice(columns);
            }
            left[unit * rest.len()..][..rest.len()].copy_from_slice(rest);
        }
        group
    }

    /// The units of `ROWS` rows, or fewer: `x` has a value of each at every so many numbers.
    #[inline(always)]
    fn first<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        x: [&[E]; ROWS],
        every: usize,
        hidden: &mut [[E; ROOM]],
    ) {
        let (weights, _) = self.first.as_chunks::<GROUP>();
        for first in (0..GROUP / lanes::<E, S>()).step_by(VECTORS) {
            let mut sums = [vectors::<E, S, VECTORS>(&self.bias, first); ROWS];
            for (k, weights) in weights.iter().enumerate() {
                let w = vectors::<E, S, VECTORS>(weights, first);
                for (sums, x) in sums.iter_mut().zip(x) {
                    let x = x[k * every].splat(simd);
                    sums.iter_mut().zip(w).for_each(|(sum, w)| *sum = E::fused(simd, x, w, *sum));
                }
            }
            for (row, sums) in hidden.iter_mut().zip(sums) {
                E::vectors_mut::<S>(row)[first..first + VECTORS].copy_from_slice(&sums);
            }
        }
    }

    /// Adds to each row of `y` the rows of weights whose units are above 0, so many times, `ROWS` rows at a time.
    #[inline(always)]
    fn second<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        hidden: &[[E; ROOM]],
        y: &mut [E],
    ) {
        // all of them before the first is needed: how many turns a row takes is guessed wrong, and then nothing else is ready
        let mut above = [0; TOGETHER];
        for (above, hidden) in above.iter_mut().zip(hidden) {
            *above = E::above(simd, hidden.first_chunk().expect("as many units as a group has"));
        }
        let above = &above[..hidden.len()];
        let width = y.len() / hidden.len();
        let (whole, rest) = self.second.split_at((width - width % COLUMNS) * GROUP);
        let blocks = whole.as_chunks::<COLUMNS>().0.as_chunks::<GROUP>().0;
        let ((several, single), (masks, left)) = (hidden.as_chunks::<ROWS>(), above.as_chunks::<ROWS>());
        let (ys, last) = y.split_at_mut(several.len() * ROWS * width);
        for ((hidden, above), y) in several.iter().zip(masks).zip(ys.chunks_exact_mut(ROWS * width)) {
            add_rows::<E, S, ROWS, VECTORS>(simd, blocks, hidden, *above, y);
        }
        for ((hidden, above), y) in single.iter().zip(left).zip(last.chunks_exact_mut(width)) {
            add_rows::<E, S, 1, VECTORS>(simd, blocks, std::array::from_ref(hidden), [*above], y);
        }
        let columns = width % COLUMNS;
        if columns == 0 {
            return;
        }
        for ((hidden, above), y) in hidden.iter().zip(above).zip(y.chunks_exact_mut(width)) {
            for (unit, weights) in
                rest.chunks_exact(columns).enumerate().filter(|(unit, _)| above >> unit & 1 != 0)
            {
                let y = y[width - columns..].iter_mut().zip(weights);
                y.for_each(|(y, w)| *y = hidden[unit].times_plus(*w, *y));
            }
        }
    }
}

/// Adds to `ROWS` rows of `y` what `blocks` of weights give, `VECTORS` of columns at a time. All rows take as many turns as the
/// one with most units above 0: others have the 0 behind their units in the turns that are left.
#[inline(always)]
fn add_rows<E: Number, S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    blocks: &[[[E; COLUMNS]; GROUP]],
    hidden: &[[E; ROOM]; ROWS],
    above: [u64; ROWS],
    y: &mut [E],
) {
    let width = y.len() / ROWS;
    let turns = above.map(u64::count_ones).into_iter().max().unwrap_or(0);
    for (block, weights) in blocks.iter().enumerate() {
        for first in (0..COLUMNS / lanes::<E, S>()).step_by(VECTORS) {
            let at = block * COLUMNS + first * lanes::<E, S>();
            let mut sums: [[E::Lanes<S>; VECTORS]; ROWS] =
                std::array::from_fn(|row| vectors::<E, S, VECTORS>(&y[row * width + at..], 0));
            let mut above = above;
            for _ in 0..turns {
                for ((sums, hidden), above) in sums.iter_mut().zip(hidden).zip(&mut above) {
                    let unit = above.trailing_zeros() as usize;
                    *above &= above.wrapping_sub(1);
                    let (x, w) =
                        (hidden[unit].splat(simd), &E::vectors::<S>(&weights[unit % GROUP])[first..]);
                    sums.iter_mut().zip(w).for_each(|(sum, w)| *sum = E::fused(simd, x, *w, *sum));
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                E::vectors_mut::<S>(&mut y[row * width + at..])[..VECTORS].copy_from_slice(sums);
            }
        }
    }
}

/// Numbers in a vector.
#[inline(always)]
const fn lanes<E: Number, S: Simd>() -> usize {
    size_of::<E::Lanes<S>>() / size_of::<E>()
}

/// Some vectors of `values`.
#[inline(always)]
fn vectors<E: Number, S: Simd, const VECTORS: usize>(values: &[E], first: usize) -> [E::Lanes<S>; VECTORS] {
    let all = E::vectors::<S>(values);
    std::array::from_fn(|k| all[first + k])
}

#[cfg(test)]
mod tests {
    use super::super::kernels::tests::wave;
    use super::*;

    /// Layers of `width` values and 100 units for some rows, beside plain sums.
    fn check<S: Simd>(simd: S, width: usize, rows: usize, along: Along) {
        const UNITS: usize = 100;
        let (x, bias, start) = (wave(rows * width, 0.37), wave(UNITS, 1.3), wave(rows * width, 0.7));
        let (first, second) = (wave(UNITS * width, 0.11), wave(width * UNITS, 0.23));
        let (mut y, last) = (start.clone(), wave(width, 0.9));
        let layers = Layers::new(&(first.clone(), bias.clone()), (second.clone(), last.clone()));
        let mut hidden = Layers::buffer();
        simd.vectorize(Add {
            layers: &layers,
            x: &x,
            along,
            y: &mut y,
            len: rows * width,
            hidden: &mut hidden,
        });
        for row in 0..rows {
            let unit = |unit: usize| {
                let own = |k: usize| match along {
                    Along::Rows => x[row * width + k],
                    Along::Columns => x[k * rows + row],
                };
                let terms = (0..width).map(|k| own(k) * first[unit * width + k]);
                (bias[unit] + terms.sum::<f32>()).max(0.0)
            };
            let units: Vec<f32> = (0..UNITS).map(unit).collect();
            for column in 0..width {
                let terms = units.iter().enumerate().map(|(unit, h)| h * second[column * UNITS + unit]);
                let at = row * width + column;
                let expected = start[at] + last[column] + terms.sum::<f32>();
                assert!(
                    (y[at] - expected).abs() < 2e-3,
                    "{along:?} {width}, {row}, {column}: {} {expected}",
                    y[at]
                );
            }
        }
    }

    #[test]
    fn layers_are_their_sums_on_every_set_of_instructions() {
        for (width, rows) in [(64, 16), (64, 5), (16, 3), (150, 9)] {
            for along in [Along::Rows, Along::Columns] {
                check(pulp::Scalar::new(), width, rows, along);
                #[cfg(target_arch = "x86_64")]
                {
                    pulp::x86::V2::try_new().into_iter().for_each(|simd| check(simd, width, rows, along));
                    pulp::x86::V3::try_new().into_iter().for_each(|simd| check(simd, width, rows, along));
                    pulp::x86::V4::try_new().into_iter().for_each(|simd| check(simd, width, rows, along));
                }
            }
        }
    }
}
