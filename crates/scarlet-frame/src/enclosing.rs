//! The model frame for a set of observed frames: which part of the sky, on which grid.

use crate::footprint::{self, Footprint};
use crate::{Angle, BBox, Frame, FrameError, GridMap, Psf, Sky, Wcs};

/// Width of the PSF that a model frame gets without being told, in pixels: well sampled, and sharper than most seeing.
pub const MODEL_PSF_SIGMA_PX: f64 = 0.7;

/// Most pixels of a model frame that is larger than the frames it encloses: 1 GiB a channel.
const MOST_PIXELS: f64 = (1u64 << 28) as f64;

/// Of two pixel scales that agree to this, none is finer.
const SAME_SCALE: f64 = 1e-3;

/// What a model frame shall enclose, and on which grid: the union of the observed frames on the finest one's pixels
/// if nothing else is said.
///
/// ```
/// use scarlet_frame::{Enclosing, Frame, Psf, Sky, Wcs, arcsec, degrees};
/// let center = Sky::new(150.1, 2.2);
/// let hst = Frame::new([250, 250]).channels(["814"]).wcs(Wcs::tan(center, [125.0, 125.0], arcsec(0.03))?);
/// let hsc = Frame::new([50, 50]).channels(["g", "r"]).wcs(Wcs::tan(center, [25.0, 25.0], arcsec(0.168))?);
///
/// let model = Frame::enclosing([&hsc, &hst])?;
/// assert_eq!(model.wcs_ref(), hst.wcs_ref());
/// assert_eq!(model.shape(), [3, 281, 281]);
///
/// let common = Enclosing::of([&hsc, &hst]).intersection().grid_of(0).psf(Psf::gaussian(0.9)?).frame()?;
/// assert_eq!(common.shape(), [3, 45, 45]);
///
/// let turned = Enclosing::of([&hsc, &hst]).pixels(arcsec(0.1), degrees(30.0)).frame()?;
/// assert_eq!(turned.bbox().origin(), [0, 0]);
/// # Ok::<(), scarlet_frame::FrameError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is enclosed before `frame` is called"]
pub struct Enclosing<'a> {
    frames: Vec<&'a Frame>,
    intersection: bool,
    grid: Grid,
    psf: Option<Psf>,
}

/// Where the model's pixels come from.
#[derive(Debug, Clone)]
enum Grid {
    Finest,
    Of(usize),
    Wcs(Box<Wcs>),
    Pixels { scale: Angle, position_angle: Angle },
}

impl<'a> Enclosing<'a> {
    /// The union of these observed frames, on the pixels of the finest.
    pub fn of(frames: impl IntoIterator<Item = &'a Frame>) -> Self {
        Self { frames: frames.into_iter().collect(), intersection: false, grid: Grid::Finest, psf: None }
    }

    /// Only what all frames see: the smallest box around it.
    pub const fn intersection(mut self) -> Self {
        self.intersection = true;
        self
    }

    /// On the pixels of frame `index`, from 0 in the order in which they were given.
    pub fn grid_of(mut self, index: usize) -> Self {
        self.grid = Grid::Of(index);
        self
    }

    /// On the pixels of `wcs`.
    pub fn wcs(mut self, wcs: Wcs) -> Self {
        self.grid = Grid::Wcs(Box::new(wcs));
        self
    }

    /// On square pixels of side `scale` around the middle of the frames' centres, from `(0, 0)`, with the +y axis at
    /// `position_angle` from north towards east; not flipped.
    pub fn pixels(mut self, scale: Angle, position_angle: Angle) -> Self {
        self.grid = Grid::Pixels { scale, position_angle };
        self
    }

    /// Seen through `psf`, in pixels of the model.
    pub fn psf(mut self, psf: Psf) -> Self {
        self.psf = Some(psf);
        self
    }

