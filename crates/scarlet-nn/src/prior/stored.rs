//! How scene files store priors that are networks: the file, and how it is used.

use super::{Learned, PriorSettings, ScorePrior};
use crate::score_net::ScoreNet;
use crate::weights::Weights;
use scarlet_model::file::Kinds;
use scarlet_model::{ModelError, Prior};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Kind of these priors in files.
const KIND: &str = "ScorePrior";

/// The file of a network, and a number that its weights have in common with no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileReference {
    path: PathBuf,
    fingerprint: String,
}

impl FileReference {
    pub(super) fn new(path: &Path, net: &ScoreNet) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { path, fingerprint: fingerprint(net) }
    }
}

/// FNV-1a of the weights, 64 bits in hexadecimal digits.
///
/// Source: Fowler, Noll & Vo, IETF draft-eastlake-fnv.
fn fingerprint(net: &ScoreNet) -> String {
    let hash = Weights::to_eqx(net.arrays()).iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// What a file holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    kind: String,
    network: PathBuf,
    fingerprint: String,
    settings: PriorSettings,
    shape: [usize; 2],
    peak: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beside: Option<Value>,
}

pub(super) fn write(
    file: &FileReference,
    settings: PriorSettings,
    shape: [usize; 2],
    peak: f64,
    beside: Option<Value>,
) -> Value {
    let FileReference { path, fingerprint } = file.clone();
    let kind = KIND.to_owned();
    let stored = Stored { kind, network: path, fingerprint, settings, shape, peak, beside };
    // a path that is not text cannot be written
    serde_json::to_value(stored).unwrap_or_default()
}

/// The same kinds, and priors that are networks: scenes that were saved with them are read with these.
///
/// A network that several priors use is read once.
///
/// ```no_run
/// use scarlet_model::{Scene, file::Kinds};
/// let scene = Scene::load_with("scene.json", &scarlet_nn::with_networks(Kinds::default()))?;
/// # Ok::<(), scarlet_model::ModelError>(())
/// ```
#[must_use]
pub fn with_networks(kinds: Kinds) -> Kinds {
    let opened: Mutex<Vec<Arc<Learned>>> = Mutex::default();
    kinds.with_prior(KIND, move |settings| {
        let problem = |problem: String| ModelError::File { place: "prior".to_owned(), problem };
        let stored = Stored::deserialize(settings).map_err(|e| problem(e.to_string()))?;
        let mut opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
        let learned = stored.learned(&mut opened).map_err(problem)?;
        let prior = ScorePrior::new(&learned, stored.shape, stored.peak);
        Ok(match stored.beside.as_ref().map(Prior::from_settings).transpose()? {
            None => prior.into(),
            Some(Prior::Density(density)) => prior.beside(density).into(),
            Some(Prior::Score(_)) => {
                return Err(problem("beside a network there can only be a density".to_owned()));
            }
        })
    })
}

impl Stored {
    /// The network that it names, from those that are `opened`.
    fn learned(&self, opened: &mut Vec<Arc<Learned>>) -> Result<Arc<Learned>, String> {
        let file = FileReference { path: self.network.clone(), fingerprint: self.fingerprint.clone() };
        let is_it =
            |learned: &&Arc<Learned>| learned.file() == Some(&file) && *learned.settings() == self.settings;
        if let Some(learned) = opened.iter().find(is_it) {
            return Ok(Arc::clone(learned));
        }
        let learned = Learned::read(&self.network, self.settings).map_err(|e| e.to_string())?;
        if learned.file().is_none_or(|found| found.fingerprint != self.fingerprint) {
            return Err(format!(
                "{} holds another network than the one that the scene was saved with; give back that file, or take the \
                 prior off in the scene file",
                self.network.display()
            ));
        }
        opened.push(Arc::clone(&learned));
        Ok(learned)
    }
}
