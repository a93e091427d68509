//! One line for each column of chains.

use super::{ess_bulk, ess_tail, mcse_mean, mcse_sd, quantile, rank_rhat};
use crate::sample::Chains;
use ndarray::ArrayView2;

/// What draws say of one number.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnSummary {
    /// Its name.
    pub name: String,
    /// Whether it is computed from the parameters.
    pub is_derived: bool,
    /// Mean of all draws.
    pub mean: f64,
    /// Their standard deviation, with n - 1.
    pub sd: f64,
    /// Quantiles at 3%, 16%, 50%, 84% and 97%.
    pub quantiles: [f64; 5],
    /// Standard error of the mean.
    pub mcse_mean: f64,
    /// Standard error of the standard deviation.
    pub mcse_sd: f64,
    /// Effective sample size of the bulk.
    pub ess_bulk: f64,
    /// Effective sample size of the tails.
    pub ess_tail: f64,
    /// Rank-normalised split R-hat; NaN for one chain.
    pub rhat: f64,
}

/// The probabilities of [`ColumnSummary::quantiles`].
const PROBABILITIES: [f64; 5] = [0.03, 0.16, 0.5, 0.84, 0.97];

impl ColumnSummary {
    fn of(name: &str, is_derived: bool, draws: ArrayView2<'_, f64>) -> Self {
        let n = draws.len() as f64;
        let mean = draws.sum() / n;
        Self {
            name: name.to_owned(),
            is_derived,
            mean,
            sd: (draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt(),
            quantiles: PROBABILITIES.map(|p| quantile(draws, p)),
            mcse_mean: mcse_mean(draws),
            mcse_sd: mcse_sd(draws),
            ess_bulk: ess_bulk(draws),
            ess_tail: ess_tail(draws),
            rhat: rank_rhat(draws),
        }
    }
}

/// A line for each column of `chains`.
#[must_use]
pub fn summary(chains: &Chains) -> Vec<ColumnSummary> {
    let columns = chains.columns().iter().enumerate();
    columns.map(|(k, column)| ColumnSummary::of(&column.name, column.is_derived, chains.at(k))).collect()
}

/// The largest R-hat of all columns; NaN where none has one.
#[must_use]
pub fn rhat_most(lines: &[ColumnSummary]) -> f64 {
    lines.iter().map(|line| line.rhat).fold(f64::NAN, f64::max)
}

/// The smallest effective sample size of the bulk of all columns; NaN where none has one.
#[must_use]
pub fn ess_least(lines: &[ColumnSummary]) -> f64 {
    lines.iter().map(|line| line.ess_bulk).fold(f64::NAN, f64::min)
}
