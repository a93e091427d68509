//! What a scene file says of images.

use super::calibration::{AstrometrySpec, BackgroundSpec, ScaleSpec};
use super::layout::Layout;
use super::noise::NoiseSpec;
use super::psf::PsfSpec;
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
    /// The epoch of all its channels; `{epoch}` in names of files and in `name` stands for it.
    #[serde(default)]
    pub epoch: Option<EpochSpec>,
    /// Several epochs, each an observation of its own with `{epoch}` filled in.
    #[serde(default)]
    pub epochs: Option<EpochsSpec>,
    /// The images: `file.fits[HDU]` with `{channel}`, `{band}`, `{epoch}`, or one cube.
    pub image: String,
    /// Variances, like `image`; this or `weight` or `sigma`. A pixel of variance 0, NaN or infinity does not count.
    #[serde(default)]
    pub variance: Option<String>,
    /// Inverse variances, like `image`.
    #[serde(default)]
    pub weight: Option<String>,
    /// Standard deviation of the noise, the same in all pixels: numbers, or `measured`.
    #[serde(default)]
    pub sigma: Option<SigmaSpec>,
    /// Pixels to leave out.
    #[serde(default)]
    pub mask: Option<MaskSpec>,
    /// The PSF; without one, images are taken to be seen through the model's.
    #[serde(default)]
    pub psf: Option<PsfSpec>,
    /// AB magnitude of one unit of the images, one or one for each channel; the headers' where it is not given.
    #[serde(default)]
    pub zero_point: Option<OneOrMany>,
    /// What its noise is besides its variances.
    #[serde(default)]
    pub noise: Option<NoiseSpec>,
    /// What is free of its astrometry.
    #[serde(default)]
    pub astrometry: Option<AstrometrySpec>,
    /// How far factors on its fluxes, one for each channel, may be from 1; they are 1 where it is not given.
    #[serde(default)]
    pub flux_scale: Option<ScaleSpec>,
    /// A free background in each channel: `constant` or `plane`.
    #[serde(default)]
    pub background: Option<BackgroundSpec>,
    /// What the HDUs of its files are called.
    #[serde(default)]
    pub layout: Option<Layout>,
    /// Where the file has it.
    #[serde(skip)]
    pub(super) place: Place,
}

/// Where a scene file has an observation, for messages.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// Its number in the file, from 0.
    pub(super) index: usize,
    /// Which of its epochs, where it has several.
    pub(super) epoch: Option<String>,
}

impl Place {
    /// In words: `observations[0]`, `observations[0] (epoch 3)`.
    pub(super) fn whole(&self) -> String {
        format!("observations[{}]{}", self.index, self.epoch_in_words())
    }

    fn epoch_in_words(&self) -> String {
        self.epoch.as_ref().map_or_else(String::new, |epoch| format!(" (epoch {epoch})"))
    }
}

impl ObservationSpec {
    /// One of its fields, for messages: `observations[0].image`.
    pub(super) fn field(&self, field: &str) -> String {
        format!("observations[{}].{field}{}", self.place.index, self.place.epoch_in_words())
    }
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

impl fmt::Display for EpochSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Epochs: a list, a range of numbers, or `all` that there are files of.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "epochs are a list like [1, 2, 5], { from: 1, to: 20 }, or the word all")]
pub enum EpochsSpec {
    /// `all`: those for which the pattern of `image` finds a file.
    Word(EpochsWord),
    /// These.
    Listed(Vec<EpochSpec>),
    /// All whole numbers from one to another.
    Range(EpochRange),
}

/// The word that stands for all epochs that there are files of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EpochsWord {
    /// All of them.
    All,
}

/// Whole numbers from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRange {
    /// The first.
    pub from: i64,
    /// The last.
    pub to: i64,
}

/// Standard deviation of the noise: one number, one for each channel, or measured in the images.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "sigma is a number, a list of numbers, one for each channel, or the word measured"
)]
pub enum SigmaSpec {
    /// `measured`: the scatter of the sky, channel by channel.
    Word(SigmaWord),
    /// Given.
    Given(OneOrMany),
}

/// The word that stands for noise measured in the images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SigmaWord {
    /// Measured.
    Measured,
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

/// A text, or fields; unlike an untagged enum it lets a misspelt field be named.
pub(crate) enum TextOr<T> {
    Text(String),
    Fields(T),
}

pub(crate) fn text_or_fields<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
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
    pub(crate) fn values(&self) -> Vec<f64> {
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
