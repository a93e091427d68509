//! `scarlet check`: what is wrong, or looks wrong, with the images and sources of a scene file.

use super::{Finish, Session};
use crate::budget::Budget;
use crate::error::CliError;
use crate::findings;
use crate::log::Level;
use crate::scene_file::{Listed, SceneFile};
use crate::sights::{self, SightRecord};
use clap::Args;
use scarlet::model::Scene;
use scarlet::obs::check::{self, Finding, Severity};
use scarlet::obs::{Observation, SightSummary};
use serde::Serialize;
use std::path::Path;

/// What to read below the options.
pub const EXAMPLES: &str = "\
Examples:
  scarlet check scene.yaml
  scarlet check scene.yaml --json | jq -r '.findings[] | select(.severity == \"error\") | .problem'

It looks at PSFs (centre, size, negative wings, sum, sky, sharpness beside the model's), weights and noise, masks, sky
level, signal in each channel, and at positions and boxes of the sources. Nothing is fitted and nothing is written.
`scarlet fit` makes the same checks, and more on its outcome.

First comes a table of the observations: size of a pixel, position angle of +y (from north to east), where east is with
north up, model pixels along one of its pixels, deviation from an affine map, share of its pixels on the model, PSF,
time of a step and of planning on one thread as measured once, and how it is rendered.

  error    results of what it is about are wrong
  warning  results may be worse than they look
  note     good to know

Exit codes: 0 no errors (there may be warnings), 4 a finding is an error, 1 a file cannot be read.";

/// Looks at the images and sources of a scene file and says what is wrong with them.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// The scene file
    pub scene: std::path::PathBuf,
    /// Print the findings as JSON on standard output
    #[arg(long)]
    pub json: bool,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Printed {
    /// How the observations see the model.
    observations: Vec<SightRecord>,
    /// How many there are of each severity, in words.
    found: String,
    /// Worst first.
    findings: Vec<findings::FindingRecord>,
}

/// Runs the command.
///
/// # Errors
/// The scene file, an image or the catalogue cannot be read.
pub fn run(args: &CheckArgs, session: &Session) -> Result<Finish, CliError> {
    let Checked { found, observations } = check_scene(&args.scene)?;
    print(&found, observations, args.json, session);
    Ok(if findings::has_errors(&found) { Finish::FoundErrors } else { Finish::Done })
}

/// What checks find, and how the observations see the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What was found, in any order.
    pub found: Vec<Finding>,
    /// One for each observation that can be rendered; none where there is no model to see.
    pub observations: Vec<SightRecord>,
}

/// All that checks find in the scene file at `path` before a fit.
///
/// # Errors
/// As [`run`]. Sources for which no start values can be found are findings, not errors.
pub fn check_scene(path: &Path) -> Result<Checked, CliError> {
    let file = SceneFile::read(path)?;
    let observations = file.read_observations()?;
    let seen: Vec<&Observation> = observations.iter().collect();
    let mut found: Vec<Finding> = seen.iter().flat_map(|o| check::observation(o)).collect();
    let listed = file.list_sources(&observations)?;
    let positions = match &listed {
        Some(listed) => {
            found.extend(seen.iter().flat_map(|o| check::against_model(o, listed.frame())));
            check::positions(&listed.positions(&file)?, listed.frame(), &seen)?
        }
        None => Vec::new(),
    };
    let has_errors = findings::has_errors(&found) || findings::has_errors(&positions);
    let scene = file.scene_of(listed.as_ref(), &mut Budget::default(), &observations);
    let model = listed.as_ref().map(Listed::frame).or(scene.as_ref().ok().map(Scene::frame));
    let summary = |o: &&Observation| Some(SightRecord::from(&SightSummary::new(o, model?).ok()?));
    let sights = seen.iter().filter_map(summary).collect();
    match scene {
        Ok(scene) => found.extend(of_scene(&scene, &seen, listed.is_none())?),
        // What it would say is among the findings already.
        Err(_) if has_errors => found.extend(positions),
        Err(error) => {
            found.extend(positions);
            found.push(no_scene(path, &error));
        }
    }
    Ok(Checked { found, observations: sights })
}

fn of_scene(scene: &Scene, seen: &[&Observation], is_saved: bool) -> Result<Vec<Finding>, CliError> {
    let mut found = Vec::new();
    if is_saved {
        found.extend(seen.iter().flat_map(|o| check::against_model(o, scene.frame())));
    }
    found.extend(check::scene(scene, seen)?);
    Ok(found)
}

/// What stands in the way of a fit, in the words of the error that it would end with.
fn no_scene(path: &Path, error: &CliError) -> Finding {
    let (subject, problem) = match error {
        CliError::Scene { path, field, problem } => (format!("{}, {field}", path.display()), problem.clone()),
        other => (path.display().to_string(), other.to_string()),
    };
    Finding {
        severity: Severity::Error,
        code: "no_scene",
        subject,
        problem,
        advice: "a fit would end with this: correct the scene file or the catalogue".to_owned(),
        position: None,
    }
}

fn print(found: &[Finding], observations: Vec<SightRecord>, json: bool, session: &Session) {
    use std::io::Write;
    let counts = findings::counts(found);
    let text = if json {
        let printed = Printed { observations, found: counts, findings: findings::records(found) };
        serde_json::to_string_pretty(&printed).expect("text and numbers can be written") + "\n"
    } else if session.log.says(Level::Info) {
        format!("{}{}{counts}\n", sights::table(&observations), findings::text(found))
    } else {
        return;
    };
    // A closed pipe is the reader's choice, not an error of ours.
    let _ = write!(std::io::stdout(), "{text}");
}
