//! `scarlet demo`: simulates a blend and fits it, so that all that the program does can be seen.

use super::fit::{RunArgs, fit_scene, print};
use super::simulate::BlendArgs;
use super::{Finish, Session};
use crate::error::CliError;
use crate::output::prepare_folder;
use crate::simulation::simulate;
use clap::Args;
use std::path::PathBuf;

/// What to read below the options.
pub const EXAMPLES: &str = "\
Examples:
  scarlet demo                                 then open scarlet-demo/report.html
  scarlet demo --galaxies 12 --rows 128 --columns 128 --seed 7 --out blend";

/// Simulates a blend and fits it.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Folder for images and results; made if it is not there
    #[arg(long, short, value_name = "DIR", default_value = "scarlet-demo")]
    pub out: PathBuf,
    /// Write into the folder also where it holds files that are not scarlet's
    #[arg(long)]
    pub overwrite: bool,
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
pub fn run(args: &DemoArgs, session: &Session) -> Result<Finish, CliError> {
    prepare_folder(&args.out, args.overwrite)?;
    simulate(args.blend.into())?.write(&args.out)?;
    let summary = fit_scene(&args.out.join("scene.yaml"), &args.out, args.run, session)?;
    Ok(print(&summary, &args.out, args.run, session))
}
