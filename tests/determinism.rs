//! The same input gives the same output, bit for bit, whatever the number of threads.

mod common;

use common::blend::{blend, turned_blend, turned_varying_blend, varying_blend};
use common::quickstart;
use scarlet::infer::Fit;
use scarlet::prelude::*;

const STEPS: usize = 40;

/// All bits of what a fit gives.
fn bits(fit: &Fit) -> Vec<u64> {
    fit.x.iter().chain(&fit.loss).map(|v| v.to_bits()).collect()
}

fn fit(
    scene: &Scene,
    observations: &[Observation],
    precision: Precision,
    threads: usize,
    yogi: bool,
) -> Vec<u64> {
    let builder = Posterior::builder().precision(precision).threads(threads);
    let mut posterior = builder.build(scene, observations).expect("a valid scene");
    assert_eq!(posterior.threads(), threads);
    let fit = if yogi {
        posterior.fit(&Yogi { max_iter: STEPS, e_rel: 0.0, ..Yogi::default() })
    } else {
        posterior.fit(&Adam { max_iter: STEPS, e_rel: 0.0, ..Adam::default() })
    };
    let fit = fit.expect("a finite start");
    assert_eq!(fit.iterations, STEPS);
    bits(&fit)
}

/// Asserts it for both precisions and optimisers, for one, two and three threads, each twice.
fn assert_same(scene: &Scene, observations: &[Observation]) {
    let mut fits = Vec::new();
    for precision in [Precision::Single, Precision::Double] {
        for yogi in [false, true] {
            let first = fit(scene, observations, precision, 1, yogi);
            assert!(!fits.contains(&first), "precision and optimiser must make a difference");
            for threads in [1, 2, 3, 2] {
                let again = fit(scene, observations, precision, threads, yogi);
                assert!(again == first, "{precision:?}, Yogi {yogi}: {threads} threads differ from one");
            }
            fits.push(first);
        }
    }
}

#[test]
fn fits_of_a_blend_are_identical_on_any_number_of_threads() {
    let (scene, observation) = blend();
    assert_same(&scene, &[observation]);
}

#[test]
fn so_are_those_to_two_observations() {
    let (scene, observation) = blend();
    let frame = observation.frame().clone();
    let part = Frame::with_bbox(BBox::new([8, 9], [40, 30]))
        .channels(["i", "g"])
        .psf(Psf::gaussian(1.5).expect("a PSF"));
    let data = scarlet::obs::render(&scene, &part).expect("in the frame");
    let weights = data.mapv(|_| 400.0);
    let second = Observation::new(data, weights, part).expect("valid data");
    assert_eq!(frame.shape()[0], 5);
    assert_same(&scene, &[observation, second]);
}

#[test]
fn so_are_those_with_another_grid_correlated_noise_and_own_parameters() {
    let (scene, observation) = blend();
    assert_same(&scene, &[observation, turned_blend()]);
}

#[test]
fn so_are_those_through_psfs_that_vary() {
    let (scene, observation) = blend();
    assert_same(&scene, &[varying_blend(&observation), turned_varying_blend()]);
}

#[test]
fn so_are_those_of_real_data() {
    let Some(start) = quickstart() else { return };
    assert_same(&start.scene, &[start.observation]);
}

#[test]
fn a_posterior_remembers_nothing_between_fits() {
    let (scene, observation) = blend();
    let mut posterior = Posterior::new(&scene, [&observation]).expect("a valid scene");
    let adam = Adam { max_iter: STEPS, e_rel: 0.0, ..Adam::default() };
    let first = posterior.fit(&adam).expect("a fit");
    let x = posterior.start().expect("a valid start");
    let away: Vec<f64> = x.iter().map(|v| v + 0.3).collect();
    let mut gradients = [vec![0.0; x.len()], vec![0.0; x.len()]];
    let value = posterior.value_and_gradient(&x, &mut gradients[0]);
    posterior.value(&away);
    assert_eq!(posterior.value_and_gradient(&x, &mut gradients[1]).to_bits(), value.to_bits());
    assert_eq!(gradients[0], gradients[1]);
    assert_eq!(posterior.value(&x).to_bits(), value.to_bits());
    assert_eq!(bits(&posterior.fit(&adam).expect("a fit")), bits(&first));
}
