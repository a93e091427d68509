//! What a component emits in each channel: the trait that every spectrum implements.

mod array;
mod epochs;

pub use array::ArraySpectrum;
pub use epochs::{StaticSpectrum, TransientSpectrum};

use crate::{ModelError, Param, Parameters};
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

    /// Whether the amplitudes are linear in the parameters.
    fn is_linear(&self) -> bool {
        false
    }

    /// Writes one amplitude for each channel of the frame it was attached to.
    fn evaluate(&self, params: &[f64], out: &mut [f64]);

    /// Adds the gradient of `sum(seed * amplitudes)` to `grad` (as long as `params`).
    fn pull_back(&self, params: &[f64], seed: &[f64], grad: &mut [f64]);
}

dyn_clone::clone_trait_object!(Spectrum);

/// What can be given where a spectrum is asked for: a spectrum, a parameter or plain fluxes.
pub trait IntoSpectrum {
    /// As a spectrum; fluxes become an [`ArraySpectrum`].
    fn into_spectrum(self) -> Box<dyn Spectrum>;
}

impl<S: Spectrum + 'static> IntoSpectrum for S {
    fn into_spectrum(self) -> Box<dyn Spectrum> {
        Box::new(self)
    }
}

impl IntoSpectrum for Box<dyn Spectrum> {
    fn into_spectrum(self) -> Box<dyn Spectrum> {
        self
    }
}

impl IntoSpectrum for Param {
    fn into_spectrum(self) -> Box<dyn Spectrum> {
        Box::new(ArraySpectrum::new(self))
    }
}

impl<const N: usize> IntoSpectrum for [f64; N] {
    fn into_spectrum(self) -> Box<dyn Spectrum> {
        Param::from(self).into_spectrum()
    }
}

impl IntoSpectrum for Vec<f64> {
    fn into_spectrum(self) -> Box<dyn Spectrum> {
        Param::from(self).into_spectrum()
    }
}

fn expect_len(what: &str, expected: usize, found: usize) -> Result<(), ModelError> {
    if found == expected {
        return Ok(());
    }
    Err(ModelError::Shape { what: what.to_owned(), expected, found })
}
