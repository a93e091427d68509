//! Rectangles of pixels.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

/// A rectangle of pixels `[y, x]` in some frame: where it begins and how long it is.
///
/// ```
/// use scarlet_frame::BBox;
/// let stamp = BBox::centered([33.2, 14.0], [11, 11]);
/// assert_eq!(stamp.origin(), [28, 9]);
/// assert_eq!(stamp.center(), [33, 14]);
/// let frame = BBox::new([0, 0], [58, 48]);
/// assert_eq!(frame.intersection(stamp), Some(stamp));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BBox {
    origin: [i64; 2],
    shape: [usize; 2],
}

impl BBox {
    /// The box that begins at pixel `origin` and has `shape` pixels, both `[y, x]`.
    #[must_use]
    pub const fn new(origin: [i64; 2], shape: [usize; 2]) -> Self {
        Self { origin, shape }
    }

    /// The box of `shape` whose centre is the pixel that holds `center` (truncated, as scarlet2 does).
    #[must_use]
    pub fn centered(center: [f64; 2], shape: [usize; 2]) -> Self {
        let start = |c: f64, n: usize| c.trunc() as i64 - (n / 2) as i64;
        Self::new([start(center[0], shape[0]), start(center[1], shape[1])], shape)
    }

    /// First pixel `[y, x]`.
    #[must_use]
    pub const fn origin(self) -> [i64; 2] {
        self.origin
    }

    /// Lengths `[y, x]`.
    #[must_use]
    pub const fn shape(self) -> [usize; 2] {
        self.shape
    }

    /// One past the last pixel `[y, x]`.
    #[must_use]
    pub const fn end(self) -> [i64; 2] {
        [self.origin[0] + self.shape[0] as i64, self.origin[1] + self.shape[1] as i64]
    }

    /// The central pixel, `origin + shape / 2`.
    #[must_use]
    pub const fn center(self) -> [i64; 2] {
        [self.origin[0] + (self.shape[0] / 2) as i64, self.origin[1] + (self.shape[1] / 2) as i64]
    }

    /// The centre `[y, x]` of the rectangle itself: half a pixel off a pixel's centre where a side is even.
    #[must_use]
    pub const fn middle(self) -> [f64; 2] {
        [
            self.origin[0] as f64 + 0.5 * (self.shape[0] as f64 - 1.0),
            self.origin[1] as f64 + 0.5 * (self.shape[1] as f64 - 1.0),
        ]
    }

    /// Number of pixels.
    #[must_use]
    pub const fn len(self) -> usize {
        self.shape[0] * self.shape[1]
    }

    /// Whether it holds no pixel.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether the position `(y, x)` falls on one of the pixels.
    #[must_use]
    pub fn contains(self, position: [f64; 2]) -> bool {
        let end = self.end();
        (0..2).all(|k| position[k] >= self.origin[k] as f64 - 0.5 && position[k] < end[k] as f64 - 0.5)
    }

    /// Whether all pixels of `inner` are in this box.
    #[must_use]
    pub fn encloses(self, inner: Self) -> bool {
        self.intersection(inner) == Some(inner)
    }

    /// The pixels that both boxes hold, if there are any.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (end, other_end) = (self.end(), other.end());
        let mut origin = [0; 2];
        let mut shape = [0; 2];
        for k in 0..2 {
            origin[k] = self.origin[k].max(other.origin[k]);
            let stop = end[k].min(other_end[k]);
            if stop <= origin[k] {
                return None;
            }
            shape[k] = (stop - origin[k]) as usize;
        }
        Some(Self::new(origin, shape))
    }

    /// The smallest box that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let (end, other_end) = (self.end(), other.end());
        let origin = [self.origin[0].min(other.origin[0]), self.origin[1].min(other.origin[1])];
        let shape = [0, 1].map(|k| (end[k].max(other_end[k]) - origin[k]) as usize);
        Self::new(origin, shape)
    }

    /// The box with `pixels` more on every side.
    #[must_use]
    pub fn grown(self, pixels: usize) -> Self {
        let by = pixels as i64;
        Self::new(
            [self.origin[0] - by, self.origin[1] - by],
            [self.shape[0] + 2 * pixels, self.shape[1] + 2 * pixels],
        )
    }

    /// The rows and columns of `inner` counted from this box's origin, where `inner` lies inside.
    #[must_use]
    pub fn slices_of(self, inner: Self) -> Option<[Range<usize>; 2]> {
        self.encloses(inner).then(|| {
            [0, 1].map(|k| {
                let start = (inner.origin[k] - self.origin[k]) as usize;
                start..start + inner.shape[k]
            })
        })
    }
}

impl fmt::Display for BBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.end();
        write!(f, "[{}..{}, {}..{}]", self.origin[0], end[0], self.origin[1], end[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intersection_is_empty_where_boxes_only_touch() {
        let a = BBox::new([0, 0], [4, 4]);
        assert_eq!(a.intersection(BBox::new([4, 0], [2, 2])), None);
        let corner = a.intersection(BBox::new([3, 3], [9, 9]));
        assert_eq!(corner, Some(BBox::new([3, 3], [1, 1])));
    }

    #[test]
    fn union_encloses_both_and_grown_keeps_the_centre() {
        let (a, b) = (BBox::new([-3, 2], [5, 4]), BBox::new([1, -7], [2, 3]));
        let both = a.union(b);
        assert!(both.encloses(a) && both.encloses(b));
        assert_eq!(a.grown(2).center(), a.center());
        assert_eq!(a.middle(), [-1.0, 3.5]);
        assert_eq!(a.grown(2).slices_of(a), Some([2..7, 2..6]));
    }

    #[test]
    fn pixels_reach_half_a_pixel_around_their_centres() {
        let a = BBox::new([0, 0], [2, 2]);
        assert!(a.contains([-0.5, 1.49]));
        assert!(!a.contains([0.0, 1.5]));
    }
}
