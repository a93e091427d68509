//! `scarlet prior sample`: draws from a network.

use super::{Finish, Session};
use crate::error::CliError;
use crate::files::write_whole;
use crate::log::Level;
use crate::output::{prepare_folder, write_text};
use crate::prior::{DrawsPage, sheet};
use clap::Args;
use ndarray::Array3;
use scarlet::nn::train::from_network_units;
use scarlet::nn::{Annealing, ScoreNet, Values, Weights};
use scarlet::obs::fits::{FitsKey, FitsWriter};
use std::path::PathBuf;
use std::time::Instant;

/// Images in a row of the picture.
const COLUMNS: usize = 8;
/// Width of the picture, in pixels at least.
const WIDTH: usize = 800;

/// Draws images from a network.
#[derive(Debug, Clone, Args)]
pub(super) struct SampleArgs {
    /// The network, .safetensors or .eqx
    network: PathBuf,
    /// Folder for draws.fits, draws.npy, draws.png and report.html; made if it is not there
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// Write into the folder also where it holds files that are not scarlet's
    #[arg(long)]
    overwrite: bool,
    /// Number of images
    #[arg(long, default_value_t = 32)]
    count: usize,
    /// Seed; image k of a seed is the same for any number of images and threads
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads to work on
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// First and last noise level; those of the network's training without it
    #[arg(long, num_args = 2, value_names = ["HIGH", "LOW"])]
    levels: Option<Vec<f64>>,
    /// Number of noise levels
    #[arg(long, default_value_t = 60)]
    noise_levels: usize,
    /// Steps at each noise level
    #[arg(long, default_value_t = 4)]
    steps: usize,
}

/// Runs the command.
pub(super) fn run(args: &SampleArgs, session: &Session) -> Result<Finish, CliError> {
    let (net, _) = ScoreNet::read(&args.network)?;
    let own = Annealing::of(net.scaling());
    let levels = args.levels.as_ref().map_or(own.levels, |levels| [levels[0], levels[1]]);
    let annealing = Annealing { levels, count: args.noise_levels, steps: args.steps, ..own };
    prepare_folder(&args.out, args.overwrite)?;
    let started = Instant::now();
    let draws = annealing.draw(&net, args.count, args.seed, args.threads)?;
    if let Some(k) = draws.iter().position(|v| !v.is_finite()) {
        let side = net.architecture().side;
        return Err(CliError::Network {
            problem: format!("draw {} is not finite", k / (side * side)),
            advice: "begin at a lower noise level: the network may not know the first one".to_owned(),
        });
    }
    let side = net.architecture().side;
    write(args, side, &draws)?;
    let title = args.network.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let summary = format!(
        "{} draws in {:.1} s: noise levels from {} to {} in {} steps of {}.",
        args.count,
        started.elapsed().as_secs_f64(),
        levels[0],
        levels[1],
        annealing.count,
        annealing.steps
    );
    let page = DrawsPage { title, summary: summary.clone(), side, draws: &draws };
    write_text(&args.out.join("report.html"), &page.html())?;
    session.log.say(Level::Info, "done", &format!("{summary} See {}", args.out.display()), &[]);
    Ok(Finish::Done)
}

fn write(args: &SampleArgs, side: usize, draws: &[f32]) -> Result<(), CliError> {
    let pixels: Vec<f32> = draws.iter().map(|v| from_network_units(f64::from(*v)) as f32).collect();
    let array = Weights::new([args.count, side, side], Values::F32(pixels.clone()))?;
    let file = |name: &str, bytes: &[u8]| {
        let path = args.out.join(name);
        write_whole(&path, bytes).map_err(CliError::file(&path, "write"))
    };
    file("draws.npy", &Weights::to_eqx(&[array]))?;
    file("draws.png", &sheet(draws, side, COLUMNS).upscaled(WIDTH).png())?;
    let creator = FitsKey::new("CREATOR", format!("scarlet {} prior sample", env!("CARGO_PKG_VERSION")), "");
    let mut fits = FitsWriter::create(args.out.join("draws.fits"), &[creator])?;
    let cube = Array3::from_shape_vec((args.count, side, side), pixels);
    fits.image("DRAWS", &cube.expect("as many pixels as drawn"), &[], &[])?;
    Ok(fits.finish()?)
}
