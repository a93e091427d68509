//! The image of a profile over pixels, and the pull-back of its adjoint.
//!
//! Pixels are integrated by three rules, one inside the other, with smooth windows between them that depend on
//! the distance to the centre only, so that nothing jumps when a parameter moves:
//! 1. within 3 pixels of the centre, and fading out at 4: integrals along the edges ([`super::edges`]);
//! 2. within 6.5, fading out at 8: nine nodes a pixel;
//! 3. beyond: 2/3 of the centre and 1/3 of the mean of the four corners, which neighbours share.
//!
//! Every gradient is the derivative of what these rules compute, not of what they approximate.

use super::Dual;
use super::adjoint::Adjoint;
use super::edges;
use super::ellipse::Form;
use super::grid::{Grid, Prepared, moments};
use super::lane::Lane;
use super::law::Kernel;
use super::layout::{Layout, PATCH, PATCH_LEN, PATCH_NODES, Patch, Scratch};
use super::quadrature::THREE;
use super::window::{Factors, Window};
use crate::Site;
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

const NEAR: Window = Window { inner: 3.0, outer: 4.0 };
const MIDDLE: Window = Window { inner: 6.5, outer: 8.0 };
const CENTER_SHARE: f64 = 2.0 / 3.0;
const CORNER_SHARE: f64 = 1.0 / 12.0;

/// A profile at one set of parameter values.
#[derive(Debug)]
pub(crate) struct Instance<'a, K> {
    pub(crate) kernel: &'a K,
    pub(crate) shape: &'a [f64],
    pub(crate) size: f64,
    pub(crate) distortion: [f64; 2],
    pub(crate) site: Site,
    /// Whether pixels are integrated, not sampled at their centres.
    pub(crate) integrated: bool,
}

impl<'a, K: Kernel> Instance<'a, K> {
    /// Parameters in the order shape parameters, size, distortion.
    pub(crate) fn new(kernel: &'a K, params: &'a [f64], site: &Site, integrated: bool) -> Self {
        let (shape, ellipse) = params.split_at(K::SHAPE.len());
        let distortion = [ellipse[1], ellipse[2]];
        Self { kernel, shape, size: ellipse[0], distortion, site: *site, integrated }
    }

    pub(crate) fn evaluate(&self, out: &mut [f64], scratch: &mut [f64]) {
        Arch::new().dispatch(Evaluate { instance: self, out, scratch });
    }

    /// Adds to `grad`, in the order of the parameters, and to `grad_center`.
    pub(crate) fn pull_back(
        &self,
        seed: &[f64],
        grad: &mut [f64],
        grad_center: &mut [f64; 2],
        scratch: &mut [f64],
    ) {
        let (adjoint, image) = Arch::new().dispatch(PullBack { instance: self, seed, scratch });
        adjoint.pull_back(self.size, self.distortion, image, grad);
        grad_center[0] += adjoint.center[0];
        grad_center[1] += adjoint.center[1];
    }

    fn layout(&self) -> Layout {
        Layout::new(self.site.bbox.shape(), K::SHAPE.len(), self.integrated)
    }

    fn form(&self) -> Form<f64> {
        Form::new(self.size, self.distortion[0], self.distortion[1])
    }

    /// Offset `[dy, dx]` from the centre to the middle of the box's first pixel.
    fn first(&self) -> [f64; 2] {
        let origin = self.site.bbox.origin();
        [0, 1].map(|k| origin[k] as f64 - self.site.center[k])
    }

    fn centers(&self) -> Grid {
        Grid { first: self.first(), rows: self.layout().shape[0], stride: self.layout().stride() }
    }

    fn corners(&self) -> Grid {
        let layout = self.layout();
        let first = self.first().map(|d| d - 0.5);
        Grid { first, rows: layout.shape[0] + 1, stride: layout.corner_stride() }
    }

    /// Node `k` of every pixel of the patch, and its weight.
    fn patch_nodes(&self, k: usize) -> (Grid, f64) {
        let ([node_y, weight_y], [node_x, weight_x]) = (THREE[k / 3], THREE[k % 3]);
        let [dy, dx] = self.zone(PATCH).offset;
        let first = [dy - 0.5 + node_y, dx - 0.5 + node_x];
        (Grid { first, rows: PATCH, stride: PATCH }, weight_y * weight_x)
    }

