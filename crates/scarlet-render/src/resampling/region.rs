//! Which part of a model an observation sees, and how long transforms must be for it.

use super::Matching;
use super::geometry::Geometry;
use crate::fft::good_length;
use scarlet_frame::BBox;

/// Share of a PSF's absolute sum that counts as out of reach, as for convolutions.
const TAIL: f64 = 2e-4;

/// Pixels of the model that interpolation alone reaches.
const INTERPOLATION_PX: f64 = 3.0;

/// The same where no PSF makes the image smooth.
const SHARP_PX: f64 = 8.0;

/// Points of the fine grid around the outermost positions.
pub(super) const MARGIN: usize = 6;

/// What the pixels of an observation see of a model, in pixels of the model frame.
#[derive(Debug, Clone)]
pub(super) struct Region {
    /// Positions that see anything: from here to there.
    pub(super) seeing: [[f64; 2]; 2],
    /// Positions of pixels: from here to there.
    pub(super) positions: [[f64; 2]; 2],
    /// The pixels that are read.
    pub(super) input: BBox,
    /// Lengths of the transforms.
    pub(super) period: [usize; 2],
    /// What that follows from.
    needs: Needs,
}

/// What decides how long transforms must be, in pixels of the model.
#[derive(Debug, Clone, Copy)]
struct Needs {
    /// Positions with all that they reach: from here to there.
    reached: [[f64; 2]; 2],
    /// Points of the fine grid around the positions, and the positions, from end to end.
    around: [f64; 2],
}

impl Needs {
    /// Lengths such that what wraps around the pixels of `input` stays outside everything that is reached.
    fn period(&self, input: BBox) -> [usize; 2] {
        [0, 1].map(|k| {
            let (from, to) = (input.origin()[k] as f64, (input.end()[k] - 1) as f64);
            let [low, high] = self.reached.map(|v| v[k]);
            let needed = (high - from).max(to - low).max(self.around[k]);
            good_length((needed.ceil() as usize + 1).max(input.shape()[k]))
        })
    }

    fn with(&self, other: &Self) -> Self {
        let limit = |end: usize, f: fn(f64, f64) -> f64| {
            [0, 1].map(|k| f(self.reached[end][k], other.reached[end][k]))
        };
        Self {
            reached: [limit(0, f64::min), limit(1, f64::max)],
            around: [0, 1].map(|k| self.around[k].max(other.around[k])),
        }
    }
}

impl Region {
    /// None where no pixel sees any of `model`.
    ///
    /// What wraps around the transforms stays outside everything that is reached.
    pub(super) fn new(
        model: BBox,
        geometry: &Geometry,
        matchings: &[Matching],
        slack_px: f64,
        highest: [f64; 2],
    ) -> Option<Self> {
        let reach = reach(geometry, matchings);
        let first = model.origin().map(|c| c as f64);
        let last = model.end().map(|c| (c - 1) as f64);
        let seeing = [[0, 1].map(|k| first[k] - reach[k]), [0, 1].map(|k| last[k] + reach[k])];
        let grown = [seeing[0].map(|v| v - slack_px), seeing[1].map(|v| v + slack_px)];
        let inside = |p: &&[f64; 2]| (0..2).all(|k| p[k] >= grown[0][k] && p[k] <= grown[1][k]);
        let mut positions = [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]];
        for p in geometry.positions().iter().filter(inside) {
            positions[0] = [0, 1].map(|k| positions[0][k].min(p[k]));
            positions[1] = [0, 1].map(|k| positions[1][k].max(p[k]));
        }
        let [low, high] = [positions[0].map(|v| v - slack_px), positions[1].map(|v| v + slack_px)];
        if !(low[0].is_finite() && low[1].is_finite()) {
            return None;
        }
        let origin = [0, 1].map(|k| (low[k] - reach[k]).floor() as i64);
        let shape = [0, 1].map(|k| (high[k] + reach[k]).ceil() as i64 - origin[k] + 1);
        let input = BBox::new(origin, shape.map(|n| n as usize)).intersection(model)?;
        let (low_seen, high_seen) =
            ([0, 1].map(|k| low[k].max(seeing[0][k])), [0, 1].map(|k| high[k].min(seeing[1][k])));
        let needs = Needs {
            reached: [[0, 1].map(|k| low_seen[k] - reach[k]), [0, 1].map(|k| high_seen[k] + reach[k])],
            // the fine grid around the positions must be shorter than the period too
            around: [0, 1]
                .map(|k| high_seen[k] - low_seen[k] + (2 * MARGIN) as f64 / (2.0 * highest[k].min(0.5))),
        };
        Some(Self { seeing, positions: [low, high], input, period: needs.period(input), needs })
    }

    /// What both read: the smallest box around their pixels, and transforms long enough for both.
    pub(super) fn with(&self, other: &Self) -> Self {
        let input = self.input.union(other.input);
        let needs = self.needs.with(&other.needs);
        Self { input, period: needs.period(input), needs, ..self.clone() }
    }

    /// The same positions within what a group reads.
    pub(super) fn reading(&self, group: &Self) -> Self {
        Self { input: group.input, period: group.period, ..self.clone() }
    }

    /// Whether a pixel at `position` sees anything.
    pub(super) fn sees(&self, position: [f64; 2]) -> bool {
        (0..2).all(|k| position[k] >= self.seeing[0][k] && position[k] <= self.seeing[1][k])
    }
}

/// How far a pixel sees, `[y, x]`, in pixels of the model.
fn reach(geometry: &Geometry, matchings: &[Matching]) -> [f64; 2] {
    let mut reach = [INTERPOLATION_PX; 2];
    for matching in matchings {
        let own = match &matching.observed {
            None => [SHARP_PX; 2],
            Some(psf) => {
                let pixel = if psf.has_pixel { 0.0 } else { 0.5 };
                let radius = (psf.radius_px(1.0 - TAIL) * psf.per_px).ceil() / psf.per_px + pixel;
                geometry.extent(radius).map(|v| v + INTERPOLATION_PX)
            }
        };
        reach = [0, 1].map(|k| reach[k].max(own[k]));
    }
    reach
}
