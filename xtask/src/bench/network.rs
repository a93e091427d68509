//! The gradient of a score network as a prior, beside JAX with the same weights, and a step of a fit with six of them.

use anyhow::{Context as _, Result, ensure};

use super::Context;
use super::case::{Goal, Row};
use super::sides::{Ours, PeerServer};
use super::step::same_gradient;

const ROUNDS: usize = 9;
/// ours / peer for scores, and for a step with six networks.
const SCORES: f64 = 0.6;
const STEP: f64 = 0.5;

/// Name of the case, and the words of the peer's script behind its name.
struct Case {
    name: &'static str,
    script: &'static str,
    count: Option<usize>,
    samples: usize,
    goal: f64,
}

const CASES: [Case; 3] = [
    Case { name: "one", script: "galaxygrad_score.py", count: Some(1), samples: 1000, goal: SCORES },
    Case { name: "twenty", script: "galaxygrad_score.py", count: Some(20), samples: 50, goal: SCORES },
    Case { name: "step", script: "scarlet2_step.py", count: None, samples: 100, goal: STEP },
];

/// All cases on one thread and on two.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    let weights = context.data.join("score_nets/eqx_hsc_ScoreNet32.eqx");
    ensure!(weights.is_file(), "the weights {} are missing", weights.display());
    let ours = context.ours.then(|| Ours::build(context, "network")).transpose()?;
    let mut rows = Vec::new();
    for case in &CASES {
        for threads in [1, 2] {
            rows.push(measured(context, ours.as_ref(), case, threads, &weights)?);
        }
    }
    Ok(rows)
}

fn measured(
    context: &Context<'_>,
    ours: Option<&Ours>,
    case: &Case,
    threads: usize,
    weights: &std::path::Path,
) -> Result<Row> {
    let weights = weights.display().to_string();
    let server = context.peer.as_ref().map(|peer| {
        let mut words = peer.script(case.script);
        match case.count {
            Some(count) => words.extend([weights, count.to_string()]),
            None => {
                words.push(context.data.join("scenes/quickstart.npz").display().to_string());
                words.push(format!("--network={weights}"));
            }
        }
        PeerServer::start(&words, threads)
    });
    let mut server = server.transpose()?;
    let plural = if threads == 1 { "" } else { "s" };
    let name = format!("{} on {threads} thread{plural}", case.name);
    let mut row = Row::new("network", &name, "ms", Goal::RatioAtMost(case.goal));
    for _ in 0..context.rounds.unwrap_or(ROUNDS) {
        let mut round = ours.map(|ours| ours.run(context, case.name, threads, case.samples)).transpose()?;
        if let Some(round) = &mut round {
            row.ours.push(std::mem::take(&mut round.samples));
        }
        if let Some(server) = &mut server {
            row.peer.push(server.round(case.samples)?);
            if let (Some(round), Some(_)) = (&round, case.count) {
                same_gradient(&server.ready, round).context("both sides must have the same network")?;
            }
        }
    }
    Ok(row)
}
