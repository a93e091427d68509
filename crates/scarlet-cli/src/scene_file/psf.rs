//! PSFs in a scene file, and their images.

use super::observations::{OneOrMany, TextOr, text_or_fields};
use super::psf_field::{PsfFieldKind, PsfFieldSpec};
use super::reader::Reader;
use crate::error::CliError;
use ndarray::Array3;
use scarlet::frame::{Channel, Frame, Header, Psf};
use scarlet::obs::check::recentred;
use scarlet::obs::fits::FitsSpec;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A PSF that its own header says to be sampled otherwise than the image is by more than this must say how.
const SAME_SCALE: f64 = 0.02;

/// A PSF: a pattern of images, or a formula.
#[derive(Debug, Clone)]
pub enum PsfSpec {
    /// Images, like `image`; one for all channels where the pattern names no channel.
    Images {
        /// The pattern.
        pattern: String,
        /// Whether they are moved so that their cores are on the central pixel.
        recentre: bool,
        /// How finely they are sampled.
        sampling: PsfSampling,
        /// Whether the average over a pixel of the image is in them, as it is in stars that were seen.
        includes_pixel: bool,
    },
    /// A round Gaussian.
    Gaussian(GaussianSpec),
    /// A round Moffat profile.
    Moffat(MoffatSpec),
    /// One that varies over the field.
    Varying(PsfFieldSpec),
}

/// How finely the images of a PSF are sampled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PsfSampling {
    /// As the image of the sky, if their headers do not say otherwise.
    AsImage,
    /// So many samples along a pixel of the image.
    PerPixel(f64),
    /// Samples of that side in arcseconds.
    Arcsec(f64),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PsfFields {
    #[serde(default)]
    image: Option<String>,
    #[serde(default)]
    recentre: bool,
    #[serde(default)]
    samples_per_px: Option<f64>,
    #[serde(default)]
    scale_arcsec: Option<f64>,
    #[serde(default)]
    includes_pixel: Option<bool>,
    #[serde(default)]
    gaussian: Option<GaussianSpec>,
    #[serde(default)]
    moffat: Option<MoffatSpec>,
    #[serde(default)]
    psfex: Option<String>,
    #[serde(default)]
    grid: Option<String>,
    #[serde(default)]
    places: Option<String>,
    #[serde(default)]
    first_pixel: Option<[f64; 2]>,
}

impl<'de> Deserialize<'de> for PsfSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expecting = "images like file.fits[PSF], or { gaussian: { sigma_px: 1.2 } }, or { moffat: { .. } }, or { psfex: file.psf }";
        match text_or_fields(from, expecting)? {
            TextOr::Text(pattern) => Ok(Self::Images {
                pattern,
                recentre: false,
                sampling: PsfSampling::AsImage,
                includes_pixel: true,
            }),
            TextOr::Fields::<PsfFields>(fields) => fields.spec().map_err(D::Error::custom),
        }
    }
}

impl PsfFields {
    /// What the fields say together.
    fn spec(self) -> Result<PsfSpec, &'static str> {
        let of_image = self.recentre || self.includes_pixel.is_some();
        let sampling = match (self.samples_per_px, self.scale_arcsec) {
            (None, None) => PsfSampling::AsImage,
            (Some(per_px), None) => PsfSampling::PerPixel(per_px),
            (None, Some(side)) => PsfSampling::Arcsec(side),
            _ => return Err("a psf is sampled by one of samples_per_px and scale_arcsec"),
        };
        let is_formula = !of_image && sampling == PsfSampling::AsImage;
        let is_one = self.image.is_some() || self.gaussian.is_some() || self.moffat.is_some();
        match (self.psfex, self.grid) {
            (None, None) if self.places.is_none() && self.first_pixel.is_none() => {}
            (None, None) => return Err("only a psf of psfex or grid has places and a first_pixel"),
            (Some(pattern), None) if !is_one && is_formula && self.places.is_none() => {
                let (kind, first_pixel) = (PsfFieldKind::Psfex, self.first_pixel);
                return Ok(PsfSpec::Varying(PsfFieldSpec { pattern, kind, first_pixel }));
            }
            (None, Some(pattern)) if !is_one && !self.recentre => {
                let kind = PsfFieldKind::grid(self.places, sampling, self.includes_pixel.unwrap_or(true));
                let kind = kind.ok_or("a psf of a grid is sampled by samples_per_px")?;
                return Ok(PsfSpec::Varying(PsfFieldSpec { pattern, kind, first_pixel: self.first_pixel }));
            }
            _ => {
                return Err(
                    "a psf is one of image, gaussian, moffat, psfex and grid; a PSFEx file says how it is sampled, and has \
                     no places",
                );
            }
        }
        match (self.image, self.gaussian, self.moffat) {
            (Some(pattern), None, None) => Ok(PsfSpec::Images {
                pattern,
                recentre: self.recentre,
                sampling,
                includes_pixel: self.includes_pixel.unwrap_or(true),
            }),
            (None, Some(gaussian), None) if is_formula => Ok(PsfSpec::Gaussian(gaussian)),
            (None, None, Some(moffat)) if is_formula => Ok(PsfSpec::Moffat(moffat)),
            _ => Err(
                "a psf is one of image, gaussian and moffat, and only an image can be recentred or sampled finely",
            ),
        }
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

impl Reader<'_> {
    /// The PSF of an observation of the frame `frame`, which has its channels and WCS.
    pub(super) fn psf(&mut self, channels: &[Channel], frame: &Frame) -> Result<Option<Psf>, CliError> {
        let wrong = |reader: &Self, e: &dyn std::fmt::Display| reader.problem("psf", e.to_string());
        match self.spec.psf.clone() {
            None | Some(PsfSpec::Varying(_)) => Ok(None),
            Some(PsfSpec::Gaussian(gaussian)) => {
                Psf::gaussians(&gaussian.sigma_px.values()).map(Some).map_err(|e| wrong(self, &e))
            }
            Some(PsfSpec::Moffat(moffat)) => {
                Psf::moffat(&moffat.fwhm_px.values(), moffat.beta).map(Some).map_err(|e| wrong(self, &e))
            }
            Some(PsfSpec::Images { pattern, recentre, sampling, includes_pixel }) => {
                let (images, header) = self.psf_images(&pattern, channels)?;
                let per_px = self.samples_per_px(sampling, &header, frame)?;
                let mut psf = Psf::images(images).map_err(|e| wrong(self, &e))?;
                if recentre {
                    psf = recentred(&psf).map_err(|e| wrong(self, &e))?;
                }
                if let Some(per_px) = per_px {
                    psf = psf.sampled_at(per_px).map_err(|e| wrong(self, &e))?;
                }
                Ok(Some(if includes_pixel { psf } else { psf.without_pixel() }))
            }
        }
    }

