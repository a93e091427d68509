//! `scarlet check`: what is wrong, or looks wrong, with the images and sources of a scene file.

use super::{Finish, Session};
use crate::catalog::{CatalogColumns, CatalogSource, read_catalog};
use crate::error::CliError;
use crate::findings;
use crate::log::Level;
use crate::scene_file::{SceneFile, pixel_of};
use clap::Args;
use scarlet::frame::{Frame, Psf};
use scarlet::model::Scene;
use scarlet::obs::Observation;
use scarlet::obs::check::{self, Finding, Severity, SourcePosition};
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
    let found = check_scene(&args.scene)?;
    print(&found, args.json, session);
    Ok(if findings::has_errors(&found) { Finish::FoundErrors } else { Finish::Done })
}

/// All that checks find in the scene file at `path` before a fit.
///
/// # Errors
/// As [`run`]. Sources for which no start values can be found are findings, not errors.
pub fn check_scene(path: &Path) -> Result<Vec<Finding>, CliError> {
    let file = SceneFile::read(path)?;
    let observations = file.read_observations()?;
    let seen: Vec<&Observation> = observations.iter().collect();
    let mut found: Vec<Finding> = seen.iter().flat_map(|o| check::observation(o)).collect();
    let positions = match &file.catalog {
        Some(catalog) => {
            let frame = model_frame(&file, &observations)?;
            found.extend(seen.iter().flat_map(|o| check::against_model(o, &frame)));
            let folder = path.parent().unwrap_or_else(|| Path::new(""));
            let catalog = read_catalog(&folder.join(catalog), &CatalogColumns::default())?;
            check::positions(&positions(&catalog, &frame)?, &frame, &seen)?
        }
        None => Vec::new(),
    };
    let has_errors = findings::has_errors(&found) || findings::has_errors(&positions);
    match file.make_scene(&observations) {
        Ok(scene) => found.extend(of_scene(&scene, &seen, file.catalog.is_none())?),
        // What it would say is among the findings already.
        Err(_) if has_errors => found.extend(positions),
        Err(error) => {
            found.extend(positions);
            found.push(no_start(path, &error));
        }
    }
    Ok(found)
}

fn of_scene(scene: &Scene, seen: &[&Observation], is_saved: bool) -> Result<Vec<Finding>, CliError> {
    let mut found = Vec::new();
    if is_saved {
        found.extend(seen.iter().flat_map(|o| check::against_model(o, scene.frame())));
    }
    found.extend(check::scene(scene, seen)?);
    Ok(found)
}

/// The model frame that a fit would make.
fn model_frame(file: &SceneFile, observations: &[Observation]) -> Result<Frame, CliError> {
    let psf = Psf::gaussian(file.model.psf_sigma_px)?;
    Ok(Frame::enclosing(observations.iter().map(Observation::frame))?.psf(psf))
}

/// Where the catalogue's sources are in the model frame; the sky decides where it can.
fn positions(catalog: &[CatalogSource], frame: &Frame) -> Result<Vec<SourcePosition>, CliError> {
    let position =
        |entry: &CatalogSource| Ok(SourcePosition { id: entry.id.clone(), center: pixel_of(entry, frame)? });
    catalog.iter().map(position).collect()
}

fn no_start(path: &Path, error: &CliError) -> Finding {
    Finding {
        severity: Severity::Error,
        code: "no_start_values",
        subject: format!("sources of {}", path.display()),
        problem: error.to_string(),
        advice: "a fit would end with this; correct the scene file or the catalogue".to_owned(),
        position: None,
    }
}

fn print(found: &[Finding], json: bool, session: &Session) {
    use std::io::Write;
    let counts = findings::counts(found);
    let text = if json {
        let printed = Printed { found: counts, findings: findings::records(found) };
        serde_json::to_string_pretty(&printed).expect("text and numbers can be written") + "\n"
    } else if session.log.says(Level::Info) {
        format!("{}{counts}\n", findings::text(found))
    } else {
        return;
    };
    // A closed pipe is the reader's choice, not an error of ours.
    let _ = write!(std::io::stdout(), "{text}");
}
