//! From a catalogue and images to a scene with start values.

use super::SceneFile;
use crate::catalog::{CatalogColumns, CatalogSource, SourceKind, read_catalog};
use crate::error::CliError;
use scarlet::frame::{Frame, Psf, Sky};
use scarlet::model::{Scene, Source};
use scarlet::obs::{Observation, init};
use serde::Deserialize;

/// How sources are modelled.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSpec {
    /// Ids of point sources, whatever the catalogue says of them.
    pub stars: Vec<String>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", from = "GalaxyText")]
pub enum GalaxyModel {
    /// Free-form images.
    Extended {
        /// Number of layers with spectra of their own.
        components: usize,
    },
    /// A Sersic profile with free index, size and ellipticity.
    Sersic,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum GalaxyText {
    Extended(Option<Layers>),
    Sersic,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layers {
    components: usize,
}

impl From<GalaxyText> for GalaxyModel {
    fn from(text: GalaxyText) -> Self {
        match text {
            GalaxyText::Extended(layers) => Self::Extended { components: layers.map_or(1, |l| l.components) },
            GalaxyText::Sersic => Self::Sersic,
        }
    }
}

pub(super) fn from_catalog(file: &SceneFile, observations: &[Observation]) -> Result<Scene, CliError> {
    let path = file.catalog.as_deref().map(|path| file.relative(path)).unwrap_or_default();
    let catalog = read_catalog(&path, &CatalogColumns::default())?;
    check_stars(file, &catalog)?;
    let psf = Psf::gaussian(file.model.psf_sigma_px)?;
    let frame = Frame::enclosing(observations.iter().map(Observation::frame))?.psf(psf);
    let observations: Vec<&Observation> = observations.iter().collect();
    let mut scene = Scene::new(frame)?;
    for entry in &catalog {
        let center = position(entry, scene.frame())?;
        let source = make(file, &observations, scene.frame(), entry, center)?;
        scene.add(source.named(entry.id.replace(['.', '*'], "_")))?;
    }
    init::fit_fluxes(&mut scene, &observations)?;
    Ok(scene)
}

fn check_stars(file: &SceneFile, catalog: &[CatalogSource]) -> Result<(), CliError> {
    match file.model.stars.iter().find(|star| !catalog.iter().any(|entry| entry.id == **star)) {
        Some(star) => Err(file.problem("model.stars", format!("no source of the catalogue has id {star:?}"))),
        None => Ok(()),
    }
}

/// `(y, x)` in the model frame; the sky decides where both positions are there and the frame has a WCS.
fn position(entry: &CatalogSource, frame: &Frame) -> Result<[f64; 2], CliError> {
    match (entry.pixel, entry.sky_deg) {
        (_, Some([ra, dec])) if frame.wcs_ref().is_some() || entry.pixel.is_none() => {
            Ok(frame.to_pixel(Sky::new(ra, dec))?)
        }
        (pixel, _) => Ok(pixel.unwrap_or_default()),
    }
}

fn make(
    file: &SceneFile,
    observations: &[&Observation],
    frame: &Frame,
    entry: &CatalogSource,
    center: [f64; 2],
) -> Result<Source, CliError> {
    let by_default = match file.model.default {
        DefaultKind::Star => SourceKind::Star,
        DefaultKind::Galaxy => SourceKind::Galaxy,
    };
    let kind = match file.model.stars.contains(&entry.id) {
        true => SourceKind::Star,
        false => entry.kind.unwrap_or(by_default),
    };
    let source = match (kind, file.model.galaxy) {
        (SourceKind::Star, _) => init::point(observations, frame, center),
        (SourceKind::Galaxy, GalaxyModel::Extended { components }) => {
            init::extended(observations, frame, center, components)
        }
        (SourceKind::Galaxy, GalaxyModel::Sersic) => init::sersic(observations, frame, center),
    };
    source.map_err(|e| file.problem(&format!("catalog, source {}", entry.id), e.to_string()))
}
