//! The order in which a monotonic image is built: four fans of rows that open from the peak.
//!
//! ```text
//!   T T T T T     Row r of the fans T and B is r pixels from the peak and 2 r + 1 long; the columns of L and R lack
//!   L T T T R     the two corners. Each needs the one before it only, and at the sides the corners of T and B, which
//!   L L c R R     come first.
//!   L B B B R
//!   B B B B B
//! ```

use crate::morphology::pixel_grid::PixelGrid;

/// A pixel and the two before it between which the straight line from the pixel to the peak passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) pixel: usize,
    /// The neighbour along the axis, and the diagonal one; the same pixel twice on an axis or a diagonal.
    pub(super) inner: [usize; 2],
    /// Weight of the diagonal one.
    pub(super) weight: f64,
}

/// One of four fans: `out` and `along` are strides.
#[derive(Debug, Clone, Copy)]
struct Fan {
    peak: usize,
    out: isize,
    along: usize,
    rows: usize,
    before: usize,
    after: usize,
    has_corners: bool,
}

impl Fan {
    /// Calls `f` for the pixels of row `r`, the one on the axis first.
    #[inline(always)]
    fn row(&self, r: usize, f: &mut impl FnMut(Link)) {
        let axis = self.peak.wrapping_add_signed(self.out * r as isize);
        let inner = axis.wrapping_add_signed(-self.out);
        let (reach, per_pixel) = (if self.has_corners { r } else { r - 1 }, 1.0 / r as f64);
        let link = |d: usize| [d.min(r - 1), d.saturating_sub(1)].map(|d| d * self.along);
        for d in 0..=self.after.min(reach) {
            let inner = link(d).map(|step| inner + step);
            f(Link { pixel: axis + d * self.along, inner, weight: d as f64 * per_pixel });
        }
        for d in 1..=self.before.min(reach) {
            let inner = link(d).map(|step| inner - step);
            f(Link { pixel: axis - d * self.along, inner, weight: d as f64 * per_pixel });
        }
    }
}

/// Top, bottom, left, right.
fn fans(grid: &PixelGrid) -> [Fan; 4] {
    let ([ny, nx], [y, x]) = (grid.shape, grid.peak);
    let upright = Fan {
        peak: grid.peak_index(),
        out: nx as isize,
        along: 1,
        rows: ny - 1 - y,
        before: x,
        after: nx - 1 - x,
        has_corners: true,
    };
    let side = Fan {
        out: 1,
        along: nx,
        rows: nx - 1 - x,
        before: y,
        after: ny - 1 - y,
        has_corners: false,
        ..upright
    };
    let back = |fan: Fan, rows| Fan { out: -fan.out, rows, ..fan };
    [back(upright, y), upright, back(side, x), side]
}

/// Calls `f` for every pixel but the peak, each after those that it is linked to.
#[inline(always)]
pub(super) fn outwards(grid: &PixelGrid, mut f: impl FnMut(Link)) {
    for fan in fans(grid) {
        for r in 1..=fan.rows {
            fan.row(r, &mut f);
        }
    }
}

/// Calls `f` for every pixel but the peak, each before those that it is linked to.
#[inline(always)]
pub(super) fn inwards(grid: &PixelGrid, mut f: impl FnMut(Link)) {
    for fan in fans(grid).into_iter().rev() {
        for r in (1..=fan.rows).rev() {
            fan.row(r, &mut f);
        }
    }
}
