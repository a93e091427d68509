//! Draws from the posterior of a star and a Sersic galaxy: milliseconds for each effective draw, and whether both sides draw
//! from the same posterior.
//!
//! Ours is a whole process. The peer is judged twice: as a whole process, which compiles, and by a second run in that
//! process, which does not. An effective draw is one of the smallest bulk ESS of all 14 numbers, computed for both sides by
//! the same code.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Context;
use super::case::{Goal, Row};
use super::sides;

const ROUNDS: usize = 2;
const THREADS: usize = 2;
/// Widths of both may differ by so many standard errors, the largest of 14.
const APART: f64 = 3.5;
/// Largest share by which a width may differ from what the curvature at the maximum says; the posterior is not quite a Gaussian.
const OFF_FISHER: f64 = 0.1;

/// All cases.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    let program = sides::build(context, "sampling")?;
    let folder = context.workspace.target.join("bench-sampling");
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let row = |case: &str, unit, goal| Row::new("sampling", case, unit, goal);
    let mut whole = row("whole process", "ms/ESS", Goal::RatioAtMost(1.0 / 15.0));
    let mut warm = row("peer without compilation", "ms/ESS", Goal::RatioAtMost(1.0 / 4.0));
    let mut widths = row("widths apart", "mcse", Goal::OursAtMost(APART));
    let mut fisher = row("widths off Fisher's", "1", Goal::OursAtMost(OFF_FISHER));
    let mut rhat = row("largest R-hat", "1", Goal::OursAtMost(1.01));
    for round in 0..context.rounds.unwrap_or(ROUNDS) {
        let file = folder.join(format!("draws-{round}.csv"));
        let theirs = match &context.peer {
            Some(peer) => {
                let mut words = peer.script("scarlet2_sampling.py");
                words.push(context.data.join("scenes/sampling.npz").display().to_string());
                words.push(file.display().to_string());
                words.push(format!("--seed={}", round + 1));
                Some(json(&words)?)
            }
            None => None,
        };
        let mut words = vec![program.display().to_string()];
        words.push(format!("--data={}", context.data.display()));
        words.extend([format!("--threads={THREADS}"), format!("--seed={}", round + 1)]);
        if theirs.is_some() {
            words.push(format!("--peer={}", file.display()));
        }
        let ours = json(&words)?;
        let number = |of: &Value, key: &str| of[key].as_f64().with_context(|| format!("no {key} in {of}"));
        if context.ours {
            let per_draw = 1e3 * number(&ours, "seconds")? / number(&ours, "ess")?;
            whole.ours.push(vec![per_draw]);
            warm.ours.push(vec![per_draw]);
            rhat.ours.push(vec![number(&ours, "rhat")?]);
            fisher.ours.push(vec![number(&ours, "off_fisher")?]);
            whole.note = format!("ours: {ours}");
        }
        if let Some(theirs) = theirs {
            let ess = number(&ours, "peer_ess")?;
            whole.peer.push(vec![1e3 * number(&theirs, "whole_s")? / ess]);
            warm.peer.push(vec![1e3 * number(&theirs, "warm_s")? / ess]);
            widths.ours.push(vec![number(&ours, "sd_z")?]);
            warm.note = format!("peer: {theirs}, smallest ESS {ess:.0}");
        }
    }
    Ok(vec![whole, warm, widths, fisher, rhat])
}

/// Runs a command that prints one JSON object.
fn json(words: &[String]) -> Result<Value> {
    let mut command = sides::pinned(words, THREADS);
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run {}", words[0]))?;
    ensure!(output.status.success(), "{command:?} failed");
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().rfind(|line| line.starts_with('{')).context("it printed no JSON")?;
    serde_json::from_str(line).with_context(|| format!("{words:?} printed {line}"))
}
