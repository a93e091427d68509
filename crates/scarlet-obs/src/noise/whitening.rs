//! Planned whitening of one channel's residual, masks and edges included, and its transpose.

use super::correlation::Correlation;
use super::prediction::Neighbourhood;
use ndarray::ArrayView2;
use pulp::{Simd, WithSimd};
use scarlet_render::Pixel;
use std::collections::BTreeMap;
use std::ops::Range;

/// Pixels of a row that are filtered at once.
const LANES: usize = 32;

/// Turns residuals in units of their errors into numbers that do not depend on each other: e = W u.
///
/// Pixels are taken row by row, and each is predicted from those of its neighbours above and to the left that count
/// ([`Neighbourhood`]); e is what the prediction is off by over its error, 0 where a pixel does not count. The product of these
/// conditional densities is a density whose chi2 is sum(e^2): its expectation for noise with that correlation is the
/// number of pixels, for any reach and any mask, and its logarithm is normalised by the sum of ln s. With all pixels before
/// as neighbours it is that of the multivariate Gaussian.
///
/// Source: Vecchia 1988, J. R. Stat. Soc. B 50, 297.
#[derive(Debug, Clone)]
pub(crate) struct Whitening<T> {
    shape: [usize; 2],
    reach: usize,
    /// How far before a pixel its neighbours are, the pixel itself last, and their shares where all of them count.
    before: Vec<usize>,
    shares: Vec<T>,
    /// Pixels that lack neighbours, each with the index of its shares.
    odd: Vec<(usize, usize)>,
    shares_of_odd: Vec<T>,
    ignored: Vec<usize>,
    log_det: f64,
}

/// Planes of a [`Whitening`], with margins; for one channel at a time.
#[derive(Debug, Clone)]
pub(crate) struct Planes<T> {
    residual: Vec<T>,
    white: Vec<T>,
    of_odd: Vec<T>,
}

impl<T: Pixel> Whitening<T> {
    /// Plans the whitening of pixels with this correlation, of which those with a positive weight count.
    ///
    /// # Cost
    /// A Cholesky decomposition, as large as there are neighbours missing, for every pattern of neighbours that occurs:
    /// few patterns where masked pixels are clumps, one a pixel where they are strewn.
    pub(crate) fn new(correlation: &Correlation, reach: usize, weights: ArrayView2<'_, f64>) -> Self {
        let (ny, nx) = weights.dim();
        let stride = nx + 2 * reach;
        let neighbourhood = Neighbourhood::new(correlation, reach);
        let (lags, full) = (neighbourhood.lags(), neighbourhood.without(&[]));
        let counts = |y: i64, x: i64| {
            let inside = y >= 0 && x >= 0 && y < ny as i64 && x < nx as i64;
            inside && weights[[y as usize, x as usize]] > 0.0
        };
        let mut whitening = Self {
            shape: [ny, nx],
            reach,
            before: lags.iter().chain(&[[0, 0]]).map(|[y, x]| (-y * stride as i64 - x) as usize).collect(),
            shares: full.filter.iter().map(|f| T::of(*f)).collect(),
            odd: Vec::new(),
            shares_of_odd: Vec::new(),
            ignored: Vec::new(),
            log_det: 0.0,
        };
        let (mut patterns, mut regular) = (BTreeMap::<u64, usize>::new(), 0);
        for y in 0..ny {
            for x in 0..nx {
                let at = whitening.place(y) + x;
                if weights[[y, x]] <= 0.0 {
                    whitening.ignored.push(at);
                    continue;
                }
                let there =
                    |(k, [dy, dx]): (usize, &[i64; 2])| u64::from(counts(y as i64 + dy, x as i64 + dx)) << k;
                let pattern: u64 = lags.iter().enumerate().map(there).sum();
                if pattern.count_ones() as usize == lags.len() {
                    regular += 1;
                    continue;
                }
                let next = patterns.len();
                whitening.odd.push((at, *patterns.entry(pattern).or_insert(next)));
            }
        }
        whitening.log_det = regular as f64 * full.log_error();
        whitening.predict_odd(&neighbourhood, patterns);
        whitening
    }

