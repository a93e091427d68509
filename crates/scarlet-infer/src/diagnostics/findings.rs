//! What is wrong with chains, in words.

use super::chance::rhat_by_chance;
use super::{ColumnSummary, bfmi};
use crate::sample::Chains;
use scarlet_obs::check::{Finding, Severity};

/// From when on chains are not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Largest R-hat.
    pub rhat: f64,
    /// With which probability any column may be called wrong by chance: a larger R-hat passes too where noise gives as
    /// much with so many columns and effective draws. None where `rhat` is the limit whatever noise gives.
    pub false_alarm: Option<f64>,
    /// Smallest effective sample size, bulk and tail, for each chain.
    pub ess_per_chain: f64,
    /// Smallest fraction of missing information.
    pub bfmi: f64,
    /// Largest share of trajectories cut at the largest depth.
    pub deepest: f64,
}

impl Default for Limits {
    /// R-hat 1.01, or what one of 100 runs exceeds by chance; an ESS of 100 for each chain (Vehtari et al. 2021, section
    /// 5), E-BFMI 0.3.
    fn default() -> Self {
        Self { rhat: 1.01, false_alarm: Some(0.01), ess_per_chain: 100.0, bfmi: 0.3, deepest: 0.05 }
    }
}

impl Limits {
    /// The largest R-hat that passes for one of `columns`.
    fn rhat_of(&self, line: &ColumnSummary, chains: &Chains, columns: usize) -> f64 {
        let least = 0.5 * self.ess_per_chain;
        let (ess, shape) = (line.ess_bulk.min(line.ess_tail), [chains.chains(), chains.draws()]);
        let by_chance = |probability| rhat_by_chance(ess, shape, columns, least, probability);
        self.false_alarm.map_or(self.rhat, |probability| self.rhat.max(by_chance(probability)))
    }
}

/// What is wrong with `chains`, of which `lines` is the summary; nothing where they can be trusted.
///
/// An R-hat above its limit is an error, and so is a majority of divergent draws; all else is a warning.
#[must_use]
pub fn findings(chains: &Chains, lines: &[ColumnSummary], limits: &Limits) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(single_chain(chains));
    found.extend(of_rhat(chains, lines, limits));
    found.extend(of_ess(chains, lines, limits));
    found.extend(of_divergences(chains));
    found.extend(of_depth(chains, limits));
    found.extend(of_energy(chains, limits));
    found
}

fn finding(severity: Severity, code: &'static str, subject: &str, problem: String, advice: &str) -> Finding {
    let (subject, advice) = (subject.to_owned(), advice.to_owned());
    Finding { severity, code, subject, problem, advice, position: None }
}

fn single_chain(chains: &Chains) -> Option<Finding> {
    let problem =
        "there is one chain only, so that nothing says whether it has found the whole posterior".to_owned();
    let advice = "draw at least two chains, better four";
    (chains.chains() < 2).then(|| finding(Severity::Warning, "one_chain", "chains", problem, advice))
}

fn of_rhat(chains: &Chains, lines: &[ColumnSummary], limits: &Limits) -> Option<Finding> {
    let suspects = lines.iter().filter(|line| line.rhat > limits.rhat);
    let mut bad: Vec<(&ColumnSummary, f64)> = suspects
        .map(|line| (line, limits.rhat_of(line, chains, lines.len())))
        .filter(|(line, limit)| line.rhat > *limit)
        .collect();
    bad.sort_by(|(a, _), (b, _)| b.rhat.total_cmp(&a.rhat));
    let (worst, limit) = *bad.first()?;
    let why = match limit > limits.rhat {
        true => format!("{limit:.3}, which noise gives among {} columns", lines.len()),
        false => limit.to_string(),
    };
    let problem = format!("chains disagree: R-hat is {:.3}, above {why}{}", worst.rhat, more(bad.len()));
    let advice = "draw more (--draws, --warmup); if it stays, the posterior has more than one mode or a direction that \
                  neither data nor priors hold: look at its trace, and give it a prior";
    Some(finding(Severity::Error, "rhat_high", &worst.name, problem, advice))
}

