//! What a scene file says of images.

use scarlet::frame::Channel;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

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
#[derive(Debug, Clone)]
pub struct MaskSpec {
    /// The mask images, like `image`.
    pub image: String,
    /// Bits of the masks' integers.
    pub bits: Option<Vec<BitSpec>>,
}

/// A bit of a mask: its number from 0, or its name in the mask's header (`MP_SAT = 1` is the bit called `SAT`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a bit is a whole number from 0, or the name of a mask plane")]
pub enum BitSpec {
    /// A number.
    Number(u32),
    /// A name.
    Name(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MaskFields {
    image: String,
    #[serde(default)]
    bits: Option<Vec<BitSpec>>,
}

impl<'de> Deserialize<'de> for MaskSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expecting = "images like file.fits[MASK], or { image: \"file.fits[MASK]\", bits: [0, 5] }";
        Ok(match text_or_fields(from, expecting)? {
            TextOr::Text(image) => Self { image, bits: None },
            TextOr::Fields(MaskFields { image, bits }) => Self { image, bits },
        })
    }
}

/// A PSF: a pattern of images, or a formula.
#[derive(Debug, Clone)]
pub enum PsfSpec {
    /// Images, like `image`; one for all channels where the pattern names no channel.
    Images {
        /// The pattern.
        pattern: String,
        /// Whether they are moved so that their cores are on the central pixel.
        recentre: bool,
    },
    /// A round Gaussian.
    Gaussian(GaussianSpec),
    /// A round Moffat profile.
    Moffat(MoffatSpec),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PsfFields {
    #[serde(default)]
    image: Option<String>,
    #[serde(default)]
    recentre: bool,
    #[serde(default)]
    gaussian: Option<GaussianSpec>,
    #[serde(default)]
    moffat: Option<MoffatSpec>,
}

impl<'de> Deserialize<'de> for PsfSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expecting =
            "images like file.fits[PSF], or { gaussian: { sigma_px: 1.2 } }, or { moffat: { .. } }";
        let fields = match text_or_fields(from, expecting)? {
            TextOr::Text(pattern) => return Ok(Self::Images { pattern, recentre: false }),
            TextOr::Fields(fields) => fields,
        };
        match fields {
            PsfFields { image: Some(pattern), recentre, gaussian: None, moffat: None } => {
                Ok(Self::Images { pattern, recentre })
            }
            PsfFields { image: None, recentre: false, gaussian: Some(gaussian), moffat: None } => {
                Ok(Self::Gaussian(gaussian))
            }
            PsfFields { image: None, recentre: false, gaussian: None, moffat: Some(moffat) } => {
                Ok(Self::Moffat(moffat))
            }
            _ => Err(D::Error::custom(
                "a psf is one of image, gaussian and moffat, and only an image can be recentred",
            )),
        }
    }
}

/// A text, or fields; unlike an untagged enum it lets a misspelt field be named.
pub(super) enum TextOr<T> {
    Text(String),
    Fields(T),
}

pub(super) fn text_or_fields<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
    expecting: &'static str,
) -> Result<TextOr<T>, D::Error> {
    struct Either<T>(&'static str, PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
        type Value = TextOr<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<TextOr<T>, E> {
            Ok(TextOr::Text(text.to_owned()))
        }

        fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<TextOr<T>, M::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(TextOr::Fields)
        }
    }
    from.deserialize_any(Either(expecting, PhantomData))
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
