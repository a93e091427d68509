//! Values at positions on a grid.

use super::bump::LANES;
use crate::Pixel;
use pulp::{Simd, WithSimd};

/// Does the same for each row of points from the second to number `W`, written out: compilers make vectors of that
/// only.
macro_rules! each_row {
    ($width:ident, |$r:ident| $do:expr) => {
        each_row!($width, $r, $do, 1, 2, 3, 4, 5, 6, 7)
    };
    ($width:ident, $r:ident, $do:expr, $($row:literal),*) => {
        $(if $row < $width {
            let $r = $row;
            $do;
        })*
    };
}

pub(super) use each_row;

/// Values of a grid at positions: `y` times `x` times its points.
pub(super) struct Gather<'a, T, const W: usize> {
    pub(super) grid: &'a [T],
    pub(super) stride: usize,
    pub(super) offsets: &'a [u32],
    pub(super) y: &'a [[T; LANES]],
    pub(super) x: &'a [[T; LANES]],
    pub(super) out: &'a mut [T],
}

impl<T: Pixel, const W: usize> Gather<'_, T, W> {
    /// Writes all values.
    pub(super) fn run(self) {
        #[cfg(target_arch = "x86_64")]
        match super::single::Gather::of(self) {
            Ok(single) => single.run(),
            Err(all) => pulp::Arch::new().dispatch(all),
        }
        #[cfg(not(target_arch = "x86_64"))]
        pulp::Arch::new().dispatch(self);
    }
}

impl<T: Pixel, const W: usize> WithSimd for Gather<'_, T, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        const BLOCK: usize = 8;
        let mut lanes = [[T::default(); LANES]; BLOCK];
        let places = self.offsets.chunks(BLOCK).zip(self.y.chunks(BLOCK)).zip(self.x.chunks(BLOCK));
        for (values, ((offsets, y), x)) in self.out.chunks_mut(BLOCK).zip(places) {
            for (i, (offset, (y, x))) in offsets.iter().zip(y.iter().zip(x)).enumerate() {
                let near = &self.grid[*offset as usize..][..(W - 1) * self.stride + LANES];
                let (y, x) = (*y, *x);
                let mut sum = scaled(y[0], points(near));
                each_row!(W, |r| sum = add(sum, scaled(y[r], points(&near[r * self.stride..]))));
                lanes[i] = std::array::from_fn(|k| sum[k] * x[k]);
            }
            for (value, lanes) in values.iter_mut().zip(&lanes) {
                *value = total(*lanes);
            }
        }
    }
}

#[inline(always)]
pub(super) fn points<T: Pixel>(from: &[T]) -> [T; LANES] {
    *from.first_chunk().expect(ENOUGH)
}

pub(super) const ENOUGH: &str = "the grid has all points that a position sees";

#[inline(always)]
pub(super) fn scaled<T: Pixel>(factor: T, v: [T; LANES]) -> [T; LANES] {
    std::array::from_fn(|k| factor * v[k])
}

#[inline(always)]
pub(super) fn add<T: Pixel>(a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
    std::array::from_fn(|k| a[k] + b[k])
}

#[inline(always)]
pub(super) fn sum_of_products<T: Pixel>(a: [T; LANES], b: [T; LANES]) -> T {
    total(std::array::from_fn(|k| a[k] * b[k]))
}

/// Always added up in the same order.
#[inline(always)]
pub(super) fn total<T: Pixel>(p: [T; LANES]) -> T {
    let q: [T; 4] = std::array::from_fn(|k| p[k] + p[k + 4]);
    (q[0] + q[2]) + (q[1] + q[3])
}
