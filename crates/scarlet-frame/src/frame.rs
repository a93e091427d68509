//! Frames: which pixels, which channels, seen through which PSF, where on the sky.

use crate::{Angle, BBox, Channel, Enclosing, FrameError, GridMap, Psf, Sky, VaryingPsf, Wcs};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The geometry of a cube: its pixels, channels, PSF and WCS, carried along as one value.
///
/// ```
/// use scarlet_frame::{Frame, Psf};
/// let frame = Frame::new([58, 48]).channels(["g", "r", "i"]).psf(Psf::gaussian(0.7)?);
/// assert_eq!(frame.shape(), [3, 58, 48]);
/// frame.validate()?;
/// # Ok::<(), scarlet_frame::FrameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    bbox: BBox,
    channels: Vec<Channel>,
    psf: Option<Psf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    varying_psf: Option<VaryingPsf>,
    wcs: Option<Wcs>,
}

impl Frame {
    /// A frame of `[y, x]` pixels from `(0, 0)`, with one unnamed channel.
    #[must_use]
    pub fn new(shape: [usize; 2]) -> Self {
        Self::with_bbox(BBox::new([0, 0], shape))
    }

    /// A frame of the pixels of `bbox`.
    #[must_use]
    pub fn with_bbox(bbox: BBox) -> Self {
        Self { bbox, channels: vec![Channel::from("")], psf: None, varying_psf: None, wcs: None }
    }

    /// The same frame with these channels: names of bands, or `(band, epoch)` pairs.
    #[must_use]
    pub fn channels<C: Into<Channel>>(mut self, channels: impl IntoIterator<Item = C>) -> Self {
        self.channels = channels.into_iter().map(Into::into).collect();
        self
    }

    /// The same frame seen through `psf`.
    #[must_use]
    pub fn psf(mut self, psf: Psf) -> Self {
        self.psf = Some(psf);
        self.varying_psf = None;
        self
    }

    /// The same frame seen through a PSF that varies over it; where one PSF must stand for all, it is the one at the middle.
    ///
    /// Positions of the field are those of this frame: [`VaryingPsf::moved_by`] where it was cut out of a detector.
    ///
    /// # Errors
    /// Somewhere in the frame the PSF has no positive flux.
    pub fn varying_psf(mut self, psf: VaryingPsf) -> Result<Self, FrameError> {
        psf.check_over(self.bbox)?;
        self.psf = Some(psf.at(self.bbox.middle())?);
        self.varying_psf = Some(psf);
        Ok(self)
    }

    /// The same frame with `wcs`.
    #[must_use]
    pub fn wcs(mut self, wcs: Wcs) -> Self {
        self.wcs = Some(wcs);
        self
    }

    /// The same frame with the pixels of `bbox`, in the same coordinates.
    #[must_use]
    pub fn cropped(mut self, bbox: BBox) -> Self {
        self.bbox = bbox;
        if let Some(Ok(psf)) = self.varying_psf.as_ref().map(|varying| varying.at(bbox.middle())) {
            self.psf = Some(psf);
        }
        self
    }

    /// The pixels.
    #[must_use]
    pub const fn bbox(&self) -> BBox {
        self.bbox
    }

