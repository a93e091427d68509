//! What a scene file says of images.

use scarlet::frame::Channel;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// One observation: images on one grid, from one FITS pattern each.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservationSpec {
    /// Its name in messages and results.
    #[serde(default)]
    pub name: Option<String>,
    /// Bands, or `[band, epoch]` pairs, in order of wavelength.
    pub channels: Vec<ChannelSpec>,
    /// The images: `file.fits[HDU]` with `{channel}`, `{band}`, `{epoch}`, or one cube.
    pub image: String,
    /// Variances, like `image`; this or `weight` or `sigma`. A pixel of variance 0, NaN or infinity does not count.
    #[serde(default)]
    pub variance: Option<String>,
    /// Inverse variances, like `image`.
    #[serde(default)]
    pub weight: Option<String>,
    /// Standard deviation of the noise in each channel, the same in all pixels.
    #[serde(default)]
    pub sigma: Option<Vec<f64>>,
    /// Pixels to leave out.
    #[serde(default)]
    pub mask: Option<MaskSpec>,
    /// The PSF; without one, images are taken to be seen through the model's.
    #[serde(default)]
    pub psf: Option<PsfSpec>,
}

/// A channel: `g`, or `[g, 2]` for a band and an epoch.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "a channel is a name like g, or [band, epoch] like [g, 2]; put others in quotes"
)]
pub enum ChannelSpec {
    /// A band.
    Band(String),
    /// A band and an epoch.
    Epoch(String, EpochSpec),
}

/// An epoch: a name or a number.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "an epoch is a whole number or a name")]
pub enum EpochSpec {
    /// A number.
    Number(i64),
    /// A name.
    Name(String),
}

/// Pixels to leave out: a pattern of mask images, and which bits exclude a pixel (all, where none are named).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskSpec {
    /// The mask images, like `image`.
    pub image: String,
    /// Bits, from 0.
    #[serde(default)]
    pub bits: Option<Vec<u32>>,
}

/// A PSF: a pattern of images, or a formula.
#[derive(Debug, Clone)]
pub enum PsfSpec {
    /// Images, like `image`; one for all channels where the pattern names no channel.
    Images(String),
    /// A round profile.
    Formula(PsfFormula),
}

/// A round profile.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PsfFormula {
    /// A Gaussian.
    Gaussian(GaussianSpec),
    /// A Moffat profile.
    Moffat(MoffatSpec),
}

/// A text is a pattern, fields are a formula; so that a misspelt field is named.
impl<'de> Deserialize<'de> for PsfSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = PsfSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "images like file.fits[PSF], or { gaussian: { sigma_px: 1.2 } }, or { moffat: { .. } }",
                )
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<PsfSpec, E> {
                Ok(PsfSpec::Images(text.to_owned()))
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<PsfSpec, M::Error> {
                PsfFormula::deserialize(MapAccessDeserializer::new(map)).map(PsfSpec::Formula)
            }
        }
        from.deserialize_any(Either)
    }
}

/// Widths of Gaussian PSFs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussianSpec {
    /// Standard deviation in pixels, one or one for each channel.
    pub sigma_px: OneOrMany,
}

/// Widths and exponent of Moffat PSFs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoffatSpec {
    /// Full width at half maximum in pixels, one or one for each channel.
    pub fwhm_px: OneOrMany,
    /// Exponent, greater than 1.
    pub beta: f64,
}

/// One number, or one for each channel.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "one number is needed, or a list of numbers, one for each channel")]
pub enum OneOrMany {
    /// The same for all.
    One(f64),
    /// One for each channel.
    Many(Vec<f64>),
}

impl OneOrMany {
    pub(super) fn values(&self) -> Vec<f64> {
        match self {
            Self::One(value) => vec![*value],
            Self::Many(values) => values.clone(),
        }
    }
}

impl From<&ChannelSpec> for Channel {
    fn from(spec: &ChannelSpec) -> Self {
        match spec {
            ChannelSpec::Band(band) => Self::from(band),
            ChannelSpec::Epoch(band, EpochSpec::Number(epoch)) => Self::from((band.as_str(), epoch)),
            ChannelSpec::Epoch(band, EpochSpec::Name(epoch)) => Self::from((band.as_str(), epoch)),
        }
    }
}
