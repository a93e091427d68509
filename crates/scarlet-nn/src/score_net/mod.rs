//! The score network of galaxy-grad: an MLP-Mixer from a noisy image to the gradient of its log-density.

mod aligned;
mod architecture;
mod kernels;
mod made_up;
mod mixing;
mod module;
mod number;
mod planned;
mod scaling;
mod stored;

pub use architecture::Architecture;
pub use module::ScoreModule;
pub use number::Number;
pub use planned::{PlannedNet, Workspace};
pub(crate) use scaling::Factors;
pub use scaling::Scaling;
pub use stored::About;

use crate::NnError;
use crate::weights::Weights;

/// A score network: its sizes and its weights.
///
/// s(z, t) is the score of images z blurred by noise of level t, for z of `side` x `side` pixels: patches of z and of a
/// plane of t / t1, [`depth`](Architecture::depth) mixer blocks, patches back to an image. What it is evaluated with is a
/// [`PlannedNet`]; a [`ScoreModule`] is the same on a dfdx device, with a tape.
///
/// Sources: Tolstikhin et al. 2021 (arXiv:2105.01601) for the mixer; Song & Ermon 2019 (arXiv:1907.05600) for the score;
/// Sampson et al. 2024 (arXiv:2401.07313) for these networks as priors of galaxies.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreNet {
    architecture: Architecture,
    arrays: Vec<Weights>,
    time_scale: f64,
    scaling: Scaling,
}

impl ScoreNet {
    /// From all arrays in the order of [`Architecture::arrays`].
    ///
    /// # Errors
    /// [`NnError::Record`]: an array is missing or has another shape, a weight is not finite, t1 is not positive.
    pub fn new(arrays: Vec<Weights>) -> Result<Self, NnError> {
        let architecture = Architecture::of(&arrays)?;
        let names = architecture.arrays();
        for (record, (weights, (name, _))) in arrays.iter().zip(&names).enumerate() {
            if let Some(k) = weights.not_finite() {
                let problem = format!("element {k} of {name} is not a finite number");
                return Err(NnError::Record { record, problem });
            }
        }
        let record = arrays.len() - 1;
        let time_scale = arrays[record].to_vec::<f64>(|v| v)[0];
        if time_scale <= 0.0 {
            let problem = format!("t1, the scale of noise levels, is {time_scale}; it must be positive");
            return Err(NnError::Record { record, problem });
        }
        Ok(Self { architecture, arrays, time_scale, scaling: Scaling::Direct })
    }

    /// From the bytes of an `.eqx` file of galaxy-grad.
    ///
    /// # Errors
    /// As [`Weights::from_eqx`] and [`ScoreNet::new`].
    pub fn from_eqx(bytes: &[u8]) -> Result<Self, NnError> {
        Self::new(Weights::from_eqx(bytes)?)
    }

    /// As an `.eqx` file.
    ///
    /// # Errors
    /// [`NnError::Eqx`]: the network is preconditioned, which such a file cannot say.
    pub fn to_eqx(&self) -> Result<Vec<u8>, NnError> {
        match self.scaling {
            Scaling::Direct => Ok(Weights::to_eqx(&self.arrays)),
            Scaling::Preconditioned { .. } => Err(NnError::Eqx),
        }
    }

    /// The same network whose input and output are scaled as `scaling` says.
    ///
    /// # Errors
    /// [`NnError::Scaling`]: its numbers are not positive or not in order.
    pub fn scaled(self, scaling: Scaling) -> Result<Self, NnError> {
        if !scaling.is_valid() {
            return Err(NnError::Scaling { found: format!("{scaling:?}") });
        }
        Ok(Self { scaling, ..self })
    }

    /// What its output has to do with the score.
    #[must_use]
    pub const fn scaling(&self) -> Scaling {
        self.scaling
    }

    /// Its sizes.
    #[must_use]
    pub const fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Its weights, in the order of [`Architecture::arrays`].
    #[must_use]
    pub fn arrays(&self) -> &[Weights] {
        &self.arrays
    }

    /// t1: what noise levels are divided by.
    #[must_use]
    pub const fn time_scale(&self) -> f64 {
        self.time_scale
    }
}
