//! The rule around the patch: 2/3 of the pixel's centre and 1/3 of the mean of its four corners, which
//! neighbours share.
//!
//! Both parts are the mean over the pixel up to second derivatives, and together up to an eighth of the error
//! of [`super::stencil`].

use super::adjoint::Adjoint;
use super::grid::{Grid, Prepared, moments};
use super::integrate::Instance;
use super::law::Kernel;
use super::layout::{OUTER, Scratch, padded};
use super::zone::{Run, Window, Zone};
use pulp::Simd;

/// Where this rule gives way to that without corners.
const WINDOW: Window = Window { inner: 14.0, outer: 16.0 };
const CENTER_SHARE: f64 = 2.0 / 3.0;
const CORNER_SHARE: f64 = 1.0 / 12.0;

/// The corners of the pixels that are in the box.
fn corners(zone: &Zone<OUTER>) -> Grid {
    let [rows, cols] = &zone.in_box;
    let [dy, dx] = zone.offset.map(|d| d - 0.5);
    let first = [dy + rows.start as f64, dx + cols.start as f64];
    Grid { first, rows: rows.len() + 1, stride: padded(cols.len() + 1) }
}

/// Puts this rule in place in `out`, where [`super::stencil`] is.
#[inline(always)]
pub(crate) fn evaluate<K: Kernel, S: Simd, const N: usize>(
    instance: &Instance<'_, K>,
    prepared: &Prepared<'_, K, S, N>,
    scale: f64,
    out: &mut [f64],
    scratch: &mut Scratch<'_>,
) {
    let zone = instance.zone::<OUTER>();
    if zone.is_outside() {
        return;
    }
    let (grid, layout) = (corners(&zone), instance.layout());
    let outer = &mut scratch.outer;
    prepared.sample(grid, scale, outer.corners, outer.corner_slopes);
    let [share_y, share_x] = zone.factors(WINDOW);
    for Run { row, cols, y, x } in zone.runs() {
        let n = cols.len();
        let above = &outer.corners[(row - zone.in_box[0].start) * grid.stride..];
        let below = &above[grid.stride..][..n + 1];
        let above = &above[..n + 1];
        let centers = &scratch.centers[(y + 1) * layout.stride() + x + 1..][..n];
        let excess = &mut outer.excess[row * OUTER + cols.start..][..n];
        let pixels = &mut out[y * layout.shape[1] + x..][..n];
        let share_x = &share_x.value[cols][..n];
        for k in 0..n {
            let sum = (above[k] + above[k + 1]) + (below[k] + below[k + 1]);
            let value = CENTER_SHARE * centers[k] + CORNER_SHARE * sum;
            let share = share_y.value[row] * share_x[k];
            excess[k] = value - pixels[k];
            // shares of exactly 0 and 1 keep what is far off next to a cusp out of the image
            pixels[k] = share * value + (1.0 - share) * pixels[k];
        }
    }
}

/// Takes this rule's share off the seeds, and adds what its corners and its window contribute. Its own
/// seeds are left in `scratch.outer.seeds` for [`add_center_seeds`].
#[inline(always)]
pub(crate) fn pull_back<K: Kernel, S: Simd, const N: usize>(
    instance: &Instance<'_, K>,
    simd: S,
    scratch: &mut Scratch<'_>,
    adjoint: &mut Adjoint,
) {
    let zone = instance.zone::<OUTER>();
    if zone.is_outside() {
        return;
    }
    let (grid, layout) = (corners(&zone), instance.layout());
    let outer = &mut scratch.outer;
    outer.corners[..grid.len()].fill(0.0);
    let [share_y, share_x] = zone.factors(WINDOW);
    for Run { row, cols, y, x } in zone.runs() {
        let n = cols.len();
        let excess = &outer.excess[row * OUTER + cols.start..][..n];
        let seeds = &mut scratch.seeds[layout.seed_at(y, x)..][..n];
        let (value_x, slope_x) = (&share_x.value[cols.clone()][..n], &share_x.slope[cols.clone()][..n]);
        let (mut by_y, mut by_x) = (0.0, 0.0);
        let own = &mut outer.seeds[row * OUTER + cols.start..][..n];
        for k in 0..n {
            by_y += seeds[k] * excess[k] * value_x[k];
            by_x += seeds[k] * excess[k] * slope_x[k];
            let share = share_y.value[row] * value_x[k];
            own[k] = share * seeds[k];
            seeds[k] *= 1.0 - share;
        }
        adjoint.center[0] -= share_y.slope[row] * by_y;
        adjoint.center[1] -= share_y.value[row] * by_x;
        let at = (row - zone.in_box[0].start) * grid.stride;
        for corner in [at, at + 1, at + grid.stride, at + grid.stride + 1] {
            for (sum, own) in outer.corners[corner..].iter_mut().zip(own.iter()) {
                *sum += own;
            }
        }
    }
    let moments = moments::<S, N>(simd, grid, outer.corners, outer.corner_slopes);
    adjoint.add_moments(&moments, &instance.form(), CORNER_SHARE);
}

/// Adds this rule's seeds to those of the pixel centres.
#[inline(always)]
pub(crate) fn add_center_seeds<K: Kernel>(instance: &Instance<'_, K>, scratch: &mut Scratch<'_>) {
    let stride = instance.layout().stride();
    for Run { row, cols, y, x } in instance.zone::<OUTER>().runs() {
        let own = &scratch.outer.seeds[row * OUTER + cols.start..][..cols.len()];
        for (seed, own) in scratch.centers[(y + 1) * stride + x + 1..].iter_mut().zip(own) {
            *seed += CENTER_SHARE * own;
        }
    }
}
