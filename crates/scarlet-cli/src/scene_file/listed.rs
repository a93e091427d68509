//! From a catalogue and images to a scene with start values.

use super::{DefaultKind, GalaxyModel, SceneFile};
use crate::budget::Budget;
use crate::catalog::{CatalogColumns, CatalogSource, SourceKind, read_catalog};
use crate::error::CliError;
use scarlet::frame::{Frame, Sky, nearest};
use scarlet::model::{Scene, Source};
use scarlet::obs::Observation;
use scarlet::obs::check::SourcePosition;
use scarlet::obs::init::{self, Seed};
use std::path::Path;

/// Share of the time that is left for improving shapes, and then of what is left after that for fluxes.
const START_SHARE: f64 = 0.5;

/// The sources of a catalogue, and the frame that they are modelled in.
#[derive(Debug, Clone)]
pub struct Listed {
    catalog: Vec<CatalogSource>,
    frame: Frame,
}

impl Listed {
    pub(super) fn read(
        file: &SceneFile,
        path: &Path,
        observations: &[Observation],
    ) -> Result<Self, CliError> {
        let catalog = file.catalog(path)?;
        let frame = file.model_frame(observations)?;
        file.check_transients(&frame)?;
        Ok(Self { catalog, frame })
    }

    /// The model frame.
    #[must_use]
    pub const fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Where the sources are in the model frame; the sky decides where it can.
    ///
    /// # Errors
    /// Names the source whose position has no pixel.
    pub fn positions(&self, file: &SceneFile) -> Result<Vec<SourcePosition>, CliError> {
        let position = |entry: &CatalogSource| {
            let center = pixel_of(file, entry, &self.frame)?;
            Ok(SourcePosition { id: entry.id.clone(), center })
        };
        self.catalog.iter().map(position).collect()
    }

    fn seeds(&self, file: &SceneFile, observations: &[&Observation]) -> Result<Vec<Seed>, CliError> {
        self.catalog.iter().map(|entry| seed(file, observations, &self.frame, entry)).collect()
    }

    /// Brings the images onto one another, where their astrometry is free, as well as the `budget` allows.
    pub(super) fn align(
        &self,
        file: &SceneFile,
        budget: &mut Budget,
        observations: &mut [Observation],
    ) -> Result<(), CliError> {
        let seeds = self.seeds(file, &observations.iter().collect::<Vec<_>>())?;
        let end = budget.part(START_SHARE);
        Ok(init::align_with(observations, &self.frame, &seeds, &mut || budget.prepare(end))?)
    }

    /// The scene with start values from the images, as good as the `budget` allows.
    pub(super) fn scene(
        &self,
        file: &SceneFile,
        budget: &mut Budget,
        observations: &[Observation],
    ) -> Result<Scene, CliError> {
        let observations: Vec<&Observation> = observations.iter().collect();
        let mut scene = Scene::new(self.frame.clone())?;
        let seeds = self.seeds(file, &observations)?;
        let end = budget.part(START_SHARE);
        let shapes = init::shapes_with(&observations, &self.frame, &seeds, &mut || budget.prepare(end))?;
        let channels = self.frame.channel_names().len();
        let learned = file.learned()?;
        for (entry, shape) in self.catalog.iter().zip(&shapes) {
            let source = match file.model.galaxy {
                GalaxyModel::Extended { components } => shape.source(channels, components),
                GalaxyModel::Monotonic { components } => shape.monotonic(channels, components),
                GalaxyModel::Sersic => Ok(shape.sersic(channels)),
            };
            let source = source.map_err(|e| file.problem("model.galaxy", e.to_string()))?;
            let source =
                learned.iter().fold(source.named(in_scene(&entry.id)), |source, own| own.prior_of(source));
            let added = scene.add(source);
            added.map_err(|e| of_source(file, entry, e.to_string()))?;
        }
        let end = budget.part(START_SHARE);
        init::fit_fluxes_with(&mut scene, &observations, &mut || budget.prepare(end))?;
        if self.frame.channel_names().iter().any(|channel| channel.epoch().is_some()) {
            self.tie(file, &observations, &mut scene)?;
        }
        Ok(scene)
    }

    /// Gives sources that do not vary one flux for each band, and transients those of their epochs.
    fn tie(
        &self,
        file: &SceneFile,
        observations: &[&Observation],
        scene: &mut Scene,
    ) -> Result<(), CliError> {
        let weights = channel_weights(&self.frame, observations);
        let transients = file.transients()?;
        for entry in &self.catalog {
            let name = in_scene(&entry.id);
            let Some(source) = scene.source(&name).cloned() else { continue };
            let changed = match transients.iter().find(|(id, _)| *id == entry.id) {
                Some((_, epochs)) => transient(&self.frame, &source, epochs.as_deref()),
                None => source.tied_over_epochs(&self.frame, &weights),
            };
            scene.replace(&name, changed.named(&name)).map_err(|e| of_source(file, entry, e.to_string()))?;
        }
        Ok(())
    }
}

/// Sum of the weights that see each channel of a model frame.
fn channel_weights(frame: &Frame, observations: &[&Observation]) -> Vec<f64> {
    let mut sums = vec![0.0; frame.channel_names().len()];
    for observation in observations {
        let own = observation.frame().channel_names();
        for (channel, weights) in own.iter().zip(observation.weights().outer_iter()) {
            if let Some(index) = frame.channel_index(channel) {
                sums[index] += weights.sum();
            }
        }
    }
    sums
}

