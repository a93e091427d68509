//! The image of a profile over pixels, and the pull-back of its adjoint.
//!
//! Pixels are integrated by four rules, one inside the other, with smooth windows between them that depend on
//! the distance to the centre only, so that nothing jumps when a parameter moves:
//! 1. within 3 pixels of the centre, and fading out at 4: integrals along the edges ([`super::edges`]);
//! 2. within 6.5, fading out at 8: nine nodes a pixel ([`super::patch`]);
//! 3. within 14, fading out at 16: the centre and the four corners ([`super::outer`]);
//! 4. beyond: the centre and its four neighbours ([`super::stencil`]).
//!
//! Every gradient is the derivative of what these rules compute, not of what they approximate.

use super::adjoint::Adjoint;
use super::ellipse::Form;
use super::grid::{Grid, Prepared, moments};
use super::lane::Lane;
use super::law::Kernel;
use super::layout::{Layout, Scratch};
use super::zone::Zone;
use super::{Dual, outer, patch, stencil};
use crate::Site;
use pulp::{Arch, Simd, WithSimd};

/// A profile at one set of parameter values.
#[derive(Debug)]
pub(crate) struct Instance<'a, K> {
    pub(crate) kernel: &'a K,
    shape: &'a [f64],
    size: f64,
    distortion: [f64; 2],
    site: Site,
    /// Whether pixels are integrated, not sampled at their centres.
    integrated: bool,
}

impl<'a, K: Kernel> Instance<'a, K> {
    /// Parameters in the order shape parameters, size, distortion.
    pub(crate) fn new(kernel: &'a K, params: &'a [f64], site: &Site, integrated: bool) -> Self {
        let (shape, ellipse) = params.split_at(K::SHAPE.len());
        let distortion = [ellipse[1], ellipse[2]];
        Self { kernel, shape, size: ellipse[0], distortion, site: *site, integrated }
    }

    pub(crate) fn evaluate(&self, out: &mut [f64], scratch: &mut [f64]) {
        if !self.site.bbox.is_empty() {
            Arch::new().dispatch(Evaluate { instance: self, out, scratch });
        }
    }

    /// Adds to `grad`, in the order of the parameters, and to `grad_center`.
    pub(crate) fn pull_back(
        &self,
        seed: &[f64],
        grad: &mut [f64],
        grad_center: &mut [f64; 2],
        scratch: &mut [f64],
    ) {
        if self.site.bbox.is_empty() {
            return;
        }
        let (adjoint, image) = Arch::new().dispatch(PullBack { instance: self, seed, scratch });
        adjoint.pull_back(self.size, self.distortion, image, grad);
        grad_center[0] += adjoint.center[0];
        grad_center[1] += adjoint.center[1];
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout::new(self.site.bbox.shape(), K::SHAPE.len(), self.integrated)
    }

    pub(crate) fn form(&self) -> Form<f64> {
        Form::new(self.size, self.distortion[0], self.distortion[1])
    }

    /// The square of `SIDE` pixels around the centre.
    pub(crate) fn zone<const SIDE: usize>(&self) -> Zone<SIDE> {
        Zone::new(self.site.center, self.site.bbox.origin(), self.site.bbox.shape())
    }

    /// The pixel centres, with a ring around the box where pixels are integrated.
    fn centers(&self) -> Grid {
        let (layout, origin) = (self.layout(), self.site.bbox.origin());
        let first = [0, 1].map(|k| origin[k] as f64 - self.site.center[k] - layout.ring() as f64);
        Grid { first, rows: layout.rows(), stride: layout.stride() }
    }

