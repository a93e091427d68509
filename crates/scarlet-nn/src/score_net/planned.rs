//! The score network planned for speed: matrix products on buffers that are made once.

use super::kernels::{normalize, rectify_columns, rectify_rows};
use super::number::Number;
use super::scaling::Factors;
use super::{Architecture, Scaling, ScoreNet};
use crate::NnError;
use crate::error::expect;
use crate::weights::Weights;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// Images that go through the network together: few enough to stay in the cache.
const TOGETHER: usize = 4;

/// A score network whose evaluation allocates nothing and has no tape; `E` is `f32` or `f64`.
///
/// It is what a prior evaluates in each step of a fit. A mixer is two matrix products over all patches or features of up to
/// four images, and one pass between them.
#[derive(Debug, Clone)]
pub struct PlannedNet<E> {
    sizes: Architecture,
    time_scale: f64,
    scaling: Scaling,
    /// `[feature, patch * patch]` of the image, and the sum of those of the plane of noise levels.
    conv_in: (Vec<E>, Vec<E>),
    conv_in_bias: Vec<E>,
    blocks: Vec<Block<E>>,
    norm: Affine<E>,
    /// `[feature, patch * patch]` with flipped kernels.
    conv_out: Vec<E>,
    conv_out_bias: E,
}

/// A weight and a bias for each element.
type Affine<E> = (Vec<E>, Vec<E>);

#[derive(Debug, Clone)]
struct Block<E> {
    patches: Mixer<E>,
    features: Mixer<E>,
    norm1: Affine<E>,
    /// Transposed, as the features are here.
    norm2: Affine<E>,
}

/// `[hidden, in]` and `[in, hidden]` with the biases that go with them.
#[derive(Debug, Clone)]
struct Mixer<E> {
    first: Affine<E>,
    second: Affine<E>,
}

/// Buffers of one thread.
#[derive(Debug, Clone)]
pub struct Workspace<E> {
    /// `[image, feature, patch]`.
    y: Vec<E>,
    normed: Vec<E>,
    hidden: Vec<E>,
    /// `[patch * patch, patch]`: an image by its patches.
    patched: Vec<E>,
}

impl<E: Number> PlannedNet<E> {
    /// The plan of `net`.
    #[must_use]
    pub fn new(net: &ScoreNet) -> Self {
        let sizes = *net.architecture();
        let (f, nn) = (sizes.features, sizes.patch * sizes.patch);
        let mut left = net.arrays().iter().map(|a: &Weights| a.to_vec(E::of));
        let mut next = || left.next().expect("an architecture has as many arrays as its network");
        let kernels = next();
        let of_image = kernels.chunks_exact(2 * nn).flat_map(|k| k[..nn].iter().copied()).collect();
        let of_level =
            kernels.chunks_exact(2 * nn).map(|k| E::of(k[nn..].iter().map(|w| w.to_double()).sum()));
        let conv_in = (of_image, of_level.collect());
        let conv_in_bias = next();
        let mut conv_out = next();
        conv_out.chunks_exact_mut(nn).for_each(<[E]>::reverse);
        let conv_out_bias = next()[0];
        let mut affine = || (next(), next());
        let block = |_| {
            let mut mixer = || Mixer { first: affine(), second: affine() };
            let (patches, features) = (mixer(), mixer());
            let (norm1, norm2) = (affine(), affine());
            let norm2 = (transposed(&norm2.0, f), transposed(&norm2.1, f));
            Block { patches, features, norm1, norm2 }
        };
        let blocks = (0..sizes.depth).map(block).collect();
        let (norm, time_scale, scaling) = (affine(), net.time_scale(), net.scaling());
        Self { sizes, time_scale, scaling, conv_in, conv_in_bias, blocks, norm, conv_out, conv_out_bias }
    }

    /// Its sizes.
    #[must_use]
    pub const fn architecture(&self) -> &Architecture {
        &self.sizes
    }

