//! `scarlet sample`: draws from the posterior of a scene file.

mod args;
mod told;

pub use args::{EXAMPLES, MassKind, SampleArgs, SamplerKind};

use super::fit::{Stages, calibrated, check_memory, descend, tell};
use super::progress::SampleCourse;
use super::{Finish, Session};
use crate::budget::Budget;
use crate::error::CliError;
use crate::log::Level;
use crate::memory::Estimate;
use crate::output::{check_inputs, of_observations, prepare_folder, write_text};
use crate::sampling::{
    CHAINS, FITTED, PAGE, SAMPLE_RESULTS, SUMMARY, SamplePage, SampleSummary, TABLE, ZARR, chains_table,
    read_chains, write_zarr,
};
use crate::scene_file::{SceneFile, load_fit};
use indicatif::HumanDuration;
use scarlet::infer::diagnostics::{findings, summary};
use scarlet::infer::sample::{
    Chains, Draws, Langevin, PosteriorStart, SampleProgress, free_columns, unnormalised,
};
use scarlet::infer::{InferError, Posterior};
use scarlet::model::Scene;
use scarlet::obs::Observation;
use scarlet::obs::check::{Finding, Severity};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;
use told::{ended_early, flat_priors, nothing_drawn};

/// Draws of an image's mean and standard deviation, and of predictive checks.
const SOME: usize = 200;
/// Gradients of a draw: where the whitening fits, and of many values that go together.
const GRADIENTS: [f64; 2] = [7.0, 63.0];
/// From how long on one wants to be told.
const LONG: Duration = Duration::from_secs(60);

/// Runs the command.
///
/// # Errors
/// Names the file, field, source or parameter that is at fault.
pub fn run(args: &SampleArgs, session: &Session) -> Result<Finish, CliError> {
    let mut file = SceneFile::read(&args.scene)?;
    file.flux_unit = file.unit_of_fluxes();
    args.nuts().validate()?;
    check_inputs(&args.out, &SAMPLE_RESULTS, &file.inputs())?;
    prepare_folder(&args.out, args.overwrite)?;
    let run = Run { args, session, file };
    match run.all() {
        Ok((summary, finish)) => {
            print(&summary, args, session);
            Ok(finish)
        }
        Err(CliError::Infer(InferError::NothingDrawn { made, warmup })) => {
            tell(&[nothing_drawn(made, warmup)], session);
            Ok(Finish::Early)
        }
        Err(error) => Err(error),
    }
}

/// A run of the command.
struct Run<'a> {
    args: &'a SampleArgs,
    session: &'a Session,
    file: SceneFile,
}

