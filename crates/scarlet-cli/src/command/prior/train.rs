//! `scarlet prior train`: a network from images of galaxies.

use super::{Finish, Session, check_free, print};
use crate::error::CliError;
use crate::files::write_whole;
use crate::log::{Level, Log};
use crate::output::write_text;
use crate::prior::{DrawsPage, TrainingPage, read_stamps, simulated};
use clap::Args;
use scarlet::nn::device::Cpu;
use scarlet::nn::train::{Denoising, Event, ImageSet, Settings, State, Stop, Trainer, Until, judge};
use scarlet::nn::{About, Annealing, Architecture, ScoreNet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How images go into the networks.
const NORMALISATION: &str = "peak 1, log(x + 1) / 0.1";
/// Time where neither time nor steps are given.
const MINUTES: f64 = 20.0;
/// Noise levels at which the network is judged, of those it was trained on.
const JUDGED: [f64; 6] = [0.02, 0.1, 0.3, 1.0, 3.0, 10.0];
/// Images that are judged, drawn and shown.
const SHOWN: usize = 32;

/// Trains a network.
#[derive(Debug, Clone, Args)]
pub(super) struct TrainArgs {
    /// simulated, or a folder of FITS and NPY stamps of one galaxy each
    #[arg(long, value_name = "simulated|FOLDER")]
    from: String,
    /// Pixels along a side of the images
    #[arg(long, default_value_t = 32)]
    side: usize,
    /// Safetensors file for the network; checkpoint and report get its name with other endings
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// End after this time; 20 where neither time nor steps are given
    #[arg(long, value_name = "N")]
    minutes: Option<f64>,
    /// End after so many steps, with those before a resumption
    #[arg(long, value_name = "N")]
    steps: Option<u64>,
    /// Go on from the checkpoint of an earlier run
    #[arg(long)]
    resume: bool,
    /// Replace a network that is there
    #[arg(long)]
    overwrite: bool,
    /// Threads to work on; the network is the same for any number
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Number of simulated galaxies
    #[arg(long, default_value_t = 4000, value_name = "N")]
    galaxies: usize,
    /// What the images are, for the network's file
    #[arg(long, value_name = "TEXT")]
    training_set: Option<String>,
    /// Licence of the weights
    #[arg(long, value_name = "NAME", default_value = "not said")]
    licence: String,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Sizes of the network.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
struct NetworkArgs {
    /// Pixels along a side of a patch
    #[arg(long, default_value_t = 4)]
    patch: usize,
    /// Features of a patch
    #[arg(long, default_value_t = 64)]
    features: usize,
    /// Mixer blocks
    #[arg(long, default_value_t = 4)]
    depth: usize,
    /// Width of the hidden layers
    #[arg(long, default_value_t = 128)]
    width: usize,
    /// Lowest and highest noise level, in network units
    #[arg(long, num_args = 2, value_names = ["LOW", "HIGH"], default_values_t = [0.01, 20.0])]
    levels: Vec<f64>,
}

/// How it is trained.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Training; a resumed one keeps its own")]
struct SettingsArgs {
    /// Seed of the galaxies, the first weights and the noise
    #[arg(long, default_value_t = Settings::default().seed)]
    seed: u64,
    /// Images in a step, a multiple of 16
    #[arg(long, default_value_t = Settings::default().batch)]
    batch: usize,
    /// Largest step of Adam
    #[arg(long, default_value_t = Settings::default().rate)]
    rate: f64,
    /// Steps between two validations, after each of which a checkpoint is written
    #[arg(long, default_value_t = Settings::default().validate_every)]
    validate_every: u64,
    /// Validations without a lower loss after which training ends
    #[arg(long, default_value_t = Settings::default().patience)]
    patience: u64,
}

impl TrainArgs {
    fn architecture(&self) -> Architecture {
        let NetworkArgs { patch, features, depth, width, .. } = &self.network;
        let (patch, features, depth, width) = (*patch, *features, *depth, *width);
        Architecture { side: self.side, patch, features, depth, mix_patches: width, mix_features: width }
    }

    fn settings(&self) -> Settings {
        let SettingsArgs { seed, batch, rate, validate_every, patience } = self.settings;
        Settings { seed, batch, rate, validate_every, patience, ..Settings::default() }
    }

    fn until(&self) -> Result<Until, CliError> {
        let minutes = self.minutes.or(self.steps.is_none().then_some(MINUTES));
        let time = minutes.map(|minutes| Duration::try_from_secs_f64(60.0 * minutes)).transpose();
        let time = time.map_err(|_| CliError::Network {
            problem: format!("--minutes is {}", self.minutes.unwrap_or(f64::NAN)),
            advice: "give a positive number".to_owned(),
        })?;
        Ok(Until { steps: self.steps, time })
    }

    fn images(&self) -> Result<ImageSet, CliError> {
        match self.from.as_str() {
            "simulated" => simulated(self.side, self.galaxies, self.settings.seed),
            folder => read_stamps(Path::new(folder), self.side),
        }
    }

    fn about(&self, images: &ImageSet) -> About {
        let set = self.training_set.clone().unwrap_or_else(|| match self.from.as_str() {
            "simulated" => {
                format!("{} simulated galaxies of scarlet {}", images.len(), env!("CARGO_PKG_VERSION"))
            }
            folder => format!("{} stamps in {folder}", images.len()),
        });
        About { training_set: set, normalisation: NORMALISATION.to_owned(), licence: self.licence.clone() }
    }
}

/// Runs the command.
pub(super) fn run(args: &TrainArgs, session: &Session) -> Result<Finish, CliError> {
    if args.out.extension().is_none_or(|e| e != "safetensors") {
        return Err(CliError::Network {
            problem: format!("{} says no format", args.out.display()),
            advice: "end the name after --out in .safetensors".to_owned(),
        });
    }
    check_free(&args.out, args.overwrite || args.resume)?;
    let (until, checkpoint) = (args.until()?, args.out.with_extension("checkpoint.safetensors"));
    args.architecture().check()?;
    let images = args.images()?;
    let said = format!("{} images of {} x {} pixels", images.len(), args.side, args.side);
    session.log.say(Level::Info, "images", &said, &[("images", images.len().into())]);
    let levels = [args.network.levels[0], args.network.levels[1]];
    let objective = Denoising::new(args.architecture(), &images, levels)?;
    let device = Cpu::default();
    let mut trainer = if args.resume {
        Trainer::resume(&objective, &device, State::load(&checkpoint)?, args.threads)?
    } else {
        Trainer::new(&objective, &device, args.settings(), args.threads)?
    };
    let course = Course { log: session.log, started: Instant::now(), first: trainer.state().step };
    let stop = trainer.run(until, |state, event| {
        if let Event::Validation(_) = event {
            state.save(&checkpoint)?;
            course.say(state);
        }
        let is_over = session.interrupts.is_interrupted();
        Ok::<_, CliError>(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    let state = trainer.state();
    let net = objective.network(state.best())?;
    let bytes = net.to_safetensors(&args.about(&images))?;
    write_whole(&args.out, &bytes).map_err(CliError::file(&args.out, "write"))?;
    let seconds = course.started.elapsed().as_secs_f64();
    let summary = summary(state, stop, seconds);
    let page = page(args, &summary, state, &net, &images)?;
    let report = args.out.with_extension("html");
    write_text(&report, &page)?;
    print(&format!("{summary}\n{} and {} are written\n", args.out.display(), report.display()));
    Ok(if stop == Stop::Asked { Finish::Early } else { Finish::Done })
}

/// Says how far training is.
struct Course {
    log: Log,
    started: Instant,
    /// Steps before this run.
    first: u64,
}

impl Course {
    fn say(&self, state: &State) {
        let Some(record) = state.history.last() else { return };
        let per_step = self.started.elapsed().as_secs_f64() / (state.step - self.first).max(1) as f64;
        let text = format!(
            "step {}: loss {:.4}, of held-out images {:.4}; {:.0} images/s",
            record.step,
            record.training,
            record.validation,
            state.settings.batch as f64 / per_step
        );
        let fields = [
            ("step", record.step.into()),
            ("training", record.training.into()),
            ("validation", record.validation.into()),
            ("seconds_per_step", per_step.into()),
        ];
        self.log.say(Level::Info, "validation", &text, &fields);
    }
}

fn summary(state: &State, stop: Stop, seconds: f64) -> String {
    let why = match stop {
        Stop::Steps => "all steps were taken",
        Stop::Time => "the time was used up",
        Stop::Converged => "the loss of held-out images fell no more",
        Stop::Asked => "it was interrupted",
    };
    let best = state.best_record().map_or_else(String::new, |best| {
        format!(" Kept is step {} with a loss of {:.4} on held-out images.", best.step, best.validation)
    });
    format!("{} steps, this run in {seconds:.0} s: {why}.{best}", state.step)
}

fn page(
    args: &TrainArgs,
    summary: &str,
    state: &State,
    net: &ScoreNet,
    images: &ImageSet,
) -> Result<String, CliError> {
    let (low, high) = (args.network.levels[0], args.network.levels[1]);
    let levels: Vec<f64> = JUDGED.into_iter().filter(|t| (low..=high).contains(t)).collect();
    let seed = state.settings.seed;
    let denoised = judge(net, images, &levels, SHOWN, seed)?;
    let draws = Annealing::of(net.scaling()).draw(net, SHOWN, seed, args.threads)?;
    let examples: Vec<f32> =
        (0..images.len().min(SHOWN)).flat_map(|k| images.image(k).iter().copied()).collect();
    let settings =
        format!("{:#?}\n{:#?}\nscaling: {:?}\n", args.architecture(), state.settings, net.scaling());
    let name = args.out.file_name().map(|name| name.to_string_lossy().into_owned());
    let draws = DrawsPage {
        title: name.unwrap_or_default(),
        summary: summary.to_owned(),
        side: args.side,
        draws: &draws,
    };
    let page =
        TrainingPage { draws, history: &state.history, denoised: &denoised, examples: &examples, settings };
    Ok(page.html())
}
