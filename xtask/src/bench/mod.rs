//! Ours beside the peer, in one run, on the same scene files and from the same start.
//!
//! Every case is measured in rounds that alternate between the two sides, because other work on the machine comes and
//! goes. A round's figure is the median of its samples; `ours` and `peer` are the medians over the rounds, their minima
//! over all samples stand beside them, and `ratio` is ours / peer: small is fast.

mod case;
mod epochs;
mod errors;
mod instruments;
mod multires;
mod network;
mod noise_and_psf;
mod peer;
mod priors;
mod process;
mod quality;
mod sampling;
mod scale;
mod sides;
mod step;
mod truth;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::workspace::Workspace;
use case::{Row, table};
use peer::{Peer, SCARLET2};

/// Which benchmarks to run and how.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Benchmarks to run; all of them when none is named.
    #[arg(value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(names()))]
    names: Vec<String>,
    /// One JSON object a line for every case instead of the table.
    #[arg(long)]
    json: bool,
    /// Leave the peer out; cases that compare with it are not judged.
    #[arg(long)]
    ours_only: bool,
    /// Leave ours out: figures of the peer alone, nothing is judged.
    #[arg(long, conflicts_with = "ours_only")]
    peer_only: bool,
    /// Rounds of every case, instead of its own number.
    #[arg(long)]
    rounds: Option<usize>,
    /// Simulated blends that ours fits in `quality`.
    #[arg(long, value_name = "N", default_value_t = 200)]
    blends: usize,
    /// The first of them that the peer fits too: it compiles some ten seconds for each.
    #[arg(long, value_name = "N", default_value_t = 40)]
    peer_blends: usize,
}

/// What a benchmark needs to run.
#[derive(Debug)]
struct Context<'a> {
    workspace: &'a Workspace,
    /// Folder of the shared data.
    data: std::path::PathBuf,
    /// The peer, where it is wanted and could be installed.
    peer: Option<Peer>,
    ours: bool,
    rounds: Option<usize>,
    blends: usize,
    peer_blends: usize,
}

type Benchmark = fn(&Context<'_>) -> Result<Vec<Row>>;

/// Every benchmark by name, in the order in which they run.
const REGISTRY: &[(&str, Benchmark)] = &[
    ("quickstart", step::quickstart),
    ("scaling", step::scaling),
    ("process", process::run),
    ("quality", quality::run),
    ("scale", scale::run),
    ("epochs", epochs::run),
    ("multires", multires::run),
    ("noise-and-psf", noise_and_psf::run),
    ("truth", truth::run),
    ("instruments", instruments::run),
    ("sampling", sampling::run),
    ("errors", errors::run),
    ("network", network::run),
    ("priors", priors::run),
];

/// Names of the benchmarks.
pub(crate) fn names() -> Vec<&'static str> {
    REGISTRY.iter().map(|(name, _)| *name).collect()
}

/// Runs the chosen benchmarks; true where every case holds, or with one side left out, where none fails.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool> {
    let data = workspace
        .data()
        .context("no scene files: set SCARLET_DATA to the data folder, or put it at ../shared/data")?;
    let (peer, peer_missing) = match options.ours_only {
        true => (None, None),
        false => match Peer::install(workspace, &SCARLET2) {
            Ok(peer) => (Some(peer), None),
            Err(error) => (None, Some(error)),
        },
    };
    if let Some(error) = &peer_missing {
        eprintln!("left out: the comparison with {}: {error:#}", SCARLET2.requirement);
        if options.peer_only {
            bail!("nothing to measure");
        }
    }
    let context = Context {
        workspace,
        data,
        peer,
        ours: !options.peer_only,
        rounds: options.rounds,
        blends: options.blends,
        peer_blends: options.peer_blends,
    };
    let chosen = |name: &str| options.names.is_empty() || options.names.iter().any(|n| n == name);
    let mut rows = Vec::new();
    for (name, benchmark) in REGISTRY.iter().filter(|(name, _)| chosen(name)) {
        let measured = benchmark(&context).with_context(|| format!("benchmark {name}"))?;
        if options.json {
            measured.iter().for_each(|row| println!("{}", row.json()));
        }
        rows.extend(measured);
    }
    if !options.json {
        print!("{}", table(&rows));
    }
    let one_sided = options.ours_only || options.peer_only;
    Ok(peer_missing.is_none() && rows.iter().all(|row| row.holds().unwrap_or(one_sided)))
}
