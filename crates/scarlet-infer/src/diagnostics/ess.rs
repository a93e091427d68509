//! Effective sample sizes: how many independent draws would tell as much.

use super::ranks::{is_usable, mean_and_variance, quantile, rank_normalised, split};
use ndarray::{Array2, ArrayView2, Axis};

/// Range of values that counts as none.
const CONSTANT: f64 = 1e-15;

/// Effective sample size of the bulk: of rank-normalised values of split chains.
///
/// NaN for fewer than four draws or values that are not finite; the number of draws where all are equal.
///
/// Source: Vehtari et al. 2021, section 4.2; ArviZ: `ess` with method "bulk".
#[must_use]
pub fn ess_bulk(draws: ArrayView2<'_, f64>) -> f64 {
    if !is_usable(draws) {
        return f64::NAN;
    }
    ess(&rank_normalised(&split(draws)))
}

/// Effective sample size of the tails: the smaller of those of the quantiles at 5% and 95%.
///
/// Source: Vehtari et al. 2021, section 4.3; ArviZ: `ess` with method "tail", prob (0.05, 0.95).
#[must_use]
pub fn ess_tail(draws: ArrayView2<'_, f64>) -> f64 {
    f64::min(ess_quantile(draws, 0.05), ess_quantile(draws, 0.95))
}

/// Effective sample size of the mean.
///
/// ArviZ: `ess` with method "mean".
#[must_use]
pub fn ess_mean(draws: ArrayView2<'_, f64>) -> f64 {
    if !is_usable(draws) {
        return f64::NAN;
    }
    ess(&split(draws))
}

/// Effective sample size of a quantile: of whether draws lie below it.
///
/// ArviZ: `ess` with method "quantile".
#[must_use]
pub fn ess_quantile(draws: ArrayView2<'_, f64>, probability: f64) -> f64 {
    if !is_usable(draws) {
        return f64::NAN;
    }
    let limit = quantile(draws, probability);
    let is_below = draws.mapv(|v| f64::from(u8::from(v <= limit)));
    ess(&split(is_below.view()))
}

/// Autocorrelations of several chains at once, by lag.
struct Correlations<'a> {
    centred: &'a Array2<f64>,
    /// Mean variance of the chains, with n - 1.
    within: f64,
    /// Variance of all together.
    total: f64,
}

impl Correlations<'_> {
    /// 1 - (W - mean autocovariance at this lag) / total (Vehtari et al. 2021, eq. 10).
    fn at(&self, lag: usize) -> f64 {
        let n = self.centred.ncols();
        let covariance = |row: ndarray::ArrayView1<'_, f64>| {
            let terms = row.iter().zip(row.iter().skip(lag)).map(|(a, b)| a * b);
            terms.sum::<f64>() / n as f64
        };
        let mean = self.centred.axis_iter(Axis(0)).map(covariance).sum::<f64>() / self.centred.nrows() as f64;
        1.0 - (self.within - mean) / self.total
    }
}

/// Draws over the autocorrelation time, which is summed with Geyer's initial monotone sequence (1992).
fn ess(draws: &Array2<f64>) -> f64 {
    let (chains, n) = draws.dim();
    let range = draws.iter().fold(f64::NEG_INFINITY, |a, v| a.max(*v))
        - draws.iter().fold(f64::INFINITY, |a, v| a.min(*v));
    if range < CONSTANT {
        return draws.len() as f64;
    }
    let moments: Vec<(f64, f64)> = draws.axis_iter(Axis(0)).map(mean_and_variance).collect();
    let mut centred = draws.clone();
    for (mut row, (mean, _)) in centred.axis_iter_mut(Axis(0)).zip(&moments) {
        row -= *mean;
    }
    let within = moments.iter().map(|(_, variance)| variance).sum::<f64>() / chains as f64;
    let means: Vec<f64> = moments.iter().map(|(mean, _)| *mean).collect();
    let between = if chains > 1 { mean_and_variance(ndarray::aview1(&means)).1 } else { 0.0 };
    let total = within * (n as f64 - 1.0) / n as f64 + between;
    let all = draws.len() as f64;
    let time = autocorrelation_time(&Correlations { centred: &centred, within, total }, n);
    all / time.max(1.0 / all.log10())
}

/// 1 + 2 sum of autocorrelations, as long as pairs of them are positive, pairs made to fall.
fn autocorrelation_time(correlations: &Correlations<'_>, n: usize) -> f64 {
    let mut pairs = vec![[1.0, correlations.at(1)]];
    let mut last = pairs[0];
    let mut lag = 1;
    while lag + 3 < n && last[0] + last[1] > 0.0 {
        last = [correlations.at(lag + 1), correlations.at(lag + 2)];
        if last[0] + last[1] >= 0.0 {
            pairs.push(last);
        }
        lag += 2;
    }
    // the last pair was either the one that broke the sequence, or the end of the chain was reached
    let kept = lag.div_ceil(2).saturating_sub(1);
    let tail = match (last[0] > 0.0, pairs.get(kept)) {
        (true, _) => last[0],
        (false, Some(pair)) => pair[0],
        (false, None) => 0.0,
    };
    pairs.truncate(kept);
    for k in 1..pairs.len() {
        let before = pairs[k - 1][0] + pairs[k - 1][1];
        if pairs[k][0] + pairs[k][1] > before {
            pairs[k] = [0.5 * before; 2];
        }
    }
    2.0 * pairs.iter().map(|[even, odd]| even + odd).sum::<f64>() - 1.0 + tail
}
