//! Training: derivatives of weights, reproducible steps, checkpoints, and scores that are known.

use dfdx::prelude::*;
use rand::SeedableRng;
use scarlet_nn::train::known::Fields;
use scarlet_nn::train::{
    Denoising, Event, ImageSet, Random, Settings, State, Stop, Trainer, Until, from_network_units,
    to_network_units,
};
use scarlet_nn::{Annealing, Architecture, Arrays, Batch, Derivatives, NnError, ScoreModule, Trainable};
use std::ops::ControlFlow;

const SIZES: Architecture =
    Architecture { side: 8, patch: 2, features: 16, depth: 2, mix_patches: 32, mix_features: 32 };
const SETTINGS: Settings = Settings {
    seed: 3,
    batch: 16,
    shard: 4,
    rate: 4e-3,
    warm_up: 50,
    clip: 1.0,
    average: 0.99,
    validate_every: 10,
    validation: 16,
    patience: 1000,
};

fn images(fields: &Fields, count: usize) -> ImageSet {
    let pixels = fields.draw(count, &mut Random::seed_from_u64(1)).into_iter().map(|v| v as f32).collect();
    ImageSet::as_they_are(8, pixels).expect("whole images")
}

fn steps(n: u64) -> Until {
    Until { steps: Some(n), time: None }
}

fn go_on(_: &State, _: Event) -> Result<ControlFlow<()>, NnError> {
    Ok(ControlFlow::Continue(()))
}

#[test]
fn derivatives_of_all_weights_are_their_central_differences() {
    let sizes = Architecture { side: 4, patch: 2, features: 3, depth: 1, mix_patches: 5, mix_features: 2 };
    let device = Cpu::default();
    let values = |n: usize, k: usize| (0..n).map(|i| ((i * 7 + k * 13) as f64 * 0.61).sin() * 0.5).collect();
    let mut arrays: Vec<Vec<f64>> =
        sizes.arrays().iter().enumerate().map(|(k, (_, s))| values(s.iter().product(), k)).collect();
    arrays.pop();
    let input: Batch<f64, Cpu> = device.tensor_from_vec(values(3 * 2 * 16, 40), (3, 2, 4, 4));
    let seed: Tensor<(usize, usize, usize), f64, Cpu> = device.tensor_from_vec(values(48, 41), (3, 4, 4));
    let loss = |arrays: &[Vec<f64>]| {
        let module = ScoreModule::from_arrays(&sizes, &mut Arrays::new(arrays.to_vec(), &device));
        let module: ScoreModule<f64, Cpu> = module.expect("fitting arrays");
        let out = module.forward(input.leaky_trace());
        ((out * seed.clone()).sum::<Rank0, _>(), module)
    };
    let (value, module) = loss(&arrays);
    let mut gradients = value.backward();
    let mut derivatives = Derivatives::new(&mut gradients);
    module.derivatives(&mut derivatives).expect("derivatives");
    let mut found = derivatives.into_values().into_iter();
    for k in 0..arrays.len() {
        for i in 0..arrays[k].len() {
            let shifted = |d: f64| {
                let mut arrays = arrays.clone();
                arrays[k][i] += d;
                loss(&arrays).0.array()
            };
            let expected = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            let found = found.next().expect("as many as weights");
            assert!(
                (found - expected).abs() < 1e-6 * expected.abs().max(1.0),
                "{k}, {i}: {found} {expected}"
            );
        }
    }
    assert!(found.next().is_none());
}

#[test]
fn training_is_the_same_for_any_threads_and_after_a_checkpoint() {
    let images = images(&Fields::gaussian(8, 2.0), 200);
    let objective = Denoising::new(SIZES, &images, [0.1, 2.0]).expect("valid");
    let device = Cpu::default();
    let mut straight = Trainer::new(&objective, &device, SETTINGS, 1).expect("valid");
    assert_eq!(straight.run(steps(40), go_on).expect("trained"), Stop::Steps);
    let mut first = Trainer::new(&objective, &device, SETTINGS, 3).expect("valid");
    first.run(steps(20), go_on).expect("trained");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("checkpoint.safetensors");
    first.state().save(&path).expect("saved");
    let state = State::load(&path).expect("loaded");
    assert_eq!(&state, first.state());
    let mut second = Trainer::resume(&objective, &device, state.clone(), 2).expect("the same objective");
    second.run(steps(40), go_on).expect("trained");
    assert_eq!(second.state(), straight.state());

    let others = self::images(&Fields::gaussian(8, 3.0), 200);
    let other = Denoising::new(SIZES, &others, [0.1, 2.0]).expect("valid");
    let refused = Trainer::resume(&other, &device, state.clone(), 1).expect_err("other images").to_string();
    assert!(refused.contains("other images"), "{refused}");
    let other = Denoising::new(Architecture { depth: 1, ..SIZES }, &images, [0.1, 2.0]).expect("valid");
    let refused = Trainer::resume(&other, &device, state, 1).expect_err("another network").to_string();
    assert!(refused.contains("another network"), "{refused}");
    let bytes = std::fs::read(&path).expect("there");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("written");
    assert!(State::load(&path).expect_err("cut short").to_string().contains("no checkpoint"));
}

