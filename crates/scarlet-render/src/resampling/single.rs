//! Gathering and scattering in single precision on x86-64, with vectors of eight written out: compilers make vectors of
//! the rows of a window, but not of what comes before and after them.

use super::bump::LANES;
use super::gather::{self, ENOUGH, each_row, total};
use super::taps;
use crate::Pixel;
use pulp::x86::V3;
use pulp::{Arch, NullaryFnOnce, cast, f32x8};
use std::cell::Cell;

/// Runs of positions that are given back in turn, so that neighbours do not wait for each other.
const RUNS: usize = 4;

/// The vectors of eight of this machine, where `T` is in single precision and it has them.
fn vectors<T: Pixel>() -> Option<V3> {
    match Arch::new() {
        _ if size_of::<T>() != size_of::<f32>() => None,
        Arch::V4(simd) => Some(*simd),
        Arch::V3(simd) => Some(simd),
        _ => None,
    }
}

/// [`gather::Gather`] in single precision.
pub(super) struct Gather<'a, const W: usize> {
    simd: V3,
    all: gather::Gather<'a, f32, W>,
}

impl<'a, const W: usize> Gather<'a, W> {
    /// The same work, if it is in single precision.
    pub(super) fn of<T: Pixel>(all: gather::Gather<'a, T, W>) -> Result<Self, gather::Gather<'a, T, W>> {
        let Some(simd) = vectors::<T>() else { return Err(all) };
        let gather::Gather { grid, stride, offsets, y, x, out } = all;
        let (grid, out) = (bytemuck::cast_slice(grid), bytemuck::cast_slice_mut(out));
        let (y, x) = (bytemuck::cast_slice(y), bytemuck::cast_slice(x));
        Ok(Self { simd, all: gather::Gather { grid, stride, offsets, y, x, out } })
    }

    pub(super) fn run(self) {
        self.simd.vectorize(self);
    }
}

impl<const W: usize> NullaryFnOnce for Gather<'_, W> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { simd, all: gather::Gather { grid, stride, offsets, y, x, out } } = self;
        for (value, ((offset, y), x)) in out.iter_mut().zip(offsets.iter().zip(y).zip(x)) {
            let near = &grid[*offset as usize..][..(W - 1) * stride + LANES];
            let mut sum = simd.mul_f32x8(simd.splat_f32x8(y[0]), points(near));
            each_row!(W, |r| {
                sum = simd.mul_add_f32x8(simd.splat_f32x8(y[r]), points(&near[r * stride..]), sum);
            });
            *value = total(cast(simd.mul_f32x8(sum, cast(*x))));
        }
    }
}

/// [`taps::Scatter`] in single precision.
pub(super) struct Scatter<'a, const W: usize> {
    simd: V3,
    all: taps::Scatter<'a, f32, W>,
}

impl<'a, const W: usize> Scatter<'a, W> {
    /// The same work, if it is in single precision.
    pub(super) fn of<T: Pixel>(all: taps::Scatter<'a, T, W>) -> Result<Self, taps::Scatter<'a, T, W>> {
        let Some(simd) = vectors::<T>() else { return Err(all) };
        let taps::Scatter { grid, stride, offsets, y, x, values } = all;
        let (grid, values) = (bytemuck::cast_slice_mut(grid), bytemuck::cast_slice(values));
        let (y, x) = (bytemuck::cast_slice(y), bytemuck::cast_slice(x));
        Ok(Self { simd, all: taps::Scatter { grid, stride, offsets, y, x, values } })
    }

    pub(super) fn run(self) {
        self.simd.vectorize(self);
    }
}

impl<const W: usize> NullaryFnOnce for Scatter<'_, W> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { simd, all: taps::Scatter { grid, stride, offsets, y, x, values } } = self;
        let len = grid.len() - (W - 1) * stride;
        let cells = Cell::from_mut(grid).as_slice_of_cells();
        // as long as each other, so that one look at the length is enough for all
        let rows: [&[Cell<f32>]; W] = std::array::from_fn(|r| &cells[r * stride..][..len]);
        let run = values.len().div_ceil(RUNS);
        for first in 0..run {
            for i in (first..values.len()).step_by(run) {
                let (offset, y) = (offsets[i] as usize, &y[i]);
                let x = simd.mul_f32x8(simd.splat_f32x8(values[i]), cast(x[i]));
                add_to(simd, &rows[0][offset..], y[0], x);
                each_row!(W, |r| add_to(simd, &rows[r][offset..], y[r], x));
            }
        }
    }
}

#[inline(always)]
fn points(from: &[f32]) -> f32x8 {
    cast(*from.first_chunk::<LANES>().expect(ENOUGH))
}

#[inline(always)]
fn add_to(simd: V3, to: &[Cell<f32>], factor: f32, more: f32x8) {
    let to: &[Cell<f32>; LANES] = to.first_chunk().expect(ENOUGH);
    let before: [f32; LANES] = std::array::from_fn(|k| to[k].get());
    let after: [f32; LANES] = cast(simd.mul_add_f32x8(simd.splat_f32x8(factor), more, cast(before)));
    to.iter().zip(after).for_each(|(to, after)| to.set(after));
}
