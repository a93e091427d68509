//! The score network planned for speed: matrix products on buffers that are made once.

use super::aligned::Aligned;
use super::kernels::{add_transposed, normalize, products, transposed};
use super::mixing::{Along, Layers};
use super::number::Number;
use super::scaling::Factors;
use super::{Architecture, Scaling, ScoreNet};
use crate::NnError;
use crate::error::expect;
use crate::weights::Weights;

/// Images that go through the network together: few enough to stay in the cache.
const TOGETHER: usize = 4;

/// A score network whose evaluation allocates nothing and has no tape; `E` is `f32` or `f64`.
///
/// It is what a prior evaluates in each step of a fit. A mixer takes a few hidden units at a time for all rows of up to four
/// images, so that their weights stay in the innermost cache, and sums the second layer over those units alone that are above
/// 0. Mixers of features take columns of what mixers of patches leave, which is never turned.
#[derive(Debug, Clone)]
pub struct PlannedNet<E: Number> {
    sizes: Architecture,
    time_scale: f64,
    scaling: Scaling,
    /// `[feature, patch * patch]` of the image, and the sum of those of the plane of noise levels.
    conv_in: (Vec<E>, Vec<E>),
    conv_in_bias: Vec<E>,
    /// A zero for each patch.
    zeros: Vec<E>,
    blocks: Vec<Block<E>>,
    norm: Affine<E>,
    /// `[patch * patch, feature]` with flipped kernels, and the bias for each patch.
    conv_out: Affine<E>,
}

/// A weight and a bias for each element.
type Affine<E> = (Vec<E>, Vec<E>);

#[derive(Debug, Clone)]
struct Block<E: Number> {
    patches: Mixer<E>,
    features: Mixer<E>,
}

/// The norm before two layers, and these.
#[derive(Debug, Clone)]
struct Mixer<E: Number> {
    norm: Affine<E>,
    layers: Layers<E>,
}

impl<E: Number> Mixer<E> {
    /// Writes the norm of images of so many values.
    fn normalize(&self, len: usize, y: &[E], normed: &mut [E]) {
        for (y, normed) in y.chunks_exact(len).zip(normed.chunks_exact_mut(len)) {
            normalize(y, &self.norm.0, &self.norm.1, normed);
        }
    }
}

/// Buffers of one thread.
#[derive(Debug, Clone)]
pub struct Workspace<E: Number> {
    /// `[image, feature, patch]`.
    y: Aligned<E>,
    normed: Aligned<E>,
    /// `[image, patch, feature]`.
    turned: Aligned<E>,
    hidden: Aligned<E>,
    /// `[patch * patch, patch]`: an image by its patches.
    patched: Aligned<E>,
}

impl<E: Number> PlannedNet<E> {
    /// The plan of `net`.
    #[must_use]
    pub fn new(net: &ScoreNet) -> Self {
        let sizes = *net.architecture();
        let nn = sizes.patch * sizes.patch;
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
        let conv_out = (transposed(&conv_out, nn), vec![next()[0]; sizes.patches()]);
        let mut affine = || (next(), next());
        let block = |_| {
            let [a, b, c, d, norm1, norm2] = std::array::from_fn(|_| affine());
            // it has the order of `[patch, feature]`
            let norm2 = (transposed(&norm2.0, sizes.features), transposed(&norm2.1, sizes.features));
            Block {
                patches: Mixer { norm: norm1, layers: Layers::new(&a, b) },
                features: Mixer { norm: norm2, layers: Layers::new(&c, d) },
            }
        };
        let blocks = (0..sizes.depth).map(block).collect();
        let (norm, time_scale, scaling) = (affine(), net.time_scale(), net.scaling());
        let zeros = vec![E::default(); sizes.patches()];
        Self { sizes, time_scale, scaling, conv_in, conv_in_bias, zeros, blocks, norm, conv_out }
    }

    /// Its sizes.
    #[must_use]
    pub const fn architecture(&self) -> &Architecture {
        &self.sizes
    }

    /// Buffers for one thread.
    #[must_use]
    pub fn workspace(&self) -> Workspace<E> {
        let Architecture { features, patch, .. } = self.sizes;
        let patches = self.sizes.patches();
        let zeros = Aligned::zeros;
        Workspace {
            y: zeros(TOGETHER * features * patches),
            normed: zeros(TOGETHER * features * patches),
            turned: zeros(TOGETHER * features * patches),
            hidden: Layers::buffer(),
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
        let Workspace { y, normed, turned, hidden, patched } = space;
        let [y, normed, turned] = [y, normed, turned].map(|buffer| &mut buffer[..count * len]);
        let features = self.sizes.features;
        for (image, y) in images.chunks_exact(n).zip(y.chunks_exact_mut(len)) {
            self.read(image, factors, y, patched);
        }
        for Block { patches: across, features: within } in &self.blocks {
            across.normalize(len, y, normed);
            across.layers.add(normed, Along::Rows, y, len, hidden);
            within.normalize(len, y, normed);
            turned.fill(E::default());
            within.layers.add(normed, Along::Columns, turned, len, hidden);
            for (turned, y) in turned.chunks_exact(len).zip(y.chunks_exact_mut(len)) {
                add_transposed(turned, features, y);
            }
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
        let Architecture { side, patch, .. } = self.sizes;
        let (along, patches) = (side / patch, self.sizes.patches());
        for (k, row) in image.chunks_exact(side).enumerate() {
            let (a, first) = (k % patch, (k / patch) * along);
            for (j, pixels) in row.chunks_exact(patch).enumerate() {
                for (b, v) in pixels.iter().enumerate() {
                    patched[(a * patch + b) * patches + first + j] = *v * input;
                }
            }
        }
        products(&self.conv_in.0, patched, &self.zeros, y);
        for ((row, bias), of_level) in
            y.chunks_exact_mut(patches).zip(&self.conv_in_bias).zip(&self.conv_in.1)
        {
            row.iter_mut().for_each(|y| *y += *bias + level * *of_level);
        }
    }

    /// The last convolution.
    fn write(&self, features: &[E], image: &mut [E], patched: &mut [E]) {
        let Architecture { side, patch, .. } = self.sizes;
        let (along, patches) = (side / patch, self.sizes.patches());
        products(&self.conv_out.0, features, &self.conv_out.1, patched);
        for (k, row) in image.chunks_exact_mut(side).enumerate() {
            let (a, first) = (k % patch, (k / patch) * along);
            for (j, pixels) in row.chunks_exact_mut(patch).enumerate() {
                for (b, v) in pixels.iter_mut().enumerate() {
                    *v = patched[(a * patch + b) * patches + first + j];
                }
            }
        }
    }
}