    /// The square of `side` pixels (an even number) around the centre.
    fn zone(&self, side: usize) -> Zone {
        let below = (side / 2 - 1) as f64;
        let origin = self.site.bbox.origin();
        let shape = self.site.bbox.shape();
        let start = self.site.center.map(|c| c.floor() - below);
        let in_box = [0, 1].map(|k| {
            let first = origin[k] as f64 - start[k];
            let end = first + shape[k] as f64;
            first.clamp(0.0, side as f64) as usize..end.clamp(0.0, side as f64) as usize
        });
        let to_box = [0, 1].map(|k| (start[k] - origin[k] as f64) as isize);
        let offset = [0, 1].map(|k| start[k] - self.site.center[k]);
        Zone { offset, to_box, in_box }
    }

    /// The shape parameters as variables of their own directions, the first `K::SHAPE.len()` of these.
    #[inline(always)]
    fn variables<S: Simd, const N: usize>(&self, simd: S) -> [Dual<Lane<S>, N>; N] {
        let mut shape = [Dual::fixed(Lane::splat(simd, 1.0)); N];
        for (k, &value) in self.shape.iter().enumerate() {
            shape[k] = Dual::variable(Lane::splat(simd, value), k + 1);
        }
        shape
    }

    #[inline(always)]
    fn prepare<S: Simd, const N: usize>(&self, simd: S) -> Prepared<'a, K, S, N> {
        let shape = self.variables::<S, N>(simd);
        let constants = self.kernel.constants(shape[N - 1], &shape[..N - 1]);
        Prepared { simd, kernel: self.kernel, constants, form: self.form() }
    }
}

/// A square of pixels around the centre.
#[derive(Debug, Clone)]
struct Zone {
    /// Offset `[dy, dx]` from the centre to the middle of its first pixel.
    offset: [f64; 2],
    /// From the box's first pixel to the zone's.
    to_box: [isize; 2],
    /// Rows and columns of the zone that are in the box.
    in_box: [Range<usize>; 2],
}

impl Zone {
    fn is_outside(&self) -> bool {
        self.in_box.iter().any(Range::is_empty)
    }

    /// Calls `visit(row in the box, column in the box, row in the zone, column in the zone)`.
    #[inline(always)]
    fn for_each(&self, mut visit: impl FnMut(usize, usize, usize, usize)) {
        for row in self.in_box[0].clone() {
            for col in self.in_box[1].clone() {
                let y = row.wrapping_add_signed(self.to_box[0]);
                let x = col.wrapping_add_signed(self.to_box[1]);
                visit(y, x, row, col);
            }
        }
    }

    /// The factors of a window along y and x.
    #[inline(always)]
    fn factors(&self, window: Window) -> [Factors<PATCH>; 2] {
        [window.factors(self.offset[0]), window.factors(self.offset[1])]
    }
}

/// The inner zone's pixel of a pixel of the patch.
fn near_pixel(row: usize, col: usize) -> Option<usize> {
    const MARGIN: usize = (PATCH - edges::SIDE) / 2;
    let inside = MARGIN..MARGIN + edges::SIDE;
    (inside.contains(&row) && inside.contains(&col)).then(|| (row - MARGIN) * edges::SIDE + col - MARGIN)
}

struct Evaluate<'a, 'b, K> {
    instance: &'b Instance<'a, K>,
    out: &'b mut [f64],
    scratch: &'b mut [f64],
}

impl<K: Kernel> WithSimd for Evaluate<'_, '_, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if const { K::SHAPE.is_empty() } {
            self.run::<S, 1, 5>(simd)
        } else if const { K::SHAPE.len() == 1 } {
            self.run::<S, 2, 6>(simd)
        } else if const { K::SHAPE.len() == 2 } {
            self.run::<S, 3, 7>(simd)
        } else {
            self.run::<S, 4, 8>(simd)
        }
    }
}

impl<K: Kernel> Evaluate<'_, '_, K> {
    #[inline(always)]
    fn run<S: Simd, const N: usize, const M: usize>(self, simd: S) {
        let instance = self.instance;
        let layout = instance.layout();
        let mut scratch = layout.split(self.scratch);
        let prepared = instance.prepare::<S, N>(simd);
        let scale = 1.0 / (instance.size * instance.size);
        prepared.sample(instance.centers(), scale, scratch.image, scratch.centers);
        if instance.integrated {
            prepared.sample(instance.corners(), scale, scratch.corner_values, scratch.corners);
            add_corners(layout, scratch.image, scratch.corner_values);
            patch::<K, S, N, M>(instance, &prepared, scale, &mut scratch);
        }
        let cols = layout.shape[1];
        for (row, out) in self.out.chunks_exact_mut(cols).enumerate() {
            out.copy_from_slice(&scratch.image[row * layout.stride()..][..cols]);
        }
    }
}

