//! `scarlet fit`: from a scene file to a fitted scene and its outputs.

use super::progress::Course;
use super::{Finish, Session};
use crate::budget::Budget;
use crate::error::CliError;
use crate::findings;
use crate::log::Level;
use crate::memory::{self, Estimate};
use crate::output::{
    Ending, Outcome, RESULTS, Summary, check_inputs, peak_rss_mb, prepare_folder, seconds, write_text,
};
use crate::report::BoxHistory;
use crate::scene_file::{BoxesKind, FitSpec, SceneFile};
use clap::Args;
use scarlet::frame::BBox;
use scarlet::infer::{BoxRules, Fit, Posterior, Progress};
use scarlet::model::{Scene, Source};
use scarlet::obs::Observation;
use scarlet::obs::catalog::measure_sources;
use scarlet::obs::check::{self, Finding, Severity};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What to read below the options.
pub const EXAMPLES: &str = "\
Examples:
  scarlet fit scene.yaml --out results
  scarlet fit scene.yaml --out results --threads 0 --time 60
  scarlet fit scene.yaml --out results --quiet --json | jq .chi2_per_pixel

It writes catalog.csv, catalog.parquet, model.fits, scene.json, report.html and summary.json. Results of an earlier
run in the same folder are replaced; a folder with files of others is refused without --overwrite, and a file that
the fit reads is never replaced. Each file appears under its name only when it is whole.

--time ends the steps. Start values are improved for half of what is left after reading, fluxes for half of the rest: a
warning says where that was not enough. Reading, planning and writing are not cut short and come on top. Without time for a
step the results are the start values.

Ctrl-C (or SIGTERM) ends the fit after the step it is in and writes the best so far, flagged in summary.json and in
the catalogue; a second Ctrl-C stops at once. Exit codes: see scarlet --help.";

/// Fits the sources of a scene file to its images.
#[derive(Debug, Clone, Args)]
pub struct FitArgs {
    /// The scene file
    pub scene: PathBuf,
    /// Folder for the results; made if it is not there
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,
    /// Write into the folder also where it holds files that are not scarlet's
    #[arg(long)]
    pub overwrite: bool,
    /// How to run it
    #[command(flatten)]
    pub run: RunArgs,
}

/// How to run a fit.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct RunArgs {
    /// Threads, 0 for one on each core; overrides the scene file
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Steps at most; overrides the scene file
    #[arg(long, value_name = "N")]
    pub max_iter: Option<usize>,
    /// Seconds, from the start of the program, after which no step begins; overrides the scene file
    #[arg(long, value_name = "SECONDS", value_parser = positive)]
    pub time: Option<f64>,
    /// Memory that may be used, in 1e6 bytes, in place of what the system has; overrides the scene file
    #[arg(long, value_name = "MB", value_parser = positive)]
    pub memory_limit_mb: Option<f64>,
    /// Write also redistributed.fits: the data shared out among the sources in proportion to their models
    #[arg(long)]
    pub redistribute: bool,
    /// Write also the report's pictures as PNG files
    #[arg(long)]
    pub png: bool,
    /// Print the summary as JSON on standard output
    #[arg(long)]
    pub json: bool,
}

pub(super) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
        _ => Err("a number greater than 0 is needed".to_owned()),
    }
}

impl RunArgs {
    /// Writes what was said on the command line over what the scene file says.
    fn apply(self, file: &mut SceneFile) {
        file.output.redistributed |= self.redistribute;
        file.output.pictures |= self.png;
        let fit = &mut file.fit;
        fit.threads = self.threads.unwrap_or(fit.threads);
        fit.max_iter = self.max_iter.unwrap_or(fit.max_iter);
        fit.time_s = self.time.or(fit.time_s);
        fit.memory_mb = self.memory_limit_mb.or(fit.memory_mb);
    }
}

/// Runs the command.
///
/// # Errors
/// Names the file, field, source or pixel that is at fault.
pub fn run(args: &FitArgs, session: &Session) -> Result<Finish, CliError> {
    prepare_after_reading(args)?;
    let summary = fit_scene(&args.scene, &args.out, args.run, session)?;
    Ok(print(&summary, &args.out, args.run, session))
}

/// Makes the folder ready, where the scene file is one: no folder appears for a misspelt name.
fn prepare_after_reading(args: &FitArgs) -> Result<(), CliError> {
    let file = SceneFile::read(&args.scene)?;
    check_inputs(&args.out, &RESULTS, &file.inputs())?;
    prepare_folder(&args.out, args.overwrite)
}