#[test]
fn training_ends_where_the_validation_loss_falls_no_more_and_where_it_is_not_finite() {
    let images = images(&Fields::gaussian(8, 2.0), 30);
    let objective = Denoising::new(SIZES, &images, [0.1, 2.0]).expect("valid");
    let device = Cpu::default();
    let settings = Settings { patience: 2, rate: 1e-30, ..SETTINGS };
    let mut trainer = Trainer::new(&objective, &device, settings, 1).expect("valid");
    assert_eq!(trainer.run(steps(10_000), go_on).expect("ended"), Stop::Converged);
    let settings = Settings { rate: 1e30, ..SETTINGS };
    let mut trainer = Trainer::new(&objective, &device, settings, 1).expect("valid");
    let error = trainer.run(steps(10_000), go_on).expect_err("too fast").to_string();
    assert!(error.contains("lower rate"), "{error}");
}

#[test]
fn a_gaussian_and_a_mixture_are_recovered() {
    for (name, fields) in [("Gaussian", Fields::gaussian(8, 1.0)), ("mixture", Fields::mixture(8, 1.0))] {
        let images = images(&fields, 4000);
        let objective = Denoising::new(SIZES, &images, [0.1, 2.0]).expect("valid");
        let device = Cpu::default();
        let settings = Settings { batch: 64, shard: 32, validate_every: 100, validation: 256, ..SETTINGS };
        let mut trainer = Trainer::new(&objective, &device, settings, 1).expect("valid");
        trainer.run(steps(400), go_on).expect("trained");
        let net = objective.network(trainer.state().best()).expect("a network");
        for (t, most) in [(0.2, 0.4), (0.5, 0.2), (1.0, 0.1)] {
            let error = fields.relative_error(&net, t, 200, 5).expect("a level it knows");
            println!("{name}, t {t}: {error:.3}");
            assert!(error < most, "{name}, t {t}: {error}");
        }
    }
}

#[test]
fn annealing_with_the_true_score_draws_the_field() {
    let fields = Fields::gaussian(8, 4.0);
    let annealing = Annealing { levels: [8.0, 0.01], count: 60, steps: 4, step: 0.2 };
    let (count, mut random) = (400, Random::seed_from_u64(2));
    let mut drawn: Vec<f32> = fields.draw(count, &mut random).iter().map(|_| 0.0).collect();
    let score = |z: &[f32], t: f64, out: &mut [f32]| {
        for (z, out) in z.chunks_exact(64).zip(out.chunks_exact_mut(64)) {
            let z: Vec<f64> = z.iter().map(|v| f64::from(*v)).collect();
            out.iter_mut().zip(fields.score(&z, t)).for_each(|(o, s)| *o = s as f32);
        }
        Ok(())
    };
    annealing.run(&mut drawn, &mut random, score).expect("drawn");
    let expected = fields.draw(count, &mut random);
    let moments = |values: Vec<f64>| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64)
    };
    let sums = |all: &[f64]| all.chunks(64).map(|z| z.iter().sum::<f64>()).collect::<Vec<_>>();
    let drawn: Vec<f64> = drawn.into_iter().map(f64::from).collect();
    let (mean, variance) = moments(sums(&drawn));
    let (true_mean, true_variance) = moments(sums(&expected));
    println!("sum of an image: {mean:.2} and {true_mean:.2}, variance {variance:.0} and {true_variance:.0}");
    assert!((mean - true_mean).abs() < 5.0 * (2.0 * true_variance / count as f64).sqrt());
    assert!((variance / true_variance - 1.0).abs() < 0.3);
    let (_, pixel) = moments(drawn);
    let (_, true_pixel) = moments(expected);
    assert!((pixel / true_pixel - 1.0).abs() < 0.1, "{pixel} {true_pixel}");
}

#[test]
fn images_that_cannot_be_trained_on_are_refused_by_name() {
    let mut set = ImageSet::new(4);
    let mut message =
        |shape, pixels: &[f64]| set.push("a.fits", shape, pixels).expect_err("refused").to_string();
    let mut bright = [0.1; 16];
    bright[5] = 2.0;
    assert!(message([4, 5], &[1.0; 20]).contains("a.fits: it has 4 x 5 pixels"));
    assert!(message([4, 4], &[0.0; 16]).contains("no pixel above 0"));
    let mut nan = bright;
    nan[6] = f64::NAN;
    assert!(message([4, 4], &nan).contains("(1, 2) is NaN"));
    let mut deep = bright;
    deep[15] = -2.0;
    assert!(message([4, 4], &deep).contains("(3, 3) is -2"));
    set.push("b.fits", [4, 4], &bright).expect("a good image");
    assert!((f64::from(set.image(0)[5]) - 10.0 * 2.0_f64.ln()).abs() < 1e-6);
    assert!((from_network_units(to_network_units(0.3)) - 0.3).abs() < 1e-15);
    let few = Denoising::new(Architecture { side: 4, ..SIZES }, &set, [0.1, 2.0]).expect_err("one image");
    assert!(few.to_string().contains("1 images are too few"));
    let images = images(&Fields::gaussian(8, 2.0), 30);
    let odd = Denoising::new(Architecture { patch: 3, ..SIZES }, &images, [0.1, 2.0]).expect_err("odd");
    assert!(odd.to_string().contains("not a multiple of a patch of 3"));
    assert!(
        Denoising::new(SIZES, &images, [2.0, 0.1]).expect_err("levels fall").to_string().contains("rise")
    );
}
