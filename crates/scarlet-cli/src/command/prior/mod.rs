//! `scarlet prior`: score networks as files: converted, described, trained, drawn from.

mod convert;
mod info;
mod sample;
mod train;

use super::{Finish, Session};
use crate::error::CliError;
use clap::{Args, Subcommand};
use std::io::Write as _;
use std::path::Path;

/// What to read below the options.
pub const EXAMPLES: &str = "\
Examples:
  scarlet prior convert eqx_hsc_ScoreNet32.eqx hsc32.safetensors --training-set \"HSC galaxies\" \\
      --normalisation \"peak 1, log(x + 1) / 0.1\" --licence MIT
  scarlet prior info hsc32.safetensors
  scarlet prior train --from simulated --side 32 --out own32.safetensors --minutes 20
  scarlet prior train --from stamps/ --side 32 --out mine.safetensors --resume
  scarlet prior sample own32.safetensors --out draws";

/// Works on score networks, the priors of galaxies' images.
#[derive(Debug, Clone, Args)]
pub struct PriorArgs {
    #[command(subcommand)]
    command: PriorCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum PriorCommand {
    /// Convert between .eqx files of galaxy-grad and safetensors with what is known of the network
    Convert(convert::ConvertArgs),
    /// Say what a network is: sizes, origin, checksums, weights
    Info(info::InfoArgs),
    /// Train a network on a folder of stamps or on simulated galaxies
    Train(Box<train::TrainArgs>),
    /// Draw images from a network
    Sample(sample::SampleArgs),
}

/// Runs the command.
///
/// # Errors
/// A file that cannot be read or written, a network or images that cannot be used.
pub fn run(args: &PriorArgs, session: &Session) -> Result<Finish, CliError> {
    match &args.command {
        PriorCommand::Convert(args) => convert::run(args, session),
        PriorCommand::Info(args) => info::run(args),
        PriorCommand::Train(args) => train::run(args, session),
        PriorCommand::Sample(args) => sample::run(args, session),
    }
}

/// Writes to standard output; a closed pipe is the reader's choice, not an error of ours.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Refuses to replace a file that is there, unless `overwrite`.
fn check_free(path: &Path, overwrite: bool) -> Result<(), CliError> {
    if overwrite || !path.exists() {
        return Ok(());
    }
    Err(CliError::Network {
        problem: format!("{} is there already", path.display()),
        advice: "give another name, or --overwrite to replace it".to_owned(),
    })
}
