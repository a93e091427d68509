//! What a scene file says of sources.

use super::grid::{Extent, FINEST};
use super::observations::{TextOr, text_or_fields};
use super::prior::PriorSpec;
use super::transients::TransientSpec;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// How sources are modelled.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSpec {
    /// Ids of point sources, whatever the catalogue says of them.
    pub stars: Vec<String>,
    /// Sources that shine in some epochs only, point sources with a flux for each of them.
    pub transients: Vec<TransientSpec>,
    /// Parameters that stay at their start values: paths like `3.center`, or patterns like `*.center`.
    pub fixed: Vec<String>,
    /// Whose pixels the model has: the name of an observation, or `finest`.
    pub grid: String,
    /// Side of the model's own square pixels, in arcseconds.
    pub pixel_scale_arcsec: Option<f64>,
    /// Position angle of the +y axis of the model's own pixels, in degrees from north towards east.
    pub position_angle_deg: Option<f64>,
    /// What of the sky is modelled.
    pub extent: Extent,
    /// What a source is that neither `stars` nor the catalogue's `type` names.
    pub default: DefaultKind,
    /// How galaxies are modelled.
    pub galaxy: GalaxyModel,
    /// A network as the prior of all free-form galaxies.
    pub prior: Option<PriorSpec>,
    /// Width of the model frame's Gaussian PSF, in pixels.
    pub psf_sigma_px: f64,
}

impl Default for ModelSpec {
    fn default() -> Self {
        Self {
            stars: Vec::new(),
            transients: Vec::new(),
            fixed: Vec::new(),
            grid: FINEST.to_owned(),
            pixel_scale_arcsec: None,
            position_angle_deg: None,
            extent: Extent::Union,
            default: DefaultKind::Galaxy,
            galaxy: GalaxyModel::Extended { components: 1 },
            prior: None,
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
