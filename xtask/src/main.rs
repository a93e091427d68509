//! Tasks of the workspace: the checks of continuous integration, the rules of the code, the benchmarks.

mod bench;
mod ci;
mod sbc;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use workspace::Workspace;

/// Tasks of the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Runs everything that a change must pass: format, lints, docs, tidy, examples, demo, tests.
    Ci(ci::Options),
    /// Checks the rules that the compiler does not: crate edges, deviations, README commands, source files.
    Tidy,
    /// Measures ours beside the peer and compares with the goals.
    Bench(bench::Options),
    /// Draws scenes from their priors and checks that the sampler's posteriors are calibrated.
    Sbc(sbc::Options),
}

fn main() -> ExitCode {
    let outcome = Workspace::load().and_then(|workspace| match Arguments::parse().task {
        Task::Ci(options) => ci::run(&workspace, &options),
        Task::Tidy => tidy::run(&workspace),
        Task::Bench(options) => bench::run(&workspace, &options),
        Task::Sbc(options) => sbc::run(&workspace, &options),
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Names of the tasks, as the command line knows them.
fn task_names() -> Vec<String> {
    use clap::CommandFactory;
    Arguments::command().get_subcommands().map(|c| c.get_name().to_owned()).collect()
}