/// Fits the scene file at `path` and writes everything into `folder`, which is ready.
///
/// # Errors
/// As [`run`].
pub fn fit_scene(path: &Path, folder: &Path, run: RunArgs, session: &Session) -> Result<Summary, CliError> {
    let mut stages = Stages::new(session);
    let mut file = SceneFile::read(path)?;
    run.apply(&mut file);
    file.flux_unit = file.unit_of_fluxes();
    check_memory("reading the images", &Estimate::of_images(file.pixels()), &file.fit)?;
    let mut observations = file.read_observations()?;
    let read = stages.end("read", &format!("{} observations read", observations.len()));

    let mut budget = Budget::new(session.started, file.fit.time(), session.interrupts.clone());
    let mut scene = file.make_scene_within(&mut budget, &mut observations)?;
    let estimate = Estimate::of_fit(&scene, &observations, file.fit.precision(), file.fit.threads);
    check_memory("this fit", &estimate, &file.fit)?;
    let seen: Vec<&Observation> = observations.iter().collect();
    let before = check::before_fit(&scene, &seen)?;
    tell(&before, session);
    let builder = Posterior::builder().precision(file.fit.precision()).threads(file.fit.threads);
    let mut posterior = builder.build(&scene, &observations)?;
    let setup = stages.end("setup", &format!("{} sources planned", scene.len()));

    let start_boxes = first_boxes(&scene);
    let fit = descend(&mut posterior, &mut scene, &file.fit, &mut budget, session)?;
    let ending = Ending::of(fit.stop, budget.spent());
    let fitted = stages.end("fit", &format!("{} steps, {}", fit.iterations, ending.name()));

    posterior.store(&fit.x, &mut scene);
    let estimates = posterior.estimates(&fit.x, &seen);
    let observations = calibrated(&observations, &posterior);
    let seen: Vec<&Observation> = observations.iter().collect();
    let errors = posterior.errors(&fit.x, &scene, &seen)?;
    let took = stages.end("errors", &format!("errors of {} sources", errors.sources.len()));
    let log_likelihood = posterior.log_likelihood(&fit.x);
    let rendered = posterior.rendered();
    let mut outcome = Outcome {
        sources: measure_sources(&scene, &seen, &rendered)?,
        model: posterior.model(),
        chi2: posterior.chi2().iter().sum(),
        pixels: posterior.pixels(),
        file: &file,
        observations: &observations,
        scene: &scene,
        fit: &fit,
        ending,
        rendered,
        log_likelihood,
        estimates,
        errors,
        findings: before,
        boxes: histories(start_boxes, &fit),
    };
    let mut after = found_after(&outcome, &seen)?;
    after.extend(budget.is_hurried().then(hurried));
    tell(&after, session);
    outcome.findings.extend(after);
    let mut summary = Summary::of(&outcome, posterior.threads());
    (summary.seconds.read, summary.seconds.setup, summary.seconds.fit) = (read, setup, fitted);
    summary.seconds.errors = took;
    summary.estimated_mb = estimate.megabytes();
    outcome.write(folder, &summary)?;
    summary.seconds.write = stages.end("write", &format!("results written to {}", folder.display()));
    summary.peak_rss_mb = peak_rss_mb();
    write_text(&folder.join("summary.json"), &summary.json())?;
    Ok(summary)
}

/// The observations with the values of their parameters that the fit found.
pub(super) fn calibrated(observations: &[Observation], posterior: &Posterior) -> Vec<Observation> {
    let pairs = observations.iter().zip(posterior.calibrations());
    pairs.map(|(observation, own)| observation.clone().calibrated(&own.values())).collect()
}

/// The fit itself, which ends where `budget` says so; without time to begin, the start values are its outcome.
pub(super) fn descend(
    posterior: &mut Posterior,
    scene: &mut Scene,
    settings: &FitSpec,
    budget: &mut Budget,
    session: &Session,
) -> Result<Fit, CliError> {
    let mut settings = settings.clone();
    if budget.begin().is_break() {
        settings.max_iter = 0;
    }
    let mut course = Course::new(settings.max_iter, session.log);
    let optimizer = settings.optimizer();
    let mut told = |step: &Progress| {
        course.step(step);
        budget.step()
    };
    match settings.boxes {
        BoxesKind::Adapt => {
            Ok(posterior.fit_with_boxes(scene, &BoxRules::default(), &*optimizer, &mut told)?)
        }
        BoxesKind::Fixed => Ok(posterior.fit_with(&*optimizer, &mut told)?),
    }
}

/// Each source with the shape of its box before the fit.
fn first_boxes(scene: &Scene) -> Vec<BoxHistory> {
    let shape = |source: &Source| source.component().outer_bbox().map(BBox::shape);
    let history = |(name, source): (&str, &Source)| {
        Some(BoxHistory { source: name.to_owned(), sizes: vec![(0, shape(source)?)] })
    };
    scene.sources().filter_map(history).collect()
}

