//! The program `scarlet`: fit, simulate and report on scene files.

use clap::{Parser, Subcommand};
use scarlet_cli::command::{demo, fit, simulate};
use std::process::ExitCode;

/// Models and separates overlapping stars and galaxies in astronomical images.
#[derive(Debug, Parser)]
#[command(name = "scarlet", version)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulate a blend, fit it and write everything: the place to begin
    Demo(demo::DemoArgs),
    /// Fit the sources of a scene file to its images
    Fit(fit::FitArgs),
    /// Simulate the images of a blend, with catalogue, truth and scene file
    Simulate(simulate::SimulateArgs),
}

fn main() -> ExitCode {
    let done = match Program::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Fit(args) => fit::run(&args),
        Command::Simulate(args) => simulate::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{:?}", miette::Report::new(error));
            ExitCode::FAILURE
        }
    }
}
