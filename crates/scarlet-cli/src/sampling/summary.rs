//! The summary of chains for machines, and as a table for people.

use crate::catalog::{Column, Table};
use crate::findings::{FindingRecord, records};
use scarlet::infer::diagnostics::{ColumnSummary, bfmi, ess_least, rhat_most};
use scarlet::infer::sample::{Chains, PredictiveCheck};
use scarlet::obs::check::Finding;
use serde::Serialize;
use std::fmt::Write as _;

/// Lines that are shown on a terminal.
const SHOWN: usize = 24;

/// What `posterior.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleSummary {
    /// Version of the program.
    pub version: &'static str,
    /// Time of each part.
    pub seconds: SampleSeconds,
    /// The sampler: `nuts` or `langevin`.
    pub sampler: &'static str,
    /// What the random numbers depend on.
    pub seed: u64,
    /// Number of chains.
    pub chains: usize,
    /// Draws of each chain, those of earlier runs among them.
    pub draws: usize,
    /// Whether somebody ended it before it was done.
    pub ended_early: bool,
    /// Trajectories that diverged.
    pub divergences: usize,
    /// Gradients that were evaluated, those of the warm-up among them.
    pub gradients: u64,
    /// E-BFMI of each chain.
    pub bfmi: Vec<f64>,
    /// The largest R-hat; null for one chain.
    pub rhat_most: Option<f64>,
    /// The smallest effective sample size of the bulk.
    pub ess_bulk_least: Option<f64>,
    /// The same for each second of the whole run.
    pub ess_bulk_least_per_second: Option<f64>,
    /// A line for each column.
    pub columns: Vec<ColumnRecord>,
    /// How the chi2 of each observation compares with what the model predicts.
    pub predictive: Vec<PredictiveRecord>,
    /// What is wrong, worst first.
    pub findings: Vec<FindingRecord>,
}

/// Wall-clock seconds of each part.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct SampleSeconds {
    /// Reading scene file, images and catalogue.
    pub read: f64,
    /// Start values, planning and the fit; or reading the chains to go on with.
    pub fit: f64,
    /// Sampling, warm-up included.
    pub sample: f64,
    /// Derived quantities, diagnostics and files.
    pub write: f64,
}

impl SampleSeconds {
    /// All parts together.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.read + self.fit + self.sample + self.write
    }
}

/// What draws say of one number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnRecord {
    /// Its name.
    pub name: String,
    /// Whether it is computed from the parameters.
    pub derived: bool,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Quantiles at 3%, 16%, 50%, 84% and 97%.
    pub quantiles: [f64; 5],
    /// Standard errors of mean and standard deviation.
    pub mcse: [f64; 2],
    /// Effective sample size of the bulk; null where it cannot be computed.
    pub ess_bulk: Option<f64>,
    /// Effective sample size of the tails.
    pub ess_tail: Option<f64>,
    /// R-hat.
    pub rhat: Option<f64>,
}

/// A posterior predictive check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PredictiveRecord {
    /// Name of the observation.
    pub observation: String,
    /// Mean chi2 per pixel over draws.
    pub chi2_per_pixel: f64,
    /// Probability of a larger chi2 of data drawn from the posterior's models.
    pub p_value: f64,
}

fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|v| v.is_finite())
}

impl From<&ColumnSummary> for ColumnRecord {
    fn from(line: &ColumnSummary) -> Self {
        Self {
            name: line.name.clone(),
            derived: line.is_derived,
            mean: line.mean,
            sd: line.sd,
            quantiles: line.quantiles,
            mcse: [line.mcse_mean, line.mcse_sd],
            ess_bulk: finite(line.ess_bulk),
            ess_tail: finite(line.ess_tail),
            rhat: finite(line.rhat),
        }
    }
}