    /// Samples along a pixel of the image, where it is not the image's own sampling.
    fn samples_per_px(
        &self,
        sampling: PsfSampling,
        header: &Header,
        frame: &Frame,
    ) -> Result<Option<f64>, CliError> {
        let pixel = frame.wcs_ref().and_then(|wcs| wcs.pixel_scale(frame.bbox().middle()).ok());
        match sampling {
            PsfSampling::PerPixel(per_px) => Ok(Some(per_px)),
            PsfSampling::Arcsec(side) if !(side > 0.0 && side.is_finite()) => {
                Err(self.problem("psf.scale_arcsec", format!("it is {side}; give arcseconds greater than 0")))
            }
            PsfSampling::Arcsec(side) => match pixel {
                Some(pixel) => Ok(Some(pixel.arcsec() / side)),
                None => Err(self.problem(
                    "psf.scale_arcsec",
                    "the image has no WCS that says how large its pixels are; give samples_per_px in its place",
                )),
            },
            PsfSampling::AsImage => {
                let said = said_sampling(header, pixel.map(|pixel| pixel.arcsec()));
                match said.filter(|(per_px, _)| (per_px - 1.0).abs() > SAME_SCALE) {
                    None => Ok(None),
                    Some((per_px, why)) => {
                        let per_px = (per_px * 1e4).round() / 1e4;
                        let problem = format!(
                            "its header says {why}, {per_px} samples along a pixel of the image, and the scene file does \
                             not; give samples_per_px: {per_px}, or samples_per_px: 1 if the header is wrong"
                        );
                        Err(self.problem("psf", problem))
                    }
                }
            }
        }
    }

    /// PSF images, the smaller ones with zeros around them, and the first one's header; their centres are at `n / 2`.
    fn psf_images(&mut self, pattern: &str, channels: &[Channel]) -> Result<(Array3<f64>, Header), CliError> {
        let spec = FitsSpec::parse(pattern).map_err(|e| self.wrong("psf", &e))?;
        if !spec.is_per_channel() {
            let (cube, headers) = self.cube::<f64>("psf", pattern, channels)?;
            return Ok((cube, headers.into_iter().next().unwrap_or_default()));
        }
        let mut planes = Vec::new();
        let mut header = Header::new();
        for channel in channels {
            let image = self.image::<f64>("psf", &spec, channel)?;
            planes.push(image.plane().map_err(|e| self.wrong("psf", &e))?);
            if planes.len() == 1 {
                header = image.header;
            }
        }
        let longest = |axis: usize| planes.iter().map(|p| p.shape()[axis]).max().unwrap_or(0);
        let (ny, nx) = (longest(0), longest(1));
        let mut cube = Array3::zeros((planes.len(), ny, nx));
        for (plane, mut padded) in planes.iter().zip(cube.outer_iter_mut()) {
            let (py, px) = plane.dim();
            let (y, x) = (ny / 2 - py / 2, nx / 2 - px / 2);
            padded.slice_mut(ndarray::s![y..y + py, x..x + px]).assign(plane);
        }
        Ok((cube, header))
    }
}

/// Samples along a pixel of `pixel_arcsec` that the header of a PSF tells of, and in which words.
///
/// Keywords: `OVERSAMP` (samples along a pixel) and `PIXELSCL` (arcsec) of STPSF, `PSF_SAMP` (pixels along a sample)
/// of PSFEx.
fn said_sampling(header: &Header, pixel_arcsec: Option<f64>) -> Option<(f64, String)> {
    let number = |keyword: &str| number_of(header, keyword).filter(|v| *v > 0.0 && v.is_finite());
    if let (Some(side), Some(pixel)) = (number("PIXELSCL"), pixel_arcsec) {
        return Some((pixel / side, format!("PIXELSCL = {side} (arcsec)")));
    }
    if let Some(step) = number("PSF_SAMP") {
        return Some((1.0 / step, format!("PSF_SAMP = {step}")));
    }
    number("OVERSAMP").map(|per_px| (per_px, format!("OVERSAMP = {per_px}")))
}

/// The number that a header has under a keyword.
pub(super) fn number_of(header: &Header, keyword: &str) -> Option<f64> {
    let card = header.iter().find(|card| card.keyword == keyword)?;
    card.value.trim().parse().ok()
}
