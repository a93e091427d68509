//! Times single optimisation steps, and a Sersic image with its derivatives: `cargo bench -p scarlet --bench step -- quickstart`.
//!
//! `cargo xtask bench` runs it beside the peer; `harness` says what is printed.

#[path = "../tests/common/mod.rs"]
mod common;
mod harness;

use common::Quickstart;
use harness::{Arguments, Counting, Report};
use scarlet::model::profile::Sersic;
use scarlet::model::{Morphology, Site};
use scarlet::prelude::*;
use scarlet::render::{RealFft2, Window};
use std::hint::black_box;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SIDE: usize = 101;
const CALLS: usize = 50;

fn main() -> Result<(), String> {
    let arguments = Arguments::from_process()?;
    let report = match arguments.case.as_str() {
        "quickstart" => steps(&arguments, common::quickstart_in(&arguments.data)),
        "sersic" => sersic(&arguments),
        name => steps(&arguments, common::scaling_in(&arguments.data, name)),
    };
    println!("{}", report.line(&arguments));
    Ok(())
}

/// Steps of a fit, with the peer's loss and the share of FFTs.
fn steps(arguments: &Arguments, start: Quickstart) -> Report {
    let weights = start.observation.weights();
    // scarlet2 leaves the term sum ln(w) / 2 out of its log-likelihood.
    let left_out: f64 = weights.iter().filter(|w| **w > 0.0).map(|w| 0.5 * w.ln()).sum();
    let builder = Posterior::builder().threads(arguments.threads);
    let mut posterior = builder.build(&start.scene, [&start.observation]).expect("a valid scene");
    let mut report = Report::of_steps(arguments, &mut posterior);
    for loss in [&mut report.loss_first, &mut report.loss_last].into_iter().flatten() {
        *loss += left_out;
    }
    report.fft_share = Some(floor_ms(&posterior, arguments.threads) / report.median_ms());
    report
}

/// Time of 4 real 2-D FFTs for each channel, at the planned shapes, divided evenly among threads.
fn floor_ms(posterior: &Posterior, threads: usize) -> f64 {
    let mut total = 0.0;
    for (shape, channels) in posterior.transforms() {
        let fft = RealFft2::<f32>::new(shape);
        let mut work = fft.workspace();
        let mut image = vec![0.5_f32; shape[0] * shape[1]];
        let mut pairs: Vec<f64> = (0..101)
            .map(|_| {
                let start = Instant::now();
                fft.forward_rows(&image, Window::whole(shape), &mut work);
                fft.each_column(&mut work, |_, _| {});
                fft.inverse_rows(&mut image, Window::whole(shape), &mut work);
                let scale = 1.0 / (shape[0] * shape[1]) as f32;
                let taken = 1e3 * start.elapsed().as_secs_f64();
                image.iter_mut().for_each(|v| *v *= scale);
                taken
            })
            .collect();
        pairs.sort_by(f64::total_cmp);
        total += 2.0 * pairs[pairs.len() / 2] * channels as f64;
    }
    total / threads as f64
}

/// A point-sampled Sersic image and the pull-back of an adjoint image, as scarlet2 parametrises it.
fn sersic(arguments: &Arguments) -> Report {
    let [n, size, e1, e2] = [1.7, 9.0, 0.3, -0.2];
    let profile = Sersic::new(n, size).distortion([e1, e2]).shape_px([SIDE, SIDE]).point_sampled();
    let middle = (SIDE / 2) as f64;
    let site = Site { center: [middle + 0.3, middle - 0.45], bbox: BBox::new([0, 0], [SIDE, SIDE]) };
    let adjoint: Vec<f64> = (0..SIDE * SIDE).map(|k| (0.37 * k as f64).cos()).collect();
    let mut image = vec![0.0; SIDE * SIDE];
    let mut scratch = vec![0.0; profile.scratch_len([SIDE, SIDE])];
    let (mut grad, mut grad_center) = ([0.0; 4], [0.0; 2]);
    let mut report = Report::of_calls(arguments, CALLS, || {
        (grad, grad_center) = ([0.0; 4], [0.0; 2]);
        let params = black_box([n, size, e1, e2]);
        profile.evaluate(&params, &site, &mut image, &mut scratch);
        profile.pull_back(&params, &site, &adjoint, &mut grad, &mut grad_center, &mut scratch);
        black_box((&image, &grad, &grad_center));
    });
    // Ours has flux 1; scarlet2's is 1 at the half-light radius: the same image times its flux.
    let value: f64 = image.iter().zip(&adjoint).map(|(a, b)| a * b).sum();
    let (flux, slope) = (flux(n, size), (flux(n + 1e-5, size) - flux(n - 1e-5, size)) / 2e-5);
    report.gradient = vec![
        flux * grad[0] + slope * value,
        flux * grad[1] + 2.0 * flux / size * value,
        flux * grad[2],
        flux * grad[3],
        flux * grad_center[0],
        flux * grad_center[1],
    ];
    report
}

/// Flux of a Sersic profile that is 1 at its half-light radius `size`.
fn flux(n: f64, size: f64) -> f64 {
    let b = 2.0 * n - 0.333333 + 0.009877 / n + 0.001803 / n.powi(2) + 0.000114 / n.powi(3)
        - 0.0000715 / n.powi(4);
    std::f64::consts::TAU * n * size * size * b.exp() * b.powf(-2.0 * n) * gamma(2.0 * n)
}

/// The gamma function by Stirling's series, shifted up to where it is good to 1e-12.
fn gamma(x: f64) -> f64 {
    let (mut shifted, mut factor) = (x, 1.0);
    while shifted < 20.0 {
        factor *= shifted;
        shifted += 1.0;
    }
    let series = 1.0 / (12.0 * shifted) - 1.0 / (360.0 * shifted.powi(3)) + 1.0 / (1260.0 * shifted.powi(5));
    let log = (shifted - 0.5) * shifted.ln() - shifted + 0.5 * std::f64::consts::TAU.ln() + series;
    log.exp() / factor
}
