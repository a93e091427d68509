//! All that training has come to: what a checkpoint holds.

use super::Settings;
use crate::NnError;
use crate::weights::of_le_bytes;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io;
use std::path::Path;

/// The one key of the metadata; its value is JSON.
const KEY: &str = "scarlet";
/// What this module writes.
const KIND: &str = "Training";

/// Losses at a validation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Steps until then.
    pub step: u64,
    /// Mean loss of the batches since the validation before.
    pub training: f64,
    /// Loss of the held-out examples with the averaged weights.
    pub validation: f64,
}

/// All that training has come to; with the same objective it goes on from here bit by bit as if it had not ended.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// How it is trained.
    pub settings: Settings,
    /// Steps that were taken.
    pub step: u64,
    /// Losses at each validation.
    pub history: Vec<Record>,
    /// Sum of the losses of batches since the last validation.
    pub(super) recent: f64,
    /// The objective's fingerprint.
    pub(super) fingerprint: u64,
    pub(super) weights: Vec<f32>,
    pub(super) average: Vec<f32>,
    pub(super) first: Vec<f32>,
    pub(super) second: Vec<f32>,
    pub(super) best: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    kind: String,
    settings: Settings,
    step: u64,
    history: Vec<Record>,
    recent: f64,
    fingerprint: u64,
}

impl State {
    /// Before the first step.
    pub(super) fn new(settings: Settings, weights: Vec<f32>, fingerprint: u64) -> Self {
        let zeros = vec![0.0; weights.len()];
        Self {
            settings,
            step: 0,
            history: Vec::new(),
            recent: 0.0,
            fingerprint,
            average: weights.clone(),
            best: weights.clone(),
            weights,
            first: zeros.clone(),
            second: zeros,
        }
    }

    /// The averaged weights with the lowest validation loss, one array behind the other.
    #[must_use]
    pub fn best(&self) -> &[f32] {
        &self.best
    }

    /// The validation with the lowest loss.
    #[must_use]
    pub fn best_record(&self) -> Option<&Record> {
        self.history.iter().min_by(|a, b| a.validation.total_cmp(&b.validation))
    }

    /// Validations since the lowest loss.
    #[must_use]
    pub fn since_best(&self) -> u64 {
        let best = self.best_record().map_or(0, |best| best.step);
        self.history.iter().filter(|record| record.step > best).count() as u64
    }

