//! The coordinates that the closure of an image gets.

use super::expr::Expr;
use super::record::Record;
use scarlet_model::Site;
use std::cell::OnceCell;
use std::fmt;

/// Coordinates of the pixels of one box, relative to the centre of the component; the gradient follows it.
pub struct Grid<'t> {
    record: &'t Record,
    site: Site,
    oversampling: usize,
    center: [Expr<'t>; 2],
    offsets: [OnceCell<Expr<'t>>; 2],
}

impl<'t> Grid<'t> {
    pub(super) fn new(record: &'t Record, site: Site, oversampling: usize) -> Self {
        let center = site.center.map(|c| record.expr(vec![c]));
        Self { record, site, oversampling, center, offsets: [OnceCell::new(), OnceCell::new()] }
    }

    /// Number of coordinates `[y, x]`: the pixels of the box, times the oversampling.
    #[must_use]
    pub fn shape(&self) -> [usize; 2] {
        self.site.bbox.shape().map(|n| n * self.oversampling)
    }

    /// Distance from the centre along y, in pixels.
    #[must_use]
    pub fn dy(&self) -> Expr<'t> {
        self.offset(0)
    }

    /// Distance from the centre along x, in pixels.
    #[must_use]
    pub fn dx(&self) -> Expr<'t> {
        self.offset(1)
    }

    /// Distance from the centre, in pixels.
    #[must_use]
    pub fn radius(&self) -> Expr<'t> {
        self.dy().hypot(self.dx())
    }

    /// Angle around the centre in radians, from the x axis towards the y axis, in (-pi, pi].
    #[must_use]
    pub fn angle(&self) -> Expr<'t> {
        self.dy().atan2(self.dx())
    }

    /// Fixed values, to be used with the others.
    #[must_use]
    pub fn constant(&self, values: &[f64]) -> Expr<'t> {
        self.record.expr(values.to_vec())
    }

    /// The centre, to find its gradient later.
    pub(super) fn center(&self) -> [Expr<'t>; 2] {
        self.center
    }

    /// Whether the coordinates were asked for.
    pub(super) fn was_used(&self) -> bool {
        self.offsets.iter().any(|offset| offset.get().is_some())
    }

    fn offset(&self, axis: usize) -> Expr<'t> {
        *self.offsets[axis].get_or_init(|| self.record.expr(self.positions(axis)) - self.center[axis])
    }

    /// Position of each sample along `axis`, in pixels of the model frame.
    fn positions(&self, axis: usize) -> Vec<f64> {
        let [rows, columns] = self.shape();
        let per_px = self.oversampling as f64;
        let origin = self.site.bbox.origin()[axis] as f64;
        let position = |k: usize| origin + (k as f64 + 0.5) / per_px - 0.5;
        match axis {
            0 => (0..rows).flat_map(|y| std::iter::repeat_n(position(y), columns)).collect(),
            _ => {
                let row: Vec<f64> = (0..columns).map(position).collect();
                row.repeat(rows)
            }
        }
    }
}

impl fmt::Debug for Grid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grid").field("site", &self.site).field("oversampling", &self.oversampling).finish()
    }
}
