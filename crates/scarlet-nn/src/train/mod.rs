//! Training: any layers, any loss; and score networks by denoising score matching.
//!
//! An [`Objective`] says which arrays of weights there are, which layers they make, how examples are drawn and what their
//! loss is. A [`Trainer`] minimises it: Adam with clipped gradients, a running average of the weights, which is what is
//! validated and kept, checkpoints from which training goes on as if it had not ended. [`Denoising`] is the objective of
//! score networks, [`ImageSet`] what they are trained on.
//!
//! **Random numbers** depend on the seed, the step and the place in the batch alone, and sums are added in order, so that
//! training is bit-identical for any number of threads, and after any number of ends and resumptions.
//!
//! **Device**: layers and losses are generic over dfdx's device; weights, Adam and checkpoints are on the host. On a GPU,
//! one thread: `Trainer::new(&objective, &AutoDevice::default(), ..)` with the feature `dfdx-cuda`.

mod adam;
mod denoising;
mod images;
mod judge;
pub mod known;
mod objective;
mod settings;
mod state;
mod trainer;

pub use denoising::{Denoising, NoisyImages};
pub use images::{ImageSet, SOFTENING, from_network_units, to_network_units};
pub use judge::{Denoised, judge};
pub use objective::{Loss, Objective, Set};
pub use settings::{Settings, Until};
pub use state::{Record, State};
pub use trainer::{Event, Stop, Trainer};

/// The random numbers of training.
pub use rand::rngs::ChaCha8Rng as Random;