impl Run<'_> {
    fn all(&self) -> Result<(SampleSummary, Finish), CliError> {
        let mut stages = Stages::new(self.session);
        check_memory("reading the images", &Estimate::of_images(self.file.pixels()), &self.file.fit)?;
        let observations = self.file.read_observations()?;
        let read = stages.end("read", &format!("{} observations read", observations.len()));
        let before = self.earlier()?;
        let mut budget =
            Budget::new(self.session.started, self.file.fit.time(), self.session.interrupts.clone());
        let (scene, observations, x) = self.beginning(observations, before.is_some(), &mut budget)?;
        let builder = Posterior::builder().precision(self.file.fit.precision());
        let mut start = PosteriorStart::new(builder, &scene, &observations, &x)?;
        let flat = flat_priors(&unnormalised(start.layout()));
        tell(flat.as_slice(), self.session);
        let fitted = stages.end("fit", &format!("start of {} free values", start.layout().dim()));

        scene.save_with(self.args.out.join(FITTED), &of_observations(&observations))?;

        let own = free_columns(start.layout());
        let before = before.map(|chains| chains.only(&own)).transpose()?;
        let draws = self.draw(&mut start, before.as_ref(), &mut budget)?;
        let sampled = stages.end("sample", &format!("{} gradients evaluated", draws.gradients));
        let new = start.named(&draws)?;
        let chains = match &before {
            Some(before) if before.chains() > new.chains() => {
                // an end before all chains went on: those in the folder stay as they are
                return Err(InferError::NothingDrawn { made: new.draws(), warmup: self.args.warmup }.into());
            }
            Some(before) => before.followed_by(&new)?,
            None => new,
        };
        self.write(&start, chains, flat, &draws, [read, fitted, sampled], &mut stages)
    }

    /// The chains to go on with.
    fn earlier(&self) -> Result<Option<Chains>, CliError> {
        if !self.args.resume {
            return Ok(None);
        }
        let chains = read_chains(&self.args.out.join(CHAINS))?;
        if chains.chains() != self.args.chains {
            let problem = format!(
                "there are {} chains to go on with, and --chains says {}",
                chains.chains(),
                self.args.chains
            );
            return Err(InferError::Chains { problem }.into());
        }
        Ok(Some(chains))
    }

    /// The fitted scene, the observations with their fitted parameters, and the values to begin around; the scene that was
    /// saved where chains go on.
    fn beginning(
        &self,
        mut observations: Vec<Observation>,
        resumes: bool,
        budget: &mut Budget,
    ) -> Result<(Scene, Vec<Observation>, Vec<f64>), CliError> {
        let (mut scene, observations) = match resumes {
            true => load_fit(&self.args.out.join(FITTED), observations)?,
            false => (self.file.make_scene_within(budget, &mut observations)?, observations),
        };
        let settings = &self.file.fit;
        let estimate = Estimate::of_fit(&scene, &observations, settings.precision(), 1);
        check_memory("sampling", &estimate, settings)?;
        let builder = Posterior::builder().precision(settings.precision());
        let mut posterior = builder.build(&scene, &observations)?;
        if resumes {
            let x = posterior.start()?;
            return Ok((scene, observations, x));
        }
        let fit = descend(&mut posterior, &mut scene, settings, budget, self.session)?;
        posterior.store(&fit.x, &mut scene);
        let observations = calibrated(&observations, &posterior);
        Ok((scene, observations, fit.x))
    }

    /// Says how long it may take, loudly where that is minutes.
    fn estimate(&self, start: &PosteriorStart<'_>) -> Result<(), CliError> {
        let gradient = start.seconds_a_gradient()?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if self.args.threads == 0 { cores } else { self.args.threads }.min(self.args.chains);
        let each = self.args.warmup as f64 + self.args.draws as f64 * self.args.thin as f64;
        let rounds = self.args.chains as f64 * each / threads as f64 * gradient;
        let [least, most] =
            GRADIENTS.map(|each| Duration::try_from_secs_f64(rounds * each).unwrap_or(Duration::MAX));
        let text = format!(
            "{} free values, {:.2} ms a gradient; {:.0} draws in each chain of {:.0} to {:.0} gradients would take {} to {}",
            start.layout().dim(),
            1e3 * gradient,
            each,
            GRADIENTS[0],
            GRADIENTS[1],
            HumanDuration(least),
            HumanDuration(most),
        );
        let level = if most > LONG { Level::Info } else { Level::Detail };
        self.session.log.say(level, "estimate", &text, &[("seconds_most", most.as_secs_f64().into())]);
        Ok(())
    }

    fn draw(
        &self,
        start: &mut PosteriorStart<'_>,
        before: Option<&Chains>,
        budget: &mut Budget,
    ) -> Result<Draws, CliError> {
        let mut starts = Vec::new();
        let mut nuts = self.args.nuts();
        if let Some(before) = before {
            (starts, start.whitening) = start.resumed(before)?;
            // other random numbers than those of the draws that are there
            nuts.seed = nuts.seed.wrapping_add(before.draws() as u64);
        }
        if budget.begin().is_break() {
            return Err(InferError::NothingDrawn { made: 0, warmup: nuts.warmup }.into());
        }
        self.estimate(start)?;
        let mut course = SampleCourse::new(self.session.log);
        let mut watch = |progress: &SampleProgress| {
            course.step(progress);
            if budget.begin().is_break() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let own: &PosteriorStart<'_> = start;
        Ok(match self.args.sampler {
            SamplerKind::Nuts => {
                own.check_densities()?;
                nuts.sample_from(&|| own.posterior(), &own.whitening, &starts, &mut watch)?
            }
            SamplerKind::Langevin => {
                let langevin = Langevin { seed: nuts.seed, ..self.args.langevin() };
                langevin.sample_from(&|| own.posterior(), &own.whitening, &mut watch)?
            }
        })
    }

    fn write(
        &self,
        start: &PosteriorStart<'_>,
        chains: Chains,
        flat: Option<Finding>,
        draws: &Draws,
        [read, fit, sample]: [f64; 3],
        stages: &mut Stages<'_>,
    ) -> Result<(SampleSummary, Finish), CliError> {
        let folder = &self.args.out;
        let chains = start.measured(chains, self.file.zero_point())?;
        let lines = summary(&chains);
        let predictive = start.predictive(&chains, SOME)?;
        let mut found = findings(&chains, &lines, &self.args.limits());
        found.extend(predictive.iter().filter_map(|check| check.finding()));
        found.extend(draws.is_interrupted.then(ended_early));
        tell(&found, self.session);
        let is_mixed = found.iter().all(|finding| finding.severity != Severity::Error);
        found.extend(flat);
        let mut summary = SampleSummary::of(&chains, &lines, &predictive, &found);
        (summary.seconds.read, summary.seconds.fit, summary.seconds.sample) = (read, fit, sample);
        summary.ended_early = draws.is_interrupted;
        summary.gradients = draws.gradients;
        summary.seed = self.args.seed;
        if self.args.sampler == SamplerKind::Langevin {
            summary.sampler = "langevin";
        }
        let about = self.about();
        chains_table(&chains, &about).write_parquet(&folder.join(CHAINS))?;
        write_zarr(&chains, &about, &folder.join(ZARR))?;
        summary.table().write_csv(&folder.join(TABLE))?;
        summary.seconds.write = stages.end("write", &format!("results written to {}", folder.display()));
        summary.ess_bulk_least_per_second = summary.ess_bulk_least.map(|ess| ess / summary.seconds.total());
        let page = SamplePage {
            title: self.file.title(),
            chains: &chains,
            summary: &summary,
            chosen: self.args.plot.clone(),
            images: start.images(&chains, SOME)?,
            settings: self.file.text().to_owned(),
        };
        let path = folder.join(PAGE);
        page.write(&path).map_err(CliError::file(path, "write"))?;
        write_text(&folder.join(SUMMARY), &summary.json())?;
        let finish = match (draws.is_interrupted, is_mixed) {
            (true, _) => Finish::Early,
            (false, true) => Finish::Done,
            (false, false) => Finish::NotMixed,
        };
        Ok((summary, finish))
    }

    fn about(&self) -> Vec<(String, String)> {
        let pairs = [
            ("inference_library", "scarlet"),
            ("inference_library_version", env!("CARGO_PKG_VERSION")),
            ("scene", &self.file.title()),
            ("flux_unit", &self.file.flux_unit),
        ];
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }
}

fn print(summary: &SampleSummary, args: &SampleArgs, session: &Session) {
    use std::io::Write;
    let folder: &Path = &args.out;
    let text = format!(
        "{}{} chains of {} draws, {:.2} s\nopen {}",
        summary.text(),
        summary.chains,
        summary.draws,
        summary.seconds.total(),
        folder.join(PAGE).display()
    );
    let is_json = session.log.is_json();
    if is_json {
        let fields = [("rhat_most", summary.rhat_most.into()), ("divergences", summary.divergences.into())];
        session.log.say(Level::Info, "done", &text, &fields);
    }
    let printed = match (args.json, is_json || !session.log.says(Level::Info)) {
        (true, _) => Some(summary.json()),
        (false, false) => Some(text),
        (false, true) => None,
    };
    if let Some(printed) = printed {
        // A closed pipe is the reader's choice, not an error of ours.
        let _ = writeln!(std::io::stdout(), "{printed}");
    }
}
