//! The images of a fit as FITS: the model; for each observation rendered and residual; for each source its box.

use super::{Outcome, program};
use crate::error::CliError;
use ndarray::Array3;
use scarlet::frame::{BBox, Card, Frame};
use scarlet::obs::Observation;
use scarlet::obs::fits::{FitsColumn, FitsColumnData, FitsKey, FitsWriter};
use std::path::Path;

pub(super) fn write(outcome: &Outcome<'_>, path: &Path) -> Result<(), CliError> {
    let mut file = FitsWriter::create(path, &[FitsKey::new("CREATOR", program(), "")])?;
    let frame = outcome.scene.frame();
    image(&mut file, "MODEL", &outcome.model, frame, frame.bbox())?;
    for (observation, rendered) in outcome.observations.iter().zip(&outcome.rendered) {
        let (name, own) = (hdu_name(observation), observation.frame());
        image(&mut file, &format!("{name}_RENDERED"), rendered, own, own.bbox())?;
        image(&mut file, &format!("{name}_RESIDUAL"), &(observation.data() - rendered), own, own.bbox())?;
    }
    for source in &outcome.sources {
        image(&mut file, &format!("SOURCE_{}", source.id), &source.cube, frame, source.bbox)?;
    }
    file.table("SOURCES", &boxes(outcome), &[])?;
    Ok(file.finish()?)
}

/// An observation's name as HDUs have it.
pub(super) fn hdu_name(observation: &Observation) -> String {
    observation.name().to_uppercase().replace(' ', "_")
}

/// One image HDU of a box of `frame`'s pixels, with its channels and WCS.
pub(super) fn image(
    file: &mut FitsWriter,
    name: &str,
    cube: &Array3<f64>,
    frame: &Frame,
    bbox: BBox,
) -> Result<(), CliError> {
    let mut keys: Vec<FitsKey> = (frame.channel_names().iter().enumerate())
        .map(|(c, channel)| {
            FitsKey::new(&format!("CHAN{}", c + 1), channel.to_string(), "channel of a plane")
        })
        .collect();
    let [y, x] = bbox.origin();
    keys.push(FitsKey::new("YORIGIN", y, "first row in the frame, 0-based"));
    keys.push(FitsKey::new("XORIGIN", x, "first column in the frame, 0-based"));
    let cards: Vec<Card> = match frame.wcs_ref() {
        Some(wcs) => wcs.shifted(bbox.origin())?.header().to_vec(),
        None => Vec::new(),
    };
    Ok(file.image(name, &cube.mapv(|v| v as f32), &cards, &keys)?)
}

fn boxes(outcome: &Outcome<'_>) -> Vec<FitsColumn> {
    let numbers = |f: &dyn Fn(BBox) -> i64| -> FitsColumnData {
        FitsColumnData::I64(outcome.sources.iter().map(|s| f(s.bbox)).collect())
    };
    let column = |name: &str, description: &str, data| FitsColumn {
        name: name.to_owned(),
        unit: String::new(),
        description: description.to_owned(),
        data,
    };
    let ids = outcome.sources.iter().map(|s| s.id.clone()).collect();
    vec![
        column("id", "name of the source", FitsColumnData::Text(ids)),
        column("y0", "first row of its box in the model frame", numbers(&|b| b.origin()[0])),
        column("x0", "first column of its box", numbers(&|b| b.origin()[1])),
        column("ny", "rows of its box", numbers(&|b| b.shape()[0] as i64)),
        column("nx", "columns of its box", numbers(&|b| b.shape()[1] as i64)),
    ]
}
