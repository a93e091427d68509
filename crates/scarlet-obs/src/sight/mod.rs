//! Where an observation's pixels and channels are in a model frame, on whatever grid it is.

mod patch;
mod summary;

pub use summary::{Cost, PsfSize, SightSummary};

use crate::calibration::{Looks, product};
use crate::{ObsError, Observation};
use scarlet_frame::{BBox, Frame, FrameError, GridAffine, GridMap};

/// Points along each edge of a box whose footprint is looked for.
const EDGE_POINTS: usize = 9;

/// Where the pixels and channels of one observation are in a model frame, and the way back.
///
/// Positions are `[y, x]` in pixels of either frame, boxes likewise: those of the observation are in its own frame, whose
/// first pixel is the origin of its `bbox`.
///
/// ```
/// use ndarray::Array3;
/// use scarlet_frame::{BBox, Frame, Sky, Wcs, arcsec};
/// use scarlet_obs::{Observation, Sight};
/// let center = Sky::new(150.1, 2.2);
/// let coarse = Frame::new([25, 25]).wcs(Wcs::tan(center, [12.0, 12.0], arcsec(0.2))?);
/// let model = Frame::new([101, 101]).wcs(Wcs::tan(center, [50.0, 50.0], arcsec(0.05))?);
/// let observation = Observation::new(Array3::zeros((1, 25, 25)), Array3::ones((1, 25, 25)), coarse)?;
/// let sight = Sight::new(&observation, &model)?;
/// let [y, x] = sight.to_observation([58.0, 46.0])?;
/// assert!((y - 14.0).abs() < 1e-6 && (x - 11.0).abs() < 1e-6);
/// assert!((sight.model_pixels_per_pixel() - 4.0).abs() < 1e-6);
/// // 21 model pixels around the middle are 5.25 of the observation's
/// let seen = sight.footprint(BBox::new([40, 40], [21, 21])).expect("inside");
/// assert_eq!(seen, BBox::new([9, 9], [7, 7]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    name: String,
    to_model: GridMap,
    to_observation: GridMap,
    /// At the middle of the observation, from its pixels to the model's.
    affine: GridAffine,
    shift: Option<[i64; 2]>,
    own: BBox,
    model: BBox,
    channels: Vec<usize>,
    /// Where the image has what its WCS puts elsewhere.
    looks: Option<Box<Looks>>,
}

impl Sight {
    /// Where `observation` is in the frame `model`.
    ///
    /// # Errors
    /// A channel that the model does not have, a pixel that a WCS does not reach.
    pub fn new(observation: &Observation, model: &Frame) -> Result<Self, ObsError> {
        let channels = observation.channels_in(model)?;
        let frame = observation.frame();
        let named = |e: FrameError| ObsError::in_observation(observation.name(), &e);
        let to_model = GridMap::new(frame, model);
        let looks = observation.calibration().looks(frame.bbox().middle()).map(Box::new);
        let shift = match to_model.whole_pixel_shift(frame.bbox()) {
            Ok(shift) => Some(shift).filter(|_| looks.is_none()),
            Err(FrameError::GridsDiffer { .. }) => None,
            Err(error) => return Err(named(error)),
        };
        let affine = match shift {
            Some([y, x]) => GridAffine::new([0.0; 2], [y as f64, x as f64], [[1.0, 0.0], [0.0, 1.0]]),
            None => affine_to_model(&to_model, looks.as_deref(), frame.bbox().middle()).map_err(named)?,
        };
        Ok(Self {
            name: observation.name().to_owned(),
            to_observation: to_model.inverse(),
            to_model,
            affine,
            shift,
            own: frame.bbox(),
            model: model.bbox(),
            channels,
            looks,
        })
    }

    /// The same of an image with these values of shift y, shift x, rotation and scale.
    ///
    /// # Errors
    /// A pixel that a WCS does not reach.
    pub(crate) fn looking(&self, astrometry: [f64; 4]) -> Result<Self, ObsError> {
        let looks = Looks::new(astrometry, self.own.middle());
        let affine = affine_to_model(&self.to_model, Some(&looks), self.own.middle())
            .map_err(|e| ObsError::in_observation(&self.name, &e))?;
        Ok(Self { affine, shift: None, looks: Some(Box::new(looks)), ..self.clone() })
    }

    /// For each channel of the observation the one of the model.
    #[must_use]
    pub fn channels(&self) -> &[usize] {
        &self.channels
    }

    /// The observation's pixels, in its own frame.
    #[must_use]
    pub const fn pixels(&self) -> BBox {
        self.own
    }

