//! `scarlet simulate`: images of a blend with noise, catalogue, truth and scene file.

use crate::error::CliError;
use crate::output::make_folder;
use crate::simulation::{Settings, simulate};
use clap::Args;
use std::path::PathBuf;

/// Simulates a blend.
#[derive(Debug, Clone, Args)]
pub struct SimulateArgs {
    /// Folder for the files; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
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
pub fn run(args: &SimulateArgs) -> Result<(), CliError> {
    use std::io::Write;
    make_folder(&args.out)?;
    let simulation = simulate(args.blend.into())?;
    simulation.write(&args.out)?;
    // A closed pipe is the reader's choice, not an error of ours.
    let _ = writeln!(
        std::io::stdout(),
        "{} sources; fit them with: scarlet fit {} --out DIR",
        simulation.truth.len(),
        args.out.join("scene.yaml").display()
    );
    Ok(())
}
