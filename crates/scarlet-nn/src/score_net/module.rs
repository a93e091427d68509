//! The score network as layers on a dfdx device.

use super::{Architecture, ScoreNet};
use crate::shapes::first;
use crate::{Arrays, Batch, Cube, LayerNorm2, Matrix, MixerBlock, NnError, PatchConv, PatchConvTranspose};
use dfdx::prelude::*;

/// A score network on a dfdx device, layer by layer; what goes through it can be on a tape.
///
/// The input is `[2, side, side]`, or a batch of such: the image, and a plane of t / t1. A network that was trained here
/// takes and gives both as its [`Scaling`](super::Scaling) says.
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

impl<E: Dtype, D: Device<E>> ScoreModule<E, D> {
    /// The layers of `net` on `device`.
    ///
    /// # Errors
    /// The device failed.
    pub fn new(net: &ScoreNet, device: &D) -> Result<Self, NnError>
    where
        E: From<f32>,
    {
        let values = net.arrays().iter().map(|a| a.to_vec(|v| E::from_f64(v).unwrap_or_default()));
        Self::from_arrays(net.architecture(), &mut Arrays::new(values.collect(), device))
    }

    /// From arrays in the order of [`Architecture::arrays`]; the last one, t1, is not read.
    ///
    /// # Errors
    /// An array is missing or has another size; the device failed.
    pub fn from_arrays(sizes: &Architecture, arrays: &mut Arrays<'_, E, D>) -> Result<Self, NnError> {
        let (f, n) = (sizes.features, sizes.patch);
        let kernel = arrays.next((f, 2, n, n))?;
        let conv_in = PatchConv::new(kernel, arrays.next((f,))?)?;
        let kernel: Cube<E, D> = arrays.next((f, n, n))?;
        let bias = arrays.next(())?;
        let conv_out = PatchConvTranspose::new(kernel, bias, [sizes.side; 2])?;
        let (p, mut blocks) = (sizes.patches(), Vec::new());
        for _ in 0..sizes.depth {
            let patches = arrays.mlp([p, sizes.mix_patches, p])?;
            let hidden = arrays.mlp([f, sizes.mix_features, f])?;
            let norm1 = arrays.norm(f, p)?;
            blocks.push(MixerBlock { norm1, patches, norm2: arrays.norm(p, f)?, hidden });
        }
        Ok(Self { conv_in, blocks, norm: arrays.norm(f, p)?, conv_out })
    }
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Batch<E, D, T>> for ScoreModule<E, D> {
    type Output = Cube<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, images: Batch<E, D, T>) -> Result<Self::Output, NnError> {
        let mut y = self.conv_in.try_forward(images)?;
        for block in &self.blocks {
            y = block.try_forward(y)?;
        }
        self.conv_out.try_forward(self.norm.try_forward(y)?)
    }
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Cube<E, D, T>> for ScoreModule<E, D> {
    type Output = Matrix<E, D, T>;
    type Error = NnError;

    fn try_forward(&self, image: Cube<E, D, T>) -> Result<Self::Output, NnError> {
        let (channels, rows, columns) = *image.shape();
        let batch = image.try_reshape_like(&(1, channels, rows, columns)).map_err(NnError::device)?;
        first(self.try_forward(batch)?)
    }
}
