//! What the freedom of images adds to the errors of a source: pixels of it and of its neighbours, around it.
//!
//! Information about pairs of pixels is taken to depend on their distance alone, as if all pixels near the source had their
//! mean weight and one PSF: a convolution. With s the scalars and p the pixels, the variance of a functional g is
//! g_s' H_ss^-1 g_s + r' S^-1 r, r = g_p - H_ps H_ss^-1 g_s and S = H_pp - H_ps H_ss^-1 H_sp. The first term is exact and
//! not found here; the second is found by conjugate gradients, whose error is second order in that of the solution.

mod absorbed;
mod expected;

pub(super) use expected::{Told, shared};

use super::block::{factorized, solved};
use super::part::Part;
use expected::Loose;
use ndarray::Array2;
use scarlet_frame::BBox;
use scarlet_render::{Convolution, ConvolutionMatrix, Window, Workspace};

/// Pixels around a source's box in which neighbours count.
const MARGIN_PX: usize = 6;
/// Iterations at most, and the share of a variance below which another one is not worth it, for fluxes and for the rest.
const ITERATIONS: usize = 24;
const SMALL: [f64; 2] = [0.01, 0.02];
/// Added to the scaled information of scalars.
const RIDGE: f64 = 1e-7;

/// Something whose error is wanted: how it changes with the scalars of some source and the pixels of its images.
#[derive(Debug, Clone)]
pub(super) struct Functional {
    pub(super) source: usize,
    pub(super) scalars: Vec<f64>,
    /// For each image of the source, in row order of its box.
    pub(super) images: Vec<Vec<f64>>,
}

/// The surroundings of one source.
pub(super) struct Surroundings {
    convolution: Convolution<f32>,
    /// What images see of each other, where they are fewer than channels.
    matrix: Option<ConvolutionMatrix<f32>>,
    work: Workspace<f32>,
    window: BBox,
    images: Vec<Local>,
    pixels: usize,
    /// Of the sources whose scalars are here, with the first of these.
    scalars: Vec<(usize, usize)>,
    /// How pixels are told by each scalar, H_sp.
    shared: Vec<Vec<f32>>,
    factor: Vec<f64>,
    scales: Vec<f64>,
    precisions: Vec<f32>,
    /// Inverse of the diagonal of the information, 0 for pixels that are not free.
    preconditioner: Vec<f32>,
    plane: Vec<f32>,
    seen: Vec<f32>,
    loose: Loose,
}

/// The part of a free image that is in the window.
struct Local {
    source: usize,
    index: usize,
    amplitudes: Vec<f32>,
    inside: BBox,
    start: usize,
}

impl Local {
    /// Adds so many times its part of all pixels to a plane of the window.
    fn add_to(&self, share: f32, pixels: &[f32], plane: &mut [f32], window: BBox) {
        let width = self.inside.shape()[1];
        for (y, from) in pixels[self.start..][..self.inside.len()].chunks_exact(width).enumerate() {
            add(share, from, &mut plane[row_of(window, self.inside, y)..][..width]);
        }
    }

    /// Adds so many times its part of a plane of the window to all pixels.
    fn add_from(&self, share: f32, plane: &[f32], window: BBox, pixels: &mut [f32]) {
        let width = self.inside.shape()[1];
        for (y, to) in pixels[self.start..][..self.inside.len()].chunks_exact_mut(width).enumerate() {
            add(share, &plane[row_of(window, self.inside, y)..][..width], to);
        }
    }
}

