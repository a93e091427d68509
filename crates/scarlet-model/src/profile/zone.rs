//! Squares of pixels around the centre, and the smooth windows between the rules of integration.

use std::ops::Range;

/// A window over pixel offsets: 1 up to `inner` on both axes, 0 from `outer` on, twice differentiable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) inner: f64,
    pub(crate) outer: f64,
}

/// The factors of a window along one axis and their slopes, at successive pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors<const SIDE: usize> {
    pub(crate) value: [f64; SIDE],
    pub(crate) slope: [f64; SIDE],
}

impl Window {
    /// At `SIDE` pixels, the first of which is `first` away from the profile's centre.
    fn factors<const SIDE: usize>(self, first: f64) -> Factors<SIDE> {
        let mut factors = Factors { value: [0.0; SIDE], slope: [0.0; SIDE] };
        for k in 0..SIDE {
            (factors.value[k], factors.slope[k]) = self.along(first + k as f64);
        }
        factors
    }

    /// Quintic step 1 - t^3 (10 - 15 t + 6 t^2) and its slope.
    fn along(self, offset: f64) -> (f64, f64) {
        let width = self.outer - self.inner;
        let t = ((offset.abs() - self.inner) / width).clamp(0.0, 1.0);
        let value = 1.0 - t * t * t * (10.0 - 15.0 * t + 6.0 * t * t);
        let slope = -30.0 * t * t * (1.0 - t) * (1.0 - t) / width * offset.signum();
        (value, slope)
    }
}

/// A square of pixels around the centre, and where it overlaps the box.
#[derive(Debug, Clone)]
pub(crate) struct Zone<const SIDE: usize> {
    /// Offset `[dy, dx]` from the centre to the middle of its first pixel.
    pub(crate) offset: [f64; 2],
    /// From the box's first pixel to the zone's.
    to_box: [isize; 2],
    /// Rows and columns of the zone that are in the box.
    pub(crate) in_box: [Range<usize>; 2],
}

/// A run of pixels of a zone that are in the box.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Row in the zone.
    pub(crate) row: usize,
    /// Columns in the zone.
    pub(crate) cols: Range<usize>,
    /// Row in the box.
    pub(crate) y: usize,
    /// First column in the box.
    pub(crate) x: usize,
}

impl<const SIDE: usize> Zone<SIDE> {
    /// Around `center`, for a box that begins at `origin` and has `shape` pixels. `SIDE` is even.
    pub(crate) fn new(center: [f64; 2], origin: [i64; 2], shape: [usize; 2]) -> Self {
        let start = center.map(|c| c.floor() - (SIDE / 2 - 1) as f64);
        let in_box = [0, 1].map(|k| {
            let first = origin[k] as f64 - start[k];
            let end = first + shape[k] as f64;
            first.clamp(0.0, SIDE as f64) as usize..end.clamp(0.0, SIDE as f64) as usize
        });
        let to_box = [0, 1].map(|k| (start[k] - origin[k] as f64) as isize);
        let offset = [0, 1].map(|k| start[k] - center[k]);
        Self { offset, to_box, in_box }
    }

    pub(crate) fn is_outside(&self) -> bool {
        self.in_box.iter().any(Range::is_empty)
    }

    /// The overlap with the box, row by row.
    #[inline(always)]
    pub(crate) fn runs(&self) -> impl Iterator<Item = Run> {
        let (cols, [to_y, to_x]) = (self.in_box[1].clone(), self.to_box);
        let x = cols.start.wrapping_add_signed(to_x);
        self.in_box[0].clone().map(move |row| Run {
            row,
            cols: cols.clone(),
            y: row.wrapping_add_signed(to_y),
            x,
        })
    }

    /// The factors of a window along y and x. The window at a pixel is their product; its slopes are with respect
    /// to the pixel's position, minus those with respect to the centre.
    pub(crate) fn factors(&self, window: Window) -> [Factors<SIDE>; 2] {
        [window.factors(self.offset[0]), window.factors(self.offset[1])]
    }
}
