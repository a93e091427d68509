//! Monte Carlo standard errors: how far an estimate from draws is off.

use super::ess::{ess_mean, ess_quantile};
use super::ranks::is_usable;
use ndarray::ArrayView2;
use statrs::distribution::{Beta, ContinuousCDF};

/// Probabilities one standard deviation below and above the middle of a normal density.
const ONE_SIGMA: [f64; 2] = [0.158_655_3, 0.841_344_7];

fn mean(draws: ArrayView2<'_, f64>) -> f64 {
    draws.sum() / draws.len() as f64
}

/// Standard error of the mean: sd / sqrt(ESS of the mean). ArviZ: `mcse` with method "mean".
#[must_use]
pub fn mcse_mean(draws: ArrayView2<'_, f64>) -> f64 {
    if !is_usable(draws) {
        return f64::NAN;
    }
    let middle = mean(draws);
    let variance = draws.iter().map(|v| (v - middle).powi(2)).sum::<f64>() / (draws.len() as f64 - 1.0);
    (variance / ess_mean(draws)).sqrt()
}

/// Standard error of the standard deviation, from the fourth moment. ArviZ: `mcse` with method "sd".
///
/// sqrt((E[d^4] - E[d^2]^2) / (4 ESS E[d^2])), d the distance from the mean, ESS that of the mean of d^2
#[must_use]
pub fn mcse_sd(draws: ArrayView2<'_, f64>) -> f64 {
    if !is_usable(draws) {
        return f64::NAN;
    }
    let middle = mean(draws);
    let squares = draws.mapv(|v| (v - middle).powi(2));
    let second = mean(squares.view());
    let fourth = mean(squares.mapv(|v| v * v).view());
    ((fourth - second * second) / ess_mean(squares.view()) / second / 4.0).sqrt()
}

/// Standard error of a quantile: half the distance of the draws that are one sigma of its rank away. ArviZ: `mcse` with
/// method "quantile".
#[must_use]
pub fn mcse_quantile(draws: ArrayView2<'_, f64>, probability: f64) -> f64 {
    if !is_usable(draws) {
        return f64::NAN;
    }
    let ess = ess_quantile(draws, probability);
    let Ok(beta) = Beta::new(ess * probability + 1.0, ess * (1.0 - probability) + 1.0) else {
        return f64::NAN;
    };
    let mut sorted: Vec<f64> = draws.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len() - 1;
    let [low, high] = ONE_SIGMA.map(|p| beta.inverse_cdf(p) * sorted.len() as f64 - 1.0);
    let (low, high) = (low.max(0.0).floor() as usize, high.min(last as f64).ceil() as usize);
    0.5 * (sorted[high.min(last)] - sorted[low.min(last)])
}
