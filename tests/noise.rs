//! Noise as it is: chi2, errors and fits of simulated images with correlated noise and with counts.

mod common;
#[path = "common/noise.rs"]
mod simulated;

use common::differences::{assert_gradient, channel_list, frame, image, observation};
use ndarray::{Array2, Array3, ArrayView2, Axis};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::Distribution;
use scarlet::obs::ObservationPlan;
use scarlet::obs::noise::{CorrelatedNoise, Noise, Poisson};
use scarlet::prelude::*;
use scarlet::render::Workers;
use simulated::{Kind, kinds, mean_and_error};

const DRAWS: u64 = 20;

/// chi2 of an image without sources, per pixel that counts.
fn chi2_of_sky(observation: &Observation) -> f64 {
    let (model, workers) = (observation.frame().clone(), Workers::default());
    let mut plan = ObservationPlan::<f32>::new(observation, &model, &workers).expect("its own frame");
    plan.log_likelihood(&vec![0.0; model.shape().iter().product()], &workers);
    plan.chi2() / observation.pixels_with_weight() as f64
}

/// A tenth of the pixels and a column.
fn masked(shape: [usize; 3]) -> Array3<bool> {
    let mut rng = StdRng::seed_from_u64(12);
    Array3::from_shape_fn(shape, |(.., x)| x == 17 || rand::Rng::random_range(&mut rng, 0..10) == 0)
}

fn sky(kind: &Kind, channels: usize, is_masked: bool, rng: &mut StdRng) -> Observation {
    let shape = [channels, 64, 60];
    let (data, weights) = kind.draw(shape, rng);
    let frame = Frame::new([64, 60]).channels((0..channels).map(|c| format!("c{c}")));
    let sky = Observation::new(data, weights, frame).expect("valid");
    if is_masked { sky.masked(masked(shape).view()).expect("not all") } else { sky }
}

#[test]
fn chi2_of_correlated_noise_is_one_a_pixel() {
    println!("| noise | correlation | masks | channels | chi2 a pixel | as independent |\n|---|---|---|---|---|---|");
    for kind in kinds() {
        for (channels, is_masked) in [(1, false), (2, false), (5, false), (1, true), (2, true), (5, true)] {
            let mut rng = StdRng::seed_from_u64(channels as u64);
            let draws: Vec<Observation> =
                (0..DRAWS).map(|_| sky(&kind, channels, is_masked, &mut rng)).collect();
            let independent: f64 = draws.iter().map(chi2_of_sky).sum::<f64>() / DRAWS as f64;
            let given = kind.correlation().map(|function| {
                let noise = CorrelatedNoise::from_function(function).expect("noise has it");
                ("given", draws.iter().map(|o| chi2_of_sky(&o.clone().correlated(noise.clone()).expect("all"))).collect())
            });
            let measured = draws.iter().map(|o| {
                let noise = CorrelatedNoise::measured(o, None).expect("empty sky");
                chi2_of_sky(&o.clone().correlated(noise).expect("all"))
            });
            for (how, found) in given.into_iter().chain([("measured", measured.collect::<Vec<f64>>())]) {
                let (mean, error) = mean_and_error(&found);
                let masks = if is_masked { "10% and a column" } else { "none" };
                println!("| {} | {how} | {masks} | {channels} | {mean:.4} ± {error:.4} | {independent:.3} |", kind.name);
                assert!((mean - 1.0).abs() < 4.0 * error + 0.004, "{}, {how}: {mean} ± {error}", kind.name);
            }
        }
    }
}
