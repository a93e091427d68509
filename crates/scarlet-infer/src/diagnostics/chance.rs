//! How large R-hat gets by chance.

use super::ColumnSummary;
use super::ranks::LEAST;
use crate::sample::Chains;
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

/// The R-hat that a column of `line` exceeds with `probability`, any of `columns` together, where all `chains` draw from
/// one posterior.
///
/// R-hat^2 = 1 - 1 / n + F / e. M chains are split into 2 M of n draws, each worth e independent ones. F is the quantile of
/// the F distribution of 2 M - 1 and 2 M (e - 1) degrees of freedom at 1 - probability / (2 columns), since R-hat is the larger
/// one of two (Bonferroni).
///
/// e is the smaller effective sample size of `line` over 2 M, but at least `least`: chains that disagree have few effective
/// draws *because* they disagree, and must not excuse themselves with that.
///
/// Source: Gelman & Rubin 1992 (Stat. Sci. 7, 457) for the F distribution of B / W; Vats & Knudson 2021 (Stat. Sci. 36,
/// 518) for effective draws in it.
pub(super) fn rhat_by_chance(
    line: &ColumnSummary,
    chains: &Chains,
    columns: usize,
    least: f64,
    probability: f64,
) -> f64 {
    let (halves, n) = (2.0 * chains.chains() as f64, (chains.draws() / 2) as f64);
    if chains.chains() < 2 || chains.draws() < LEAST {
        return f64::INFINITY;
    }
    let effective = (line.ess_bulk.min(line.ess_tail) / halves).max(least).min(n);
    let tests = 2.0 * columns.max(1) as f64;
    match FisherSnedecor::new(halves - 1.0, halves * (effective - 1.0)) {
        Ok(ratio) => (1.0 - 1.0 / n + ratio.inverse_cdf(1.0 - probability / tests) / effective).sqrt(),
        Err(_) => f64::INFINITY,
    }
}