    /// `[channels, y, x]`.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        let [y, x] = self.bbox.shape();
        [self.channels.len(), y, x]
    }

    /// The channels in the order of the cube's planes.
    #[must_use]
    pub fn channel_names(&self) -> &[Channel] {
        &self.channels
    }

    /// The PSF as it varies over the frame, if it does.
    #[must_use]
    pub const fn varying_psf_ref(&self) -> Option<&VaryingPsf> {
        self.varying_psf.as_ref()
    }

    /// The PSF of a star at `position` `[y, x]`: the frame's, or where that varies its value there; the one at the middle
    /// where it has no positive flux there.
    #[must_use]
    pub fn psf_at(&self, position: [f64; 2]) -> Option<Cow<'_, Psf>> {
        let there = self.varying_psf.as_ref().and_then(|varying| varying.at(position).ok());
        there.map(Cow::Owned).or_else(|| self.psf.as_ref().map(Cow::Borrowed))
    }

    /// The PSF, if it was given; where it varies, that at the middle.
    #[must_use]
    pub const fn psf_ref(&self) -> Option<&Psf> {
        self.psf.as_ref()
    }

    /// The WCS, if it was given.
    #[must_use]
    pub const fn wcs_ref(&self) -> Option<&Wcs> {
        self.wcs.as_ref()
    }

    /// The plane that holds `channel`.
    #[must_use]
    pub fn channel_index(&self, channel: &Channel) -> Option<usize> {
        self.channels.iter().position(|c| c == channel)
    }

    /// Checks what the builder let pass.
    ///
    /// # Errors
    /// No pixels, no channels, a channel twice, or a PSF with another number of planes than channels.
    pub fn validate(&self) -> Result<(), FrameError> {
        if self.bbox.is_empty() {
            return Err(FrameError::Empty { bbox: self.bbox });
        }
        if self.channels.is_empty() {
            return Err(FrameError::NoChannels);
        }
        for (k, channel) in self.channels.iter().enumerate() {
            if self.channels[..k].contains(channel) {
                return Err(FrameError::DuplicateChannel { channel: channel.clone() });
            }
        }
        if let Some(varying) = &self.varying_psf {
            varying.check_over(self.bbox)?;
        }
        match self.psf.as_ref().and_then(Psf::planes) {
            Some(planes) if planes != 1 && planes != self.channels.len() => {
                Err(FrameError::PsfChannels { planes, channels: self.channels.len() })
            }
            _ => Ok(()),
        }
    }

    /// Pixel position `(y, x)` of a sky position.
    ///
    /// # Errors
    /// The frame has no WCS, or the projection does not reach the position.
    pub fn to_pixel(&self, sky: Sky) -> Result<[f64; 2], FrameError> {
        self.needs_wcs("a sky position")?.to_pixel(sky)
    }

    /// Sky position of a pixel position `(y, x)`.
    ///
    /// # Errors
    /// The frame has no WCS, or the position is off the projection.
    pub fn to_sky(&self, position: [f64; 2]) -> Result<Sky, FrameError> {
        self.needs_wcs("a sky position")?.to_sky(position)
    }

    /// `angle` in pixels at the centre of the frame (the geometric mean of both axes' scales).
    ///
    /// # Errors
    /// The frame has no WCS.
    pub fn angle_to_px(&self, angle: Angle) -> Result<f64, FrameError> {
        let wcs = self.needs_wcs("an angle")?;
        let center = self.bbox.center().map(|c| c as f64);
        Ok(angle.radians() / wcs.pixel_scale(center)?.radians())
    }

    fn needs_wcs(&self, what: &str) -> Result<&Wcs, FrameError> {
        self.wcs.as_ref().ok_or_else(|| FrameError::NoWcs { what: what.to_owned() })
    }
}

impl Frame {
    /// The model frame for these observed frames: all their pixels and channels on the grid of the finest one, and a
    /// Gaussian PSF of [`MODEL_PSF_SIGMA_PX`](crate::MODEL_PSF_SIGMA_PX).
    ///
    /// Frames of one grid, or without a WCS, give the first one's grid. What else there is to choose: [`Enclosing`].
    ///
    /// # Errors
    /// Those of [`Enclosing::frame`].
    pub fn enclosing<'a>(frames: impl IntoIterator<Item = &'a Self>) -> Result<Self, FrameError> {
        Enclosing::of(frames).frame()
    }

    /// Where this frame's first pixel lies in the pixels of `model`, when both have the same grid.
    ///
    /// With a WCS in both, the sky decides; otherwise pixels are counted from the same origin.
    ///
    /// # Errors
    /// The grids differ by more than a shift of whole pixels.
    pub fn offset_in(&self, model: &Self) -> Result<[i64; 2], FrameError> {
        let shift = GridMap::new(self, model).whole_pixel_shift(self.bbox)?;
        Ok([0, 1].map(|k| self.bbox.origin()[k] + shift[k]))
    }
}
