//! Times the gradient of a score network as a prior: `cargo bench -p scarlet --bench network -- one --threads=2`.
//!
//! | case | what |
//! |---|---|
//! | `one`, `twenty` | scores of images of 32 x 32 pixels: transform of the input, network, chain rule |
//! | `step` | a step of the fit of the quickstart scene with the network as the prior of its six galaxies |
//!
//! `cargo xtask bench network` runs it beside JAX with the same weights; `harness` says what is printed.

#[path = "../tests/common/mod.rs"]
mod common;
mod harness;

use harness::{Arguments, Counting, Report};
use scarlet::model::prior::{Shared, Staged};
use scarlet::nn::{Learned, PriorSettings, ScorePrior};
use scarlet::prelude::*;
use scarlet::render::Workers;
use std::hint::black_box;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SIDE: usize = 32;
/// Images that a thread takes together, at most.
const TOGETHER: usize = 4;

fn main() -> Result<(), String> {
    let arguments = Arguments::from_process()?;
    let path = arguments.data.join("score_nets/eqx_hsc_ScoreNet32.eqx");
    // the whole score, as the peer has it
    let settings = PriorSettings { strength: 1.0, ..PriorSettings::default() };
    let learned = Learned::read(path, settings).map_err(|e| e.to_string())?;
    let report = match arguments.case.as_str() {
        "one" => scores(&arguments, &learned, 1),
        "twenty" => scores(&arguments, &learned, 20),
        "step" => step(&arguments, &learned),
        _ => return Err("name a case: one, twenty, step".to_owned()),
    };
    println!("{}", report.line(&arguments));
    Ok(())
}

/// Image `k`, as the peer draws it.
fn image(k: usize) -> Vec<f64> {
    let pixel = |at: usize| {
        let [y, x] = [at / SIDE, at % SIDE].map(|v| v as f64 - 15.0);
        (-0.5 * (y * y + 0.6 * x * x) / (4.0 + k as f64)).exp()
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

/// A few images with their prior.
struct Few {
    images: Vec<Vec<f64>>,
    inputs: Vec<f32>,
    outputs: Vec<f32>,
    scores: Vec<Vec<f64>>,
}

impl Few {
    fn evaluate(&mut self, prior: &ScorePrior, shared: &dyn Shared) {
        let size = shared.size();
        for (image, input) in self.images.iter().zip(self.inputs.chunks_exact_mut(size)) {
            prior.write_input(image, input);
        }
        shared.evaluate(&self.inputs, &mut self.outputs);
        let outputs = self.outputs.chunks_exact(size);
        for ((image, scores), output) in self.images.iter().zip(&mut self.scores).zip(outputs) {
            scores.fill(0.0);
            prior.add_score(image, output, scores);
        }
    }
}

fn scores(arguments: &Arguments, learned: &Arc<Learned>, count: usize) -> Report {
    let prior = ScorePrior::new(learned, [SIDE, SIDE], 1.0);
    let (shared, workers) = (prior.shared(), Workers::new(arguments.threads));
    shared.prepare(arguments.threads);
    let images: Vec<Vec<f64>> = (0..count).map(image).collect();
    let few = |images: &[Vec<f64>]| Few {
        inputs: vec![0.0; images.len() * SIDE * SIDE],
        outputs: vec![0.0; images.len() * SIDE * SIDE],
        scores: images.iter().map(|image| vec![0.0; image.len()]).collect(),
        images: images.to_vec(),
    };
    // in pieces of about the same size, an even number of them, as a fit takes its priors
    let (count, mut left) = (2 * count.div_ceil(2 * TOGETHER), images.as_slice());
    let piece = |to_come: usize| {
        let (own, rest) = left.split_at(left.len().div_ceil(to_come));
        left = rest;
        few(own)
    };
    let mut pieces: Vec<Few> = (1..=count).rev().map(piece).filter(|few| !few.images.is_empty()).collect();
    let mut report = workers.run(|| {
        Report::of_calls(arguments, 1, || {
            workers.for_each(&mut pieces, |_, piece| piece.evaluate(&prior, &*shared));
            black_box(&pieces);
        })
    });
    report.gradient = pieces[0].scores[0].iter().step_by(37).copied().collect();
    report
}

fn step(arguments: &Arguments, learned: &Arc<Learned>) -> Report {
    let start = common::quickstart_in(&arguments.data);
    let mut scene = Scene::new(start.scene.frame().clone()).expect("a frame");
    for (name, source) in start.scene.sources() {
        scene.add(learned.prior_of(source.clone().named(name))).expect("a source in the frame");
    }
    let builder = Posterior::builder().threads(arguments.threads);
    let mut posterior = builder.build(&scene, [&start.observation]).expect("a valid scene");
    Report::of_steps(arguments, &mut posterior)
}
