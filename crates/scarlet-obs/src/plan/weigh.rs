//! The comparison of pixels with independent noise, compiled for the widest vector instructions that a machine has.

use pulp::{Simd, WithSimd};
use scarlet_render::Pixel;

/// Turns rendered pixels m into w (d - m) and returns the sum of w (d - m)^2, short sums in `T`, their sum in
/// double precision.
pub(super) struct Weigh<'a, T> {
    pub(super) data: &'a [T],
    pub(super) weights: &'a [T],
    pub(super) pair: &'a mut [T],
}

impl<T: Pixel> WithSimd for Weigh<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        const LANES: usize = 16;
        const BLOCK: usize = 16 * LANES;
        let mut chi2 = 0.0;
        let blocks = self.data.chunks(BLOCK).zip(self.weights.chunks(BLOCK)).zip(self.pair.chunks_mut(BLOCK));
        for ((data, weights), pair) in blocks {
            let mut lanes = [T::default(); LANES];
            let (data, data_left) = data.as_chunks::<LANES>();
            let (weights, weights_left) = weights.as_chunks::<LANES>();
            let (pair, pair_left) = pair.as_chunks_mut::<LANES>();
            for ((d, w), p) in data.iter().zip(weights).zip(pair) {
                // As values, so that the compiler sees that they do not overlap.
                let (d, w, m) = (*d, *w, *p);
                let off: [T; LANES] = std::array::from_fn(|k| d[k] - m[k]);
                let residual: [T; LANES] = std::array::from_fn(|k| w[k] * off[k]);
                *p = residual;
                lanes = std::array::from_fn(|k| lanes[k] + residual[k] * off[k]);
            }
            for (k, ((d, w), p)) in data_left.iter().zip(weights_left).zip(pair_left).enumerate() {
                let off = *d - *p;
                *p = *w * off;
                lanes[k] += *p * off;
            }
            chi2 += lanes.iter().map(|v| v.wide()).sum::<f64>();
        }
        chi2
    }
}