    /// The shape parameters as variables of their own directions, the first `K::SHAPE.len()` of these.
    #[inline(always)]
    pub(crate) fn variables<S: Simd, const N: usize>(&self, simd: S) -> [Dual<Lane<S>, N>; N] {
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

struct Evaluate<'a, 'b, K> {
    instance: &'b Instance<'a, K>,
    out: &'b mut [f64],
    scratch: &'b mut [f64],
}

struct PullBack<'a, 'b, K> {
    instance: &'b Instance<'a, K>,
    seed: &'b [f64],
    scratch: &'b mut [f64],
}

/// Runs with as many derivatives as the law has parameters: of samples (N) and of edge integrals (M).
macro_rules! with_derivatives {
    ($op:ident -> $output:ty) => {
        impl<K: Kernel> WithSimd for $op<'_, '_, K> {
            type Output = $output;

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> $output {
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
    };
}
with_derivatives!(Evaluate -> ());
with_derivatives!(PullBack -> (Adjoint, f64));

impl<K: Kernel> Evaluate<'_, '_, K> {
    #[inline(always)]
    fn run<S: Simd, const N: usize, const M: usize>(self, simd: S) {
        let Self { instance, out, scratch } = self;
        let layout = instance.layout();
        let mut scratch = layout.split(scratch);
        let prepared = instance.prepare::<S, N>(simd);
        let scale = 1.0 / (instance.size * instance.size);
        prepared.sample(instance.centers(), scale, scratch.centers, scratch.center_slopes);
        if instance.integrated {
            stencil::evaluate(layout, scratch.centers, out);
            outer::evaluate(instance, &prepared, scale, out, &mut scratch);
            patch::evaluate::<K, S, N, M>(instance, &prepared, scale, out, &mut scratch.patch);
            scratch.image.copy_from_slice(out);
        } else {
            let cols = layout.shape[1];
            for (out, row) in out.chunks_exact_mut(cols).zip(scratch.centers.chunks_exact(layout.stride())) {
                out.copy_from_slice(&row[..cols]);
            }
        }
    }
}

impl<K: Kernel> PullBack<'_, '_, K> {
    /// The adjoint, and `sum(seed * image)`.
    #[inline(always)]
    fn run<S: Simd, const N: usize, const M: usize>(self, simd: S) -> (Adjoint, f64) {
        let Self { instance, seed, scratch } = self;
        let layout = instance.layout();
        let mut scratch = layout.split(scratch);
        let mut adjoint = Adjoint::default();
        let mut image = dot(seed, scratch.image);
        if instance.integrated {
            pad_seeds(layout, seed, &mut scratch);
            patch::pull_back::<K, S, N, M>(instance, simd, &mut scratch, &mut adjoint);
            outer::pull_back::<K, S, N>(instance, simd, &mut scratch, &mut adjoint);
            stencil::pull_back(layout, &mut scratch);
            outer::add_center_seeds(instance, &mut scratch);
        } else {
            let cols = layout.shape[1];
            for (to, from) in scratch.centers.chunks_exact_mut(layout.stride()).zip(seed.chunks_exact(cols)) {
                image += dot(from, &to[..cols]);
                to[..cols].copy_from_slice(from);
                to[cols..].fill(0.0);
            }
        }
        let moments = moments::<S, N>(simd, instance.centers(), scratch.centers, scratch.center_slopes);
        adjoint.add_moments(&moments, &instance.form(), 1.0);
        (adjoint, image)
    }
}

/// Copies the seeds into the middle of two pixels of zeros.
#[inline(always)]
fn pad_seeds(layout: Layout, seed: &[f64], scratch: &mut Scratch<'_>) {
    let (cols, stride) = (layout.shape[1], layout.seed_stride());
    let (above, rows) = scratch.seeds.split_at_mut(2 * stride);
    let (rows, below) = rows.split_at_mut(layout.shape[0] * stride);
    above.fill(0.0);
    below.fill(0.0);
    for (from, to) in seed.chunks_exact(cols).zip(rows.chunks_exact_mut(stride)) {
        to[..2].fill(0.0);
        to[2..cols + 2].copy_from_slice(from);
        to[cols + 2..].fill(0.0);
    }
}

/// Sum of products, in eight interleaved sums.
#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}