fn of_ess(chains: &Chains, lines: &[ColumnSummary], limits: &Limits) -> Option<Finding> {
    let least = limits.ess_per_chain * chains.chains() as f64;
    let of = |line: &ColumnSummary| line.ess_bulk.min(line.ess_tail);
    let mut bad: Vec<&ColumnSummary> = lines.iter().filter(|line| of(line) < least).collect();
    bad.sort_by(|a, b| of(a).total_cmp(&of(b)));
    let worst = bad.first()?;
    let problem = format!(
        "its draws are worth {:.0} independent ones in the bulk and {:.0} in the tails, fewer than {least:.0}{}",
        worst.ess_bulk,
        worst.ess_tail,
        more(bad.len())
    );
    Some(finding(Severity::Warning, "ess_low", &worst.name, problem, "draw more (--draws, or --resume)"))
}

fn more(count: usize) -> String {
    match count {
        0 | 1 => String::new(),
        2 => "; so it is for one other column".to_owned(),
        n => format!("; so it is for {} other columns", n - 1),
    }
}

fn of_divergences(chains: &Chains) -> Option<Finding> {
    let statistics = chains.statistics();
    let count = statistics.divergences();
    if count == 0 {
        return None;
    }
    let all = statistics.is_diverging.len();
    let problem = format!(
        "{count} of {all} trajectories diverged: the posterior has corners that the sampler does not enter{}",
        place_of_divergences(chains)
    );
    let advice = "aim at a higher acceptance (--target-acceptance 0.95); look for parameters near a bound, or give them \
                  priors that keep them away";
    let severity = if 2 * count > all { Severity::Error } else { Severity::Warning };
    Some(finding(severity, "divergences", "chains", problem, advice))
}

/// Which parameter's divergent draws are furthest from its others, if that stands out.
fn place_of_divergences(chains: &Chains) -> String {
    let is_diverging = &chains.statistics().is_diverging;
    let count = chains.statistics().divergences() as f64;
    let distance = |k: usize| {
        let draws = chains.at(k);
        let n = draws.len() as f64;
        let mean = draws.sum() / n;
        let sd = (draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
        let there = draws.iter().zip(is_diverging).filter(|(_, diverges)| **diverges).map(|(v, _)| v);
        ((there.sum::<f64>() / count - mean) / sd).abs()
    };
    let far = (0..chains.columns().len()).map(|k| (k, distance(k))).filter(|(_, d)| d.is_finite());
    match far.max_by(|a, b| a.1.total_cmp(&b.1)) {
        Some((k, d)) if d * count.sqrt() > 3.0 => {
            format!(
                "; they lie at unusual values of {}, {d:.1} standard deviations off",
                chains.columns()[k].name
            )
        }
        _ => String::new(),
    }
}

fn of_depth(chains: &Chains, limits: &Limits) -> Option<Finding> {
    let deepest = &chains.statistics().is_deepest;
    let share = deepest.iter().filter(|d| **d).count() as f64 / deepest.len().max(1) as f64;
    let problem = format!("{:.0}% of the trajectories were cut at the largest depth", 100.0 * share);
    let advice = "draws are slow and correlated: warm up longer, learn directions (--mass-matrix low-rank), or allow \
                  longer trajectories (--max-depth)";
    (share > limits.deepest).then(|| finding(Severity::Warning, "tree_depth", "chains", problem, advice))
}

fn of_energy(chains: &Chains, limits: &Limits) -> Option<Finding> {
    let fractions = bfmi(chains.statistics().energy.view());
    let (chain, least) = fractions.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1))?;
    let problem = format!("E-BFMI is {least:.2}, below {}", limits.bfmi);
    let advice = "tails are heavier than the sampler reaches: warm up longer, or give wide parameters priors";
    let subject = format!("chain {chain}");
    (*least < limits.bfmi).then(|| finding(Severity::Warning, "bfmi_low", &subject, problem, advice))
}
