//! The score network as layers on a dfdx device.

use super::ScoreNet;
use crate::weights::Weights;
use crate::{Cube, LayerNorm2, Matrix, MixerBlock, Mlp, NnError, PatchConv, PatchConvTranspose, Vector};
use dfdx::prelude::*;

/// A score network on a dfdx device, layer by layer; what goes through it can be on a tape.
///
/// The input is `[2, side, side]`: the image, and a plane of t / t1.
#[derive(Debug, Clone)]
pub struct ScoreModule<E: Dtype, D: Device<E>> {
    /// Patches to features.
    pub conv_in: PatchConv<E, D>,
    /// The mixers.
    pub blocks: Vec<MixerBlock<E, D>>,
    /// Before the last layer.
    pub norm: LayerNorm2<E, D>,
    /// Features to an image.
    pub conv_out: PatchConvTranspose<E, D>,
}

impl<E: Dtype + From<f32>, D: Device<E>> ScoreModule<E, D> {
    /// The layers of `net` on `device`.
    ///
    /// # Errors
    /// The device failed.
    pub fn new(net: &ScoreNet, device: &D) -> Result<Self, NnError> {
        let sizes = *net.architecture();
        let mut arrays = Arrays { left: net.arrays().iter(), device };
        let (f, n) = (sizes.features, sizes.patch);
        let kernel = arrays.next((f, 2, n, n))?;
        let conv_in = PatchConv::new(kernel, arrays.next((f,))?)?;
        let kernel: Cube<E, D> = arrays.next((f, n, n))?;
        let bias = arrays.next(())?;
        let conv_out = PatchConvTranspose::new(kernel, bias, [sizes.side; 2])?;
        let (p, mut blocks) = (sizes.patches(), Vec::new());
        for _ in 0..sizes.depth {
            let patches = arrays.mlp(sizes.mix_patches, p)?;
            let hidden = arrays.mlp(sizes.mix_features, f)?;
            let norm1 = arrays.norm(f, p)?;
            blocks.push(MixerBlock { norm1, patches, norm2: arrays.norm(p, f)?, hidden });
        }
        Ok(Self { conv_in, blocks, norm: arrays.norm(f, p)?, conv_out })
    }
}

/// The arrays that are left, in their order.
struct Arrays<'a, D> {
    left: std::slice::Iter<'a, Weights>,
    device: &'a D,
}

impl<D> Arrays<'_, D> {
    fn next<S: Shape, E: Dtype + From<f32>>(&mut self, shape: S) -> Result<Tensor<S, E, D>, NnError>
    where
        D: Device<E>,
    {
        let weights = self.left.next().expect("an architecture has as many arrays as its network");
        let values = weights.to_vec(|v| E::from_f64(v).unwrap_or_default());
        self.device.try_tensor_from_vec(values, shape).map_err(NnError::device)
    }

    fn mlp<E: Dtype + From<f32>>(&mut self, inner: usize, outer: usize) -> Result<Mlp<E, D>, NnError>
    where
        D: Device<E>,
    {
        let first: (Matrix<E, D>, Vector<E, D>) = (self.next((inner, outer))?, self.next((inner,))?);
        Mlp::new(first, (self.next((outer, inner))?, self.next((outer,))?))
    }

    fn norm<E: Dtype + From<f32>>(&mut self, rows: usize, columns: usize) -> Result<LayerNorm2<E, D>, NnError>
    where
        D: Device<E>,
    {
        LayerNorm2::new(self.next((rows, columns))?, self.next((rows, columns))?)
    }
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Cube<E, D, T>> for ScoreModule<E, D> {
    type Output = Matrix<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, image: Cube<E, D, T>) -> Result<Self::Output, NnError> {
        let mut y = self.conv_in.try_forward(image)?;
        for block in &self.blocks {
            y = block.try_forward(y)?;
        }
        self.conv_out.try_forward(self.norm.try_forward(y)?)
    }
}