    /// Buffers for one thread.
    #[must_use]
    pub fn workspace(&self) -> Workspace<E> {
        let Architecture { features, mix_patches, mix_features, patch, .. } = self.sizes;
        let patches = self.sizes.patches();
        let hidden = (TOGETHER * features * mix_patches).max(mix_features * patches);
        let zeros = |n| vec![E::default(); n];
        Workspace {
            y: zeros(TOGETHER * features * patches),
            normed: zeros(TOGETHER * features * patches),
            hidden: zeros(hidden),
            patched: zeros(patch * patch * patches),
        }
    }

    /// Writes the scores of `images`, `[image, y, x]`, at noise level `t` into `out`.
    ///
    /// # Errors
    /// [`NnError::Shape`]: not a whole number of images, or `out` is not as long; [`NnError::NoiseLevel`]: the network has no
    /// score for `t`.
    pub fn evaluate(
        &self,
        images: &[E],
        t: f64,
        out: &mut [E],
        space: &mut Workspace<E>,
    ) -> Result<(), NnError> {
        let side = self.sizes.side;
        let n = side * side;
        let whole = images.len().is_multiple_of(n) && images.len() == out.len();
        expect(whole, "images and scores of a score network", &[images.len(), out.len()], || {
            format!("of equal length, a multiple of {side} x {side}")
        })?;
        let factors = self.scaling.factors(t, self.time_scale)?;
        for (images, out) in images.chunks(TOGETHER * n).zip(out.chunks_mut(TOGETHER * n)) {
            self.few(images, factors, out, space);
        }
        Ok(())
    }

    /// The same for at most [`TOGETHER`] images.
    fn few(&self, images: &[E], factors: Factors, out: &mut [E], space: &mut Workspace<E>) {
        let n = self.sizes.side * self.sizes.side;
        let len = self.sizes.features * self.sizes.patches();
        let count = images.len() / n;
        let Workspace { y, normed, hidden, patched } = space;
        let (y, normed) = (&mut y[..count * len], &mut normed[..count * len]);
        for (image, y) in images.chunks_exact(n).zip(y.chunks_exact_mut(len)) {
            self.read(image, factors, y, patched);
        }
        for block in &self.blocks {
            self.mix_patches(block, y, normed, hidden);
            self.mix_features(block, y, normed, hidden);
        }
        for ((y, normed), out) in
            y.chunks_exact(len).zip(normed.chunks_exact_mut(len)).zip(out.chunks_exact_mut(n))
        {
            normalize(y, &self.norm.0, &self.norm.1, normed);
            self.write(normed, out, patched);
        }
        let (keep, network) = (E::of(factors.keep), E::of(factors.network));
        for (out, z) in out.iter_mut().zip(images) {
            *out = network * *out + keep * *z;
        }
    }

    /// The first convolution.
    fn read(&self, image: &[E], factors: Factors, y: &mut [E], patched: &mut [E]) {
        let (input, level) = (E::of(factors.input), E::of(factors.level));
        let Architecture { side, patch, features, .. } = self.sizes;
        let (along, patches) = (side / patch, self.sizes.patches());
        for (k, row) in image.chunks_exact(side).enumerate() {
            let (a, first) = (k % patch, (k / patch) * along);
            for (j, pixels) in row.chunks_exact(patch).enumerate() {
                for (b, v) in pixels.iter().enumerate() {
                    patched[(a * patch + b) * patches + first + j] = *v * input;
                }
            }
        }
        for ((row, bias), of_level) in
            y.chunks_exact_mut(patches).zip(&self.conv_in_bias).zip(&self.conv_in.1)
        {
            row.fill(*bias + level * *of_level);
        }
        let kernels = rows(&self.conv_in.0, features, patch * patch);
        matmul(
            rows_mut(y, features, patches),
            Accum::Add,
            kernels,
            rows(patched, patch * patch, patches),
            E::of(1.0),
            Par::Seq,
        );
    }

