//! The summary of a fit for machines: `summary.json`.

use super::Outcome;
use crate::findings::{FindingRecord, records};
use scarlet::infer::Estimate;
use scarlet::model::{Prior, Scene};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What `summary.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Version of the program.
    pub version: &'static str,
    /// Time of each part.
    pub seconds: Seconds,
    /// Steps taken.
    pub iterations: usize,
    /// Whether nothing changed any more.
    pub converged: bool,
    /// Why the fit ended: `converged`, `max_iterations`, `time`, `interrupted`, `not_finite`.
    pub stop: &'static str,
    /// Whether it ended before it was done (`time`, `interrupted`, `not_finite`): results are the best so far.
    pub ended_early: bool,
    /// chi2 per pixel that counts.
    pub chi2_per_pixel: f64,
    /// Number of pixels that count.
    pub pixels: usize,
    /// Log-likelihood at the best iterate, with all constants.
    pub log_likelihood: f64,
    /// Minus the log-posterior at each iterate, the start first; what is in it says `loss_holds`.
    pub loss: Vec<f64>,
    /// What the loss is minus the sum of.
    pub loss_holds: Vec<&'static str>,
    /// Largest resident memory of the process, in 1e6 bytes; null where the system does not say.
    pub peak_rss_mb: Option<f64>,
    /// What was estimated before the fit, in 1e6 bytes.
    pub estimated_mb: f64,
    /// Threads of the fit.
    pub threads: usize,
    /// The free parameters of observations, by observation and name: `HST`, `shift`.
    pub observations: BTreeMap<String, BTreeMap<String, ParameterSummary>>,
    /// The sources.
    pub sources: Vec<SourceSummary>,
    /// What checks found before and after the fit, worst first.
    pub findings: Vec<FindingRecord>,
}

/// Wall-clock seconds of each part.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Seconds {
    /// Reading scene file, images and catalogue.
    pub read: f64,
    /// Start values and planning.
    pub setup: f64,
    /// The fit.
    pub fit: f64,
    /// Errors of the sources.
    pub errors: f64,
    /// Writing all files but this one.
    pub write: f64,
}

/// A free parameter of an observation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParameterSummary {
    /// Its values; a shift is `[y, x]`.
    pub values: Vec<f64>,
    /// Their standard deviations; null where the data say nothing.
    pub errors: Vec<Option<f64>>,
    /// `pix`, `rad`, or empty: a number, or the unit of the images.
    pub unit: &'static str,
    /// Whether errors are those with all sources held: there are too many values for others.
    pub sources_held: bool,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceSummary {
    /// Its name.
    pub id: String,
    /// Flux by channel.
    pub flux: BTreeMap<String, f64>,
    /// Its standard deviation by channel.
    pub flux_err: BTreeMap<String, f64>,
    /// Number of its parameters that the data decide.
    pub absorbed: Option<f64>,
    /// Fluxes of other sources that go with its own, from a correlation of 0.1 on.
    pub correlations: Vec<FluxCorrelation>,
    /// chi2 per pixel in its box.
    pub chi2_per_pixel: Option<f64>,
}

/// How the fluxes of two sources go together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FluxCorrelation {
    /// The other source.
    pub with: String,
    /// Coefficient by channel.
    pub correlation: BTreeMap<String, f64>,
}

/// Correlation from which fluxes are said to go together.
const TOGETHER: f64 = 0.1;

impl Summary {
    /// Of a fit; times are set as parts end.
    pub(crate) fn of(outcome: &Outcome<'_>, threads: usize) -> Self {
        let channels = outcome.scene.frame().channel_names();
        let by_channel = |values: Vec<f64>| -> BTreeMap<String, f64> {
            channels.iter().map(ToString::to_string).zip(values).collect()
        };
        let correlations = |id: &str| -> Vec<FluxCorrelation> {
            let pairs = outcome.errors.correlations(id).into_iter();
            let strong = pairs.filter(|(_, r)| r.iter().any(|r| r.abs() > TOGETHER));
            strong.map(|(with, r)| FluxCorrelation { with, correlation: by_channel(r) }).collect()
        };
        let source = |s: &scarlet::obs::catalog::SourceMeasurement| SourceSummary {
            id: s.id.clone(),
            flux: by_channel(s.flux.clone()),
            flux_err: outcome.errors_of(&s.id).map(|e| by_channel(e.flux())).unwrap_or_default(),
            absorbed: outcome.errors_of(&s.id).map(|e| e.absorbed),
            correlations: correlations(&s.id),
            chi2_per_pixel: s.chi2_per_pixel,
        };
        Self {
            version: env!("CARGO_PKG_VERSION"),
            seconds: Seconds::default(),
            iterations: outcome.fit.iterations,
            converged: outcome.fit.converged(),
            stop: outcome.ending.name(),
            ended_early: outcome.ending.is_early(),
            chi2_per_pixel: outcome.chi2_per_pixel(),
            pixels: outcome.pixels,
            log_likelihood: outcome.log_likelihood,
            loss: outcome.fit.loss.clone(),
            loss_holds: loss_holds(outcome.scene),
            peak_rss_mb: peak_rss_mb(),
            estimated_mb: 0.0,
            threads,
            observations: of_observations(&outcome.estimates),
            sources: outcome.sources.iter().map(source).collect(),
            findings: records(&outcome.findings),
        }
    }

    /// As JSON text.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers, text and lists of them can be written")
    }
}

/// What the loss of a fit of `scene` is minus the sum of.
fn loss_holds(scene: &Scene) -> Vec<&'static str> {
    let has = |is_it: fn(&Prior) -> bool| {
        scene.params().iter().any(|(_, param)| param.is_free() && param.prior_ref().is_some_and(is_it))
    };
    let mut holds = vec!["log-likelihood"];
    holds.extend(has(|prior| matches!(prior, Prior::Density(_))).then_some("log-densities of priors"));
    let along = "scores of networks, integrated along the path of the fit from the start";
    holds.extend(has(|prior| matches!(prior, Prior::Score(_))).then_some(along));
    holds
}

fn of_observations(estimates: &[Estimate]) -> BTreeMap<String, BTreeMap<String, ParameterSummary>> {
    let mut all: BTreeMap<String, BTreeMap<String, ParameterSummary>> = BTreeMap::new();
    for estimate in estimates {
        let Some((observation, name)) = estimate.path.rsplit_once('.') else { continue };
        let observation = observation.strip_prefix("observations.").unwrap_or(observation);
        let parameter = ParameterSummary {
            values: estimate.values.clone(),
            errors: estimate.errors.iter().map(|error| error.is_finite().then_some(*error)).collect(),
            unit: unit_of(name),
            sources_held: !estimate.is_marginal,
        };
        all.entry(observation.to_owned()).or_default().insert(name.to_owned(), parameter);
    }
    all
}

/// The unit of an observation's parameter; empty for numbers and for what is in the unit of the images.
pub(super) fn unit_of(parameter: &str) -> &'static str {
    match parameter {
        "shift" => "pix",
        "rotation" => "rad",
        _ => "",
    }
}

/// Seconds of a part that took `duration`, to microseconds.
pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e6
}

/// Largest resident memory so far, in 1e6 bytes, where Linux tells it.
pub(crate) fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
