//! The data shared out among the sources, as FITS: for each observation a cube for each source, and what is left.

use super::model::{hdu_name, image};
use super::{Outcome, program};
use crate::error::CliError;
use scarlet::frame::BBox;
use scarlet::obs::fits::{FitsKey, FitsWriter};
use scarlet::obs::redistribute;
use std::path::Path;

pub(super) fn write(outcome: &Outcome<'_>, path: &Path) -> Result<(), CliError> {
    let mut file = FitsWriter::create(path, &[FitsKey::new("CREATOR", program(), "")])?;
    let frame = outcome.scene.frame();
    for observation in outcome.observations {
        let (name, own) = (hdu_name(observation), observation.frame());
        let origin = own.offset_in(frame)?;
        let mut written = Ok(());
        let left = redistribute(outcome.scene, observation, |share| {
            if written.is_ok() {
                let [y, x] = [0, 1].map(|k| share.bbox.origin()[k] - origin[k]);
                let bbox = BBox::new([y, x], share.bbox.shape());
                written = image(&mut file, &format!("{name}_{}", share.source), &share.data, own, bbox);
            }
        })?;
        written?;
        image(&mut file, &format!("{name}_LEFT"), &left, own, own.bbox())?;
    }
    Ok(file.finish()?)
}
