//! Agreement with the arrays that scarlet2 computed.

mod common;

use common::{Arrays, quickstart};
use scarlet::prelude::*;

const TRACE: &str = "../reference/scarlet2/fit_trace_adam_f64.npz";

#[test]
fn adam_follows_scarlet2_for_sixty_steps() {
    let (Some(start), Some(mut trace)) = (quickstart(), Arrays::open(TRACE)) else { return };
    let losses = trace.f64_1("losses");
    let observation = start.observation.fft_shape([96, 64]);
    let mut posterior = Posterior::builder()
        .precision(Precision::Double)
        .build(&start.scene, [&observation])
        .expect("a valid scene");
    // Ours has the term sum ln(w) / 2 that scarlet2 leaves out.
    let weights = observation.weights();
    let extra: f64 = weights.iter().filter(|w| **w > 0.0).map(|w| 0.5 * w.ln()).sum();
    let fit = posterior.fit(&Adam { max_iter: 60, e_rel: 0.0, ..Adam::default() }).expect("a fit");
    let mut worst: f64 = 0.0;
    for (ours, theirs) in fit.loss.iter().zip(&losses) {
        worst = worst.max(((ours + extra) / theirs - 1.0).abs());
    }
    println!("largest relative difference of the loss in 60 steps: {worst:.1e}");
    assert!(worst < 1e-6, "{worst}");
}
