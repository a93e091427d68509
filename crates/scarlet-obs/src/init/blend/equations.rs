//! Normal equations of small changes of all sources together, in blocks of sources that overlap.

use super::plane::Plane;
use super::stamp::Stamp;
use ndarray::{Array2, ArrayView2, s};
use scarlet_frame::BBox;

/// Share of each diagonal element that is added to it, against steps that are too long.
const DAMPING: f64 = 0.03;
/// Sweeps through all unknowns.
const SWEEPS: usize = 60;

/// Changes that are looked for: of each source its fluxes in all channels, then what changes its image.
#[derive(Debug)]
pub(super) struct Equations {
    channels: usize,
    /// For each source the first of its unknowns, and the end of the last one's.
    starts: Vec<usize>,
    right: Vec<f64>,
    /// For each source its own part of the matrix, then those with the later sources that it overlaps.
    blocks: Vec<Vec<(usize, Array2<f64>)>>,
}

impl Equations {
    /// `columns`: how many images each source has, the one that is its flux included.
    pub(super) fn new(channels: usize, columns: &[usize]) -> Self {
        let mut starts = vec![0];
        for (s, columns) in columns.iter().enumerate() {
            starts.push(starts[s] + channels + columns - 1);
        }
        let blocks = columns.iter().enumerate().map(|(s, columns)| {
            let n = channels + columns - 1;
            vec![(s, Array2::zeros((n, n)))]
        });
        Self { channels, right: vec![0.0; starts[columns.len()]], blocks: blocks.collect(), starts }
    }

    /// Adds what `plane` says, where the sources have `fluxes` in its channel.
    pub(super) fn add(&mut self, plane: &Plane, stamps: &[Option<Stamp>], fluxes: &[f64]) {
        let mut residual = plane.data.clone();
        let seen: Vec<Option<Seen>> = stamps.iter().map(|stamp| Seen::new(stamp.as_ref()?, plane)).collect();
        for (seen, flux) in seen.iter().zip(fluxes) {
            if let Some(seen) = seen {
                seen.take_off(&mut residual, plane, *flux as f32);
            }
        }
        residual *= &plane.weights;
        let mut order: Vec<usize> = (0..seen.len()).filter(|i| seen[*i].is_some()).collect();
        let bbox = |i: usize| seen[i].as_ref().expect("only those that are seen").bbox;
        order.sort_by_key(|i| bbox(*i).origin()[0]);
        for (position, i) in order.iter().enumerate() {
            let Some(own) = &seen[*i] else { continue };
            let weighted = own.weighted(plane);
            self.add_right(*i, plane.channel, fluxes[*i], own, residual.view(), plane.bbox);
            for j in &order[position..] {
                if bbox(*j).origin()[0] >= own.bbox.end()[0] {
                    break;
                }
                let Some(both) = bbox(*j).intersection(own.bbox) else { continue };
                let Some(other) = &seen[*j] else { continue };
                let products = weighted.part(both).dot(&other.part(both).t());
                let (pair, products) =
                    if i <= j { ([*i, *j], products.view()) } else { ([*j, *i], products.t()) };
                self.add_block(pair, plane.channel, pair.map(|s| fluxes[s]), products);
            }
        }
    }

    fn add_right(
        &mut self,
        source: usize,
        channel: usize,
        flux: f64,
        seen: &Seen,
        residual: ArrayView2<'_, f32>,
        bbox: BBox,
    ) {
        let Some([rows, columns]) = bbox.slices_of(seen.bbox) else { return };
        let residual: ndarray::Array1<f32> = residual.slice(s![rows, columns]).iter().copied().collect();
        let products = seen.columns.dot(&residual);
        for (k, product) in products.iter().enumerate() {
            let (unknown, factor) = self.unknown(k, channel, flux);
            self.right[self.starts[source] + unknown] += factor * f64::from(*product);
        }
    }

    /// The unknown that multiplies column `k`, and by what besides.
    const fn unknown(&self, k: usize, channel: usize, flux: f64) -> (usize, f64) {
        if k == 0 { (channel, 1.0) } else { (self.channels + k - 1, flux) }
    }

    fn add_block(
        &mut self,
        [i, j]: [usize; 2],
        channel: usize,
        fluxes: [f64; 2],
        products: ArrayView2<'_, f32>,
    ) {
        let size = |s: usize| self.starts[s + 1] - self.starts[s];
        let shape = (size(i), size(j));
        let at = self.blocks[i].iter().position(|(other, _)| *other == j).unwrap_or_else(|| {
            self.blocks[i].push((j, Array2::zeros(shape)));
            self.blocks[i].len() - 1
        });
        let mut block = std::mem::take(&mut self.blocks[i][at].1);
        for ((a, b), product) in products.indexed_iter() {
            let (row, of_row) = self.unknown(a, channel, fluxes[0]);
            let (column, of_column) = self.unknown(b, channel, fluxes[1]);
            block[[row, column]] += of_row * of_column * f64::from(*product);
        }
        self.blocks[i][at].1 = block;
    }

