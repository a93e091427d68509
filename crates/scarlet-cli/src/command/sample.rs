//! `scarlet sample`: draws from the posterior of a scene file.

use super::fit::{Stages, calibrated, check_memory, descend, positive, tell};
use super::progress::SampleCourse;
use super::{Finish, Session};
use crate::budget::Budget;
use crate::error::CliError;
use crate::log::Level;
use crate::memory::Estimate;
use crate::output::{check_inputs, of_observations, prepare_folder, write_text};
use crate::sampling::{
    SAMPLE_RESULTS, SamplePage, SampleSummary, ZARR, chains_table, read_chains, write_zarr,
};
use crate::scene_file::{SceneFile, load_fit};
use clap::{Args, ValueEnum};
use scarlet::infer::diagnostics::{Limits, findings, summary};
use scarlet::infer::sample::{
    Chains, Draws, Langevin, MassMatrix, Nuts, PosteriorStart, SampleProgress, free_columns, unnormalised,
};
use scarlet::infer::{InferError, Posterior};
use scarlet::model::Scene;
use scarlet::obs::Observation;
use scarlet::obs::check::{Finding, Severity};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What to read below the options.
pub const EXAMPLES: &str = "\
Examples:
  scarlet sample scene.yaml --out posterior
  scarlet sample scene.yaml --out posterior --chains 4 --draws 1000 --threads 0
  scarlet sample scene.yaml --out posterior --resume --draws 2000

It fits the scene first, then draws from the posterior around that fit with NUTS, and writes chains.parquet (a row for
each draw), chains.zarr (the same for ArviZ), summary.csv, summary.json, report.html and scene.json (the fit). In Python:

  import arviz as az
  az.summary(az.from_zarr(\"posterior/chains.zarr\"))

--resume goes on with the chains in the folder: from their last draws, with scales learnt from all of them and a
warm-up of its own. Ctrl-C ends it and keeps what is drawn. Parameters without a prior have a flat one, and are named.";

/// Draws of an image's mean and standard deviation, and of predictive checks.
const SOME: usize = 200;

/// Draws from the posterior of a scene file.
#[derive(Debug, Clone, Args)]
pub struct SampleArgs {
    /// The scene file
    pub scene: PathBuf,
    /// Folder for the results; made if it is not there
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,
    /// Write into the folder also where it holds files that are not scarlet's
    #[arg(long)]
    pub overwrite: bool,
    /// Number of chains
    #[arg(long, value_name = "N", default_value_t = Nuts::default().chains)]
    pub chains: usize,
    /// Draws of each chain
    #[arg(long, value_name = "N", default_value_t = Nuts::default().draws)]
    pub draws: usize,
    /// Draws of each chain before, in which scales are learnt
    #[arg(long, value_name = "N", default_value_t = Nuts::default().warmup)]
    pub warmup: usize,
    /// Keep one draw of so many only
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub thin: usize,
    /// What the random numbers depend on
    #[arg(long, value_name = "N", default_value_t = Nuts::default().seed)]
    pub seed: u64,
    /// Threads, 0 for one on each core; more than chains are of no use
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
    /// The sampler: langevin for priors that are only a score, with a bias
    #[arg(long, value_enum, default_value_t = SamplerKind::Nuts)]
    pub sampler: SamplerKind,
    /// What is learnt in the warm-up
    #[arg(long, value_enum, default_value_t = MassKind::Diagonal)]
    pub mass_matrix: MassKind,
    /// Mean acceptance of trajectories: more means fewer divergences and more work
    #[arg(long, value_name = "SHARE", default_value_t = Nuts::default().target_acceptance)]
    pub target_acceptance: f64,
    /// Doublings of a trajectory at most
    #[arg(long, value_name = "N", default_value_t = Nuts::default().max_depth)]
    pub max_depth: u64,
    /// Go on with the chains in the folder
    #[arg(long)]
    pub resume: bool,
    /// Largest R-hat that passes
    #[arg(long, value_name = "RHAT", default_value_t = Limits::default().rhat, value_parser = positive)]
    pub rhat_limit: f64,
    /// Columns to draw in the report, such as `star.center[0]`; may be given several times
    #[arg(long, value_name = "NAME")]
    pub plot: Vec<String>,
    /// Print the summary as JSON on standard output
    #[arg(long)]
    pub json: bool,
}

/// A sampler by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SamplerKind {
    /// The no-U-turn sampler.
    Nuts,
    /// Langevin dynamics without a test of acceptance.
    Langevin,
}

/// A mass matrix by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MassKind {
    /// A scale for each value.
    Diagonal,
    /// And directions that stand out.
    LowRank,
}