impl Surroundings {
    /// Of `parts[target]`, with `near` by it, in a frame of this box, of which the first `close` are so close that their
    /// expected images count; `kernels` is the information about pairs of pixels in each channel.
    pub(super) fn new(
        target: usize,
        (near, close): (&[usize], usize),
        parts: &[Part],
        frame: BBox,
        kernels: &[Array2<f64>],
    ) -> Option<Self> {
        let window = parts[target].bbox.grown(MARGIN_PX).intersection(frame)?;
        let all = || std::iter::once(target).chain(near.iter().copied());
        let (mut images, mut pixels) = (Vec::new(), 0);
        for source in all() {
            for (index, image) in parts[source].images.iter().enumerate() {
                let Some(inside) = image.bbox.intersection(window) else { continue };
                let amplitudes: Vec<f32> = image.amplitudes.iter().map(|a| *a as f32).collect();
                images.push(Local { source, index, amplitudes, inside, start: pixels });
                pixels += inside.len();
            }
        }
        if images.is_empty() {
            return None;
        }
        let convolution = Convolution::new(window, window, kernels);
        let amplitudes: Vec<&[f32]> =
            images.iter().map(|local: &Local| local.amplitudes.as_slice()).collect();
        let mut surroundings = Self {
            matrix: (images.len() < kernels.len()).then(|| convolution.matrix(&amplitudes)),
            work: convolution.workspace(),
            convolution,
            pixels,
            scalars: Vec::new(),
            shared: Vec::new(),
            factor: Vec::new(),
            scales: Vec::new(),
            precisions: vec![0.0; pixels],
            preconditioner: vec![0.0; pixels],
            plane: vec![0.0; window.len()],
            seen: vec![0.0; window.len()],
            window,
            images,
            loose: Loose::default(),
        };
        surroundings.weigh(parts, kernels);
        surroundings.add_scalars(parts, all());
        surroundings.add_loose(parts, &near[..close], target);
        Some(surroundings)
    }

    /// Precisions of all pixels, and which of them are free.
    fn weigh(&mut self, parts: &[Part], kernels: &[Array2<f64>]) {
        for local in &self.images {
            let image = &parts[local.source].images[local.index];
            let told = image.told(kernels);
            let own = each_inside(image.bbox, local.inside);
            for ((_, at), k) in own.zip(local.start..) {
                let precision = image.precisions[at];
                self.precisions[k] = precision as f32;
                self.preconditioner[k] =
                    if image.is_free(at, told) { (1.0 / (precision + told)) as f32 } else { 0.0 };
            }
        }
    }

    /// What the scalars of `sources` share with the pixels, and with each other.
    fn add_scalars(&mut self, parts: &[Part], sources: impl Iterator<Item = usize>) {
        let mut changes: Vec<Vec<(usize, Vec<f32>)>> = Vec::new();
        let mut prior = Vec::new();
        for source in sources {
            let part = &parts[source];
            self.scalars.push((source, changes.len()));
            for (i, scalar) in part.scalars.iter().enumerate() {
                let clipped = scalar.planes.iter().map(|(c, plane)| (*c, self.clipped(part.bbox, plane)));
                prior.push((
                    changes.len() - i,
                    part.prior[i * part.scalars.len()..][..part.scalars.len()].to_vec(),
                ));
                changes.push(clipped.collect());
            }
        }
        let n = changes.len();
        let mut matrix = vec![0.0; n * n];
        for (j, change) in changes.iter().enumerate() {
            let mut shared = vec![0.0; self.pixels];
            for (channel, plane) in change {
                self.plane.copy_from_slice(plane);
                self.see(*channel, &mut shared);
                for (i, other) in changes.iter().enumerate() {
                    for (_, plane) in other.iter().filter(|(c, _)| c == channel) {
                        matrix[i * n + j] += dot(plane, &self.seen);
                    }
                }
            }
            self.shared.push(shared);
        }
        for (row, (first, values)) in prior.iter().enumerate() {
            values.iter().enumerate().for_each(|(k, v)| matrix[row * n + first + k] += v);
        }
        (0..n).for_each(|k| matrix[k * n + k] *= 1.0 + RIDGE);
        (self.factor, self.scales, _) = factorized(matrix);
    }

    /// A plane of a source's box as one of the window.
    fn clipped(&self, bbox: BBox, plane: &[f64]) -> Vec<f32> {
        let mut clipped = vec![0.0; self.window.len()];
        if let Some(common) = bbox.intersection(self.window) {
            for ((_, from), (_, to)) in each_inside(bbox, common).zip(each_inside(self.window, common)) {
                clipped[to] = plane[from] as f32;
            }
        }
        clipped
    }