    /// Adds that what changes the image of a source, number `k`, is expected to be `value` +- `sigma`.
    pub(super) fn expect(&mut self, source: usize, k: usize, value: f64, sigma: f64) {
        let (at, precision) = (self.channels + k, sigma.powi(-2));
        self.blocks[source][0].1[[at, at]] += precision;
        self.right[self.starts[source] + at] += value * precision;
    }

    /// The changes, between `least` and `largest`, that bring chi2 down most; one unknown after the other.
    pub(super) fn solve(mut self, least: &[f64], largest: &[f64]) -> Vec<f64> {
        self.mirror();
        let mut changes = vec![0.0; self.right.len()];
        for _ in 0..SWEEPS {
            for i in 0..self.blocks.len() {
                for k in 0..self.starts[i + 1] - self.starts[i] {
                    let unknown = self.starts[i] + k;
                    let diagonal = self.blocks[i][0].1[[k, k]];
                    if diagonal > 0.0 {
                        let from = changes[unknown];
                        let step =
                            (self.right[unknown] - DAMPING * diagonal * from) / ((1.0 + DAMPING) * diagonal);
                        changes[unknown] = (from + step).clamp(least[unknown], largest[unknown]);
                        self.move_to(i, k, changes[unknown] - from);
                    }
                }
            }
        }
        changes
    }

    /// Takes what a change of one unknown explains off the right side.
    fn move_to(&mut self, source: usize, k: usize, change: f64) {
        if change == 0.0 {
            return;
        }
        for (other, block) in &self.blocks[source] {
            let start = self.starts[*other];
            for (right, element) in self.right[start..].iter_mut().zip(block.row(k)) {
                *right -= change * element;
            }
        }
    }

    /// Fills in the other half of the symmetric matrix.
    fn mirror(&mut self) {
        for i in 0..self.blocks.len() {
            for at in 1..self.blocks[i].len() {
                let (j, transposed) = (self.blocks[i][at].0, self.blocks[i][at].1.t().to_owned());
                if j > i {
                    self.blocks[j].push((i, transposed));
                }
            }
        }
    }
}

/// The part of a stamp that is inside of a plane, one row for each column.
struct Seen {
    bbox: BBox,
    columns: Array2<f32>,
}

impl Seen {
    fn new(stamp: &Stamp, plane: &Plane) -> Option<Self> {
        let bbox = stamp.bbox.intersection(plane.bbox)?;
        let count = stamp.columns.len() / stamp.bbox.len();
        let whole = ArrayView2::from_shape((count, stamp.bbox.len()), &stamp.columns).ok()?;
        Some(Self { bbox, columns: part(whole, stamp.bbox, bbox) })
    }

    fn part(&self, inner: BBox) -> Array2<f32> {
        part(self.columns.view(), self.bbox, inner)
    }

    fn weighted(&self, plane: &Plane) -> Self {
        let mut columns = self.columns.clone();
        if let Some([rows, cols]) = plane.bbox.slices_of(self.bbox) {
            let weights: ndarray::Array1<f32> = plane.weights.slice(s![rows, cols]).iter().copied().collect();
            columns *= &weights;
        }
        Self { bbox: self.bbox, columns }
    }

    fn take_off(&self, residual: &mut Array2<f32>, plane: &Plane, flux: f32) {
        let Some([rows, cols]) = plane.bbox.slices_of(self.bbox) else { return };
        let image = self.columns.row(0);
        residual.slice_mut(s![rows, cols]).iter_mut().zip(image).for_each(|(r, v)| *r -= flux * v);
    }
}

/// The pixels of `inner` of images of the pixels of `bbox`.
fn part(images: ArrayView2<'_, f32>, bbox: BBox, inner: BBox) -> Array2<f32> {
    let [rows, columns] = bbox.slices_of(inner).unwrap_or([0..0, 0..0]);
    let width = bbox.shape()[1];
    let mut pixels = Vec::with_capacity(images.nrows() * inner.len());
    for image in images.outer_iter() {
        for y in rows.clone() {
            let row = y * width + columns.start..y * width + columns.end;
            pixels.extend(image.slice(s![row]));
        }
    }
    Array2::from_shape_vec((images.nrows(), rows.len() * columns.len()), pixels).expect("lengths agree")
}
