//! What can be wrong with a network, its file or its input.

use std::path::PathBuf;

/// What can be wrong with the shapes of a layer, with a file of weights, or on the device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NnError {
    /// An array whose shape does not fit the layer.
    #[error("{what} has shape {found:?}; it must be {expected}")]
    Shape {
        /// The weights or the input.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// What is needed.
        expected: String,
    },
    /// An array of a file of weights, counted from 0.
    #[error("record {record} of the weights: {problem}")]
    Record {
        /// Which one.
        record: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A safetensors file that is not one of a network.
    #[error("the safetensors file is not one of a score network: {problem}")]
    Safetensors {
        /// What is wrong with it.
        problem: String,
    },
    /// A noise level that the network has no score for.
    #[error("the noise level is {t}; it must be a positive number")]
    NoiseLevel {
        /// The level.
        t: String,
    },
    /// Numbers that no network can be scaled with.
    #[error("{found} scales no network: data_sd must be positive, and levels rise from above 0")]
    Scaling {
        /// What they are.
        found: String,
    },
    /// A network that an `.eqx` file cannot hold.
    #[error(
        "an .eqx file cannot say that the network's input and output are scaled; write safetensors instead"
    )]
    Eqx,
    /// Images that a network cannot be trained on.
    #[error("{image}: {problem}")]
    Images {
        /// Which one.
        image: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Training that cannot begin or go on.
    #[error("training: {problem}")]
    Training {
        /// What is wrong and what to do.
        problem: String,
    },
    /// A file that cannot be used.
    #[error("{}: {problem}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// How a network is to be used.
    #[error("{problem}")]
    Settings {
        /// What is wrong with it.
        problem: String,
    },
    /// What dfdx's device reported, like the end of its memory.
    #[error("the device of the tensors failed: {problem}")]
    Device {
        /// Its own message.
        problem: String,
    },
}

impl NnError {
    /// From the error of a dfdx operation.
    pub(crate) fn device(error: impl std::fmt::Debug) -> Self {
        Self::Device { problem: format!("{error:?}") }
    }
}

/// An error that shows what `found` should have been, unless `holds`.
pub(crate) fn expect(
    holds: bool,
    what: &'static str,
    found: &[usize],
    expected: impl FnOnce() -> String,
) -> Result<(), NnError> {
    if holds {
        return Ok(());
    }
    Err(NnError::Shape { what, found: found.to_vec(), expected: expected() })
}
