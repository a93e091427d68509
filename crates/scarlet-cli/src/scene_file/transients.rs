//! Sources that shine in some epochs only.

use super::SceneFile;
use super::observations::{EpochSpec, TextOr, text_or_fields};
use crate::catalog::SourceKind;
use crate::error::CliError;
use scarlet::frame::Frame;
use serde::{Deserialize, Deserializer};

/// A transient: its id, or `{ id: sn, epochs: [3, 4] }` with the epochs in which it may shine.
#[derive(Debug, Clone)]
pub struct TransientSpec {
    /// Its id in the catalogue.
    pub id: String,
    /// When it shines; in all epochs where none are named.
    pub epochs: Option<Vec<EpochSpec>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TransientFields {
    id: String,
    #[serde(default)]
    epochs: Option<Vec<EpochSpec>>,
}

impl<'de> Deserialize<'de> for TransientSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match text_or_fields(from, "an id like \"sn\", or { id: sn, epochs: [3, 4] }")? {
            TextOr::Text(id) => Self { id, epochs: None },
            TextOr::Fields(TransientFields { id, epochs }) => Self { id, epochs },
        })
    }
}

/// Id and epochs of a transient, all of them where they are none.
pub(super) type Transient = (String, Option<Vec<String>>);

impl SceneFile {
    /// The transients that the scene file names, and those that the catalogue does.
    pub(super) fn transients(&self) -> Result<Vec<Transient>, CliError> {
        let named = |spec: &TransientSpec| {
            let epochs = spec.epochs.as_ref();
            (spec.id.clone(), epochs.map(|epochs| epochs.iter().map(ToString::to_string).collect()))
        };
        let mut all: Vec<Transient> = self.model.transients.iter().map(named).collect();
        if let Some(path) = &self.catalog {
            for entry in self.catalog(path)? {
                if entry.kind == Some(SourceKind::Transient) && all.iter().all(|(id, _)| *id != entry.id) {
                    all.push((entry.id, None));
                }
            }
        }
        Ok(all)
    }

    /// Checks that there are epochs for transients to shine in.
    pub(super) fn check_transients(&self, frame: &Frame) -> Result<(), CliError> {
        if frame.channel_names().iter().any(|channel| channel.epoch().is_some()) {
            return Ok(());
        }
        match self.transients()?.first() {
            Some((id, _)) => {
                let problem = format!(
                    "{id} shines in some epochs only, and no observation has one; give each its epoch, or several with \
                     epochs"
                );
                Err(self.problem("model.transients", problem))
            }
            None => Ok(()),
        }
    }
}
