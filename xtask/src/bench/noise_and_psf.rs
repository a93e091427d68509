//! What correlated noise and PSFs that vary cost, in the time of a step of the same epochs without.
//!
//! The peer is our own step with independent noise and one PSF, in turn with the others in each round.

use anyhow::{Context as _, Result};

use super::Context;
use super::case::{Goal, Rounds, Row};
use super::sides::Ours;

const THREADS: usize = 1;
const ROUNDS: usize = 5;
const STEPS: usize = 25;
/// Grid of the epochs, what they have besides, and most times that a step takes of one without; on the model's own grid a step
/// is little more than one convolution.
const CASES: [(&str, &str, f64); 4] = [
    ("aligned", "correlated", 3.0),
    ("aligned", "varying", 3.0),
    ("turned", "correlated", 2.0),
    ("turned", "varying", 3.0),
];

/// The ratios of the times of a step.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    if !context.ours {
        return Ok(Vec::new());
    }
    let ours = Ours::build(context, "epochs")?;
    let samples = |case: &str| Ok::<_, anyhow::Error>(ours.run(context, case, THREADS, STEPS)?.samples);
    let mut times = vec![[Rounds::default(), Rounds::default()]; CASES.len()];
    for _ in 0..context.rounds.unwrap_or(ROUNDS) {
        for ((grid, more, _), [with, without]) in CASES.iter().zip(&mut times) {
            without.push(samples(&format!("{grid}-10"))?);
            with.push(samples(&format!("{grid}+{more}-10"))?);
        }
    }
    let row = |((grid, more, goal), both): (&(&str, &str, f64), &[Rounds; 2])| {
        let medians = both.iter().map(Rounds::median).collect::<Option<Vec<f64>>>();
        let medians = medians.context("the bench epochs gave no samples")?;
        let goal = Goal::OursAtMost(*goal);
        let case = format!("10 {grid}, {more}");
        let mut row = Row::single("noise-and-psf", case, "ratio", Some(medians[0] / medians[1]), goal);
        row.note = format!("{THREADS} thread, ms per step: {:.2}, {:.2} without", medians[0], medians[1]);
        Ok(row)
    };
    CASES.iter().zip(&times).map(row).collect()
}
