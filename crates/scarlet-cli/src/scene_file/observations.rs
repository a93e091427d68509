//! From the files that a scene file names to observations.

use super::SceneFile;
use crate::error::CliError;
use ndarray::{Array2, Array3, Axis};
use scarlet::frame::{Channel, Frame, Header, Psf, Wcs};
use scarlet::obs::Observation;
use scarlet::obs::fits::{FitsFiles, FitsPixel, FitsSpec};
use serde::Deserialize;

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
#[serde(untagged)]
pub enum ChannelSpec {
    /// A band.
    Band(String),
    /// A band and an epoch.
    Epoch(String, EpochSpec),
}

/// An epoch: a name or a number.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
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
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum PsfSpec {
    /// Images, like `image`; one for all channels where the pattern names no channel.
    Images(String),
    /// A round Gaussian.
    Gaussian {
        /// Its widths.
        gaussian: GaussianSpec,
    },
    /// A round Moffat profile.
    Moffat {
        /// Its widths and exponent.
        moffat: MoffatSpec,
    },
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
#[serde(untagged)]
pub enum OneOrMany {
    /// The same for all.
    One(f64),
    /// One for each channel.
    Many(Vec<f64>),
}

impl OneOrMany {
    fn values(&self) -> Vec<f64> {
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

pub(super) fn read_all(file: &SceneFile) -> Result<Vec<Observation>, CliError> {
    let mut files = FitsFiles::new();
    let specs = file.observations.iter().enumerate();
    specs.map(|(index, spec)| Reader { file, spec, index, files: &mut files }.read()).collect()
}

/// Reads one observation.
struct Reader<'a> {
    file: &'a SceneFile,
    spec: &'a ObservationSpec,
    index: usize,
    files: &'a mut FitsFiles,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<Observation, CliError> {
        let channels: Vec<Channel> = self.spec.channels.iter().map(Channel::from).collect();
        if channels.is_empty() {
            return Err(self.problem("channels", "there are none; name at least one"));
        }
        let (data, header) = self.cube::<f64>("image", &self.spec.image, &channels)?;
        let weights = self.weights(&channels, data.dim())?;
        let [_, ny, nx] = [data.dim().0, data.dim().1, data.dim().2];
        let mut frame = Frame::new([ny, nx]).channels(channels.iter().cloned());
        if header.iter().any(|card| card.keyword == "CTYPE1") {
            frame = frame.wcs(Wcs::from_header(&header)?);
        }
        if let Some(psf) = self.psf(&channels)? {
            frame = frame.psf(psf);
        }
        let name = self.spec.name.clone().unwrap_or_else(|| format!("observation {}", self.index));
        let observation = Observation::new(data, weights, frame)?.named(name);
        match self.mask(&channels)? {
            Some(mask) => Ok(observation.masked(mask.view())?),
            None => Ok(observation),
        }
    }

    /// Cube `[channel, y, x]` of a pattern, and the header of its first image.
    fn cube<T: FitsPixel + Clone>(
        &mut self,
        field: &str,
        pattern: &str,
        channels: &[Channel],
    ) -> Result<(Array3<T>, Header), CliError> {
        let spec = FitsSpec::parse(pattern)?;
        if !spec.is_per_channel() {
            let image = self.files.image::<T>(&spec.resolve(&channels[0], self.file.folder())?)?;
            let cube =
                if image.data.ndim() == 2 { image.plane()?.insert_axis(Axis(0)) } else { image.cube()? };
            return Ok((cube, image.header));
        }
        let mut planes: Vec<Array2<T>> = Vec::new();
        let mut header = Header::new();
        for channel in channels {
            let image = self.files.image::<T>(&spec.resolve(channel, self.file.folder())?)?;
            let plane = image.plane()?;
            if let Some(first) = planes.first().filter(|first| first.dim() != plane.dim()) {
                let problem = format!(
                    "channel {channel} has {:?} pixels [y, x], channel {} {:?}; give images on one grid",
                    plane.dim(),
                    channels[0],
                    first.dim()
                );
                return Err(self.problem(field, problem));
            }
            if planes.is_empty() {
                header = image.header;
            }
            planes.push(plane);
        }
        let views: Vec<_> = planes.iter().map(|plane| plane.view()).collect();
        let cube = ndarray::stack(Axis(0), &views).expect("all planes have the first one's shape");
        Ok((cube, header))
    }

    fn weights(
        &mut self,
        channels: &[Channel],
        shape: (usize, usize, usize),
    ) -> Result<Array3<f64>, CliError> {
        match (&self.spec.variance, &self.spec.weight, &self.spec.sigma) {
            (Some(pattern), None, None) => {
                let variance = self.cube::<f64>("variance", pattern, channels)?.0;
                if let Some(((c, y, x), v)) = variance.indexed_iter().find(|(_, v)| **v < 0.0) {
                    let channel = channels.get(c).map_or_else(String::new, Channel::to_string);
                    let problem = format!(
                        "channel {channel}, pixel (y, x) = ({y}, {x}) is {v}; it must not be negative"
                    );
                    return Err(self.problem("variance", problem));
                }
                Ok(variance.mapv_into(|v| if v > 0.0 && v.is_finite() { 1.0 / v } else { 0.0 }))
            }
            (None, Some(pattern), None) => Ok(self.cube::<f64>("weight", pattern, channels)?.0),
            (None, None, Some(sigma)) if sigma.len() == shape.0 && sigma.iter().all(|s| *s > 0.0) => {
                Ok(Array3::from_shape_fn(shape, |(c, _, _)| 1.0 / (sigma[c] * sigma[c])))
            }
            (None, None, Some(_)) => Err(self.problem("sigma", "give one positive number for each channel")),
            _ => Err(self.problem("variance", "give one of variance, weight and sigma")),
        }
    }

    fn mask(&mut self, channels: &[Channel]) -> Result<Option<Array3<bool>>, CliError> {
        let Some(mask) = &self.spec.mask else { return Ok(None) };
        let (spec, bits) = (FitsSpec::parse(&mask.image)?, mask.bits.clone());
        let excluded = match bits {
            None => u64::MAX,
            Some(bits) => match bits.iter().find(|b| **b > 63) {
                Some(bit) => return Err(self.problem("mask", format!("bit {bit} is beyond 63"))),
                None => bits.iter().fold(0, |all, bit| all | 1 << bit),
            },
        };
        let mut planes: Vec<Array2<bool>> = Vec::new();
        for channel in channels {
            let image = self.files.mask(&spec.resolve(channel, self.file.folder())?)?;
            if image.bits.ndim() == 3 {
                return Ok(Some(image.cube()?.mapv(|b| b & excluded != 0)));
            }
            planes.push(image.plane()?.mapv(|b| b & excluded != 0));
        }
        let views: Vec<_> = planes.iter().map(|plane| plane.view()).collect();
        let cube = ndarray::stack(Axis(0), &views);
        cube.map(Some).map_err(|_| self.problem("mask", "the channels' masks differ in shape"))
    }

    fn psf(&mut self, channels: &[Channel]) -> Result<Option<Psf>, CliError> {
        Ok(Some(match &self.spec.psf {
            None => return Ok(None),
            Some(PsfSpec::Gaussian { gaussian }) => Psf::gaussians(&gaussian.sigma_px.values())?,
            Some(PsfSpec::Moffat { moffat }) => Psf::moffat(&moffat.fwhm_px.values(), moffat.beta)?,
            Some(PsfSpec::Images(pattern)) => Psf::images(self.psf_images(pattern, channels)?)?,
        }))
    }

    /// PSF images, the smaller ones with zeros around them; their centres are at `n / 2`.
    fn psf_images(&mut self, pattern: &str, channels: &[Channel]) -> Result<Array3<f64>, CliError> {
        let spec = FitsSpec::parse(pattern)?;
        if !spec.is_per_channel() {
            return Ok(self.cube::<f64>("psf", pattern, &channels[..1])?.0);
        }
        let mut planes = Vec::new();
        for channel in channels {
            planes.push(self.files.image::<f64>(&spec.resolve(channel, self.file.folder())?)?.plane()?);
        }
        let longest = |axis: usize| planes.iter().map(|p| p.shape()[axis]).max().unwrap_or(0);
        let (ny, nx) = (longest(0), longest(1));
        let mut cube = Array3::zeros((planes.len(), ny, nx));
        for (plane, mut padded) in planes.iter().zip(cube.outer_iter_mut()) {
            let (py, px) = plane.dim();
            let (y, x) = (ny / 2 - py / 2, nx / 2 - px / 2);
            padded.slice_mut(ndarray::s![y..y + py, x..x + px]).assign(plane);
        }
        Ok(cube)
    }

    fn problem(&self, field: &str, problem: impl Into<String>) -> CliError {
        self.file.problem(&format!("observations[{}].{field}", self.index), problem)
    }
}