    /// The model frame: its pixels, the channels of all frames in order, its PSF and WCS.
    ///
    /// The edges of every frame are mapped from pixel to pixel, since straight edges are curved in other projections.
    /// The grid is that of a frame as it is where all frames lie on it (shifted by whole pixels). Where they do not,
    /// and that frame is distorted, it is the plain grid that touches it at its centre: polynomials do not hold
    /// outside the image they were made for.
    ///
    /// # Errors
    /// - There is no frame, one is not valid, or the one for the grid is not there.
    /// - Some have a WCS and others have none; none has one and the grid needs it.
    /// - The intersection is empty ([`FrameError::NoOverlap`]).
    /// - More than 2^28 pixels, if that is more than any of the frames ([`FrameError::ModelTooLarge`]).
    /// - The PSF has planes for another number of channels.
    pub fn frame(self) -> Result<Frame, FrameError> {
        self.check()?;
        let mut model = Frame::with_bbox(self.frames[0].bbox()).channels(self.channels());
        if let Some(wcs) = self.model_wcs()? {
            model = model.wcs(wcs);
        }
        let range = if self.intersection { self.common(&model)? } else { self.all(&model)? };
        self.check_size(&model, footprint::sides(range))?;
        let model = self.placed(model, footprint::box_of(range))?;
        let model = model.psf(self.psf.map_or_else(|| Psf::gaussian(MODEL_PSF_SIGMA_PX), Ok)?);
        model.validate()?;
        Ok(model)
    }

    fn check(&self) -> Result<(), FrameError> {
        self.frames.iter().try_for_each(|frame| frame.validate())?;
        let has = |frame: &&Frame| frame.wcs_ref().is_some();
        let with = self.frames.iter().position(has);
        match (with, self.frames.iter().position(|frame| !has(frame))) {
            (None, None) => Err(FrameError::NoFrames),
            (Some(with), Some(without)) => Err(FrameError::WcsMissing { with, without }),
            _ => Ok(()),
        }
    }

    /// The channels of all frames, each once, in order.
    fn channels(&self) -> Vec<crate::Channel> {
        let mut channels = Vec::new();
        for channel in self.frames.iter().flat_map(|frame| frame.channel_names()) {
            if !channels.contains(channel) {
                channels.push(channel.clone());
            }
        }
        channels
    }

    /// The model's WCS, where the frames have one.
    fn model_wcs(&self) -> Result<Option<Wcs>, FrameError> {
        match &self.grid {
            Grid::Wcs(_) | Grid::Pixels { .. } if self.frames[0].wcs_ref().is_none() => {
                Err(FrameError::NoWcs { what: "a grid of the model's own".to_owned() })
            }
            Grid::Wcs(wcs) => Ok(Some((**wcs).clone())),
            Grid::Pixels { scale, position_angle } => {
                Wcs::tan_turned(self.middle()?, [0.0, 0.0], *scale, *position_angle).map(Some)
            }
            Grid::Of(index) => self.wcs_of(*index),
            Grid::Finest => self.wcs_of(self.finest()?),
        }
    }

    /// The frame with the smallest pixels at its centre; the first of those that agree, and of those on one grid.
    fn finest(&self) -> Result<usize, FrameError> {
        if self.whole_pixels(self.frames[0]).is_some() {
            return Ok(0);
        }
        let mut finest = (0, f64::INFINITY);
        for (index, frame) in self.frames.iter().enumerate() {
            let Some(wcs) = frame.wcs_ref() else { continue };
            let scale = wcs.pixel_scale(frame.bbox().middle())?.radians();
            if scale < finest.1 * (1.0 - SAME_SCALE) {
                finest = (index, scale);
            }
        }
        Ok(finest.0)
    }

    /// The grid of one frame, without its distortion where others are not on it.
    fn wcs_of(&self, index: usize) -> Result<Option<Wcs>, FrameError> {
        let frames = self.frames.len();
        let frame = self.frames.get(index).ok_or(FrameError::NoSuchFrame { index, frames })?;
        let Some(wcs) = frame.wcs_ref() else { return Ok(None) };
        if wcs.is_distorted() && self.whole_pixels(frame).is_none() {
            return wcs.undistorted_at(frame.bbox().middle()).map(Some);
        }
        Ok(Some(wcs.clone()))
    }

