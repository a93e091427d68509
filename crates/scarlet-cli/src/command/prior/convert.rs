//! `scarlet prior convert`: between `.eqx` and safetensors.

use super::{Finish, Session, check_free};
use crate::error::CliError;
use crate::files::write_whole;
use crate::log::Level;
use clap::Args;
use scarlet::nn::{About, InputTransform, ScoreNet};
use std::path::{Path, PathBuf};

/// Converts a network.
#[derive(Debug, Clone, Args)]
pub(super) struct ConvertArgs {
    /// The network, .eqx or .safetensors
    input: PathBuf,
    /// What to write, .safetensors or .eqx
    output: PathBuf,
    /// The images it was trained on; needed where the input does not say
    #[arg(long, value_name = "TEXT")]
    training_set: Option<String>,
    /// How images go into it, as in "peak 1, log(x + 1) / 0.1"; needed where the input does not say
    #[arg(long, value_name = "TEXT")]
    normalisation: Option<String>,
    /// Licence of the weights; needed where the input does not say
    #[arg(long, value_name = "NAME")]
    licence: Option<String>,
    /// Replace a file that is there
    #[arg(long)]
    overwrite: bool,
}

/// Runs the command.
pub(super) fn run(args: &ConvertArgs, session: &Session) -> Result<Finish, CliError> {
    let (net, about) = ScoreNet::read(&args.input)?;
    check_free(&args.output, args.overwrite)?;
    let bytes = match extension(&args.output) {
        "eqx" => net.to_eqx()?,
        "safetensors" => net.to_safetensors(&known(args, about)?)?,
        _ => {
            return Err(CliError::Network {
                problem: format!("{} says no format", args.output.display()),
                advice: "end its name in .safetensors or .eqx".to_owned(),
            });
        }
    };
    write_whole(&args.output, &bytes).map_err(CliError::file(&args.output, "write"))?;
    let text = format!("{} is written", args.output.display());
    session.log.say(Level::Info, "done", &text, &[("bytes", bytes.len().into())]);
    Ok(Finish::Done)
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|e| e.to_str()).unwrap_or_default()
}

/// What the file says of itself, replaced by what the options say.
fn known(args: &ConvertArgs, about: About) -> Result<About, CliError> {
    let mut missing = Vec::new();
    let mut one = |given: &Option<String>, stored: String, option: &'static str| {
        let text = given.clone().unwrap_or(stored);
        if text.trim().is_empty() {
            missing.push(option);
        }
        text
    };
    let about = About {
        training_set: one(&args.training_set, about.training_set, "--training-set"),
        normalisation: one(&args.normalisation, about.normalisation, "--normalisation"),
        licence: one(&args.licence, about.licence, "--licence"),
    };
    if missing.is_empty() {
        return match InputTransform::of(&about) {
            Ok(_) => Ok(about),
            Err(e) => Err(CliError::Network {
                problem: format!("{}: {e}", args.input.display()),
                advice: "give a --normalisation that ends so".to_owned(),
            }),
        };
    }
    Err(CliError::Network {
        problem: format!("{} does not say where it comes from", args.input.display()),
        advice: format!("give {}", missing.join(", ")),
    })
}