/// A point source that shines in `epochs` only, all where they are none, with the fluxes of `source`.
fn transient(frame: &Frame, source: &Source, epochs: Option<&[String]>) -> Source {
    let center = source.component().center().cloned().unwrap_or_else(|| [0.0, 0.0].into());
    let mut of_frame: Vec<&str> = Vec::new();
    for epoch in frame.channel_names().iter().filter_map(|channel| channel.epoch()) {
        if !of_frame.contains(&epoch) && epochs.is_none_or(|epochs| epochs.iter().any(|own| own == epoch)) {
            of_frame.push(epoch);
        }
    }
    let spectrum = source.component().spectrum().parameters();
    let values = spectrum.first().map_or(&[][..], |(_, flux)| flux.values());
    let active = frame.channel_names().iter().zip(values);
    let active = active.filter(|(channel, _)| channel.epoch().is_some_and(|epoch| of_frame.contains(&epoch)));
    let flux: Vec<f64> = active.map(|(_, flux)| *flux).collect();
    Source::transient(center, of_frame, flux)
}

/// A source's name in the scene.
fn in_scene(id: &str) -> String {
    id.replace(['.', '*'], "_")
}

impl SceneFile {
    /// The sources of a catalogue, among which are all that the scene file names.
    pub(super) fn catalog(&self, path: &Path) -> Result<Vec<CatalogSource>, CliError> {
        let catalog = read_catalog(&self.relative(path), &CatalogColumns::default())?;
        check_ids(self, "model.stars", &self.model.stars, &catalog)?;
        let transients: Vec<String> = self.model.transients.iter().map(|t| t.id.clone()).collect();
        check_ids(self, "model.transients", &transients, &catalog)?;
        Ok(catalog)
    }
}

/// Fixes the parameters that the scene file says are fixed.
pub(super) fn freeze(file: &SceneFile, scene: &mut Scene) -> Result<(), CliError> {
    for pattern in &file.model.fixed {
        let frozen = scene.edit_all(pattern, |param| param.clone().freeze());
        frozen.map_err(|error| {
            let paths: Vec<String> = scene.params().into_iter().map(|(path, _)| path).collect();
            let meant = nearest(pattern, paths.iter().map(String::as_str));
            let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
            file.problem("model.fixed", format!("{error}{meant}"))
        })?;
    }
    Ok(())
}

fn check_ids(
    file: &SceneFile,
    field: &str,
    ids: &[String],
    catalog: &[CatalogSource],
) -> Result<(), CliError> {
    let Some(unknown) = ids.iter().find(|id| !catalog.iter().any(|entry| entry.id == **id)) else {
        return Ok(());
    };
    let advice = match nearest(unknown, catalog.iter().map(|entry| entry.id.as_str())) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => "ids are those of the catalogue's column id, or numbers of rows from 0".to_owned(),
    };
    Err(file.problem(field, format!("no source of the catalogue has id {unknown:?}; {advice}")))
}

fn of_source(file: &SceneFile, entry: &CatalogSource, problem: String) -> CliError {
    file.problem(&format!("catalog, source {}", entry.id), problem)
}

/// `(y, x)` in the model frame; the sky decides where both positions are there and the frame has a WCS.
fn pixel_of(file: &SceneFile, entry: &CatalogSource, frame: &Frame) -> Result<[f64; 2], CliError> {
    if file.has_own_pixels() && entry.sky_deg.is_none() {
        let problem = "x and y are no pixels of the model, which has pixels of its own; give ra and dec";
        return Err(of_source(file, entry, problem.to_owned()));
    }
    match (entry.pixel, entry.sky_deg) {
        (_, Some([ra, dec])) if frame.wcs_ref().is_some() || entry.pixel.is_none() => {
            let pixel = frame.to_pixel(Sky::new(ra, dec));
            pixel.map_err(|e| of_source(file, entry, format!("{e}; {}", far_off(frame))))
        }
        (pixel, _) => Ok(pixel.unwrap_or_default()),
    }
}

/// What may be wrong with a sky position that has no pixel.
fn far_off(frame: &Frame) -> &'static str {
    match frame.wcs_ref() {
        Some(_) => "ra and dec are in degrees: are they swapped, or is ra in hours?",
        None => "or give x and y in the catalogue",
    }
}

/// Where a source is and what it is; an observation must see it.
fn seed(
    file: &SceneFile,
    observations: &[&Observation],
    frame: &Frame,
    entry: &CatalogSource,
) -> Result<Seed, CliError> {
    let by_default = match file.model.default {
        DefaultKind::Star => SourceKind::Star,
        DefaultKind::Galaxy => SourceKind::Galaxy,
    };
    let is_transient = file.model.transients.iter().any(|transient| transient.id == entry.id);
    let kind = match file.model.stars.contains(&entry.id) || is_transient {
        true => SourceKind::Star,
        false => entry.kind.unwrap_or(by_default),
    };
    let center = pixel_of(file, entry, frame)?;
    init::check_seen(observations, frame, center)
        .map_err(|e| of_source(file, entry, format!("{e}{}", outside(entry, frame, center))))?;
    Ok(Seed { center, is_star: kind != SourceKind::Galaxy })
}

/// What may be wrong with a position that is outside the frame.
fn outside(entry: &CatalogSource, frame: &Frame, center: [f64; 2]) -> String {
    if frame.bbox().contains(center) {
        return String::new();
    }
    let [ny, nx] = frame.bbox().shape();
    match entry.sky_deg.filter(|_| frame.wcs_ref().is_some()) {
        Some([ra, dec]) => format!(
            "; (ra, dec) = ({ra}, {dec}) is outside the {ny} x {nx} pixels (rows x columns): both are in degrees, are \
             they swapped, or is ra in hours?"
        ),
        None => format!(
            "; it is outside the {ny} x {nx} pixels (rows x columns): x is the column and y the row, from 0"
        ),
    }
}
