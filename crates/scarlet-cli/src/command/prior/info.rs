//! `scarlet prior info`: what a network is.

use super::{Finish, print};
use crate::error::CliError;
use clap::Args;
use scarlet::nn::{About, Scaling, ScoreNet, Values, Weights};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Describes a network.
#[derive(Debug, Clone, Args)]
pub(super) struct InfoArgs {
    /// The network, .eqx or .safetensors
    network: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Statistics of an array.
struct Statistics {
    mean: f64,
    sd: f64,
    least: f64,
    most: f64,
    squares: f64,
}

/// Runs the command.
pub(super) fn run(args: &InfoArgs) -> Result<Finish, CliError> {
    let (net, about) = ScoreNet::read(&args.network)?;
    let bytes = std::fs::read(&args.network).map_err(CliError::file(&args.network, "read"))?;
    let checksum = format!("{:016x}", fnv1a(&bytes));
    if args.json {
        print(&format!("{}\n", as_json(&net, &about, &checksum)));
    } else {
        print(&as_text(&net, &about, &checksum));
    }
    Ok(Finish::Done)
}

/// FNV-1a of 64 bits, which tells files apart and proves nothing.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

fn named(net: &ScoreNet) -> Vec<(String, &Weights, Statistics)> {
    let names = net.architecture().arrays().into_iter().map(|(name, _)| name);
    names.zip(net.arrays()).map(|(name, array)| (name, array, statistics(array))).collect()
}

fn statistics(array: &Weights) -> Statistics {
    let values: Vec<f64> = match array.values() {
        Values::F32(values) => values.iter().map(|v| f64::from(*v)).collect(),
        Values::F64(values) => values.clone(),
    };
    let n = values.len() as f64;
    let (sum, squares) = values.iter().fold((0.0, 0.0), |(sum, squares), v| (sum + v, squares + v * v));
    let mean = sum / n;
    Statistics {
        mean,
        sd: (squares / n - mean * mean).max(0.0).sqrt(),
        least: values.iter().copied().fold(f64::INFINITY, f64::min),
        most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        squares,
    }
}

fn as_json(net: &ScoreNet, about: &About, checksum: &str) -> Value {
    let arrays = named(net).into_iter().map(|(name, array, found)| {
        json!({
            "name": name, "shape": array.shape(), "mean": found.mean, "sd": found.sd, "min": found.least,
            "max": found.most, "sum_of_squares": found.squares,
        })
    });
    json!({
        "architecture": net.architecture(), "scaling": net.scaling(), "time_scale": net.time_scale(), "about": about,
        "weights": count(net), "fnv1a": checksum, "arrays": arrays.collect::<Vec<_>>(),
    })
}

fn count(net: &ScoreNet) -> usize {
    net.arrays().iter().map(|array| array.values().len()).sum()
}

fn as_text(net: &ScoreNet, about: &About, checksum: &str) -> String {
    let sizes = net.architecture();
    let mut out = String::new();
    let said = |text: &str| if text.is_empty() { "not said".to_owned() } else { text.to_owned() };
    let scaling = match net.scaling() {
        Scaling::Direct => {
            format!("the output is the score; noise levels are divided by {}", net.time_scale())
        }
        Scaling::Preconditioned { data_sd, levels: [low, high] } => {
            format!("preconditioned for pixels of rms {data_sd:.4}, trained at noise levels {low} to {high}")
        }
    };
    let lines = [
        ("images", format!("{0} x {0} pixels in patches of {1} x {1}", sizes.side, sizes.patch)),
        ("network", format!("{} mixer blocks of {} features", sizes.depth, sizes.features)),
        ("hidden layers", format!("{} for patches, {} for features", sizes.mix_patches, sizes.mix_features)),
        ("weights", count(net).to_string()),
        ("scaling", scaling),
        ("training set", said(&about.training_set)),
        ("normalisation", said(&about.normalisation)),
        ("licence", said(&about.licence)),
        ("FNV-1a", checksum.to_owned()),
    ];
    for (what, text) in lines {
        let _ = writeln!(out, "{what:<14} {text}");
    }
    let _ = writeln!(
        out,
        "\n{:<32} {:<16} {:>10} {:>10} {:>10} {:>10} {:>12}",
        "array", "shape", "mean", "sd", "min", "max", "sum squares"
    );
    for (name, array, found) in named(net) {
        let shape = format!("{:?}", array.shape());
        let Statistics { mean, sd, least, most, squares } = found;
        let _ = writeln!(
            out,
            "{name:<32} {shape:<16} {mean:>10.4} {sd:>10.4} {least:>10.4} {most:>10.4} {squares:>12.5}"
        );
    }
    out
}
