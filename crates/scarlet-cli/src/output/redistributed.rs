//! The data shared out among the sources, as FITS: for each observation a cube for each source, and what is left.

use super::model::{hdu_name, image};
use super::{Outcome, program};
use crate::error::CliError;
use scarlet::obs::fits::{FitsKey, FitsWriter};
use scarlet::obs::redistribute;
use std::path::Path;

pub(super) fn write(outcome: &Outcome<'_>, path: &Path) -> Result<(), CliError> {
    let mut file = FitsWriter::create(path, &[FitsKey::new("CREATOR", program(), "")])?;
    for observation in outcome.observations {
        let (name, own) = (hdu_name(observation), observation.frame());
        let mut written = Ok(());
        let left = redistribute(outcome.scene, observation, |share| {
            if written.is_ok() {
                let name = format!("{name}_{}", share.source);
                written = image(&mut file, &name, &share.data, own, share.bbox);
            }
        })?;
        written?;
        image(&mut file, &format!("{name}_LEFT"), &left, own, own.bbox())?;
    }
    Ok(file.finish()?)
}
