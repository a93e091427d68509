//! Everything that a change must pass, in one command that anyone can run.

mod outputs;
mod program;
mod steps;

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;

use crate::workspace::Workspace;

/// How to run the checks.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Steps to run; all of them when none is named.
    #[arg(value_name = "STEP", value_parser = clap::builder::PossibleValuesParser::new(names()))]
    steps: Vec<String>,
    /// Where the shared data cannot be had, leave the real-data tests out even if CI is set.
    #[arg(long)]
    without_data: bool,
}

/// How a step ended when nothing was wrong.
#[derive(Debug, PartialEq)]
enum Outcome {
    Passed,
    /// Why it was left out.
    Skipped(String),
}

type Run = fn(&Workspace, &Options) -> Result<Outcome>;

/// A named step with the command that repeats it alone.
#[derive(Debug)]
struct Step {
    name: &'static str,
    repeat: &'static str,
    run: Run,
}

/// The steps in their order: quick ones first, the tests last so that their results end the output.
const STEPS: &[Step] = &[
    Step { name: "format", repeat: "cargo fmt --all --check", run: steps::format },
    Step { name: "tidy", repeat: "cargo xtask tidy", run: steps::tidy },
    Step {
        name: "clippy",
        repeat: "cargo clippy --workspace --all-targets -- -D warnings",
        run: steps::clippy,
    },
    Step {
        name: "docs",
        repeat: "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps",
        run: steps::docs,
    },
    Step { name: "examples", repeat: "cargo xtask ci examples", run: program::examples },
    Step { name: "demo", repeat: "cargo xtask ci demo", run: program::demo },
    Step { name: "real-data", repeat: "cargo xtask ci real-data", run: steps::real_data },
    Step { name: "test", repeat: "cargo test --workspace", run: steps::test },
];

fn names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

/// Runs the steps, all of them even after a failure; true where none failed.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool> {
    let start = Instant::now();
    let chosen =
        STEPS.iter().filter(|s| options.steps.is_empty() || options.steps.iter().any(|n| n == s.name));
    let mut reports = Vec::new();
    let mut failed = false;
    for step in chosen {
        println!("\n== {} ({})", step.name, step.repeat);
        let begin = Instant::now();
        let result = (step.run)(workspace, options);
        let report = report(step, &result, begin.elapsed());
        println!("{report}");
        failed |= result.is_err();
        reports.push((report, result.is_err()));
    }
    if reports.len() > 1 {
        println!("\n== summary, {}", seconds(start.elapsed()));
        reports.iter().for_each(|(report, _)| println!("{report}"));
    }
    Ok(!failed)
}

/// One or, for a failure, a few lines: what happened, how long it took, how to repeat it.
fn report(step: &Step, result: &Result<Outcome>, elapsed: Duration) -> String {
    let time = seconds(elapsed);
    match result {
        Ok(Outcome::Passed) => format!("ci: {}: passed in {time}", step.name),
        Ok(Outcome::Skipped(reason)) => format!("ci: {}: SKIPPED: {reason}", step.name),
        Err(error) => {
            format!("ci: {}: FAILED after {time}: {error:#}\n    repeat with: {}", step.name, step.repeat)
        }
    }
}

fn seconds(elapsed: Duration) -> String {
    let total = elapsed.as_secs();
    match total {
        0..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        _ => format!("{} min {} s", total / 60, total % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn a_failure_says_how_to_repeat_it() {
        let text = report(&STEPS[0], &Err(anyhow!("it differs")), Duration::from_secs(61));
        assert!(text.contains("FAILED after 1 min 1 s: it differs"), "{text}");
        assert!(text.ends_with("repeat with: cargo fmt --all --check"), "{text}");
    }

    #[test]
    fn a_skipped_step_says_why() {
        let text = report(&STEPS[0], &Ok(Outcome::Skipped("no data".to_owned())), Duration::ZERO);
        assert!(text.contains("SKIPPED: no data"), "{text}");
    }

    #[test]
    fn the_tests_end_the_output() {
        assert_eq!(names().last(), Some(&"test"));
    }
}
