//! Simulation-based calibration of the sampler: see `tests/sbc.rs`.

use anyhow::{Context as _, Result};
use clap::Args;

use crate::workspace::Workspace;

/// How much to run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// 40 scenes of each kind in place of 200, as the tests run.
    #[arg(long)]
    quick: bool,
}

/// Runs the calibration and shows its table; true where all ranks are even.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "-p", "scarlet", "--test", "sbc", "--", "--nocapture"]);
    if !options.quick {
        cargo.env("SCARLET_SBC", "full");
    }
    Ok(cargo.status().context("cannot run cargo test")?.success())
}
