//! The pixels of an observation around a box of the model frame, and how deep in it each of them lies.

use super::Sight;
use scarlet_frame::{BBox, GridAffine};

/// The pixels of an observation on and around a box of the model frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patch {
    /// The pixels, in the observation.
    pub(crate) pixels: BBox,
    of: BBox,
    /// From the observation's pixels to the model's, at the middle of the box.
    affine: GridAffine,
}

impl Sight {
    /// The pixels within `margin` of a box of the model frame, and some more where the grid is turned; none where there
    /// are none.
    pub(crate) fn patch(&self, bbox: BBox, margin: usize) -> Option<Patch> {
        let pixels = self.unclipped(bbox)?.grown(margin).intersection(self.own)?;
        let affine = self.affine_at(bbox.middle()).ok()?.inverse()?;
        Some(Patch { pixels, of: bbox, affine })
    }
}

impl Patch {
    /// How many pixels of the observation the pixel `(y, x)` of the patch is from the box's edge: 0 for the outermost
    /// ones on a grid that is the model's, negative outside.
    ///
    /// A pixel falls on the box where this is at least -1/2.
    pub(crate) fn depth(&self, y: usize, x: usize) -> f64 {
        let origin = self.pixels.origin();
        let at = self.affine.apply([(origin[0] + y as i64) as f64, (origin[1] + x as i64) as f64]);
        let of_axis = |k: usize| {
            let (low, high) = (self.of.origin()[k] as f64 - 0.5, self.of.end()[k] as f64 - 0.5);
            (at[k] - low).min(high - at[k])
        };
        of_axis(0).min(of_axis(1)) / self.affine.scale_ratio() - 0.5
    }
}
