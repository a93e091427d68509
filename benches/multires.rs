//! Times single optimisation steps of HST and HSC together: `cargo bench -p scarlet --bench multires -- native`.
//!
//! One case, `native`: the images of both on their own pixels, nine sources with the start values of the file
//! `scenes/multires.npz`, in a model on HST's pixels. `cargo xtask bench multires` runs it beside the peer.

#[path = "../tests/common/mod.rs"]
mod common;
#[allow(dead_code, reason = "each bench program uses its own part")]
mod harness;

use common::multires::{observations, scene};
use harness::{Arguments, Counting, Report};
use scarlet::prelude::*;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<(), String> {
    let arguments = Arguments::from_process()?;
    if arguments.case != "native" {
        return Err(format!("the case is native, not {}", arguments.case));
    }
    let start = Instant::now();
    let observations = observations(&arguments.data);
    let scene = scene(&arguments.data, &observations[0]);
    let builder = Posterior::builder().threads(arguments.threads);
    let mut posterior = builder.build(&scene, &observations).expect("a valid scene");
    let setup_ms = 1e3 * start.elapsed().as_secs_f64();
    let mut report = Report { setup_ms: Some(setup_ms), ..Report::of_steps(&arguments, &mut posterior) };
    // scarlet2 leaves the term sum ln(w) / 2 out of its log-likelihood.
    let weights = observations.iter().flat_map(|o| o.weights().iter()).filter(|w| **w > 0.0);
    let left_out: f64 = weights.map(|w| 0.5 * w.ln()).sum();
    for loss in [&mut report.loss_first, &mut report.loss_last].into_iter().flatten() {
        *loss += left_out;
    }
    println!("{}", report.line(&arguments));
    Ok(())
}
