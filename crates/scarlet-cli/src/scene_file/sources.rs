//! From a catalogue and images to a scene with start values.

use super::SceneFile;
use super::observations::{TextOr, text_or_fields};
use crate::catalog::{CatalogColumns, CatalogSource, SourceKind, read_catalog};
use crate::error::CliError;
use scarlet::frame::{Frame, Psf, Sky, nearest};
use scarlet::model::Scene;
use scarlet::obs::Observation;
use scarlet::obs::check::SourcePosition;
use scarlet::obs::init::{self, Seed};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::path::Path;

/// How sources are modelled.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSpec {
    /// Ids of point sources, whatever the catalogue says of them.
    pub stars: Vec<String>,
    /// Parameters that stay at their start values: paths like `3.center`, or patterns like `*.center`.
    pub fixed: Vec<String>,
    /// What a source is that neither `stars` nor the catalogue's `type` names.
    pub default: DefaultKind,
    /// How galaxies are modelled.
    pub galaxy: GalaxyModel,
    /// Width of the model frame's Gaussian PSF, in pixels.
    pub psf_sigma_px: f64,
}

impl Default for ModelSpec {
    fn default() -> Self {
        Self {
            stars: Vec::new(),
            fixed: Vec::new(),
            default: DefaultKind::Galaxy,
            galaxy: GalaxyModel::Extended { components: 1 },
            psf_sigma_px: scarlet::frame::MODEL_PSF_SIGMA_PX,
        }
    }
}

/// What a source without a type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefaultKind {
    /// A point source.
    Star,
    /// An extended source.
    Galaxy,
}

/// How galaxies are modelled: `extended`, or `{ extended: { components: 2 } }`, or a profile by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GalaxyModel {
    /// Free-form images.
    Extended {
        /// Number of layers with spectra of their own.
        components: usize,
    },
    /// Free-form images that fall in every direction from the centre.
    Monotonic {
        /// Number of layers with spectra of their own.
        components: usize,
    },
    /// A Sersic profile with free index, size and ellipticity.
    Sersic,
}

/// The kinds of galaxies by name.
const KINDS: &[&str] = &["extended", "monotonic", "sersic"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GalaxyFields {
    #[serde(default)]
    extended: Option<Layers>,
    #[serde(default)]
    monotonic: Option<Layers>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layers {
    components: usize,
}

/// A name, or fields. An enum of serde would take the key after a bare name for what the name holds.
impl<'de> Deserialize<'de> for GalaxyModel {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let fields =
            match text_or_fields(from, "extended, monotonic, sersic, or { extended: { components: 2 } }")? {
                TextOr::Fields(fields) => fields,
                TextOr::Text(name) => {
                    return match name.as_str() {
                        "extended" => Ok(Self::Extended { components: 1 }),
                        "monotonic" => Ok(Self::Monotonic { components: 1 }),
                        "sersic" => Ok(Self::Sersic),
                        other => Err(D::Error::unknown_variant(other, KINDS)),
                    };
                }
            };
        match fields {
            GalaxyFields { extended: Some(Layers { components }), monotonic: None } => {
                Ok(Self::Extended { components })
            }
            GalaxyFields { extended: None, monotonic: Some(Layers { components }) } => {
                Ok(Self::Monotonic { components })
            }
            _ => {
                Err(D::Error::custom("a galaxy is one of extended and monotonic where components are given"))
            }
        }
    }
}

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
        let catalog = read_catalog(&file.relative(path), &CatalogColumns::default())?;
        check_stars(file, &catalog)?;
        Ok(Self { catalog, frame: model_frame(file, observations)? })
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

    /// The scene with start values from the images.
    pub(super) fn scene(&self, file: &SceneFile, observations: &[Observation]) -> Result<Scene, CliError> {
        let observations: Vec<&Observation> = observations.iter().collect();
        let mut scene = Scene::new(self.frame.clone())?;
        let seed = |entry| seed(file, &observations, &self.frame, entry);
        let seeds: Vec<Seed> = self.catalog.iter().map(seed).collect::<Result<_, _>>()?;
        let shapes = init::shapes(&observations, &self.frame, &seeds)?;
        let channels = self.frame.channel_names().len();
        for (entry, shape) in self.catalog.iter().zip(&shapes) {
            let source = match file.model.galaxy {
                GalaxyModel::Extended { components } => shape.source(channels, components),
                GalaxyModel::Monotonic { components } => shape.monotonic(channels, components),
                GalaxyModel::Sersic => Ok(shape.sersic(channels)),
            };
            let source = source.map_err(|e| file.problem("model.galaxy", e.to_string()))?;
            let added = scene.add(source.named(entry.id.replace(['.', '*'], "_")));
            added.map_err(|e| of_source(file, entry, e.to_string()))?;
        }
        init::fit_fluxes(&mut scene, &observations)?;
        Ok(scene)
    }
}

/// The model frame for all observations, or which of them does not fit to the first.
fn model_frame(file: &SceneFile, observations: &[Observation]) -> Result<Frame, CliError> {
    let psf = Psf::gaussian(file.model.psf_sigma_px)?;
    let frame = Frame::enclosing(observations.iter().map(Observation::frame));
    let frame = frame.map_err(|error| {
        let first = &observations[0];
        let odd = observations.iter().position(|o| o.frame().offset_in(first.frame()).is_err());
        let problem = format!("beside observation {}, {error}", first.name());
        file.problem(&format!("observations[{}]", odd.unwrap_or(0)), problem)
    })?;
    Ok(frame.psf(psf))
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

fn check_stars(file: &SceneFile, catalog: &[CatalogSource]) -> Result<(), CliError> {
    let Some(star) = file.model.stars.iter().find(|star| !catalog.iter().any(|entry| entry.id == **star))
    else {
        return Ok(());
    };
    let advice = match nearest(star, catalog.iter().map(|entry| entry.id.as_str())) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => "ids are those of the catalogue's column id, or numbers of rows from 0".to_owned(),
    };
    Err(file.problem("model.stars", format!("no source of the catalogue has id {star:?}; {advice}")))
}

fn of_source(file: &SceneFile, entry: &CatalogSource, problem: String) -> CliError {
    file.problem(&format!("catalog, source {}", entry.id), problem)
}

/// `(y, x)` in the model frame; the sky decides where both positions are there and the frame has a WCS.
fn pixel_of(file: &SceneFile, entry: &CatalogSource, frame: &Frame) -> Result<[f64; 2], CliError> {
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
    let kind = match file.model.stars.contains(&entry.id) {
        true => SourceKind::Star,
        false => entry.kind.unwrap_or(by_default),
    };
    let center = pixel_of(file, entry, frame)?;
    init::check_seen(observations, frame, center)
        .map_err(|e| of_source(file, entry, format!("{e}{}", outside(entry, frame, center))))?;
    Ok(Seed { center, is_star: kind == SourceKind::Star })
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
