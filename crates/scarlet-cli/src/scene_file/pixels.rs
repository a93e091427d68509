//! How many pixels the images of a scene file have, and which files it names.

use super::{NoiseSpec, ObservationSpec, PsfSpec, SceneFile};
use scarlet::frame::Channel;
use scarlet::obs::fits::{FitsFiles, FitsSpec};
use std::path::PathBuf;

impl SceneFile {
    /// Number of pixels over all channels and observations, from the headers of the first images.
    ///
    /// Images that cannot be read count nothing here: reading them will say why.
    #[must_use]
    pub fn pixels(&self) -> usize {
        let mut files = FitsFiles::new();
        let all = self.observations.iter().map(|spec| self.pixels_of(spec, &mut files).unwrap_or(0));
        all.fold(0, usize::saturating_add)
    }

    fn pixels_of(&self, observation: &ObservationSpec, files: &mut FitsFiles) -> Option<usize> {
        let spec = FitsSpec::parse(&observation.image).ok()?;
        let place = spec.resolve(&Channel::from(observation.channels.first()?), self.folder()).ok()?;
        let header = files.reader(&place.path).ok()?.header(&place.hdu).ok()?;
        let length = |axis: usize| {
            let keyword = format!("NAXIS{axis}");
            header.iter().find(|card| card.keyword == keyword)?.value.trim().parse::<usize>().ok()
        };
        let image = [1, 2, 3].into_iter().filter_map(length).fold(1, usize::saturating_mul);
        let images = if spec.is_per_channel() { observation.channels.len() } else { 1 };
        Some(image.saturating_mul(images))
    }

    /// The files that it is made from: itself, images, catalogue, saved scene.
    #[must_use]
    pub fn inputs(&self) -> Vec<PathBuf> {
        let mut inputs = vec![self.origin.path.clone()];
        let network = self.model.prior.iter().map(|prior| &prior.network);
        inputs.extend(self.catalog.iter().chain(&self.scene).chain(network).map(|path| self.relative(path)));
        for observation in &self.observations {
            let mask = observation.mask.as_ref().map(|mask| &mask.image);
            let psf = match &observation.psf {
                Some(PsfSpec::Images { pattern, .. }) => Some(pattern),
                _ => None,
            };
            let patterns =
                [Some(&observation.image), observation.variance.as_ref(), observation.weight.as_ref()];
            let noise = match &observation.noise {
                Some(NoiseSpec::Correlation(pattern) | NoiseSpec::PowerSpectrum(pattern)) => Some(pattern),
                _ => None,
            };
            for pattern in patterns.into_iter().chain([mask, psf, noise]).flatten() {
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
