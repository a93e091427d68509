//! A hundred epochs on grids of their own beside as many on the model's grid, and how the cost of a step grows.
//!
//! The peer is our own convolution on aligned epochs, in turn with the others in each round: the goals are the ratio of
//! the times of a step, the exponent over the number of epochs, memory and set-up.

use anyhow::{Context as _, Result};

use super::Context;
use super::case::{Goal, Rounds, Row};
use super::scale::slope;
use super::sides::Ours;

const THREADS: usize = 2;
const ROUNDS: usize = 5;
const STEPS: usize = 15;
/// Numbers of epochs; the goals are for the last.
const COUNTS: [usize; 3] = [25, 50, 100];
/// Most times that a step of turned epochs takes of one of aligned ones.
const RATIO: f64 = 1.5;
const EXPONENT: f64 = 1.15;
const PEAK_MB: f64 = 500.0;
const SETUP_SECONDS: f64 = 2.0;

/// The ratio to aligned epochs, the exponent, memory and set-up of turned epochs.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    if !context.ours {
        return Ok(Vec::new());
    }
    let ours = Ours::build(context, "epochs")?;
    let [mut ratio, mut setup, mut memory] = [
        row("100 turned over aligned", "ratio", Goal::OursAtMost(RATIO)),
        row("100 turned set-up", "s", Goal::OursAtMost(SETUP_SECONDS)),
        row("100 turned peak memory", "MB", Goal::OursAtMost(PEAK_MB)),
    ];
    let (mut aligned, mut turned) = (Rounds::default(), vec![Rounds::default(); COUNTS.len()]);
    for _ in 0..context.rounds.unwrap_or(ROUNDS) {
        aligned.push(ours.run(context, "aligned-100", THREADS, STEPS)?.samples);
        for (count, times) in COUNTS.iter().zip(&mut turned) {
            let measured = ours.run(context, &format!("turned-{count}"), THREADS, STEPS)?;
            times.push(measured.samples);
            if *count == 100 {
                setup.ours.push(measured.setup_ms.map(|ms| 1e-3 * ms).into_iter().collect());
                memory.ours.push(measured.peak_mb.into_iter().collect());
            }
        }
    }
    let aligned = aligned.median().context("the bench epochs gave no samples")?;
    let times: Option<Vec<f64>> = turned.iter().map(Rounds::median).collect();
    let times = times.context("the bench epochs gave no samples")?;
    ratio.ours.push(times.last().map(|turned| turned / aligned).into_iter().collect());
    let texts: Vec<String> = COUNTS.iter().zip(&times).map(|(n, ms)| format!("{n} turned {ms:.2}")).collect();
    ratio.note = format!("{THREADS} threads, ms per step: 100 aligned {aligned:.2}, {}", texts.join(", "));
    let points: Vec<(f64, f64)> = COUNTS.iter().map(|n| *n as f64).zip(times).collect();
    let mut exponent = row("step over epochs", "exponent", Goal::OursAtMost(EXPONENT));
    exponent.ours.push(vec![slope(&points)]);
    Ok(vec![ratio, exponent, setup, memory])
}

fn row(case: &str, unit: &'static str, goal: Goal) -> Row {
    Row::new("epochs", case, unit, goal)
}