    /// The last convolution.
    fn write(&self, features: &[E], image: &mut [E], patched: &mut [E]) {
        let Architecture { side, patch, .. } = self.sizes;
        let (along, patches, count) = (side / patch, self.sizes.patches(), self.sizes.features);
        let kernels = rows(&self.conv_out, count, patch * patch).transpose();
        let to = rows_mut(patched, patch * patch, patches);
        matmul(to, Accum::Replace, kernels, rows(features, count, patches), E::of(1.0), Par::Seq);
        for (k, row) in image.chunks_exact_mut(side).enumerate() {
            let (a, first) = (k % patch, (k / patch) * along);
            for (j, pixels) in row.chunks_exact_mut(patch).enumerate() {
                for (b, v) in pixels.iter_mut().enumerate() {
                    *v = patched[(a * patch + b) * patches + first + j] + self.conv_out_bias;
                }
            }
        }
    }

    /// y += second(max(first(norm1(y)), 0)) along the patches, for all images and features at once.
    fn mix_patches(&self, block: &Block<E>, y: &mut [E], normed: &mut [E], hidden: &mut [E]) {
        let (patches, inner) = (self.sizes.patches(), self.sizes.mix_patches);
        let len = self.sizes.features * patches;
        for (y, normed) in y.chunks_exact(len).zip(normed.chunks_exact_mut(len)) {
            normalize(y, &block.norm1.0, &block.norm1.1, normed);
        }
        let Mixer { first, second } = &block.patches;
        let count = y.len() / patches;
        let hidden = &mut hidden[..count * inner];
        let (one, weights) = (E::of(1.0), rows(&first.0, inner, patches).transpose());
        matmul(
            rows_mut(hidden, count, inner),
            Accum::Replace,
            rows(normed, count, patches),
            weights,
            one,
            Par::Seq,
        );
        rectify_rows(hidden, &first.1);
        for row in y.chunks_exact_mut(patches) {
            row.iter_mut().zip(&second.1).for_each(|(y, b)| *y += *b);
        }
        let weights = rows(&second.0, patches, inner).transpose();
        matmul(rows_mut(y, count, patches), Accum::Add, rows(hidden, count, inner), weights, one, Par::Seq);
    }

    /// y += second(max(first(norm2(y)), 0)) along the features, image by image.
    fn mix_features(&self, block: &Block<E>, y: &mut [E], normed: &mut [E], hidden: &mut [E]) {
        let (patches, features, inner) = (self.sizes.patches(), self.sizes.features, self.sizes.mix_features);
        let Mixer { first, second } = &block.features;
        let (one, hidden) = (E::of(1.0), &mut hidden[..inner * patches]);
        let len = features * patches;
        for (y, normed) in y.chunks_exact_mut(len).zip(normed.chunks_exact_mut(len)) {
            normalize(y, &block.norm2.0, &block.norm2.1, normed);
            let (weights, x) = (rows(&first.0, inner, features), rows(normed, features, patches));
            matmul(rows_mut(hidden, inner, patches), Accum::Replace, weights, x, one, Par::Seq);
            rectify_columns(hidden, &first.1);
            for (row, b) in y.chunks_exact_mut(patches).zip(&second.1) {
                row.iter_mut().for_each(|y| *y += *b);
            }
            let (weights, x) = (rows(&second.0, features, inner), rows(hidden, inner, patches));
            matmul(rows_mut(y, features, patches), Accum::Add, weights, x, one, Par::Seq);
        }
    }
}

fn rows<E>(values: &[E], rows: usize, columns: usize) -> MatRef<'_, E> {
    MatRef::from_row_major_slice(values, rows, columns)
}

fn rows_mut<E>(values: &mut [E], rows: usize, columns: usize) -> MatMut<'_, E> {
    MatMut::from_row_major_slice_mut(values, rows, columns)
}

/// `[row, columns]` to `[columns, row]`.
fn transposed<E: Copy>(values: &[E], columns: usize) -> Vec<E> {
    (0..columns).flat_map(|c| values.iter().skip(c).step_by(columns).copied()).collect()
}