/// Turns values at the centres into 2/3 of them plus 1/3 of the mean of the corners.
#[inline(always)]
fn add_corners(layout: Layout, image: &mut [f64], corners: &[f64]) {
    for (row, pixels) in image.chunks_exact_mut(layout.stride()).enumerate() {
        let above = &corners[row * layout.corner_stride()..][..layout.shape[1] + 1];
        let below = &corners[(row + 1) * layout.corner_stride()..][..layout.shape[1] + 1];
        for (col, pixel) in pixels[..layout.shape[1]].iter_mut().enumerate() {
            let sum = (above[col] + above[col + 1]) + (below[col] + below[col + 1]);
            *pixel = CENTER_SHARE * *pixel + CORNER_SHARE * sum;
        }
    }
}

/// Puts the finer rules in place around the centre.
#[inline(always)]
fn patch<K: Kernel, S: Simd, const N: usize, const M: usize>(
    instance: &Instance<'_, K>,
    prepared: &Prepared<'_, K, S, N>,
    scale: f64,
    scratch: &mut Scratch<'_>,
) {
    let zone = instance.zone(PATCH);
    if zone.is_outside() {
        return;
    }
    let Patch { values, node_values, nodes, near_excess, far_excess, edge_values, edges } =
        &mut scratch.patch;
    values.fill(0.0);
    for (k, slopes) in nodes.chunks_exact_mut(N * PATCH_LEN).enumerate() {
        let (grid, weight) = instance.patch_nodes(k);
        prepared.sample(grid, scale * weight, node_values, slopes);
        for (sum, value) in values.iter_mut().zip(node_values.iter()) {
            *sum += value;
        }
    }
    let lower_corner = instance.zone(edges::SIDE).offset.map(|d| d - 0.5);
    let shape = instance.variables::<S, N>(prepared.simd);
    let means = instance.kernel.means(shape[N - 1], &shape[..N - 1]);
    prepared.edges::<M>(&means, lower_corner, scale, edge_values, edges);
    let exact = edges::pixels(edge_values);
    let stride = instance.layout().stride();
    let ([near_y, near_x], [middle_y, middle_x]) = (zone.factors(NEAR), zone.factors(MIDDLE));
    zone.for_each(|y, x, row, col| {
        let (at, pixel) = (row * PATCH + col, &mut scratch.image[y * stride + x]);
        let inner = near_pixel(row, col).map_or(values[at], |k| exact[k]);
        near_excess[at] = inner - values[at];
        far_excess[at] = values[at] - *pixel;
        let near = near_y.value[row] * near_x.value[col];
        let middle = middle_y.value[row] * middle_x.value[col];
        // no differences here: next to a cusp the outer rules are far off, and their shares are exactly 0
        *pixel = near * inner + (middle - near) * values[at] + (1.0 - middle) * *pixel;
    });
}

struct PullBack<'a, 'b, K> {
    instance: &'b Instance<'a, K>,
    seed: &'b [f64],
    scratch: &'b mut [f64],
}

