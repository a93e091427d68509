//! `scarlet fit`: from a scene file to a fitted scene and its outputs.

use super::progress;
use crate::error::CliError;
use crate::output::{Outcome, Summary, make_folder, write_text};
use crate::scene_file::SceneFile;
use clap::Args;
use scarlet::infer::Posterior;
use scarlet::obs::Observation;
use scarlet::obs::catalog::measure_sources;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Fits the sources of a scene file to its images.
#[derive(Debug, Clone, Args)]
pub struct FitArgs {
    /// The scene file
    pub scene: PathBuf,
    /// Folder for the results; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
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
    /// Print the summary as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Print nothing but errors
    #[arg(long)]
    pub quiet: bool,
}

/// Runs the command.
///
/// # Errors
/// Names the file, field, source or pixel that is at fault.
pub fn run(args: &FitArgs) -> Result<(), CliError> {
    let summary = fit_scene(&args.scene, &args.out, args.run)?;
    print(&summary, &args.out, args.run);
    Ok(())
}

/// Fits the scene file at `path` and writes everything into `folder`.
///
/// # Errors
/// As [`run`].
pub fn fit_scene(path: &Path, folder: &Path, run: RunArgs) -> Result<Summary, CliError> {
    let started = Instant::now();
    let mut file = SceneFile::read(path)?;
    file.fit.threads = run.threads.unwrap_or(file.fit.threads);
    file.fit.max_iter = run.max_iter.unwrap_or(file.fit.max_iter);
    make_folder(folder)?;
    let observations = file.read_observations()?;
    let read = started.elapsed();

    let started = Instant::now();
    let mut scene = file.make_scene(&observations)?;
    let builder = Posterior::builder().precision(file.fit.precision()).threads(file.fit.threads);
    let mut posterior = builder.build(&scene, &observations)?;
    let setup = started.elapsed();

    let started = Instant::now();
    let bar = progress::bar(file.fit.max_iter, run.quiet || run.json);
    let fit = posterior.fit_with(&*file.fit.optimizer(), &mut |step| {
        progress::show(&bar, step);
        ControlFlow::Continue(())
    })?;
    bar.finish_and_clear();
    let fitted = started.elapsed();

    let started = Instant::now();
    posterior.store(&fit.x, &mut scene);
    let log_likelihood = posterior.log_likelihood(&fit.x);
    let rendered = posterior.rendered();
    let seen: Vec<&Observation> = observations.iter().collect();
    let outcome = Outcome {
        sources: measure_sources(&scene, &seen, &rendered)?,
        model: posterior.model(),
        chi2: posterior.chi2().iter().sum(),
        pixels: posterior.pixels(),
        file: &file,
        observations: &observations,
        scene: &scene,
        fit: &fit,
        rendered,
        log_likelihood,
        findings: Vec::new(),
        boxes: Vec::new(),
    };
    let mut summary = Summary::of(&outcome, posterior.threads());
    let seconds = crate::output::seconds;
    (summary.seconds.read, summary.seconds.setup) = (seconds(read), seconds(setup));
    summary.seconds.fit = seconds(fitted);
    outcome.write(folder, &summary)?;
    summary.seconds.write = seconds(started.elapsed());
    summary.peak_rss_mb = crate::output::peak_rss_mb();
    write_text(&folder.join("summary.json"), &summary.json())?;
    Ok(summary)
}

/// Says what came out.
pub(super) fn print(summary: &Summary, folder: &Path, run: RunArgs) {
    use std::io::Write;
    if run.quiet && !run.json {
        return;
    }
    let text = if run.json {
        summary.json()
    } else {
        format!(
            "{} sources, {} steps ({}), chi2 per pixel {:.3}, {:.2} s; results in {}",
            summary.sources.len(),
            summary.iterations,
            summary.stop.replace('_', " "),
            summary.chi2_per_pixel,
            summary.seconds.read + summary.seconds.setup + summary.seconds.fit + summary.seconds.write,
            folder.display(),
        )
    };
    // A closed pipe is the reader's choice, not an error of ours.
    let _ = writeln!(std::io::stdout(), "{text}");
}
