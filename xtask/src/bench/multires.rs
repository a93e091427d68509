//! HST and HSC together, beside the peer's two ways to see a model on other pixels than its own.
//!
//! Ours sees it on HSC's own pixels. The peer does that too (`native`), or sees an HSC image that was brought to HST's
//! pixels beforehand (`resampled`), which is fast and gives up the noise. Its first loss differs from ours by more than
//! rounding: its native way has the sign of the offset between frames wrong.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Context;
use super::case::{Goal, Row};
use super::sides::{OurSamples, Ours, PeerServer};

const SCENE: &str = "scenes/multires.npz";
const THREADS: usize = 2;
const ROUNDS: usize = 3;
const STEPS: usize = 50;
const SETUP_SECONDS: f64 = 0.5;
const PEAK_MB: f64 = 200.0;

/// A way of the peer.
struct Way {
    name: &'static str,
    /// Most times that a step of ours takes of one of it.
    ratio: f64,
    /// Steps of it in a round.
    steps: usize,
}

const WAYS: [Way; 2] =
    [Way { name: "native", ratio: 1.0 / 100.0, steps: 2 }, Way { name: "resampled", ratio: 1.0, steps: 30 }];

/// The time of a step, set-up and memory beside each way of the peer.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    let ours = context.ours.then(|| Ours::build(context, "multires")).transpose()?;
    let rows = WAYS.iter().map(|way| beside(context, ours.as_ref(), way)).collect::<Result<Vec<_>>>()?;
    Ok(rows.into_iter().flatten().collect())
}

fn beside(context: &Context<'_>, ours: Option<&Ours>, way: &Way) -> Result<[Row; 3]> {
    let row =
        |what: &str, unit, goal| Row::new("multires", &format!("{what}, peer {}", way.name), unit, goal);
    let [mut step, mut setup, mut memory] = [
        row("step", "ms", Goal::RatioAtMost(way.ratio)),
        row("set-up", "s", Goal::OursAtMost(SETUP_SECONDS)),
        row("peak memory", "MB", Goal::OursAtMost(PEAK_MB)),
    ];
    let server = context.peer.as_ref().map(|peer| {
        let mut words = peer.script("scarlet2_step.py");
        words.push(context.data.join(SCENE).display().to_string());
        words.push(format!("--multires={}", way.name));
        PeerServer::start(&words, THREADS)
    });
    let mut server = server.transpose()?;
    let mut last = None;
    for _ in 0..context.rounds.unwrap_or(ROUNDS) {
        if let Some(ours) = ours {
            let mut round = ours.run(context, "native", THREADS, STEPS)?;
            step.ours.push(std::mem::take(&mut round.samples));
            setup.ours.push(round.setup_ms.map(|ms| 1e-3 * ms).into_iter().collect());
            memory.ours.push(round.peak_mb.into_iter().collect());
            last = Some(round);
        }
        if let Some(server) = &mut server {
            step.peer.push(server.round(way.steps)?);
        }
    }
    if let Some(server) = &server {
        let figure = |of: &Value, name: &str| of[name].as_f64().with_context(|| format!("the peer's {name}"));
        setup.peer.push(vec![figure(&server.ready, "setup_s")?]);
        memory.peer.push(vec![figure(&server.last, "peak_mb")?]);
    }
    step.note = note(last.as_ref(), server.as_ref().map(|server| &server.ready));
    Ok([step, setup, memory])
}

fn note(ours: Option<&OurSamples>, peer: Option<&Value>) -> String {
    let mut parts = vec![format!("{THREADS} threads")];
    if let Some(loss) = ours.and_then(|ours| ours.loss_first) {
        parts.push(format!("our first loss {loss:.0}"));
    }
    if let Some(allocations) = ours.and_then(|ours| ours.alloc_per_step) {
        parts.push(format!("{allocations} allocations per step of ours"));
    }
    if let Some(peer) = peer {
        let version = |name: &str| peer["versions"][name].as_str().unwrap_or("?").to_owned();
        parts.push(format!("peer scarlet2 {} on jax {}", version("scarlet2"), version("jax")));
        parts.push(format!("its first loss {:.0}", peer["loss_first"].as_f64().unwrap_or(f64::NAN)));
    }
    parts.join(", ")
}
