//! The options of `scarlet sample`.

use crate::command::fit::positive;
use clap::{Args, ValueEnum};
use scarlet::infer::diagnostics::Limits;
use scarlet::infer::sample::{Langevin, MassMatrix, Nuts};
use std::path::PathBuf;

/// What to read below the options.
pub const EXAMPLES: &str = "\
Examples:
  scarlet sample scene.yaml --out posterior
  scarlet sample scene.yaml --out posterior --chains 4 --draws 1000 --threads 0
  scarlet sample scene.yaml --out posterior --resume --draws 2000

It fits the scene first, then draws from the posterior around that fit with NUTS, and writes chains.parquet (a row for
each draw), chains.zarr (the same for ArviZ), posterior.csv, posterior.json, posterior.html and posterior_scene.json (the
fit): none of them replaces a file of `scarlet fit`. In Python:

  import arviz as az
  az.summary(az.from_zarr(\"posterior/chains.zarr\"))

--resume goes on with the chains in the folder: from their last draws, with scales learnt from all of them and a
warm-up of its own. Ctrl-C ends it and keeps what is drawn. Parameters without a prior have a flat one, and are named.";

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
    /// Largest R-hat that passes; without it 1.01, or what noise gives among so many columns and draws
    #[arg(long, value_name = "RHAT", value_parser = positive)]
    pub rhat_limit: Option<f64>,
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
    pub(super) fn nuts(&self) -> Nuts {
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

    pub(super) fn langevin(&self) -> Langevin {
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

    pub(super) fn limits(&self) -> Limits {
        let own = Limits::default();
        match self.rhat_limit {
            Some(rhat) => Limits { rhat, false_alarm: None, ..own },
            None => own,
        }
    }
}
