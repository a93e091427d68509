//! Single optimisation steps, warm: the quickstart scene, a Sersic image, and scenes that grow.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Context;
use super::case::{Goal, Row};
use super::sides::{OurSamples, Ours, PeerServer};

/// Largest relative difference between the losses of the start values, in f32 and with different FFT lengths.
const SAME_START: f64 = 1e-3;
/// Largest relative difference between two gradients of one image, in f32.
const SAME_GRADIENT: f64 = 1e-2;
/// Smallest part of a step that must be inside the FFTs of the floor's count.
const FFT_SHARE: f64 = 0.6;

/// A scene that both sides step through.
struct StepCase {
    bench: &'static str,
    name: &'static str,
    scene: &'static str,
    threads: usize,
    rounds: usize,
    steps: usize,
    goal: f64,
}

const QUICKSTART: StepCase = StepCase {
    bench: "quickstart",
    name: "quickstart",
    scene: "quickstart.npz",
    threads: 1,
    rounds: 7,
    steps: 200,
    goal: 1.0 / 4.0,
};

const SCALING: [StepCase; 2] = [
    StepCase {
        bench: "scaling",
        name: "n50-s256",
        scene: "scaling-n50-s256.npz",
        threads: 2,
        rounds: 7,
        steps: 20,
        goal: 1.0 / 8.0,
    },
    StepCase {
        bench: "scaling",
        name: "n200-s512",
        scene: "scaling-n200-s512.npz",
        threads: 2,
        rounds: 5,
        steps: 8,
        goal: 1.0 / 15.0,
    },
];

/// The quickstart scene and the Sersic image, on one thread.
pub(crate) fn quickstart(context: &Context<'_>) -> Result<Vec<Row>> {
    let ours = ours(context)?;
    let mut rows = step_rows(context, ours.as_ref(), &QUICKSTART)?;
    rows.push(sersic(context, ours.as_ref())?);
    Ok(rows)
}

/// 50 sources on 256x256 and 200 on 512x512, five channels, on two threads.
pub(crate) fn scaling(context: &Context<'_>) -> Result<Vec<Row>> {
    let ours = ours(context)?;
    let rows =
        SCALING.iter().map(|case| step_rows(context, ours.as_ref(), case)).collect::<Result<Vec<_>>>()?;
    Ok(rows.into_iter().flatten().collect())
}

fn ours(context: &Context<'_>) -> Result<Option<Ours>> {
    context.ours.then(|| Ours::build(context, "step")).transpose()
}

/// The time of a step, the FFT share and the allocations of one scene.
fn step_rows(context: &Context<'_>, ours: Option<&Ours>, case: &StepCase) -> Result<Vec<Row>> {
    let scene = context.data.join("scenes").join(case.scene);
    ensure!(scene.is_file(), "the scene file {} is missing", scene.display());
    let server = context.peer.as_ref().map(|peer| {
        let mut words = peer.script("scarlet2_step.py");
        words.push(scene.display().to_string());
        PeerServer::start(&words, case.threads)
    });
    let mut server = server.transpose()?;
    let mut row = new_row(case.bench, case.name, case.goal);
    let mut last = None;
    for _ in 0..context.rounds.unwrap_or(case.rounds) {
        if let Some(ours) = ours {
            let mut round = ours.run(context, case.name, case.threads, case.steps)?;
            row.ours.push(std::mem::take(&mut round.samples));
            last = Some(round);
        }
        if let Some(server) = &mut server {
            row.peer.push(server.round(case.steps)?);
        }
    }
    if let (Some(server), Some(last)) = (&server, &last) {
        same_start(&server.ready, last)?;
    }
    row.note = note(case.threads, last.as_ref(), server.as_ref().map(|s| &s.ready));
    let mut rows = vec![row];
    if let Some(last) = last {
        let figure = |what: &str, unit, value, goal| {
            Row::single(case.bench, format!("{} {what}", case.name), unit, value, goal)
        };
        if case.bench == "quickstart" {
            rows.push(figure("fft share", "1", last.fft_share, Goal::OursAtLeast(FFT_SHARE)));
        }
        rows.push(figure("allocations", "1/step", last.alloc_per_step, Goal::OursAtMost(0.0)));
    }
    Ok(rows)
}

