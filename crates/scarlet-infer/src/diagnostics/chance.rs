//! How large R-hat gets by chance.

use super::ranks::LEAST;
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

/// The R-hat that a column of so many effective draws `ess` exceeds with `probability`, any of `columns` together, where all
/// `chains` of so many `draws` are of one posterior.
///
/// R-hat^2 = 1 - 1 / n + F / e. M chains are split into 2 M of n draws, each worth e independent ones. F is the quantile of
/// the F distribution of 2 M - 1 and 2 M (e - 1) degrees of freedom at 1 - probability / (2 columns), since R-hat is the larger
/// one of two (Bonferroni).
///
/// e is `ess` over 2 M, but at least `least`: chains that disagree have few effective
/// draws *because* they disagree, and must not excuse themselves with that.
///
/// Source: Gelman & Rubin 1992 (Stat. Sci. 7, 457) for the F distribution of B / W; Vats & Knudson 2021 (Stat. Sci. 36,
/// 518) for effective draws in it.
pub(super) fn rhat_by_chance(
    ess: f64,
    [chains, draws]: [usize; 2],
    columns: usize,
    least: f64,
    probability: f64,
) -> f64 {
    let (halves, n) = (2.0 * chains as f64, (draws / 2) as f64);
    if chains < 2 || draws < LEAST {
        return f64::INFINITY;
    }
    let effective = (ess / halves).max(least).min(n);
    let tests = 2.0 * columns.max(1) as f64;
    match FisherSnedecor::new(halves - 1.0, halves * (effective - 1.0)) {
        Ok(ratio) => (1.0 - 1.0 / n + ratio.inverse_cdf(1.0 - probability / tests) / effective).sqrt(),
        Err(_) => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Limits;

    /// What docs/sampling.md says of independent draws.
    #[test]
    fn limits_of_independent_draws() {
        let limit = |shape: [usize; 2], columns: usize| {
            let draws = (shape[0] * shape[1]) as f64;
            let by_chance = rhat_by_chance(draws, shape, columns, 50.0, 0.01);
            println!("{shape:?} draws, {columns} columns: R-hat {by_chance:.4} by chance");
            by_chance
        };
        assert!((limit([4, 300], 68) - 1.011).abs() < 5e-4);
        assert!(limit([4, 1000], 68) < Limits::default().rhat);
    }
}
