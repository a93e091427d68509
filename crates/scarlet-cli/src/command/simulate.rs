//! `scarlet simulate`: images of a blend with noise, catalogue, truth and scene file.

use super::{Finish, Session};
use crate::error::CliError;
use crate::log::Level;
use crate::output::prepare_folder;
use crate::simulation::{Settings, Survey, simulate};
use clap::Args;
use std::path::PathBuf;

/// What to read below the options.
pub const EXAMPLES: &str = "\
Examples:
  scarlet simulate --out sky                   then: scarlet fit sky/scene.yaml --out results
  scarlet simulate --out crowd --stars 40 --galaxies 160 --rows 512 --columns 512
  scarlet simulate survey.yaml --out sky       several instruments and epochs, as the file says

It writes images.fits, sources.csv (what a detection would give), truth.csv and scene.yaml. A survey has a file for each
exposure, with the images without noise in its HDUs TRUTH_.., and light_curves.csv where it has transients:

  sky: { ra: 150.1, dec: 2.2, size_arcsec: 9, stars: 2, galaxies: 4, transients: 1 }
  instruments:
    - { name: space, channels: [F814W], shape: [250, 250], pixel_arcsec: 0.04, fwhm_arcsec: 0.1, sigma_njy: 2 }
    - name: ground
      channels: [g, r, i]
      shape: [60, 60]
      pixel_arcsec: 0.168
      fwhm_arcsec: 0.7
      sigma_njy: 10                # noise of a pixel
      position_angle_deg: 30       # of the +y axis, from north to east; mirrored: true for a mirror image
      zero_point: 27.0             # images in counts; in nJy where it is not given
      epochs: 5
      vary: { angle_deg: 180, shift_arcsec: 0.5, scale: 0.01, fwhm: 0.2 }    # at most, from epoch to epoch";

/// Simulates a blend, or what a survey of several instruments and epochs sees.
#[derive(Debug, Clone, Args)]
pub struct SimulateArgs {
    /// A file that says which instruments look at which sky; a blend in five bands without it
    #[arg(conflicts_with_all = ["seed", "stars", "galaxies", "rows", "columns"])]
    pub survey: Option<PathBuf>,
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
    let sources = match &args.survey {
        None => {
            prepare_folder(&args.out, args.overwrite)?;
            let simulation = simulate(args.blend.into())?;
            simulation.write(&args.out)?;
            simulation.truth.len()
        }
        Some(path) => {
            let survey = Survey::read(path)?;
            prepare_folder(&args.out, args.overwrite)?;
            let simulated = survey.simulate()?;
            simulated.write(&args.out)?;
            simulated.sky.sources.len()
        }
    };
    let scene = args.out.join("scene.yaml");
    let text = format!("{sources} sources; fit them with: scarlet fit {} --out DIR", scene.display());
    if session.log.is_json() {
        session.log.say(Level::Info, "done", &text, &[("sources", sources.into())]);
    } else if session.log.says(Level::Info) {
        // A closed pipe is the reader's choice, not an error of ours.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
    Ok(Finish::Done)
}