    /// Convolves the plane and adds what it says about each pixel to `pixels`.
    fn see(&mut self, channel: usize, pixels: &mut [f32]) {
        let Self { convolution, work, plane, seen, window, images, .. } = self;
        convolution.apply(channel, plane, Window::whole(window.shape()), seen, work);
        for local in images.iter().filter(|local| local.amplitudes[channel] != 0.0) {
            local.add_from(local.amplitudes[channel], seen, *window, pixels);
        }
    }

    /// S times `x` into `out`, in all pixels.
    fn apply(&mut self, x: &[f32], out: &mut [f32]) {
        out.iter_mut().zip(x).zip(&self.precisions).for_each(|((o, x), p)| *o = x * p);
        self.add_seen(x, out);
        let told: Vec<f64> = self.shared.iter().map(|shared| dot(shared, x)).collect();
        for (shared, value) in self.shared.iter().zip(solved(&self.factor, &self.scales, &told)) {
            out.iter_mut().zip(shared).for_each(|(o, s)| *o -= value as f32 * s);
        }
    }

    /// Adds what pixels see of each other: of few images each with the others, of more by way of channels.
    fn add_seen(&mut self, x: &[f32], out: &mut [f32]) {
        let Self { matrix, images, window, .. } = self;
        if let Some(matrix) = matrix {
            let fill = |i: usize, plane: &mut [f32]| images[i].add_to(1.0, x, plane, *window);
            return matrix.apply(fill, |i, plane| images[i].add_from(1.0, plane, *window, out));
        }
        for channel in 0..self.images[0].amplitudes.len() {
            self.plane.fill(0.0);
            for local in self.images.iter().filter(|local| local.amplitudes[channel] != 0.0) {
                local.add_to(local.amplitudes[channel], x, &mut self.plane, self.window);
            }
            self.see(channel, out);
        }
    }

    /// r of a functional: how it changes with pixels, free or not, while scalars follow them.
    fn reduced(&self, functional: &Functional, parts: &[Part]) -> Vec<f32> {
        let mut reduced = vec![0.0; self.pixels];
        for local in self.images.iter().filter(|local| local.source == functional.source) {
            let image = &parts[local.source].images[local.index];
            for ((_, at), k) in each_inside(image.bbox, local.inside).zip(local.start..) {
                reduced[k] = functional.images[local.index][at] as f32;
            }
        }
        let mut scalars = vec![0.0; self.scales.len()];
        if let Some((_, first)) = self.scalars.iter().find(|(source, _)| *source == functional.source) {
            scalars[*first..first + functional.scalars.len()].copy_from_slice(&functional.scalars);
        }
        for (shared, value) in self.shared.iter().zip(solved(&self.factor, &self.scales, &scalars)) {
            reduced.iter_mut().zip(shared).for_each(|(r, s)| *r -= value as f32 * s);
        }
        reduced
    }

    /// What freedom adds to the covariances of some functionals of the target with `all`, of which they are the first; row by
    /// row, and `variances` are those without it. What expected images add to those of different sources is not in them: see
    /// [`shared`].
    pub(super) fn covariances(
        &mut self,
        all: &[Functional],
        variances: &[f64],
        parts: &[Part],
    ) -> (Vec<Vec<f64>>, Told) {
        let reduced: Vec<Vec<f32>> = all.iter().map(|functional| self.reduced(functional, parts)).collect();
        let (mut known, fluxes) = (Vec::new(), self.images[0].amplitudes.len());
        let solution = |(k, (r, variance)): (usize, (&Vec<f32>, &f64))| {
            self.solve(r, (*variance, SMALL[usize::from(k >= fluxes)]), &mut known)
        };
        let solutions: Vec<Solution> = reduced.iter().zip(variances).enumerate().map(solution).collect();
        let product = |of: &Solution| reduced.iter().map(|r| dot(&of.z, r)).collect();
        let mut covariances: Vec<Vec<f64>> = solutions.iter().map(product).collect();
        let told = self.told(&solutions);
        for (k, row) in covariances.iter_mut().enumerate() {
            row.iter_mut()
                .take(solutions.len())
                .enumerate()
                .for_each(|(l, v)| *v += shared(&told, k, &told, l));
        }
        (covariances, told)
    }