    /// Fills in the shares of pixels that lack neighbours.
    fn predict_odd(&mut self, neighbourhood: &Neighbourhood, patterns: BTreeMap<u64, usize>) {
        let taps = self.before.len();
        let mut errors = vec![0.0; patterns.len()];
        self.shares_of_odd = vec![T::default(); patterns.len() * taps];
        for (pattern, set) in patterns {
            let missing: Vec<usize> = (0..taps - 1).filter(|k| pattern >> k & 1 == 0).collect();
            let prediction = neighbourhood.without(&missing);
            let shares = &mut self.shares_of_odd[set * taps..(set + 1) * taps];
            shares.iter_mut().zip(&prediction.filter).for_each(|(s, share)| *s = T::of(*share));
            errors[set] = prediction.log_error();
        }
        self.log_det += self.odd.iter().map(|(_, set)| errors[*set]).sum::<f64>();
    }

    /// Sum of ln s over all pixels that count: half the logarithm of the correlation's determinant.
    pub(crate) const fn log_det(&self) -> f64 {
        self.log_det
    }

    /// Space for one channel.
    pub(crate) fn planes(&self) -> Planes<T> {
        let [ny, nx] = self.shape;
        let zeros = vec![T::default(); (ny + 2 * self.reach) * (nx + 2 * self.reach)];
        Planes { residual: zeros.clone(), white: zeros, of_odd: vec![T::default(); self.odd.len()] }
    }

    /// Where the pixels of row `y` begin.
    fn place(&self, y: usize) -> usize {
        (y + self.reach) * (self.shape[1] + 2 * self.reach) + self.reach
    }

    /// Whitens the residual in `planes`, and returns the sum of squares.
    pub(crate) fn whiten(&self, planes: &mut Planes<T>) -> f64 {
        let Planes { residual, white, of_odd } = planes;
        let mut chi2 = 0.0;
        for y in 0..self.shape[0] {
            self.filter_row(y, residual, white, Neighbours::Before);
        }
        for at in &self.ignored {
            white[*at] = T::default();
        }
        for ((at, set), out) in self.odd.iter().zip(of_odd) {
            let shares = &self.shares_of_odd[set * self.before.len()..][..self.before.len()];
            let terms = self.before.iter().zip(shares).map(|(before, share)| *share * residual[at - before]);
            *out = terms.sum();
            white[*at] = T::default();
            chi2 += out.wide() * out.wide();
        }
        for y in 0..self.shape[0] {
            chi2 += pulp::Arch::new().dispatch(Squares { row: &white[self.place(y)..][..self.shape[1]] });
        }
        chi2
    }

    /// How many rows and columns before a pixel its neighbours are at most.
    pub(crate) const fn reach(&self) -> usize {
        self.reach
    }

    /// Whitens some rows of the residual in `planes`, for [`Whitening::white_row`].
    pub(crate) fn whiten_rows(&self, planes: &mut Planes<T>, rows: Range<usize>) {
        let Planes { residual, white, .. } = planes;
        let places = self.place(rows.start)..self.place(rows.end);
        for y in rows {
            self.filter_row(y, residual, white, Neighbours::Before);
        }
        let [first, last] = [places.start, places.end].map(|p| self.ignored.partition_point(|at| *at < p));
        for at in &self.ignored[first..last] {
            white[*at] = T::default();
        }
        let [first, last] = [places.start, places.end].map(|p| self.odd.partition_point(|(at, _)| *at < p));
        for (at, set) in &self.odd[first..last] {
            let shares = &self.shares_of_odd[set * self.before.len()..][..self.before.len()];
            let terms = self.before.iter().zip(shares).map(|(before, share)| *share * residual[at - before]);
            white[*at] = terms.sum();
        }
    }

