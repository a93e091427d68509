//! What networks as priors do to blends of one colour and to galaxies alone, on simulated images whose truth is known.
//!
//! Figures come from `benches/priors.rs`: without a prior, with the one near the start values, with the published network and
//! with any that `SCARLET_PRIOR` names. In the column of the peer stands what no prior gives.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Context;
use super::case::{Goal, Row};
use super::sides;

/// A network must make a median no worse than no prior does.
const HELPS: f64 = 1.0;
/// Largest change of the median flux of galaxies alone that a network may make.
const BIAS: f64 = 0.01;
/// Figures where less is better.
const FIGURES: [&str; 3] = ["flux_error", "decorrelation", "leak"];

/// All cases and priors.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    let program = sides::build(context, "priors")?;
    let published = context.data.join("score_nets/eqx_hsc_ScoreNet32.eqx");
    ensure!(published.is_file(), "the weights {} are missing", published.display());
    let mut words = vec![program.display().to_string(), format!("--data={}", context.data.display())];
    words.push(format!("--network={}", published.display()));
    words.extend(std::env::var("SCARLET_PRIOR").ok().map(|path| format!("--network={path}")));
    let mut command = sides::pinned(&words, 1);
    let output = command.stderr(Stdio::inherit()).output().context("cannot run the bench priors")?;
    ensure!(output.status.success(), "{command:?} failed");
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut rows = Vec::new();
    for line in &lines {
        let (case, prior) = (word(line, "case")?, word(line, "prior")?);
        let without = lines.iter().find(|other| other["case"] == line["case"] && other["prior"] == "none");
        let without = without.context("no figures without a prior")?;
        if prior == "none" {
            continue;
        }
        // networks as they are used by default
        let is_network = prior.ends_with(" near start");
        for figure in FIGURES.into_iter().filter(|figure| case == "pairs" || *figure == "flux_error") {
            let goal = if is_network && case == "pairs" { HELPS } else { f64::INFINITY };
            let name = format!("{case}, {prior}: {}", figure.replace('_', " "));
            let mut row =
                Row::single("priors", name, "1", Some(number(line, figure)?), Goal::RatioAtMost(goal));
            row.peer.push(vec![number(without, figure)?]);
            rows.push(row);
        }
        if case == "alone" && is_network {
            let bias = (number(line, "flux_excess")? - number(without, "flux_excess")?).abs();
            let name = format!("alone, {prior}: change of the flux");
            rows.push(Row::single("priors", name, "1", Some(bias), Goal::OursAtMost(BIAS)));
        }
    }
    Ok(rows)
}

fn word<'a>(line: &'a Value, key: &str) -> Result<&'a str> {
    line[key].as_str().with_context(|| format!("no {key} in {line}"))
}

fn number(line: &Value, key: &str) -> Result<f64> {
    line[key].as_f64().with_context(|| format!("no {key} in {line}"))
}
