//! How many pixels the images of a scene file have, and which files it names.

use super::{PsfSpec, SceneFile};
use crate::error::CliError;
use scarlet::frame::Channel;
use scarlet::obs::fits::{FitsFiles, FitsSpec};
use std::path::PathBuf;

impl SceneFile {
    /// Number of pixels over all channels and observations, from the headers of the first images.
    ///
    /// # Errors
    /// A file or HDU that is not there.
    pub fn pixels(&self) -> Result<usize, CliError> {
        let mut files = FitsFiles::new();
        let mut all = 0_usize;
        for observation in &self.observations {
            let spec = FitsSpec::parse(&observation.image)?;
            let Some(first) = observation.channels.first().map(Channel::from) else { continue };
            let place = spec.resolve(&first, self.folder())?;
            let header = files.reader(&place.path)?.header(&place.hdu)?;
            let length = |axis: usize| {
                let keyword = format!("NAXIS{axis}");
                let card = header.iter().find(|card| card.keyword == keyword)?;
                card.value.trim().parse::<usize>().ok()
            };
            let image = [1, 2, 3].into_iter().filter_map(length).fold(1, usize::saturating_mul);
            let images = if spec.is_per_channel() { observation.channels.len() } else { 1 };
            all = all.saturating_add(image.saturating_mul(images));
        }
        Ok(all)
    }

    /// The files that it is made from: itself, images, catalogue, saved scene.
    #[must_use]
    pub fn inputs(&self) -> Vec<PathBuf> {
        let mut inputs = vec![self.origin.path.clone()];
        inputs.extend(self.catalog.iter().chain(&self.scene).map(|path| self.relative(path)));
        for observation in &self.observations {
            let mask = observation.mask.as_ref().map(|mask| &mask.image);
            let psf = match &observation.psf {
                Some(PsfSpec::Images(pattern)) => Some(pattern),
                _ => None,
            };
            let patterns =
                [Some(&observation.image), observation.variance.as_ref(), observation.weight.as_ref()];
            for pattern in patterns.into_iter().chain([mask, psf]).flatten() {
                let Ok(spec) = FitsSpec::parse(pattern) else { continue };
                let channels = observation.channels.iter().map(Channel::from);
                let places = channels.filter_map(|channel| spec.resolve(&channel, self.folder()).ok());
                inputs.extend(places.map(|place| place.path));
            }
        }
        inputs.sort();
        inputs.dedup();
        inputs
    }
}
