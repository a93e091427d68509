//! What networks as priors do to blends of one colour and to galaxies alone, on simulated images whose truth is known.
//!
//! Figures come from `benches/priors.rs`: without a prior, with the one near the start values, with the published network and
//! with any that `SCARLET_PRIOR` names. In the column of the peer stands what no prior gives; scarlet2 with the published
//! network, our start values and as many steps as fits of ours may take is one more prior, on the images that it fits in the
//! time that it has.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Context;
use super::case::{Goal, Row};
use super::quality::{last_line, stdout};
use super::sides;

/// A network must make a median no worse than no prior does.
const HELPS: f64 = 1.0;
/// Largest change of the median flux of galaxies alone that a network may make in a fit with the prior near the start values; without
/// any they come out a sixth too bright.
const BIAS: f64 = 0.01;
/// What the peer fits, and for how many seconds each.
const PEER_CASES: [&str; 2] = ["pairs", "alone"];
const PEER_SECONDS: f64 = 300.0;
/// Figures where less is better.
const FIGURES: [&str; 3] = ["flux_error", "decorrelation", "leak"];

/// All cases and priors.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    let program = sides::build(context, "priors")?;
    let published = context.data.join("score_nets/eqx_hsc_ScoreNet32.eqx");
    ensure!(published.is_file(), "the weights {} are missing", published.display());
    let network = |path: &str| format!("--network={path}");
    let mut words = vec![program.display().to_string(), format!("--data={}", context.data.display())];
    words.push(network(&published.display().to_string()));
    words.extend(std::env::var("SCARLET_PRIOR").ok().map(|path| network(&path)));
    let mut lines = if context.ours { figures(&words)? } else { Vec::new() };
    let mut notes = BTreeMap::new();
    if let Some(peer) = &context.peer {
        let folder = context.workspace.target.join("bench-priors");
        let _ = fs::remove_dir_all(&folder);
        let count = format!("--pairs={}", context.peer_blends);
        figures(&[program.display().to_string(), format!("--write={}", folder.display()), count.clone()])?;
        for case in PEER_CASES {
            let mut words = peer.script("scarlet2_quality.py");
            words.extend([folder.join(case).display().to_string(), "--start=ours".to_owned()]);
            words.extend([network(&published.display().to_string()), format!("--seconds={PEER_SECONDS}")]);
            words.push(format!("--blends={}", context.peer_blends));
            let said: Value = serde_json::from_str(&last_line(&mut sides::pinned(&words, 2))?)
                .context("what the peer printed")?;
            notes.insert(case, format!("{} images, its failures {}", said["done"], said["failed"]));
        }
        // ours once more on the images that the peer fitted
        words.extend([format!("--peer={}", folder.display()), count]);
        let named = |mut line: Value| {
            line["case"] = format!("{} beside the peer", line["case"].as_str().unwrap_or("?")).into();
            line
        };
        lines.extend(figures(&words)?.into_iter().map(named));
    }
    let mut rows = Vec::new();
    for line in &lines {
        let (case, prior) = (word(line, "case")?, word(line, "prior")?);
        let with = |prior: &str| {
            let mut all = lines.iter();
            let found = all.find(|other| other["case"] == line["case"] && other["prior"] == prior);
            found.with_context(|| format!("no figures of the prior {prior:?}"))
        };
        let without = with("none")?;
        if prior == "none" {
            continue;
        }
        let note = notes.iter().find(|(name, _)| case.starts_with(**name) && prior == "peer");
        // networks as they are used by default
        let is_network = prior.ends_with(" near start");
        for figure in
            FIGURES.into_iter().filter(|figure| case.starts_with("pairs") || *figure == "flux_error")
        {
            let goal = if is_network && case == "pairs" { HELPS } else { f64::INFINITY };
            let name = format!("{case}, {prior}: {}", figure.replace('_', " "));
            let mut row =
                Row::single("priors", name, "1", Some(number(line, figure)?), Goal::RatioAtMost(goal));
            row.peer.push(vec![number(without, figure)?]);
            row.note = note.map(|(_, note)| note.clone()).unwrap_or_default();
            rows.push(row);
        }
        if case == "alone" && is_network {
            let beside = with("near start")?;
            let bias = (number(line, "flux_excess")? - number(beside, "flux_excess")?).abs();
            let name = format!("alone, {prior}: change of the flux");
            rows.push(Row::single("priors", name, "1", Some(bias), Goal::OursAtMost(BIAS)));
        }
    }
    Ok(rows)
}

/// What the bench program prints.
fn figures(words: &[String]) -> Result<Vec<Value>> {
    let text = stdout(&mut sides::pinned(words, 1))?;
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

fn word<'a>(line: &'a Value, key: &str) -> Result<&'a str> {
    line[key].as_str().with_context(|| format!("no {key} in {line}"))
}

fn number(line: &Value, key: &str) -> Result<f64> {
    line[key].as_f64().with_context(|| format!("no {key} in {line}"))
}
