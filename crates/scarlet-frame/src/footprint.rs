//! Where the pixels of one frame lie in those of another: edges mapped by the sky, boxes around them, their overlap.

use crate::{BBox, Frame, FrameError, GridMap};

/// Most steps along one edge; shorter edges are followed from pixel to pixel.
const STEPS: usize = 1024;

/// Edges that lie this close to the border of a pixel are taken to lie on it.
const SLACK_PX: f64 = 1e-6;

/// A polygon in pixels `[y, x]` of some frame, with so many corners that its sides are straight in any other frame.
#[derive(Debug, Clone)]
pub(crate) struct Footprint {
    corners: Vec<[f64; 2]>,
}

impl Footprint {
    /// The outer edges of the pixels of `bbox`.
    pub(crate) fn of(bbox: BBox) -> Self {
        let [[top, left], [bottom, right]] = edges(bbox);
        let corners = vec![[top, left], [top, right], [bottom, right], [bottom, left]];
        Self { corners }.followed(bbox)
    }

    /// Its corners `[y, x]`.
    pub(crate) fn corners(&self) -> &[[f64; 2]] {
        &self.corners
    }

    /// The same region in the pixels that `map` leads to.
    pub(crate) fn mapped(&self, map: &GridMap) -> Result<Self, FrameError> {
        let corners: Result<_, _> = self.corners.iter().map(|corner| map.position(*corner)).collect();
        Ok(Self { corners: corners? })
    }

    /// The part that lies on the pixels of `bbox`; `None` where there is none.
    ///
    /// Source: Sutherland and Hodgman 1974, Comm. ACM 17, 32.
    pub(crate) fn clipped(mut self, bbox: BBox) -> Option<Self> {
        let [low, high] = edges(bbox);
        for axis in 0..2 {
            self = self.half_plane(|at| at[axis] - low[axis]);
            self = self.half_plane(|at| high[axis] - at[axis]);
        }
        let clipped = self.followed(bbox);
        (clipped.area() > SLACK_PX).then_some(clipped)
    }

    /// First and last position `[y, x]` along both axes.
    pub(crate) fn range(&self) -> [[f64; 2]; 2] {
        let start = [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]];
        self.corners.iter().fold(start, |[low, high], at| {
            [[low[0].min(at[0]), low[1].min(at[1])], [high[0].max(at[0]), high[1].max(at[1])]]
        })
    }

    /// The part where `inside`, which is linear, is not negative.
    fn half_plane(&self, inside: impl Fn([f64; 2]) -> f64) -> Self {
        let mut corners = Vec::with_capacity(self.corners.len() + 4);
        let before = self.corners.iter().cycle().skip(self.corners.len().saturating_sub(1));
        for (&from, &to) in before.zip(&self.corners) {
            let (a, b) = (inside(from), inside(to));
            if (a < 0.0) != (b < 0.0) {
                let t = a / (a - b);
                corners.push([from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]);
            }
            if b >= 0.0 {
                corners.push(to);
            }
        }
        Self { corners }
    }

    /// The same polygon with corners on every side that is long for a frame of the pixels of `bbox`.
    fn followed(&self, bbox: BBox) -> Self {
        let step = bbox.shape().map(|n| (n as f64 / STEPS as f64).max(1.0));
        let mut corners = Vec::new();
        let after = self.corners.iter().cycle().skip(1);
        for (&[y, x], &[next_y, next_x]) in self.corners.iter().zip(after) {
            let (dy, dx) = (next_y - y, next_x - x);
            let steps = (dy.abs() / step[0]).max(dx.abs() / step[1]).ceil().max(1.0);
            corners.extend((0..steps as usize).map(|i| i as f64 / steps).map(|t| [y + t * dy, x + t * dx]));
        }
        Self { corners }
    }

    fn area(&self) -> f64 {
        let after = self.corners.iter().cycle().skip(1);
        let twice: f64 = self.corners.iter().zip(after).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum();
        0.5 * twice.abs()
    }
}

/// The outer edges of a box: first and last `[y, x]`.
fn edges(bbox: BBox) -> [[f64; 2]; 2] {
    [bbox.origin(), bbox.end()].map(|corner| corner.map(|c| c as f64 - 0.5))
}

/// The edges of `frame` in the pixels of `model`: first and last position `[y, x]`, which hold all of its pixels.
///
/// A frame on the grid of `model` keeps its whole pixels, whatever the rounding.
pub(crate) fn range_in(frame: &Frame, model: &Frame) -> Result<[[f64; 2]; 2], FrameError> {
    let (map, bbox) = (GridMap::new(frame, model), frame.bbox());
    match map.whole_pixel_shift(bbox) {
        Ok(shift) => Ok(edges(bbox).map(|at| [at[0] + shift[0] as f64, at[1] + shift[1] as f64])),
        Err(_) => Ok(Footprint::of(bbox).mapped(&map)?.range()),
    }
}

/// Sides `[y, x]` in pixels of the smallest box that holds a range of positions.
pub(crate) fn sides([low, high]: [[f64; 2]; 2]) -> [f64; 2] {
    let [first, end] = whole([low, high]);
    [end[0] - first[0], end[1] - first[1]]
}

/// The smallest box that holds a range of positions, which must be of a size that can be.
pub(crate) fn box_of(range: [[f64; 2]; 2]) -> BBox {
    let [first, _] = whole(range);
    BBox::new(first.map(|c| c as i64), sides(range).map(|n| n as usize))
}

fn whole([low, high]: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    [low.map(|c| (c + 0.5 + SLACK_PX).floor()), high.map(|c| (c + 0.5 - SLACK_PX).ceil())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_come_back() {
        for bbox in [BBox::new([-3, 7], [1, 5000]), BBox::new([0, 0], [20, 30])] {
            assert_eq!(box_of(Footprint::of(bbox).range()), bbox);
        }
        assert_eq!(box_of([[-0.6, 0.4], [0.4, 0.6]]), BBox::new([-1, 0], [2, 2]));
    }

    #[test]
    fn clipping_a_diamond_leaves_what_is_inside() {
        let diamond = Footprint { corners: vec![[0.0, -4.0], [4.0, 0.0], [0.0, 4.0], [-4.0, 0.0]] };
        assert_eq!(diamond.area(), 32.0);
        let inside = diamond.clone().clipped(BBox::new([-9, -9], [19, 19])).expect("all of it");
        assert!((inside.area() - 32.0).abs() < 1e-12);
        // y from 0.5 and x from -0.5 on: half of a triangle of side 3.5, and of the other half a strip of 0.5
        let corner = diamond.clone().clipped(BBox::new([1, 0], [9, 9])).expect("a corner");
        assert!((corner.area() - (0.5 * 3.5 * 3.5 + 0.5 * 3.5 - 0.5 * 0.5 * 0.5)).abs() < 1e-12);
        assert!(diamond.clipped(BBox::new([3, 3], [9, 9])).is_none());
    }
}