impl SampleArgs {
    fn nuts(&self) -> Nuts {
        Nuts {
            chains: self.chains,
            draws: self.draws,
            warmup: self.warmup,
            thin: self.thin,
            seed: self.seed,
            threads: self.threads,
            target_acceptance: self.target_acceptance,
            max_depth: self.max_depth,
            mass_matrix: match self.mass_matrix {
                MassKind::Diagonal => MassMatrix::Diagonal,
                MassKind::LowRank => MassMatrix::LowRank,
            },
        }
    }

    fn langevin(&self) -> Langevin {
        let own = Langevin::default();
        Langevin {
            chains: self.chains,
            draws: self.draws,
            warmup: self.warmup,
            thin: own.thin * self.thin,
            seed: self.seed,
            threads: self.threads,
            ..own
        }
    }
}

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
    let (summary, finish) = run.all()?;
    print(&summary, args, session);
    Ok(finish)
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

        let own = free_columns(start.layout());
        let before = before.map(|chains| chains.only(&own)).transpose()?;
        let draws = self.draw(&mut start, before.as_ref(), &mut budget)?;
        let sampled = stages.end("sample", &format!("{} gradients evaluated", draws.gradients));
        let new = start.named(&draws)?;
        let chains = match &before {
            Some(before) => before.followed_by(&new)?,
            None => new,
        };
        scene.save_with(self.args.out.join("scene.json"), &of_observations(&observations))?;
        self.write(&start, chains, flat, &draws, [read, fitted, sampled], &mut stages)
    }

    /// The chains to go on with.
    fn earlier(&self) -> Result<Option<Chains>, CliError> {
        if !self.args.resume {
            return Ok(None);
        }
        let chains = read_chains(&self.args.out.join("chains.parquet"))?;
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
        observations: Vec<Observation>,
        resumes: bool,
        budget: &mut Budget,
    ) -> Result<(Scene, Vec<Observation>, Vec<f64>), CliError> {
        let (mut scene, observations) = match resumes {
            true => load_fit(&self.args.out.join("scene.json"), observations)?,
            false => (self.file.make_scene_within(budget, &observations)?, observations),
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
        let chains = start.measured(chains)?;
        let lines = summary(&chains);
        let limits = Limits { rhat: self.args.rhat_limit, ..Limits::default() };
        let predictive = start.predictive(&chains, SOME)?;
        let mut found = findings(&chains, &lines, &limits);
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
        chains_table(&chains, &about).write_parquet(&folder.join("chains.parquet"))?;
        write_zarr(&chains, &about, &folder.join(ZARR))?;
        summary.table().write_csv(&folder.join("summary.csv"))?;
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
        let path = folder.join("report.html");
        page.write(&path).map_err(CliError::file(path, "write"))?;
        write_text(&folder.join("summary.json"), &summary.json())?;
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

/// That parameters have no prior, by name.
fn flat_priors(parameters: &[String]) -> Option<Finding> {
    /// Names that are said.
    const SAID: usize = 6;
    let more = parameters.len().saturating_sub(SAID);
    let names = parameters[..parameters.len() - more].join(", ");
    let names = if more > 0 { format!("{names} and {more} more") } else { names };
    (!parameters.is_empty()).then(|| Finding {
        severity: Severity::Warning,
        code: "no_prior",
        subject: "priors".to_owned(),
        problem: format!("{} without a prior, so that all their values are taken as equally likely: {names}", match parameters.len() {
            1 => "there is a parameter".to_owned(),
            n => format!("there are {n} parameters"),
        }),
        advice: "give them priors where the data alone do not hold them: a saved scene (`scene: scene.json`) stores them"
            .to_owned(),
        position: None,
    })
}

fn ended_early() -> Finding {
    Finding {
        severity: Severity::Warning,
        code: "ended_early",
        subject: "chains".to_owned(),
        problem: "sampling ended before all draws were made".to_owned(),
        advice: "what is drawn is written; --resume goes on".to_owned(),
        position: None,
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
        folder.join("report.html").display()
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