    /// By how many pixels `[y, x]` the observation's pixels are moved in the model frame, where they are moved by whole
    /// ones and nothing else.
    #[must_use]
    pub const fn whole_pixel_shift(&self) -> Option<[i64; 2]> {
        self.shift
    }

    /// The position in the model frame of a `position` in the observation.
    ///
    /// # Errors
    /// It is outside one of the projections.
    pub fn to_model(&self, position: [f64; 2]) -> Result<[f64; 2], ObsError> {
        match self.shift {
            Some(shift) => Ok([0, 1].map(|k| position[k] + shift[k] as f64)),
            None => self.way_there(position).map_err(|e| ObsError::in_observation(&self.name, &e)),
        }
    }

    /// The positions in the model frame of all pixels of a box of the observation, row by row.
    pub(crate) fn positions(&self, bbox: BBox) -> Result<Vec<[f64; 2]>, ObsError> {
        let positions = match &self.looks {
            None => self.to_model.positions(bbox),
            Some(_) => pixels(bbox).map(|position| self.way_there(position)).collect(),
        };
        positions.map_err(|e| ObsError::in_observation(&self.name, &e))
    }

    /// From the observation to the model through the sky.
    fn way_there(&self, position: [f64; 2]) -> Result<[f64; 2], FrameError> {
        self.to_model.position(self.looks.as_deref().map_or(position, |looks| looks.to_nominal(position)))
    }

    /// From the model to the observation through the sky.
    fn way_back(&self, position: [f64; 2]) -> Result<[f64; 2], FrameError> {
        let nominal = self.to_observation.position(position)?;
        Ok(self.looks.as_deref().map_or(nominal, |looks| looks.to_image(nominal)))
    }

    /// The position in the observation of a `position` in the model frame.
    ///
    /// # Errors
    /// It is outside one of the projections.
    pub fn to_observation(&self, position: [f64; 2]) -> Result<[f64; 2], ObsError> {
        match self.shift {
            Some(shift) => Ok([0, 1].map(|k| position[k] - shift[k] as f64)),
            None => self.way_back(position).map_err(|e| ObsError::in_observation(&self.name, &e)),
        }
    }

    /// The affine map from the model's pixels to the observation's that touches the way there at a `position` in the
    /// model frame.
    ///
    /// # Errors
    /// It is outside one of the projections.
    pub fn affine_at(&self, position: [f64; 2]) -> Result<GridAffine, ObsError> {
        match self.shift {
            Some(_) => {
                Ok(GridAffine::new(position, self.to_observation(position)?, [[1.0, 0.0], [0.0, 1.0]]))
            }
            None => {
                let affine = self.to_observation.affine_at(position);
                let affine = affine.map_err(|e| ObsError::in_observation(&self.name, &e))?;
                let Some(looks) = &self.looks else { return Ok(affine) };
                let there = looks.to_image(affine.apply(position));
                Ok(GridAffine::new(position, there, product(looks.back(), affine.jacobian())))
            }
        }
    }

    /// The affine map from the observation's pixels to the model's that touches the way there at its middle.
    #[must_use]
    pub const fn affine(&self) -> GridAffine {
        self.affine
    }

    /// Model pixels along a pixel of the observation, the square root of its area in them.
    #[must_use]
    pub fn model_pixels_per_pixel(&self) -> f64 {
        self.affine.scale_ratio()
    }

    /// Largest distance, in pixels of the model, of the observation's pixels from where [`Sight::affine`] has them.
    ///
    /// # Errors
    /// A pixel is outside one of the projections.
    pub fn distortion_px(&self) -> Result<f64, ObsError> {
        match self.shift {
            Some(_) => Ok(0.0),
            None => self.to_model.deviation(self.own).map_err(|e| ObsError::in_observation(&self.name, &e)),
        }
    }

    /// The observation's pixels that lie on those of a box of the model frame, the smallest box around them; none where
    /// there is none.
    ///
    /// All of the observation, where the box reaches beyond what its WCS can say.
    #[must_use]
    pub fn footprint(&self, bbox: BBox) -> Option<BBox> {
        if bbox.is_empty() {
            return None;
        }
        self.unclipped(bbox).map_or(Some(self.own), |around| around.intersection(self.own))
    }

    /// As [`Sight::footprint`], with what lies outside the observation's pixels; none where its WCS does not reach all
    /// of the box.
    pub(crate) fn unclipped(&self, bbox: BBox) -> Option<BBox> {
        match self.shift {
            Some([y, x]) => {
                let origin = bbox.origin();
                Some(BBox::new([origin[0] - y, origin[1] - x], bbox.shape()))
            }
            None => around(bbox, |position| self.way_back(position).ok()),
        }
    }