impl SampleSummary {
    /// Of `chains`, whose columns are summed up in `lines`.
    #[must_use]
    pub fn of(
        chains: &Chains,
        lines: &[ColumnSummary],
        predictive: &[PredictiveCheck],
        findings: &[Finding],
    ) -> Self {
        let check = |check: &PredictiveCheck| PredictiveRecord {
            observation: check.observation.clone(),
            chi2_per_pixel: check.chi2 / check.pixels.max(1) as f64,
            p_value: check.p_value,
        };
        Self {
            version: env!("CARGO_PKG_VERSION"),
            seconds: SampleSeconds::default(),
            sampler: "nuts",
            seed: 0,
            chains: chains.chains(),
            draws: chains.draws(),
            ended_early: false,
            divergences: chains.statistics().divergences(),
            gradients: 0,
            bfmi: bfmi(chains.statistics().energy.view()),
            rhat_most: finite(rhat_most(lines)),
            ess_bulk_least: finite(ess_least(lines)),
            ess_bulk_least_per_second: None,
            columns: lines.iter().map(ColumnRecord::from).collect(),
            predictive: predictive.iter().map(check).collect(),
            findings: records(findings),
        }
    }

    /// As JSON text.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers, text and lists of them can be written")
    }

    /// One row for each column, as a table to be written.
    #[must_use]
    pub fn table(&self) -> Table {
        let numbers = |f: &dyn Fn(&ColumnRecord) -> f64| -> Vec<f64> { self.columns.iter().map(f).collect() };
        let names: Vec<String> = self.columns.iter().map(|c| c.name.clone()).collect();
        let mut columns = vec![
            Column::new("name", "", "name of the column", names),
            Column::new("mean", "", "mean of all draws", numbers(&|c| c.mean)),
            Column::new("sd", "", "their standard deviation", numbers(&|c| c.sd)),
        ];
        for (k, percent) in ["03", "16", "50", "84", "97"].iter().enumerate() {
            let description = format!("quantile at {percent}%");
            columns.push(Column::new(&format!("q{percent}"), "", &description, numbers(&|c| c.quantiles[k])));
        }
        let or_nan = |value: Option<f64>| value.unwrap_or(f64::NAN);
        columns.extend([
            Column::new("mcse_mean", "", "Monte Carlo standard error of the mean", numbers(&|c| c.mcse[0])),
            Column::new("mcse_sd", "", "of the standard deviation", numbers(&|c| c.mcse[1])),
            Column::new(
                "ess_bulk",
                "",
                "effective sample size of the bulk",
                numbers(&|c| or_nan(c.ess_bulk)),
            ),
            Column::new("ess_tail", "", "of the tails", numbers(&|c| or_nan(c.ess_tail))),
            Column::new("rhat", "", "rank-normalised split R-hat", numbers(&|c| or_nan(c.rhat))),
        ]);
        Table { columns, metadata: Vec::new() }
    }

    /// The first lines, for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let width = self.columns.iter().take(SHOWN).map(|c| c.name.len()).max().unwrap_or(4).max(4);
        let mut text = format!(
            "{:<width$} {:>11} {:>10} {:>11} {:>11} {:>8} {:>8} {:>6}\n",
            "name", "mean", "sd", "3%", "97%", "ess_bulk", "ess_tail", "rhat"
        );
        for line in self.columns.iter().take(SHOWN) {
            let count = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.0}"));
            let rhat = line.rhat.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
            let [low, .., high] = line.quantiles;
            writeln!(
                text,
                "{:<width$} {:>11} {:>10} {:>11} {:>11} {:>8} {:>8} {rhat:>6}",
                line.name,
                short(line.mean),
                short(line.sd),
                short(low),
                short(high),
                count(line.ess_bulk),
                count(line.ess_tail),
            )
            .expect("writing to a string cannot fail");
        }
        if self.columns.len() > SHOWN {
            let more = self.columns.len() - SHOWN;
            writeln!(text, "and {more} more: posterior.csv has them all")
                .expect("writing to a string cannot fail");
        }
        text
    }
}

/// A number in about six digits.
fn short(value: f64) -> String {
    if value != 0.0 && !(1e-3..1e6).contains(&value.abs()) {
        format!("{value:.3e}")
    } else {
        let digits = (4 - value.abs().max(1e-9).log10().floor() as i32).clamp(0, 7);
        format!("{value:.*}", digits as usize)
    }
}
