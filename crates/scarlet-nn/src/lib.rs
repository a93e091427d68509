//! Networks on dfdx for priors that are learned from images.
//!
//! **What is here**: the layers that such networks are made of and that dfdx lacks on stable Rust, for arrays whose
//! sizes are known at run time: [`PatchConv`] and [`PatchConvTranspose`] (convolutions whose stride is the size of
//! the kernel, as reshape and matrix product: dfdx's `conv2d` needs nightly), [`LayerNorm2`] (over a whole 2-D
//! array), [`Mlp`] and [`MixerBlock`]. Each is a value that holds its weights and a
//! [`Module`](dfdx::nn::Module) of dfdx.
//!
//! [`ScoreNet`] is the score network of galaxy-grad, read from `.eqx` files and written back byte for byte;
//! [`ScoreModule`] its layers on a dfdx device, and [`PlannedNet`] what evaluates it for many images without a tape.
//!
//! [`ScorePrior`] makes it a [`Score`](scarlet_model::Score) of an image: a prior with a gradient and no log-density,
//! which a fit can use and NUTS refuses. What the priors of many images share is a [`Learned`].
//!
//! [`train`] trains any layers, and score networks on images; [`Annealing`] draws images from a score network.
//!
//! All are generic over `f32` and `f64` and over dfdx's device. The feature `dfdx-cuda` builds dfdx with CUDA; it
//! needs `nvcc` and `nvidia-smi` at build time, and is in no default and no CI.
//!
//! Layout of the arrays and of the weights: that of the networks of galaxy-grad that scarlet2 loads, an
//! MLP-Mixer (Tolstikhin et al. 2021, arXiv:2105.01601).

mod anneal;
mod error;
mod mixer;
mod norm;
mod patch;
mod prior;
mod score_net;
mod shapes;
pub mod train;
mod trainable;
mod weights;
mod workers;

pub use anneal::Annealing;
pub use error::NnError;
pub use mixer::{MixerBlock, Mlp};
pub use norm::LayerNorm2;
pub use patch::{PatchConv, PatchConvTranspose};
pub use prior::{InputTransform, Learned, PriorSettings, ScorePrior, noise_variance, with_networks};
pub use score_net::{About, Architecture, Number, PlannedNet, Scaling, ScoreModule, ScoreNet, Workspace};
pub use trainable::{Arrays, Derivatives, Trainable};
pub use weights::{Values, Weights};

use dfdx::prelude::{NoneTape, Tensor};

/// Where tensors are: the processor, and a GPU with the feature `dfdx-cuda`.
pub mod device {
    pub use dfdx::prelude::{AutoDevice, Cpu};
}

/// A matrix whose sizes are known at run time.
pub type Matrix<E, D, T = NoneTape> = Tensor<(usize, usize), E, D, T>;
/// Channels of an image `[channel, y, x]`, or a batch of matrices, whose sizes are known at run time.
pub type Cube<E, D, T = NoneTape> = Tensor<(usize, usize, usize), E, D, T>;
/// A batch of images `[image, channel, y, x]` whose sizes are known at run time.
pub type Batch<E, D, T = NoneTape> = Tensor<(usize, usize, usize, usize), E, D, T>;
/// A vector whose size is known at run time.
pub type Vector<E, D> = Tensor<(usize,), E, D>;