fn new_row(bench: &'static str, case: &str, goal: f64) -> Row {
    Row::new(bench, case, "ms", Goal::RatioAtMost(goal))
}

/// Both sides must have begun with the same loss; otherwise their times say nothing.
fn same_start(peer: &Value, ours: &OurSamples) -> Result<()> {
    let peer = peer["loss_first"].as_f64().context("the peer did not say its first loss")?;
    let ours = ours.loss_first.context("our bench did not say its first loss")?;
    let difference = (ours / peer - 1.0).abs();
    ensure!(
        difference <= SAME_START,
        "the starts differ: our first loss is {ours}, the peer's {peer} (relative {difference:.1e})"
    );
    Ok(())
}

fn note(threads: usize, ours: Option<&OurSamples>, peer: Option<&Value>) -> String {
    let mut parts = vec![format!("{threads} thread{}", if threads == 1 { "" } else { "s" })];
    if let Some(share) = ours.and_then(|o| o.fft_share) {
        parts.push(format!("{:.0}% of our step in FFTs of the floor's count", 100.0 * share));
    }
    if let Some(peer) = peer {
        let version = |name: &str| peer["versions"][name].as_str().unwrap_or("?").to_owned();
        parts.push(format!("peer scarlet2 {} on jax {}", version("scarlet2"), version("jax")));
    }
    parts.join(", ")
}

/// A Sersic image of 101x101 with the pull-back to index, size, ellipticity and centre, on one thread.
fn sersic(context: &Context<'_>, ours: Option<&Ours>) -> Result<Row> {
    let server = context.peer.as_ref().map(|peer| PeerServer::start(&peer.script("scarlet2_sersic.py"), 1));
    let mut server = server.transpose()?;
    let mut row = new_row("quickstart", "sersic 101x101", 1.0);
    for _ in 0..context.rounds.unwrap_or(9) {
        let mut round = ours.map(|ours| ours.run(context, "sersic", 1, 20)).transpose()?;
        if let Some(round) = &mut round {
            row.ours.push(std::mem::take(&mut round.samples));
        }
        if let Some(server) = &mut server {
            row.peer.push(server.round(20)?);
            round.map_or(Ok(()), |round| same_gradient(&server.ready, &round))?;
        }
    }
    row.note = note(1, None, server.as_ref().map(|s| &s.ready));
    if let Some(ways) = server.as_ref().and_then(|s| s.ready["ways"].as_object()) {
        let ways: Vec<String> =
            ways.iter().map(|(way, ms)| format!("{way} {:.4}", ms.as_f64().unwrap_or(f64::NAN))).collect();
        row.note += &format!("; the peer is the fastest of: {} ms", ways.join(", "));
    }
    Ok(row)
}

/// Both sides must have the same derivatives.
pub(super) fn same_gradient(peer: &Value, ours: &OurSamples) -> Result<()> {
    let peer: Vec<f64> = serde_json::from_value(peer["gradient"].clone()).context("the peer's gradient")?;
    let scale = peer.iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
    ensure!(ours.gradient.len() == peer.len(), "{} of {} derivatives", ours.gradient.len(), peer.len());
    for (k, (a, b)) in ours.gradient.iter().zip(&peer).enumerate() {
        ensure!((a - b).abs() <= SAME_GRADIENT * scale, "derivative {k} is {a}, the peer's is {b}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ours(loss_first: f64, gradient: &[f64]) -> OurSamples {
        serde_json::from_value(
            json!({"samples": [1.0], "threads": 1, "loss_first": loss_first, "gradient": gradient}),
        )
        .expect("the documented object")
    }

    #[test]
    fn different_starts_are_refused() {
        let peer = json!({"loss_first": 3029201.0});
        assert!(same_start(&peer, &ours(3029200.65, &[])).is_ok());
        assert!(same_start(&peer, &ours(3045000.0, &[])).is_err());
    }

    #[test]
    fn different_gradients_are_refused() {
        let peer = json!({"gradient": [10.0, -0.5]});
        assert!(same_gradient(&peer, &ours(0.0, &[10.01, -0.51])).is_ok());
        assert!(same_gradient(&peer, &ours(0.0, &[10.01, 0.5])).is_err());
        assert!(same_gradient(&peer, &ours(0.0, &[10.0])).is_err());
    }
}