    /// A row of what was whitened.
    pub(crate) fn white_row<'a>(&self, planes: &'a Planes<T>, y: usize) -> &'a [T] {
        let start = self.place(y);
        &planes.white[start..start + self.shape[1]]
    }

    /// Puts numbers as [`Whitening::whiten`] leaves them: `f` gives that of row and column.
    pub(crate) fn fill_white(&self, planes: &mut Planes<T>, mut f: impl FnMut(usize, usize) -> T) {
        for y in 0..self.shape[0] {
            let start = self.place(y);
            planes.white[start..start + self.shape[1]].iter_mut().enumerate().for_each(|(x, v)| *v = f(y, x));
        }
        for at in &self.ignored {
            planes.white[*at] = T::default();
        }
        for ((at, _), out) in self.odd.iter().zip(&mut planes.of_odd) {
            *out = std::mem::take(&mut planes.white[*at]);
        }
    }

    /// The transpose, in place of the residual: u <- W' e.
    pub(crate) fn whiten_transposed(&self, planes: &mut Planes<T>) {
        let Planes { residual, white, of_odd } = planes;
        for y in 0..self.shape[0] {
            self.filter_row(y, white, residual, Neighbours::After);
        }
        for ((at, set), value) in self.odd.iter().zip(of_odd) {
            let shares = &self.shares_of_odd[set * self.before.len()..][..self.before.len()];
            for (before, share) in self.before.iter().zip(shares).filter(|(_, share)| **share != T::default())
            {
                residual[at - before] += *share * *value;
            }
        }
    }

    /// A row of the residual in `planes`.
    pub(crate) fn row<'a>(&self, planes: &'a mut Planes<T>, y: usize) -> &'a mut [T] {
        let start = self.place(y);
        &mut planes.residual[start..start + self.shape[1]]
    }

    fn filter_row(&self, y: usize, input: &[T], output: &mut [T], neighbours: Neighbours) {
        let (start, nx) = (self.place(y), self.shape[1]);
        let filter = FilterRow {
            start,
            shares: &self.shares,
            before: &self.before,
            input,
            output: &mut output[start..start + nx],
            neighbours,
        };
        pulp::Arch::new().dispatch(filter);
    }
}

/// Which pixels a filter reads: W those before a pixel, its transpose those after it.
#[derive(Debug, Clone, Copy)]
enum Neighbours {
    Before,
    After,
}

struct FilterRow<'a, T> {
    start: usize,
    shares: &'a [T],
    before: &'a [usize],
    input: &'a [T],
    output: &'a mut [T],
    neighbours: Neighbours,
}

impl<T: Pixel> WithSimd for FilterRow<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let from = |x: usize, before: &usize| match self.neighbours {
            Neighbours::Before => self.start + x - before,
            Neighbours::After => self.start + x + before,
        };
        let (blocks, left) = self.output.as_chunks_mut::<LANES>();
        let done = blocks.len() * LANES;
        for (k, block) in blocks.iter_mut().enumerate() {
            let mut sums = [T::default(); LANES];
            for (share, before) in self.shares.iter().zip(self.before) {
                let first = from(k * LANES, before);
                // As values, so that the compiler sees that they do not overlap.
                let (values, share): ([T; LANES], T) =
                    (*self.input[first..].first_chunk().expect("margins hold all neighbours"), *share);
                sums = std::array::from_fn(|i| sums[i] + share * values[i]);
            }
            *block = sums;
        }
        for (x, out) in left.iter_mut().enumerate() {
            let terms = self.shares.iter().zip(self.before);
            *out = terms.map(|(share, before)| *share * self.input[from(done + x, before)]).sum();
        }
    }
}

struct Squares<'a, T> {
    row: &'a [T],
}

impl<T: Pixel> WithSimd for Squares<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut lanes = [T::default(); LANES];
        let (blocks, left) = self.row.as_chunks::<LANES>();
        for block in blocks {
            let block = *block;
            lanes = std::array::from_fn(|i| lanes[i] + block[i] * block[i]);
        }
        left.iter().zip(&mut lanes).for_each(|(v, lane)| *lane += *v * *v);
        lanes.iter().map(|v| v.wide()).sum()
    }
}

#[cfg(test)]
mod tests;