impl<K: Kernel> WithSimd for PullBack<'_, '_, K> {
    type Output = (Adjoint, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (Adjoint, f64) {
        if const { K::SHAPE.is_empty() } {
            self.run::<S, 1, 5>(simd)
        } else if const { K::SHAPE.len() == 1 } {
            self.run::<S, 2, 6>(simd)
        } else if const { K::SHAPE.len() == 2 } {
            self.run::<S, 3, 7>(simd)
        } else {
            self.run::<S, 4, 8>(simd)
        }
    }
}

impl<K: Kernel> PullBack<'_, '_, K> {
    /// The adjoint, and `sum(seed * image)`.
    #[inline(always)]
    fn run<S: Simd, const N: usize, const M: usize>(self, simd: S) -> (Adjoint, f64) {
        let instance = self.instance;
        let layout = instance.layout();
        let mut scratch = layout.split(self.scratch);
        let mut adjoint = Adjoint::default();
        let form = instance.form();
        pad_seeds(layout, self.seed, scratch.seeds);
        let image = dot(simd, scratch.seeds, scratch.image);
        if !instance.integrated {
            let moments = moments::<S, N>(simd, instance.centers(), scratch.seeds, scratch.centers);
            adjoint.add_moments(&moments, &form, 1.0);
            return (adjoint, image);
        }
        pull_back_patch::<K, S, N, M>(instance, simd, &mut scratch, &mut adjoint);
        let centers = moments::<S, N>(simd, instance.centers(), scratch.seeds, scratch.centers);
        adjoint.add_moments(&centers, &form, CENTER_SHARE);
        seed_corners(layout, scratch.seeds, scratch.corner_values);
        let corners = moments::<S, N>(simd, instance.corners(), scratch.corner_values, scratch.corners);
        adjoint.add_moments(&corners, &form, CORNER_SHARE);
        (adjoint, image)
    }
}

#[inline(always)]
fn pad_seeds(layout: Layout, seed: &[f64], padded: &mut [f64]) {
    let cols = layout.shape[1];
    for (from, to) in seed.chunks_exact(cols).zip(padded.chunks_exact_mut(layout.stride())) {
        to[..cols].copy_from_slice(from);
        to[cols..].fill(0.0);
    }
}

#[inline(always)]
fn dot<S: Simd>(simd: S, a: &[f64], b: &[f64]) -> f64 {
    use super::Number;
    let mut sum = Lane::splat(simd, 0.0);
    for at in (0..a.len()).step_by(Lane::<S>::LEN) {
        sum = Lane::load(simd, a, at).mul_add(Lane::load(simd, b, at), sum);
    }
    sum.sum()
}

/// The sum of the seeds of the pixels around each corner.
#[inline(always)]
fn seed_corners(layout: Layout, seeds: &[f64], corners: &mut [f64]) {
    corners.fill(0.0);
    let stride = layout.corner_stride();
    for (row, seeds) in seeds.chunks_exact(layout.stride()).enumerate() {
        let seeds = &seeds[..layout.shape[1]];
        for corners in corners[row * stride..(row + 2) * stride].chunks_exact_mut(stride) {
            for (corner, seed) in corners.iter_mut().zip(seeds) {
                *corner += seed;
            }
            for (corner, seed) in corners[1..].iter_mut().zip(seeds) {
                *corner += seed;
            }
        }
    }
}

/// Adds what the patch contributes and takes its share off the seeds.
#[inline(always)]
fn pull_back_patch<K: Kernel, S: Simd, const N: usize, const M: usize>(
    instance: &Instance<'_, K>,
    simd: S,
    scratch: &mut Scratch<'_>,
    adjoint: &mut Adjoint,
) {
    let zone = instance.zone(PATCH);
    if zone.is_outside() {
        return;
    }
    let stride = instance.layout().stride();
    let mut near_seeds = [0.0; edges::SIDE * edges::SIDE];
    let patch = &mut scratch.patch;
    patch.values.fill(0.0);
    let ([near_y, near_x], [middle_y, middle_x]) = (zone.factors(NEAR), zone.factors(MIDDLE));
    zone.for_each(|y, x, row, col| {
        let (at, pixel) = (row * PATCH + col, &mut scratch.seeds[y * stride + x]);
        let (near_seed, far_seed) = (*pixel * patch.near_excess[at], *pixel * patch.far_excess[at]);
        adjoint.center[0] -= near_seed * near_y.slope[row] * near_x.value[col]
            + far_seed * middle_y.slope[row] * middle_x.value[col];
        adjoint.center[1] -= near_seed * near_y.value[row] * near_x.slope[col]
            + far_seed * middle_y.value[row] * middle_x.slope[col];
        let near = near_y.value[row] * near_x.value[col];
        let middle = middle_y.value[row] * middle_x.value[col];
        if let Some(k) = near_pixel(row, col) {
            near_seeds[k] = *pixel * near;
        }
        patch.values[at] = *pixel * (middle - near);
        *pixel *= 1.0 - middle;
    });
    for (k, slopes) in patch.nodes.chunks_exact(N * PATCH_LEN).enumerate() {
        let moments = moments::<S, N>(simd, instance.patch_nodes(k).0, patch.values, slopes);
        adjoint.add_moments(&moments, &instance.form(), 1.0);
    }
    edges::pull_back::<M>(&near_seeds, patch.edges, adjoint);
}

const _: () = assert!(PATCH_NODES == THREE.len() * THREE.len());
