//! What training minimises.

use super::Random;
use crate::{Arrays, NnError, Trainable};
use dfdx::prelude::{Device, OwnedTape, Tensor};
use rand::RngExt;

/// Examples to learn from, or those to validate with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// To learn from.
    Training,
    /// Held out.
    Validation,
}

/// A loss on its tape.
pub type Loss<D> = Tensor<(), f32, D, OwnedTape<f32, D>>;

/// What a [`Trainer`](super::Trainer) minimises: layers, examples and their loss.
///
/// `examples/moments.rs` of this crate is one in a few lines.
pub trait Objective<D: Device<f32>>: Sync {
    /// The layers that are trained.
    type Layers: Trainable<f32, D>;
    /// A few examples with all that is random in them, on the host.
    type Examples;

    /// Name and shape of each array of weights, in the order in which the layers take them.
    fn arrays(&self) -> Vec<(String, Vec<usize>)>;

    /// The layers with these weights.
    ///
    /// # Errors
    /// The arrays do not fit, or the device failed.
    fn layers(&self, arrays: &mut Arrays<'_, f32, D>) -> Result<Self::Layers, NnError>;

    /// Draws `count` examples of `set`.
    fn draw(&self, set: Set, count: usize, random: &mut Random) -> Self::Examples;

    /// The mean loss of `examples`.
    ///
    /// # Errors
    /// The device failed.
    fn loss(&self, layers: &Self::Layers, examples: &Self::Examples, device: &D) -> Result<Loss<D>, NnError>;

    /// A number that is another for other examples, so that a checkpoint is not resumed on them.
    fn fingerprint(&self) -> u64 {
        0
    }

    /// The weights to begin with: 1 for weights of norms, 0 for biases, else uniform within 1/sqrt(n), where n is the number of
    /// inputs of an output, the product of all sides but the first.
    fn start(&self, random: &mut Random) -> Vec<f32> {
        let mut all = Vec::new();
        for (name, shape) in self.arrays() {
            let n: usize = shape.iter().product();
            if name.ends_with("bias") {
                all.extend(std::iter::repeat_n(0.0, n));
            } else if name.contains("norm") {
                all.extend(std::iter::repeat_n(1.0, n));
            } else {
                let inputs: usize = shape.iter().skip(1).product();
                let most = (inputs.max(1) as f32).sqrt().recip();
                all.extend((0..n).map(|_| random.random_range(-most..most)));
            }
        }
        all
    }
}