    /// The smallest range of the model's pixels that holds all frames.
    fn all(&self, model: &Frame) -> Result<[[f64; 2]; 2], FrameError> {
        let mut range = [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]];
        for frame in &self.frames {
            let [low, high] =
                footprint::range_in(frame, model).map_err(|error| self.too_far(model, error))?;
            for k in 0..2 {
                range[0][k] = range[0][k].min(low[k]);
                range[1][k] = range[1][k].max(high[k]);
            }
        }
        Ok(range)
    }

    /// The smallest range of the model's pixels that holds what all frames see.
    fn common(&self, model: &Frame) -> Result<[[f64; 2]; 2], FrameError> {
        if let Some(origins) = self.whole_pixels(model) {
            return self.common_box(&origins).map(|bbox| Footprint::of(bbox).range());
        }
        let first = self.frames[0];
        let mut seen = Footprint::of(first.bbox());
        for (index, pair) in self.frames.windows(2).enumerate() {
            let (before, frame) = (pair[0], pair[1]);
            let gap = || self.no_overlap(index + 1);
            if self.are_apart(first, frame)? {
                return Err(gap());
            }
            seen = seen_by(frame, before, seen)?.ok_or_else(gap)?;
        }
        let last = self.frames[self.frames.len() - 1];
        Ok(seen.mapped(&GridMap::new(last, model))?.range())
    }

    /// The boxes of all frames in the model's pixels, where all are on its grid.
    fn whole_pixels(&self, model: &Frame) -> Option<Vec<BBox>> {
        let boxed = |frame: &&Frame| Some(BBox::new(frame.offset_in(model).ok()?, frame.bbox().shape()));
        self.frames.iter().map(boxed).collect()
    }

    fn common_box(&self, boxes: &[BBox]) -> Result<BBox, FrameError> {
        let mut common = boxes[0];
        for (index, bbox) in boxes.iter().enumerate() {
            common = common.intersection(*bbox).ok_or_else(|| self.no_overlap(index))?;
        }
        Ok(common)
    }

    /// Whether two frames are further from each other than both reach, so that nothing needs to be mapped.
    fn are_apart(&self, first: &Frame, second: &Frame) -> Result<bool, FrameError> {
        let (Some((a, reach_a)), Some((b, reach_b))) = (reach(first)?, reach(second)?) else {
            return Ok(false);
        };
        Ok(a.separation(b).radians() > (reach_a + reach_b) * (1.0 + 1e-9))
    }

    fn no_overlap(&self, frame: usize) -> FrameError {
        FrameError::NoOverlap { frame, distance: distance(self.frames[0], self.frames[frame]) }
    }

    /// The middle of the frames' centres on the sky.
    fn middle(&self) -> Result<Sky, FrameError> {
        let mut sum = [0.0; 3];
        for frame in &self.frames {
            let center = frame.to_sky(frame.bbox().middle())?.unit_vector();
            sum = [0, 1, 2].map(|k| sum[k] + center[k]);
        }
        Ok(Sky::from_vector(sum))
    }

    /// The model with its box; a grid that was made for it is counted from the box' first pixel.
    fn placed(&self, model: Frame, bbox: BBox) -> Result<Frame, FrameError> {
        match (&self.grid, model.wcs_ref()) {
            (Grid::Pixels { .. }, Some(wcs)) => {
                let wcs = wcs.shifted(bbox.origin())?;
                Ok(model.cropped(BBox::new([0, 0], bbox.shape())).wcs(wcs))
            }
            _ => Ok(model.cropped(bbox)),
        }
    }

    fn check_size(&self, model: &Frame, sides: [f64; 2]) -> Result<(), FrameError> {
        let largest = self.frames.iter().map(|frame| frame.bbox().len()).max().unwrap_or(0);
        let limit = MOST_PIXELS.max(largest as f64);
        if sides[0] * sides[1] <= limit && sides.iter().all(|side| *side >= 1.0) {
            return Ok(());
        }
        Err(FrameError::ModelTooLarge { sides, limit, why: self.why_so_large(model) })
    }

    /// A frame that the model's projection cannot show, where the model would be about as wide as the sky between.
    fn too_far(&self, model: &Frame, error: FrameError) -> FrameError {
        let (Some(scale), Some((_, farthest))) = (self.pixel_scale(model), self.farthest()) else {
            return error;
        };
        let side = farthest.radians() / scale.radians();
        match self.check_size(model, [side; 2]) {
            Err(too_large) => too_large,
            Ok(()) => error,
        }
    }

    fn why_so_large(&self, model: &Frame) -> String {
        match (self.pixel_scale(model), self.farthest()) {
            (Some(scale), Some((index, angle))) if index > 0 => {
                format!(
                    "its pixels are of {scale}, and the centre of frame {index} is {angle} from that of frame 0"
                )
            }
            (Some(scale), _) => format!("its pixels are of {scale}, which is small for what frame 0 sees"),
            _ => "pixels are counted from one origin, since no frame has a WCS".to_owned(),
        }
    }

    /// The model's pixel scale where the first frame is.
    fn pixel_scale(&self, model: &Frame) -> Option<Angle> {
        let (wcs, first) = (model.wcs_ref()?, self.frames[0]);
        wcs.pixel_scale(wcs.to_pixel(first.to_sky(first.bbox().middle()).ok()?).ok()?).ok()
    }

    /// The frame whose centre is farthest from that of the first.
    fn farthest(&self) -> Option<(usize, Angle)> {
        let all = self.frames.iter().enumerate();
        let distances = all.filter_map(|(index, frame)| Some((index, distance(self.frames[0], frame)?)));
        distances.max_by(|a, b| a.1.radians().total_cmp(&b.1.radians()))
    }
}

