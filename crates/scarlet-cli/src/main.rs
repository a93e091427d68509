//! The program `scarlet`: fit, simulate and report on scene files.

use clap::{Parser, Subcommand};
use scarlet_cli::CliError;
use scarlet_cli::budget::Interrupts;
use scarlet_cli::command::{EXIT_CODES, Finish, Session, check, demo, fit, prior, sample, simulate};
use scarlet_cli::log::{Log, LogArgs};
use std::process::ExitCode;

/// Models and separates overlapping stars and galaxies in astronomical images.
///
/// A scene file says which images there are, where the sources are and how they are modelled; `scarlet fit`
/// finds the model and writes a catalogue, images, a report and a summary. Try `scarlet demo` first.
#[derive(Debug, Parser)]
#[command(name = "scarlet", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Program {
    #[command(flatten)]
    log: LogArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what is wrong with the images and sources of a scene file
    #[command(after_help = check::EXAMPLES)]
    Check(check::CheckArgs),
    /// Simulate a blend, fit it and write everything: the place to begin
    #[command(after_help = demo::EXAMPLES)]
    Demo(demo::DemoArgs),
    /// Fit the sources of a scene file to its images
    #[command(after_help = fit::EXAMPLES)]
    Fit(fit::FitArgs),
    /// Convert, describe and train score networks, the priors of galaxies' images, and draw from them
    #[command(after_help = prior::EXAMPLES)]
    Prior(prior::PriorArgs),
    /// Draw from the posterior of a scene file: errors of everything, and how they go together
    #[command(after_help = sample::EXAMPLES)]
    Sample(sample::SampleArgs),
    /// Simulate the images of a blend, with catalogue, truth and scene file
    #[command(after_help = simulate::EXAMPLES)]
    Simulate(simulate::SimulateArgs),
}

fn main() -> ExitCode {
    let Program { log, command } = Program::parse();
    let log = Log::from(log);
    let session = Session::new(log, Interrupts::of_process(log));
    match run(&command, &session) {
        Ok(finish) => ExitCode::from(finish.code()),
        Err(error) => {
            error.tell(session.log);
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command, session: &Session) -> Result<Finish, CliError> {
    match command {
        Command::Check(args) => check::run(args, session),
        Command::Demo(args) => demo::run(args, session),
        Command::Fit(args) => fit::run(args, session),
        Command::Prior(args) => prior::run(args, session),
        Command::Sample(args) => sample::run(args, session),
        Command::Simulate(args) => simulate::run(args, session),
    }
}
