//! What a component emits in each channel: the trait that every spectrum implements.

use crate::{ModelError, Parameters};
use dyn_clone::DynClone;
use scarlet_frame::Frame;
use std::fmt::Debug;

/// One amplitude for each channel of the model frame, and the pull-back of its adjoint.
pub trait Spectrum: Parameters + DynClone + Debug + Send + Sync {
    /// The name under which a file stores it.
    fn kind(&self) -> &str;

    /// Settings that are no parameters, as a file stores them.
    fn settings(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Takes what it needs from the scene's frame, and checks its own values.
    ///
    /// # Errors
    /// Its length does not fit the frame's channels.
    fn attach(&mut self, frame: &Frame) -> Result<(), ModelError>;

    /// Writes one amplitude for each channel of the frame it was attached to.
    fn evaluate(&self, params: &[f64], out: &mut [f64]);

    /// Adds the gradient of `sum(seed * amplitudes)` to `grad` (as long as `params`).
    fn pull_back(&self, params: &[f64], seed: &[f64], grad: &mut [f64]);
}

dyn_clone::clone_trait_object!(Spectrum);