    /// S^-1 r by conjugate gradients, until an iteration adds less to r' S^-1 r than a `small` share of that and `variance`.
    ///
    /// r is that in all pixels: the preconditioner picks those that are free. It begins with the best combination of what is
    /// `known` of solutions before, and adds what it finds to that: fluxes in all channels of a source have almost the same
    /// solution.
    fn solve(&mut self, r: &[f32], (variance, small): (f64, f64), known: &mut Vec<Direction>) -> Solution {
        let n = self.pixels;
        let (mut start, mut residual) = (vec![0.0; n], r.to_vec());
        for (direction, share) in known.iter().zip(shares(known, r)) {
            add(share, &direction.x, &mut start);
            add(-share, &direction.applied, &mut residual);
        }
        let begun = residual.clone();
        let (mut x, mut applied, mut weighed) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        let mut ahead: Vec<f32> = residual.iter().zip(&self.preconditioner).map(|(r, m)| r * m).collect();
        let (mut norm, mut gained) = (dot(&residual, &ahead), dot(&start, r));
        for _ in 0..ITERATIONS {
            if norm <= 0.0 {
                break;
            }
            self.apply(&ahead, &mut applied);
            let curvature = dot(&ahead, &applied);
            if curvature <= 0.0 {
                break;
            }
            let step = norm / curvature;
            add(step as f32, &ahead, &mut x);
            add(-step as f32, &applied, &mut residual);
            let gain = step * norm;
            gained += gain;
            if gain < small * (variance + gained) {
                break;
            }
            weighed.iter_mut().zip(&residual).zip(&self.preconditioner).for_each(|((w, r), m)| *w = r * m);
            let next = dot(&residual, &weighed);
            let share = (next / norm) as f32;
            ahead.iter_mut().zip(&weighed).for_each(|(p, w)| *p = w + share * *p);
            norm = next;
        }
        add(1.0, &x, &mut start);
        known.push(Direction {
            applied: begun.iter().zip(&residual).map(|(before, after)| before - after).collect(),
            x,
        });
        Solution { z: start, residual }
    }
}

/// What S^-1 r is, and what S makes of it.
struct Solution {
    /// 0 where pixels are not free.
    z: Vec<f32>,
    /// r - S z in all pixels: about 0 where they are free.
    residual: Vec<f32>,
}

/// Something that S was applied to.
struct Direction {
    x: Vec<f32>,
    applied: Vec<f32>,
}

/// Shares of directions whose sum is closest to S^-1 r, as S measures it.
fn shares(known: &[Direction], r: &[f32]) -> Vec<f32> {
    let products = known.iter().flat_map(|a| known.iter().map(|b| dot(&a.x, &b.applied)));
    let (factor, scales, _) = factorized(products.collect());
    let told: Vec<f64> = known.iter().map(|direction| dot(&direction.x, r)).collect();
    solved(&factor, &scales, &told).into_iter().map(|share| share as f32).collect()
}

/// Adds so many times `from` to `to`.
fn add(share: f32, from: &[f32], to: &mut [f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += share * from);
}

/// Places in a box, in row order, of the pixels of one inside it: number and place.
fn each_inside(outer: BBox, inner: BBox) -> impl Iterator<Item = (usize, usize)> {
    let [ny, nx] = inner.shape();
    let row = move |y: usize| (0..nx).map(move |x| (y * nx + x, row_of(outer, inner, y) + x));
    (0..ny).flat_map(row)
}

/// Where row `y` of an inner box begins in an outer one.
fn row_of(outer: BBox, inner: BBox, y: usize) -> usize {
    let [dy, dx] = [0, 1].map(|k| (inner.origin()[k] - outer.origin()[k]) as usize);
    (y + dy) * outer.shape()[1] + dx
}

/// The sum of products.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let all = Window::whole([1, a.len()]);
    scarlet_render::dot(a, all, b, all)
}
