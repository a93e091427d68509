//! PSFs that vary over the field in a scene file.

use super::psf::{PsfSampling, number_of};
use super::reader::Reader;
use crate::error::CliError;
use scarlet::frame::{Channel, Frame, Header, PsfField, VaryingPsf};
use scarlet::obs::fits::{FitsSpec, read_psf_grid, read_psfex};

/// A PSF that varies over the field, from files.
#[derive(Debug, Clone)]
pub struct PsfFieldSpec {
    /// The pattern of files: one for all channels where it names none.
    pub pattern: String,
    /// What is in them.
    pub kind: PsfFieldKind,
    /// Where the image's first pixel is on the detector that the PSF was fitted to, `[y, x]`, counted from 0; what the
    /// header of the image says where it is not given.
    pub first_pixel: Option<[f64; 2]>,
}

/// What files of a PSF that varies hold.
#[derive(Debug, Clone)]
pub enum PsfFieldKind {
    /// What PSFEx writes.
    Psfex,
    /// A cube of images and a table of their places.
    Grid {
        /// The HDU of the table.
        places: String,
        /// Samples along a pixel of the image.
        samples_per_px: f64,
        /// Whether the average over a pixel is in the images.
        includes_pixel: bool,
    },
}

impl PsfFieldKind {
    /// A grid, as it is sampled.
    pub(super) fn grid(places: Option<String>, sampling: PsfSampling, includes_pixel: bool) -> Option<Self> {
        let samples_per_px = match sampling {
            PsfSampling::AsImage => 1.0,
            PsfSampling::PerPixel(per_px) => per_px,
            PsfSampling::Arcsec(_) => return None,
        };
        let places = places.unwrap_or_else(|| "PLACES".to_owned());
        Some(Self::Grid { places, samples_per_px, includes_pixel })
    }
}

impl Reader<'_> {
    /// The frame seen through the PSF that varies as `spec` says; `header` is that of its image.
    pub(super) fn with_varying_psf(
        &self,
        frame: Frame,
        spec: &PsfFieldSpec,
        channels: &[Channel],
        header: &Header,
    ) -> Result<Frame, CliError> {
        let pattern = FitsSpec::parse(&spec.pattern).map_err(|e| self.wrong("psf", &e))?;
        let named = if pattern.is_per_channel() { channels } else { &channels[..1] };
        let fields = named.iter().map(|channel| self.field(&pattern, &spec.kind, channel));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let first = spec.first_pixel.unwrap_or_else(|| first_pixel_of(header));
        if !first.iter().all(|v| v.is_finite()) {
            return Err(
                self.problem("psf.first_pixel", format!("it is {first:?}; give two finite numbers [y, x]"))
            );
        }
        let psf = VaryingPsf::new(fields).map(|psf| psf.moved_by(first.map(|v| -v)));
        let frame = psf.and_then(|psf| frame.varying_psf(psf));
        frame.map_err(|e| self.problem("psf", e.to_string()))
    }

    fn field(
        &self,
        pattern: &FitsSpec,
        kind: &PsfFieldKind,
        channel: &Channel,
    ) -> Result<PsfField, CliError> {
        let place = pattern.resolve(channel, self.folder()).map_err(|e| self.wrong("psf", &e))?;
        let hdu = place.hdu.to_text();
        let wrong = |e| self.wrong("psf", &e);
        match kind {
            PsfFieldKind::Psfex => read_psfex(&place.path, &hdu).map_err(wrong),
            PsfFieldKind::Grid { places, samples_per_px, includes_pixel } => {
                let field = read_psf_grid(&place.path, &hdu, places).map_err(wrong)?;
                let field = field.sampled_at(*samples_per_px);
                let field = field.map_err(|e| self.problem("psf.samples_per_px", e.to_string()))?;
                Ok(if *includes_pixel { field } else { field.without_pixel() })
            }
        }
    }
}

/// Where the header of an image says that its first pixel is on the detector: `LTV1` and `LTV2` are the pixel of the image
/// at the detector's origin.
fn first_pixel_of(header: &Header) -> [f64; 2] {
    ["LTV2", "LTV1"].map(|keyword| number_of(header, keyword).map_or(0.0, |v| -v))
}
