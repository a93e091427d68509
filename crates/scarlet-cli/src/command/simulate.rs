//! `scarlet simulate`: images of a blend with noise, catalogue, truth and scene file.

use super::{Finish, Session};
use crate::error::CliError;
use crate::log::Level;
use crate::output::prepare_folder;
use crate::simulation::{Settings, simulate};
use clap::Args;
use std::path::PathBuf;

/// What to read below the options.
pub const EXAMPLES: &str = "\
Examples:
  scarlet simulate --out sky                   then: scarlet fit sky/scene.yaml --out results
  scarlet simulate --out crowd --stars 40 --galaxies 160 --rows 512 --columns 512

It writes images.fits, sources.csv (what a detection would give), truth.csv and scene.yaml.";

/// Simulates a blend.
#[derive(Debug, Clone, Args)]
pub struct SimulateArgs {
    /// Folder for the files; made if it is not there
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,
    /// Write into the folder also where it holds files that are not scarlet's
    #[arg(long)]
    pub overwrite: bool,
    /// What to simulate
    #[command(flatten)]
    pub blend: BlendArgs,
}

/// What to simulate.
#[derive(Debug, Clone, Copy, Args)]
pub struct BlendArgs {
    /// Seed of positions, shapes, colours and noise
    #[arg(long, default_value_t = Settings::default().seed)]
    pub seed: u64,
    /// Number of stars
    #[arg(long, default_value_t = Settings::default().stars)]
    pub stars: usize,
    /// Number of galaxies
    #[arg(long, default_value_t = Settings::default().galaxies)]
    pub galaxies: usize,
    /// Rows of the images
    #[arg(long, default_value_t = Settings::default().shape[0])]
    pub rows: usize,
    /// Columns of the images
    #[arg(long, default_value_t = Settings::default().shape[1])]
    pub columns: usize,
}

impl From<BlendArgs> for Settings {
    fn from(args: BlendArgs) -> Self {
        let BlendArgs { seed, stars, galaxies, rows, columns } = args;
        Self { seed, stars, galaxies, shape: [rows, columns] }
    }
}

/// Runs the command.
///
/// # Errors
/// The images are too small for the sources, or a file cannot be written.
pub fn run(args: &SimulateArgs, session: &Session) -> Result<Finish, CliError> {
    use std::io::Write;
    prepare_folder(&args.out, args.overwrite)?;
    let simulation = simulate(args.blend.into())?;
    simulation.write(&args.out)?;
    let (sources, scene) = (simulation.truth.len(), args.out.join("scene.yaml"));
    let text = format!("{sources} sources; fit them with: scarlet fit {} --out DIR", scene.display());
    if session.log.is_json() {
        session.log.say(Level::Info, "done", &text, &[("sources", sources.into())]);
    } else if session.log.says(Level::Info) {
        // A closed pipe is the reader's choice, not an error of ours.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
    Ok(Finish::Done)
}
