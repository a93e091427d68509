//! Files of the LSST and HSC pipelines: image, mask and variance in HDUs of these names.

use super::{BitSpec, MaskSpec, ObservationSpec, SceneFile};
use scarlet::frame::Channel;
use scarlet::obs::fits::{FitsFiles, FitsSpec, HduSelector};
use serde::Deserialize;

/// Planes of a mask that say that a pixel is not to be used, where the file has them.
///
/// Source: names of the planes of LSST Science Pipelines `Mask`s; planes that only say what was detected, or how a
/// pixel was mended, are not among them.
const EXCLUDING: [&str; 7] = ["BAD", "CR", "EDGE", "NO_DATA", "SAT", "SUSPECT", "UNMASKEDNAN"];

/// What the HDUs of an observation's files are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Nothing is said.
    Plain,
    /// `IMAGE`, `MASK`, `VARIANCE`, as Rubin's pipelines write exposures and coadds.
    Rubin,
    /// The same, as HSC's pipeline does.
    Hsc,
}

impl SceneFile {
    /// An observation with the images of its layout filled in: the one that is named, or, where nothing says what the
    /// weights are and the first file has an HDU called `VARIANCE`, that of Rubin.
    pub(super) fn laid_out(&self, spec: &ObservationSpec, files: &mut FitsFiles) -> ObservationSpec {
        let mut spec = spec.clone();
        let has_weights = spec.variance.is_some() || spec.weight.is_some() || spec.sigma.is_some();
        let is_rubin = match spec.layout {
            Some(Layout::Plain) => false,
            Some(Layout::Rubin | Layout::Hsc) => true,
            None => {
                !has_weights
                    && has_hdu(self, &spec, files, "VARIANCE")
                    && has_hdu(self, &spec, files, "IMAGE")
            }
        };
        let names_hdu = spec.image.trim_end().ends_with(']');
        if !is_rubin || names_hdu {
            return spec;
        }
        let file = spec.image.trim().to_owned();
        spec.image = format!("{file}[IMAGE]");
        if !has_weights {
            spec.variance = Some(format!("{file}[VARIANCE]"));
        }
        if spec.mask.is_none() && has_hdu(self, &spec, files, "MASK") {
            let bits = planes(self, &spec, files);
            spec.mask = Some(MaskSpec { image: format!("{file}[MASK]"), bits: Some(bits) });
        }
        spec
    }
}

/// The file of the first channel, looked into.
fn first_file<T>(
    file: &SceneFile,
    spec: &ObservationSpec,
    files: &mut FitsFiles,
    look: impl FnOnce(&mut scarlet::obs::fits::FitsReader) -> T,
) -> Option<T> {
    let pattern = FitsSpec::parse(&spec.image).ok()?;
    let place = pattern.resolve(&Channel::from(spec.channels.first()?), file.folder()).ok()?;
    files.reader(&place.path).ok().map(look)
}

pub(super) fn has_hdu(file: &SceneFile, spec: &ObservationSpec, files: &mut FitsFiles, name: &str) -> bool {
    let found = first_file(file, spec, files, |reader| reader.header(&HduSelector::parse(name)).is_ok());
    found.unwrap_or(false)
}

/// The planes of the mask that exclude a pixel.
fn planes(file: &SceneFile, spec: &ObservationSpec, files: &mut FitsFiles) -> Vec<BitSpec> {
    let named = first_file(file, spec, files, |reader| {
        let header = reader.header(&HduSelector::parse("MASK")).ok()?;
        let is_there = |plane: &str| header.iter().any(|card| card.keyword == format!("MP_{plane}"));
        let there = EXCLUDING.into_iter().filter(|plane| is_there(plane));
        Some(there.map(|plane| BitSpec::Name(plane.to_owned())).collect())
    });
    named.flatten().unwrap_or_default()
}
