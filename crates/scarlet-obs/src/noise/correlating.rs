//! One channel with correlated noise, compared with what is rendered: all of the image first, then its gradient.

use super::whitening::{Planes, Whitening};
use super::{CorrelatedNoise, signs};
use ndarray::ArrayView2;
use scarlet_render::Pixel;

/// The likelihood of one channel whose pixels have correlated noise.
///
/// Rows come and go in pairs, as a renderer gives them: pixels of both in turn.
#[derive(Debug, Clone)]
pub(crate) struct Correlating<T> {
    whitening: Whitening<T>,
    planes: Planes<T>,
    /// 1 / error of the pixels, in pairs of rows; 0 where they do not count.
    roots: Vec<T>,
    rows: usize,
}

impl<T: Pixel> Correlating<T> {
    /// Plans a channel; `in_pairs` are its weights in pairs of rows.
    pub(crate) fn new(
        noise: &CorrelatedNoise,
        channel: usize,
        weights: ArrayView2<'_, f64>,
        in_pairs: &[T],
    ) -> Self {
        let whitening = noise.whitening(channel, weights);
        Self {
            planes: whitening.planes(),
            whitening,
            roots: in_pairs.iter().map(|w| T::of(w.wide().sqrt())).collect(),
            rows: weights.nrows(),
        }
    }

    /// The part of log L that it adds to that of independent pixels.
    pub(crate) const fn log_norm(&self) -> f64 {
        -self.whitening.log_det()
    }

    /// Takes a pair of rendered rows beside theirs of all `data`.
    pub(crate) fn take(&mut self, y: usize, data: &[T], pair: &[T]) {
        let data = &data[y / 2 * pair.len()..][..pair.len()];
        self.take_each(y, pair, |k, m| data[k] - m);
    }

    /// chi2 of the rows that were taken.
    pub(crate) fn chi2(&mut self) -> f64 {
        self.whitening.whiten(&mut self.planes)
    }

    /// Makes the gradient of -chi2 / 2 with respect to what was rendered, after [`Correlating::chi2`].
    pub(crate) fn differentiate(&mut self) {
        self.whitening.whiten_transposed(&mut self.planes);
    }

    /// Gives a pair of rows of what was made last.
    pub(crate) fn give(&mut self, y: usize, pair: &mut [T]) {
        let roots = &self.roots[y / 2 * pair.len()..][..pair.len()];
        pair.iter_mut().zip(roots).for_each(|(p, root)| *p = *root);
        for k in 0..2.min(self.rows - y) {
            let row = self.whitening.row(&mut self.planes, y + k);
            pair.chunks_exact_mut(2).zip(row).for_each(|(p, v)| p[k] *= *v);
        }
        if y + 1 == self.rows {
            pair.chunks_exact_mut(2).for_each(|p| p[1] = T::default());
        }
    }

    /// Takes a pair of rows of a model, to be made an image that bounds the curvature along its light.
    pub(crate) fn take_model(&mut self, y: usize, pair: &[T]) {
        self.take_each(y, pair, |_, m| T::of(m.wide().abs()));
    }

    /// Makes C^-1 times the model that was taken, positive.
    pub(crate) fn weigh_model(&mut self) {
        self.whitening.whiten(&mut self.planes);
        self.whitening.whiten_transposed(&mut self.planes);
        for y in 0..self.rows {
            let row = self.whitening.row(&mut self.planes, y);
            row.iter_mut().for_each(|v| *v = T::of(v.wide().abs()));
        }
    }

    /// Makes an image of random signs with covariance C^-1.
    pub(crate) fn draw_signs(&mut self, seed: u64) {
        let width = self.roots.len() / self.rows.next_multiple_of(2);
        let sign = |y: usize, x: usize| T::of(signs::sign(seed, y * width + x));
        self.whitening.fill_white(&mut self.planes, sign);
        self.whitening.whiten_transposed(&mut self.planes);
    }

    fn take_each(&mut self, y: usize, pair: &[T], value: impl Fn(usize, T) -> T) {
        let roots = &self.roots[y / 2 * pair.len()..][..pair.len()];
        for k in 0..2.min(self.rows - y) {
            let row = self.whitening.row(&mut self.planes, y + k);
            for (x, v) in row.iter_mut().enumerate() {
                let at = 2 * x + k;
                *v = roots[at] * value(at, pair[at]);
            }
        }
    }
}
