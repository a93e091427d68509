//! The rules next to the centre: edge integrals inside, nine nodes a pixel around.

use super::adjoint::Adjoint;
use super::edges;
use super::grid::{Grid, Prepared, moments};
use super::integrate::Instance;
use super::law::Kernel;
use super::layout::{PATCH, PATCH_LEN, PATCH_NODES, Patch, Scratch};
use super::quadrature::THREE;
use super::zone::{Run, Window, Zone};
use pulp::Simd;

/// Where edges give way to nodes,
const NEAR: Window = Window { inner: 3.0, outer: 4.0 };
/// and these to [`super::outer`].
const MIDDLE: Window = Window { inner: 6.5, outer: 8.0 };

const _: () = assert!(PATCH_NODES == THREE.len() * THREE.len());

/// Node `k` of every pixel of the patch, and its weight.
fn nodes(zone: &Zone<PATCH>, k: usize) -> (Grid, f64) {
    let ([node_y, weight_y], [node_x, weight_x]) = (THREE[k / 3], THREE[k % 3]);
    let [dy, dx] = zone.offset;
    let first = [dy - 0.5 + node_y, dx - 0.5 + node_x];
    (Grid { first, rows: PATCH, stride: PATCH }, weight_y * weight_x)
}

/// The pixel of the inner zone that a pixel of the patch is.
fn near_pixel(row: usize, col: usize) -> Option<usize> {
    const MARGIN: usize = (PATCH - edges::SIDE) / 2;
    let inside = MARGIN..MARGIN + edges::SIDE;
    (inside.contains(&row) && inside.contains(&col)).then(|| (row - MARGIN) * edges::SIDE + col - MARGIN)
}

/// Puts these rules in place in `out`, where [`super::outer`] is.
#[inline(always)]
pub(crate) fn evaluate<K: Kernel, S: Simd, const N: usize, const M: usize>(
    instance: &Instance<'_, K>,
    prepared: &Prepared<'_, K, S, N>,
    scale: f64,
    out: &mut [f64],
    patch: &mut Patch<'_>,
) {
    let zone = instance.zone::<PATCH>();
    if zone.is_outside() {
        return;
    }
    patch.values.fill(0.0);
    for (k, slopes) in patch.node_slopes.chunks_exact_mut(N * PATCH_LEN).enumerate() {
        let (grid, weight) = nodes(&zone, k);
        prepared.sample(grid, scale * weight, patch.node_values, slopes);
        for (sum, value) in patch.values.iter_mut().zip(patch.node_values.iter()) {
            *sum += value;
        }
    }
    let lower_corner = instance.zone::<{ edges::SIDE }>().offset.map(|d| d - 0.5);
    let shape = instance.variables::<S, N>(prepared.simd);
    let means = instance.kernel.means(shape[N - 1], &shape[..N - 1]);
    prepared.edges::<M>(&means, lower_corner, scale, patch.edges, patch.edge_slopes);
    blend(&zone, instance.layout().shape[1], out, patch);
}

/// The windows' shares of the rules, and the differences between the rules.
fn blend(zone: &Zone<PATCH>, stride: usize, out: &mut [f64], patch: &mut Patch<'_>) {
    let exact = edges::pixels(patch.edges);
    let ([near_y, near_x], [middle_y, middle_x]) = (zone.factors(NEAR), zone.factors(MIDDLE));
    for Run { row, cols, y, x } in zone.runs() {
        for (pixel, col) in out[y * stride + x..].iter_mut().zip(cols) {
            let at = row * PATCH + col;
            let nodes = patch.values[at];
            let inner = near_pixel(row, col).map_or(nodes, |k| exact[k]);
            patch.near_excess[at] = inner - nodes;
            patch.far_excess[at] = nodes - *pixel;
            let near = near_y.value[row] * near_x.value[col];
            let middle = middle_y.value[row] * middle_x.value[col];
            // no differences here: next to a cusp the outer rules are far off, and their shares are exactly 0
            *pixel = near * inner + (middle - near) * nodes + (1.0 - middle) * *pixel;
        }
    }
}

/// Takes these rules' shares off the seeds, and adds what they contribute.
#[inline(always)]
pub(crate) fn pull_back<K: Kernel, S: Simd, const N: usize, const M: usize>(
    instance: &Instance<'_, K>,
    simd: S,
    scratch: &mut Scratch<'_>,
    adjoint: &mut Adjoint,
) {
    let zone = instance.zone::<PATCH>();
    if zone.is_outside() {
        return;
    }
    let near_seeds = take_seeds(instance, &zone, scratch, adjoint);
    let patch = &scratch.patch;
    for (k, slopes) in patch.node_slopes.chunks_exact(N * PATCH_LEN).enumerate() {
        let moments = moments::<S, N>(simd, nodes(&zone, k).0, patch.values, slopes);
        adjoint.add_moments(&moments, &instance.form(), 1.0);
    }
    edges::pull_back::<M>(&near_seeds, patch.edge_slopes, adjoint);
}

/// Leaves the seeds of the nodes in `scratch.patch.values` and returns those of the edges.
fn take_seeds<K: Kernel>(
    instance: &Instance<'_, K>,
    zone: &Zone<PATCH>,
    scratch: &mut Scratch<'_>,
    adjoint: &mut Adjoint,
) -> [f64; edges::SIDE * edges::SIDE] {
    let mut near_seeds = [0.0; edges::SIDE * edges::SIDE];
    let patch = &mut scratch.patch;
    patch.values.fill(0.0);
    let ([near_y, near_x], [middle_y, middle_x]) = (zone.factors(NEAR), zone.factors(MIDDLE));
    for Run { row, cols, y, x } in zone.runs() {
        let first = instance.layout().seed_at(y, x);
        for (seed, col) in scratch.seeds[first..].iter_mut().zip(cols) {
            let at = row * PATCH + col;
            let (by_near, by_middle) = (*seed * patch.near_excess[at], *seed * patch.far_excess[at]);
            adjoint.center[0] -= by_near * near_y.slope[row] * near_x.value[col]
                + by_middle * middle_y.slope[row] * middle_x.value[col];
            adjoint.center[1] -= by_near * near_y.value[row] * near_x.slope[col]
                + by_middle * middle_y.value[row] * middle_x.slope[col];
            let near = near_y.value[row] * near_x.value[col];
            let middle = middle_y.value[row] * middle_x.value[col];
            if let Some(k) = near_pixel(row, col) {
                near_seeds[k] = *seed * near;
            }
            patch.values[at] = *seed * (middle - near);
            *seed *= 1.0 - middle;
        }
    }
    near_seeds
}
