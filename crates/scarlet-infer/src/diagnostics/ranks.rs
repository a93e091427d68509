//! Split chains, ranks, and the potential scale reduction of both.

use ndarray::{Array2, ArrayView2, Axis};
use statrs::distribution::{ContinuousCDF, Normal};

/// Chains of fewer draws tell nothing.
pub(super) const LEAST: usize = 4;

/// Both halves of each chain as chains of their own; the draw in the middle of an odd number is left out.
pub(super) fn split(draws: ArrayView2<'_, f64>) -> Array2<f64> {
    let (chains, count) = draws.dim();
    let half = count / 2;
    Array2::from_shape_fn((2 * chains, half), |(c, d)| {
        if c < chains { draws[[c, d]] } else { draws[[c - chains, count - half + d]] }
    })
}

/// Ranks among all draws as quantiles of the standard normal density; equal draws share their mean rank.
///
/// (r - 3/8) / (S + 1/4) for rank r of S (Blom 1958).
pub(super) fn rank_normalised(draws: &Array2<f64>) -> Array2<f64> {
    let values: Vec<f64> = draws.iter().copied().collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let normal = Normal::standard();
    let mut scores = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let ties = order[first..].iter().take_while(|k| values[**k] == values[order[first]]).count().max(1);
        let rank = first as f64 + 0.5 * (ties as f64 + 1.0);
        let score = normal.inverse_cdf((rank - 0.375) / (values.len() as f64 + 0.25));
        order[first..first + ties].iter().for_each(|k| scores[*k] = score);
        first += ties;
    }
    Array2::from_shape_vec(draws.dim(), scores).expect("one score for each draw")
}

/// Mean and variance with n - 1, of a row.
pub(super) fn mean_and_variance(row: ndarray::ArrayView1<'_, f64>) -> (f64, f64) {
    let n = row.len() as f64;
    let mean = row.sum() / n;
    (mean, row.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

/// sqrt((B / W + n - 1) / n), B and W the variances between and within chains of n draws.
fn rhat(draws: &Array2<f64>) -> f64 {
    let n = draws.ncols() as f64;
    let (means, variances): (Vec<f64>, Vec<f64>) = draws.axis_iter(Axis(0)).map(mean_and_variance).unzip();
    let between = n * mean_and_variance(ndarray::aview1(&means)).1;
    let within = variances.iter().sum::<f64>() / variances.len() as f64;
    ((between / within + n - 1.0) / n).sqrt()
}

/// Rank-normalised split R-hat of draws `[chain, draw]`: the larger of that of the values (their middles) and that of
/// their distances from the median (their tails). 1 where chains agree.
///
/// NaN for fewer than two chains or four draws, or values that are not finite.
///
/// Source: Vehtari et al. 2021, eqs. 1-4 and section 4.1; ArviZ: `rhat` with method "rank".
#[must_use]
pub fn rank_rhat(draws: ArrayView2<'_, f64>) -> f64 {
    if draws.nrows() < 2 || !is_usable(draws) {
        return f64::NAN;
    }
    let halves = split(draws);
    let median = quantile(halves.view(), 0.5);
    let folded = halves.mapv(|v| (v - median).abs());
    f64::max(rhat(&rank_normalised(&halves)), rhat(&rank_normalised(&folded)))
}

/// Whether there are enough draws, all finite.
pub(super) fn is_usable(draws: ArrayView2<'_, f64>) -> bool {
    draws.ncols() >= LEAST && draws.nrows() >= 1 && draws.iter().all(|v| v.is_finite())
}

/// The quantile of all draws below which a share `probability` lies, linear between draws (Hyndman & Fan 1996, type 7);
/// NaN without draws.
#[must_use]
pub fn quantile(draws: ArrayView2<'_, f64>, probability: f64) -> f64 {
    let mut sorted: Vec<f64> = draws.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = probability.clamp(0.0, 1.0) * last as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (at - at.floor()) * (high - low)
}