/// The same with what the fit changed, for the sources whose boxes changed.
fn histories(mut boxes: Vec<BoxHistory>, fit: &Fit) -> Vec<BoxHistory> {
    for change in &fit.boxes {
        let name = change.path.split('.').next().unwrap_or_default();
        if let Some(history) = boxes.iter_mut().find(|history| history.source == name) {
            history.sizes.push((change.iteration, change.shape));
        }
    }
    boxes.retain(|history| history.sizes.len() > 1);
    boxes
}

/// Refuses work that needs more memory than there is, or than may be used.
pub(super) fn check_memory(
    stage: &'static str,
    estimate: &Estimate,
    settings: &FitSpec,
) -> Result<(), CliError> {
    let (limit_mb, limit) = match (settings.memory_mb, memory::available()) {
        (Some(limit), _) => (limit, "the limit that was set"),
        (None, Some(bytes)) => (bytes as f64 / 1e6, "what this machine has free"),
        (None, None) => return Ok(()),
    };
    let needed_mb = estimate.megabytes();
    if needed_mb <= limit_mb {
        return Ok(());
    }
    Err(CliError::Memory { stage, needed_mb, parts: estimate.in_words(), limit, limit_mb })
}

/// What checks find in the fitted scene, and how the fit ended.
fn found_after(outcome: &Outcome<'_>, seen: &[&Observation]) -> Result<Vec<Finding>, CliError> {
    let mut found = check::fitted(outcome.scene, seen, &outcome.rendered, &outcome.sources)?;
    found.extend(outcome.ending.advice().map(|advice| Finding {
        severity: Severity::Warning,
        code: "ended_early",
        subject: "fit".to_owned(),
        problem: format!("it ended after {} steps ({})", outcome.fit.iterations, outcome.ending.name()),
        advice: advice.to_owned(),
        position: None,
    }));
    Ok(found)
}

/// That start values are not what they could be.
fn hurried() -> Finding {
    Finding {
        severity: Severity::Warning,
        code: "start_hurried",
        subject: "start values".to_owned(),
        problem:
            "they were not improved to the end: positions, shapes and fluxes began as far as they were known"
                .to_owned(),
        advice: "give it more time with --time or fit.time_s".to_owned(),
        position: None,
    }
}

/// Says what was found: warnings and errors always, notes to those who asked for more.
pub(super) fn tell(found: &[Finding], session: &Session) {
    let level = |finding: &Finding| match finding.severity {
        Severity::Note => Level::Detail,
        Severity::Warning | Severity::Error => Level::Warning,
    };
    let said: Vec<Finding> = found.iter().filter(|f| session.log.says(level(f))).cloned().collect();
    if session.log.is_json() {
        for finding in &said {
            let record = serde_json::to_value(findings::FindingRecord::from(finding)).unwrap_or_default();
            session.log.say(level(finding), "finding", &finding.to_string(), &[("finding", record)]);
        }
    } else if !said.is_empty() {
        use std::io::Write;
        // Where nobody listens there is nobody to tell.
        let _ = write!(std::io::stderr(), "{}", findings::text(&said));
    }
}

/// Times the parts of a fit and says when each is over.
pub(super) struct Stages<'a> {
    session: &'a Session,
    started: Instant,
}

impl<'a> Stages<'a> {
    pub(super) fn new(session: &'a Session) -> Self {
        Self { session, started: Instant::now() }
    }

    /// Seconds of the part that ends here.
    pub(super) fn end(&mut self, event: &str, what: &str) -> f64 {
        let took = seconds(self.started.elapsed());
        self.started = Instant::now();
        let text = format!("{what} ({took:.2} s)");
        self.session.log.say(Level::Detail, event, &text, &[("seconds", took.into())]);
        took
    }
}

/// Says what came out.
pub(super) fn print(summary: &Summary, folder: &Path, run: RunArgs, session: &Session) -> Finish {
    use std::io::Write;
    let seconds = summary.seconds;
    let text = format!(
        "{} sources, {} steps ({}), chi2 per pixel {:.3}, {:.2} s; {}\nopen {}",
        summary.sources.len(),
        summary.iterations,
        summary.stop.replace('_', " "),
        summary.chi2_per_pixel,
        seconds.read + seconds.setup + seconds.fit + seconds.errors + seconds.write,
        findings::counts_of(summary.findings.iter().map(|finding| finding.severity)),
        folder.join("report.html").display(),
    );
    if session.log.is_json() {
        let fields = [("stop", summary.stop.into()), ("chi2_per_pixel", summary.chi2_per_pixel.into())];
        session.log.say(Level::Info, "done", &text, &fields);
    }
    let printed = match (run.json, session.log.is_json() || !session.log.says(Level::Info)) {
        (true, _) => Some(summary.json()),
        (false, false) => Some(text),
        (false, true) => None,
    };
    if let Some(printed) = printed {
        // A closed pipe is the reader's choice, not an error of ours.
        let _ = writeln!(std::io::stdout(), "{printed}");
    }
    if summary.ended_early { Finish::Early } else { Finish::Done }
}
