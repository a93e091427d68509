//! Score networks as safetensors files.

use super::{Architecture, Scaling, ScoreNet};
use crate::NnError;
use crate::weights::{Values, Weights, of_le_bytes};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// The one key of the metadata; its value is JSON, so that the same network is always the same bytes.
const KEY: &str = "scarlet";
/// What this module writes.
const KIND: &str = "ScoreNet";

/// Where a network comes from and what it expects: what is stored beside its weights.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The images it was trained on.
    pub training_set: String,
    /// How images are scaled before they go in, as in "peak 1, log(x + 1) / 0.1".
    pub normalisation: String,
    /// The licence of the weights.
    pub licence: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    kind: String,
    architecture: Architecture,
    #[serde(default)]
    scaling: Scaling,
    about: About,
}

impl ScoreNet {
    /// As a safetensors file, with what is known `about` it in the metadata.
    ///
    /// # Errors
    /// [`NnError::Safetensors`]: what the format's library refused.
    pub fn to_safetensors(&self, about: &About) -> Result<Vec<u8>, NnError> {
        let Self { architecture, scaling, .. } = *self;
        let metadata = Metadata { kind: KIND.to_owned(), architecture, scaling, about: about.clone() };
        let metadata = serde_json::to_string(&metadata).map_err(|e| problem(&e))?;
        let names = self.architecture.arrays();
        let bytes: Vec<Vec<u8>> = self.arrays.iter().map(|a| a.values().to_le_bytes()).collect();
        let mut views = Vec::with_capacity(names.len());
        for (((name, shape), weights), bytes) in names.into_iter().zip(&self.arrays).zip(&bytes) {
            let dtype = match weights.values() {
                Values::F32(_) => Dtype::F32,
                Values::F64(_) => Dtype::F64,
            };
            views.push((name, TensorView::new(dtype, shape, bytes).map_err(|e| problem(&e))?));
        }
        let metadata = HashMap::from([(KEY.to_owned(), metadata)]);
        safetensors::serialize(views, Some(metadata)).map_err(|e| problem(&e))
    }

    /// From the bytes of a safetensors file that [`ScoreNet::to_safetensors`] wrote.
    ///
    /// # Errors
    /// [`NnError::Safetensors`]: the file is damaged, has no metadata of ours or lacks an array; as [`ScoreNet::new`].
    pub fn from_safetensors(bytes: &[u8]) -> Result<(Self, About), NnError> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| problem(&e))?;
        let missing = "its metadata do not say what it is; convert the network's .eqx file instead";
        let text =
            header.metadata().as_ref().and_then(|all| all.get(KEY)).ok_or_else(|| problem(&missing))?;
        let Metadata { kind, architecture, scaling, about } =
            serde_json::from_str(text).map_err(|e| problem(&e))?;
        if kind != KIND {
            return Err(problem(&format!("it is a {kind}, and only {KIND} is known")));
        }
        let file = SafeTensors::deserialize(bytes).map_err(|e| problem(&e))?;
        let read = |(name, _): (String, Vec<usize>)| {
            let view = file.tensor(&name).map_err(|_| problem(&format!("it has no array {name}")))?;
            let values = match view.dtype() {
                Dtype::F32 => Values::F32(of_le_bytes(view.data(), f32::from_le_bytes)),
                Dtype::F64 => Values::F64(of_le_bytes(view.data(), f64::from_le_bytes)),
                other => return Err(problem(&format!("{name} is {other:?}; only F32 and F64 are read"))),
            };
            Weights::new(view.shape(), values)
        };
        let arrays = architecture.arrays().into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let net = Self::new(arrays)?;
        if net.architecture != architecture {
            let found = net.architecture;
            return Err(problem(&format!("its metadata say {architecture:?}, and its arrays {found:?}")));
        }
        Ok((net.scaled(scaling)?, about))
    }

    /// From the file at `path`: `.eqx`, about which nothing is known, or safetensors.
    ///
    /// # Errors
    /// The file cannot be read or is none of these, with its path.
    pub fn read(path: impl AsRef<Path>) -> Result<(Self, About), NnError> {
        let path = path.as_ref();
        let of_file = |problem: String| NnError::File { path: path.to_owned(), problem };
        let bytes = std::fs::read(path).map_err(|e| of_file(e.to_string()))?;
        let found = if path.extension().is_some_and(|e| e == "eqx") {
            Self::from_eqx(&bytes).map(|net| (net, About::default()))
        } else {
            Self::from_safetensors(&bytes)
        };
        found.map_err(|e| of_file(e.to_string()))
    }
}

fn problem(problem: &impl ToString) -> NnError {
    NnError::Safetensors { problem: problem.to_string() }
}