    fn arrays(&self) -> [(&'static str, &Vec<f32>); 5] {
        [
            ("weights", &self.weights),
            ("average", &self.average),
            ("first", &self.first),
            ("second", &self.second),
            ("best", &self.best),
        ]
    }

    /// As the bytes of a safetensors file.
    ///
    /// # Errors
    /// [`NnError::Safetensors`]: what the format's library refused.
    pub fn to_bytes(&self) -> Result<Vec<u8>, NnError> {
        let Self { settings, step, recent, fingerprint, .. } = *self;
        let history = self.history.clone();
        let metadata = Metadata { kind: KIND.to_owned(), settings, step, history, recent, fingerprint };
        let metadata = serde_json::to_string(&metadata).map_err(|e| problem(&e))?;
        let bytes =
            self.arrays().map(|(_, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
        let mut views = Vec::new();
        for ((name, values), bytes) in self.arrays().into_iter().zip(&bytes) {
            let view = TensorView::new(Dtype::F32, vec![values.len()], bytes).map_err(|e| problem(&e))?;
            views.push((name, view));
        }
        let metadata = HashMap::from([(KEY.to_owned(), metadata)]);
        safetensors::serialize(views, Some(metadata)).map_err(|e| problem(&e))
    }

    /// From what [`State::to_bytes`] made.
    ///
    /// # Errors
    /// [`NnError::Safetensors`]: the bytes are damaged or something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NnError> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| problem(&e))?;
        let text = header.metadata().as_ref().and_then(|all| all.get(KEY));
        let text = text.ok_or_else(|| problem(&"its metadata do not say that it is one"))?;
        let metadata: Metadata = serde_json::from_str(text).map_err(|e| problem(&e))?;
        if metadata.kind != KIND {
            return Err(problem(&format!("it is a {}", metadata.kind)));
        }
        let file = SafeTensors::deserialize(bytes).map_err(|e| problem(&e))?;
        let read = |name: &str| match file.tensor(name) {
            Ok(view) if view.dtype() == Dtype::F32 => Ok(of_le_bytes(view.data(), f32::from_le_bytes)),
            _ => Err(problem(&format!("it has no array {name} of single precision"))),
        };
        let Metadata { settings, step, history, recent, fingerprint, .. } = metadata;
        let state = Self {
            settings,
            step,
            history,
            recent,
            fingerprint,
            weights: read("weights")?,
            average: read("average")?,
            first: read("first")?,
            second: read("second")?,
            best: read("best")?,
        };
        let n = state.weights.len();
        let other = state.arrays().into_iter().find(|(_, values)| values.len() != n).map(|(name, _)| name);
        match other {
            Some(name) => Err(problem(&format!("its array {name} has another length than the weights"))),
            None => Ok(state),
        }
    }

    /// Writes a checkpoint that replaces the one at `path` only when it is whole and on the disk.
    ///
    /// # Errors
    /// [`NnError::File`]: the operating system's reason; the checkpoint before is as it was.
    pub fn save(&self, path: &Path) -> Result<(), NnError> {
        self.save_by(path, scarlet_model::file::write_whole)
    }

    /// The same with another way of writing whole files.
    fn save_by(&self, path: &Path, write: impl Fn(&Path, &[u8]) -> io::Result<()>) -> Result<(), NnError> {
        let kept = if path.exists() { "; the one before it is still there" } else { "" };
        write(path, &self.to_bytes()?)
            .map_err(|e| of_file(path, format!("the checkpoint cannot be written: {e}{kept}")))
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// [`NnError::File`]: it cannot be read or is none.
    pub fn load(path: &Path) -> Result<Self, NnError> {
        let bytes = std::fs::read(path).map_err(|e| {
            of_file(path, format!("the checkpoint cannot be read: {e}; begin without resuming"))
        })?;
        Self::from_bytes(&bytes).map_err(|e| match e {
            NnError::Safetensors { problem } => {
                of_file(path, format!("it is no checkpoint of training: {problem}"))
            }
            other => other,
        })
    }
}

fn problem(problem: &impl ToString) -> NnError {
    NnError::Safetensors { problem: problem.to_string() }
}

fn of_file(path: &Path, problem: String) -> NnError {
    NnError::File { path: path.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scarlet_model::file::create_part;
    use std::io::Write;

    /// A disk that is full after half of the file.
    fn half(path: &Path, bytes: &[u8]) -> io::Result<()> {
        let (part, mut file) = create_part(path)?;
        file.write_all(&bytes[..bytes.len() / 2])?;
        std::fs::remove_file(part)?;
        Err(io::ErrorKind::StorageFull.into())
    }

    #[test]
    fn a_checkpoint_stays_where_the_next_one_cannot_be_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("own.checkpoint.safetensors");
        let old = State::new(Settings::default(), vec![1.0, 2.0], 3);
        let new = State { step: 7, ..old.clone() };
        let error = |state: &State| state.save_by(&path, half).expect_err("the disk is full").to_string();
        assert!(error(&old).ends_with("cannot be written: no storage space"), "{}", error(&old));
        old.save(&path).expect("saved");
        assert!(
            error(&new).ends_with("no storage space; the one before it is still there"),
            "{}",
            error(&new)
        );
        assert_eq!(State::load(&path).expect("whole"), old);
        // killed while it wrote: half a file under another name
        let bytes = new.to_bytes().expect("bytes");
        let (_, mut part) = create_part(&path).expect("opened");
        part.write_all(&bytes[..bytes.len() / 2]).expect("written");
        assert_eq!(State::load(&path).expect("whole"), old);
    }
}
