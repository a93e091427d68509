//! `scarlet demo`: simulates a blend and fits it, so that all that the program does can be seen.

use super::fit::{RunArgs, fit_scene, print};
use super::simulate::BlendArgs;
use crate::error::CliError;
use crate::output::make_folder;
use crate::simulation::simulate;
use clap::Args;
use std::path::PathBuf;

/// Simulates a blend and fits it.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Folder for images and results; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "scarlet-demo")]
    pub out: PathBuf,
    /// What to simulate
    #[command(flatten)]
    pub blend: BlendArgs,
    /// How to run the fit
    #[command(flatten)]
    pub run: RunArgs,
}

/// Runs the command.
///
/// # Errors
/// A file cannot be written, or the images are too small for the sources.
pub fn run(args: &DemoArgs) -> Result<(), CliError> {
    make_folder(&args.out)?;
    simulate(args.blend.into())?.write(&args.out)?;
    let summary = fit_scene(&args.out.join("scene.yaml"), &args.out, args.run)?;
    print(&summary, &args.out, args.run);
    Ok(())
}