    /// The model's pixels on which those of a box of the observation lie, the smallest box around them, also beyond the
    /// model frame.
    ///
    /// # Errors
    /// A pixel is outside one of the projections.
    pub fn in_model(&self, bbox: BBox) -> Result<BBox, ObsError> {
        match self.shift {
            Some([y, x]) => {
                let origin = bbox.origin();
                Ok(BBox::new([origin[0] + y, origin[1] + x], bbox.shape()))
            }
            None => around(bbox, |position| self.way_there(position).ok()).ok_or_else(|| {
                let outside = corners(bbox).into_iter().find_map(|at| self.way_there(at).err());
                let error = outside.unwrap_or(FrameError::Empty { bbox });
                ObsError::in_observation(&self.name, &error)
            }),
        }
    }

    /// The pixel of the observation's arrays that a `position` in the model frame falls on.
    pub(crate) fn pixel(&self, position: [f64; 2]) -> Option<[usize; 2]> {
        let at = self.to_observation(position).ok().filter(|at| self.own.contains(*at))?;
        let (origin, shape) = (self.own.origin(), self.own.shape());
        Some([0, 1].map(|k| ((at[k].round() as i64 - origin[k]).max(0) as usize).min(shape[k] - 1)))
    }

    /// Whether a `position` in the model frame falls on a pixel of the observation.
    #[must_use]
    pub fn sees(&self, position: [f64; 2]) -> bool {
        self.to_observation(position).is_ok_and(|at| self.own.contains(at))
    }

    /// The share of the observation's pixels whose centres lie on the model frame; of every k-th row and column where
    /// there are more than 64 of them.
    #[must_use]
    pub fn overlap(&self) -> f64 {
        let (origin, shape) = (self.own.origin(), self.own.shape());
        let along =
            |k: usize| (0..shape[k]).step_by(shape[k].div_ceil(64)).map(move |i| origin[k] + i as i64);
        let all = along(0).flat_map(|y| along(1).map(move |x| [y as f64, x as f64]));
        let (mut inside, mut count) = (0_usize, 0_usize);
        for position in all {
            count += 1;
            inside += usize::from(self.to_model(position).is_ok_and(|at| self.model.contains(at)));
        }
        inside as f64 / count.max(1) as f64
    }
}

/// The affine map to the model that touches the way there at `middle`.
fn affine_to_model(
    to_model: &GridMap,
    looks: Option<&Looks>,
    middle: [f64; 2],
) -> Result<GridAffine, FrameError> {
    let Some(looks) = looks else { return to_model.affine_at(middle) };
    let nominal = to_model.affine_at(looks.to_nominal(middle))?;
    let there = nominal.apply(looks.to_nominal(middle));
    Ok(GridAffine::new(middle, there, product(nominal.jacobian(), looks.turn())))
}

/// Positions `[y, x]` of all pixels, row by row.
fn pixels(bbox: BBox) -> impl Iterator<Item = [f64; 2]> {
    let [rows, columns] = [0, 1].map(|k| bbox.origin()[k]..bbox.end()[k]);
    rows.flat_map(move |y| columns.clone().map(move |x| [y as f64, x as f64]))
}

fn corners(bbox: BBox) -> [[f64; 2]; 4] {
    let low = bbox.origin().map(|c| c as f64 - 0.5);
    let high = bbox.end().map(|c| c as f64 - 0.5);
    [low, [low[0], high[1]], [high[0], low[1]], high]
}

/// The smallest box around the outer edges of `bbox` where `map` has them; none where it does not have all of them.
fn around(bbox: BBox, map: impl Fn([f64; 2]) -> Option<[f64; 2]>) -> Option<BBox> {
    let [low, _, _, high] = corners(bbox);
    let (mut first, mut last) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    let mut include = |position: [f64; 2]| {
        let at = map(position)?;
        first = [0, 1].map(|k| first[k].min(at[k]));
        last = [0, 1].map(|k| last[k].max(at[k]));
        Some(())
    };
    for i in 0..EDGE_POINTS {
        let t = i as f64 / (EDGE_POINTS - 1) as f64;
        let [y, x] = [0, 1].map(|k| low[k] + t * (high[k] - low[k]));
        for position in [[y, low[1]], [y, high[1]], [low[0], x], [high[0], x]] {
            include(position)?;
        }
    }
    // pixels reach half a pixel around their centres; rounding must not add a row
    let origin = first.map(|v| (v + 0.5 + 1e-6).floor() as i64);
    let end = last.map(|v| (v + 0.5 - 1e-6).ceil() as i64);
    Some(BBox::new(origin, [0, 1].map(|k| (end[k] - origin[k]).max(1) as usize)))
}