/// The part of `region`, in pixels of `before`, that `frame` sees, in its own pixels; `None` where there is none.
fn seen_by(frame: &Frame, before: &Frame, region: Footprint) -> Result<Option<Footprint>, FrameError> {
    let bbox = frame.bbox();
    let Some(wcs) = frame.wcs_ref().filter(|wcs| wcs.is_distorted()) else {
        return Ok(region.mapped(&GridMap::new(before, frame))?.clipped(bbox));
    };
    // polynomials hold near the image only: what is far from it is cut off on the plain grid
    let plain = frame.clone().wcs(wcs.undistorted_at(bbox.middle())?);
    let margin = bbox.shape()[0].max(bbox.shape()[1]) / 4 + 1;
    let Some(near) = region.mapped(&GridMap::new(before, &plain))?.clipped(bbox.grown(margin)) else {
        return Ok(None);
    };
    Ok(near.mapped(&GridMap::new(&plain, frame))?.clipped(bbox))
}

/// How far apart the centres of two frames are on the sky.
fn distance(first: &Frame, second: &Frame) -> Option<Angle> {
    let center = |frame: &Frame| frame.to_sky(frame.bbox().middle()).ok();
    Some(center(first)?.separation(center(second)?))
}

/// The centre of a frame and how far its edges are from it, radians; `None` without a WCS.
fn reach(frame: &Frame) -> Result<Option<(Sky, f64)>, FrameError> {
    if frame.wcs_ref().is_none() {
        return Ok(None);
    }
    let center = frame.to_sky(frame.bbox().middle())?;
    let mut reach = 0f64;
    for corner in Footprint::of(frame.bbox()).corners() {
        reach = reach.max(center.separation(frame.to_sky(*corner)?).radians());
    }
    Ok(Some((center, reach)))
}
