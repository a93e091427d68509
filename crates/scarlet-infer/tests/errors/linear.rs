//! Scenes in which light is linear in all that is free: errors have a closed form.

use crate::dense::{columns, information, inverse};
use ndarray::{Array2, Array3};
use scarlet_frame::{Frame, Psf};
use scarlet_infer::{Posterior, Precision};
use scarlet_model::prior::Normal;
use scarlet_model::{Gaussian, Scene, Source, free};
use scarlet_obs::noise::{CorrelatedNoise, Poisson};
use scarlet_obs::{Observation, render};

/// A galaxy with a fixed image, one with a fixed profile and a star, close to each other, in two channels.
fn scene() -> (Scene, Frame) {
    let frame = Frame::new([40, 44]).channels(["g", "r"]).psf(Psf::gaussian(1.6).expect("a width"));
    let mut scene = Scene::new(Frame::enclosing([&frame]).expect("a frame")).expect("a scene");
    let image = Array2::from_shape_fn((15, 15), |(y, x)| {
        (-0.1 * (y as f64 - 7.0).powi(2) - 0.07 * (x as f64 - 7.0).powi(2)).exp()
    });
    let prior = Normal::diag([30.0, 40.0], [3.0, 2.0]);
    scene
        .add(Source::new([18.0, 17.0], free([20.0, 30.0]).prior(prior), image).named("image"))
        .expect("inside");
    let profile = Gaussian::new(2.0).distortion([0.2, -0.1]);
    scene
        .add(Source::new([21.3, 21.8], free([50.0, 40.0]).positive(), profile).named("profile"))
        .expect("inside");
    let star = Source::point([19.4, 26.1], [300.0, 20.0]).named("star");
    scene.add(star.edit_all("center", |p| p.clone().freeze())).expect("inside");
    (scene, frame)
}

const NAMES: [&str; 3] = ["image", "profile", "star"];

fn weights() -> Array3<f64> {
    Array3::from_shape_fn((2, 40, 44), |(c, y, x)| {
        if y == 20 && x % 3 == 0 { 0.0 } else { 2.0 + c as f64 + 0.02 * (y * x) as f64 }
    })
}

/// Largest relative difference of the flux covariances from the inverse of J' W J and the prior's precisions.
fn off_by(scene: &Scene, observation: &Observation, weights: &Array3<f64>) -> f64 {
    let paths: Vec<String> = NAMES.iter().map(|name| format!("{name}.spectrum")).collect();
    let wanted: Vec<(&str, usize, f64)> =
        paths.iter().flat_map(|path| [(path.as_str(), 0, 1.0), (path.as_str(), 1, 1.0)]).collect();
    let columns = columns(scene, observation, &wanted);
    let mut matrix = information(&columns, weights);
    matrix[[0, 0]] += 1.0 / 9.0;
    matrix[[1, 1]] += 1.0 / 4.0;
    let covariance = inverse(&matrix);
    // the flux of a source is its amplitude times the sum of its image
    let sums = NAMES.map(|name| {
        let (_, cube) = scarlet_render::source_cube(scene, name).expect("a source");
        cube.sum() / scene.param(&format!("{name}.spectrum")).expect("free").values().iter().sum::<f64>()
    });
    let builder = Posterior::builder().precision(Precision::Double);
    let mut posterior = builder.build(scene, [observation]).expect("valid");
    let x = posterior.start().expect("inside");
    let errors = posterior.errors(&x, scene, &[observation]).expect("errors");
    let mut worst: f64 = 0.0;
    for (k, source) in errors.sources.iter().enumerate() {
        assert_eq!(source.id, NAMES[k]);
        assert!(source.center_covariance.is_none() && source.parameters.is_empty());
        let mut compare = |l: usize, found: &Array2<f64>| {
            for ((a, b), value) in found.indexed_iter() {
                let scale = |k: usize, c: usize| sums[k] * covariance[[2 * k + c, 2 * k + c]].sqrt();
                let expected = sums[k] * sums[l] * covariance[[2 * k + a, 2 * l + b]];
                worst = worst.max((value - expected).abs() / (scale(k, a) * scale(l, b)));
            }
        };
        compare(k, &source.flux_covariance);
        for neighbour in &source.neighbours {
            let l = NAMES.iter().position(|name| *name == neighbour.id).expect("a source");
            compare(l, &neighbour.covariance);
        }
        let precision = if k == 0 { [1.0 / 9.0, 1.0 / 4.0] } else { [0.0; 2] };
        let decided: f64 = (0..2).map(|c| 1.0 - precision[c] * covariance[[2 * k + c, 2 * k + c]]).sum();
        assert!((source.absorbed - decided).abs() < 1e-6, "{} {decided}", source.absorbed);
    }
    worst
}

#[test]
fn fluxes_have_the_covariance_of_least_squares() {
    let (scene, frame) = scene();
    let weights = weights();
    let data = render(&scene, &frame).expect("the same grid");
    let observation = Observation::new(data, weights.clone(), frame).expect("valid");
    let worst = off_by(&scene, &observation, &weights);
    println!("largest difference of a covariance, relative: {worst:.1e}");
    assert!(worst < 1e-8, "{worst}");
}

#[test]
fn counts_have_the_information_of_what_is_expected() {
    let (scene, frame) = scene();
    let seen = render(&scene, &frame).expect("the same grid");
    let counts = seen.mapv(|v| (2.0 * v + 5.0).round());
    let noise = Poisson::new([2.0], [5.0]).expect("valid");
    let mask = Array3::from_elem(counts.dim(), false);
    let observation = Observation::counts(&counts, mask.view(), noise, frame).expect("valid");
    let weights = seen.mapv(|v| 4.0 / (2.0 * v + 5.0));
    let worst = off_by(&scene, &observation, &weights);
    assert!(worst < 1e-8, "{worst}");
}

/// chi2 of correlated noise is a quadratic form: its differences are the information.
#[test]
fn correlated_noise_has_the_information_of_its_likelihood() {
    let (scene, frame) = scene();
    let function = Array3::from_shape_fn((1, 5, 5), |(_, y, x)| {
        let r2 = (y as f64 - 2.0).powi(2) + (x as f64 - 2.0).powi(2);
        (-0.7 * r2).exp()
    });
    let noise = CorrelatedNoise::from_function(function).expect("valid");
    let mut alone = Scene::new(scene.frame().clone()).expect("a scene");
    alone.add(scene.source("profile").expect("a source").clone()).expect("inside");
    let data = render(&alone, &frame).expect("the same grid");
    let observation =
        Observation::new(data, weights(), frame).expect("valid").correlated(noise).expect("valid");
    let (_, cube) = scarlet_render::source_cube(&alone, "profile").expect("a source");
    let sum = cube.sum() / 90.0;
    let builder = Posterior::builder().precision(Precision::Double);
    let mut posterior = builder.build(&alone, [&observation]).expect("valid");
    let at = |posterior: &mut Posterior, g: f64, r: f64| {
        let mut x = posterior.start().expect("inside");
        (x[0], x[1]) = ((50.0 + g).ln(), (40.0 + r).ln());
        posterior.log_likelihood(&x)
    };
    let fall = |posterior: &mut Posterior, g: f64, r: f64| {
        2.0 * at(posterior, 0.0, 0.0) - at(posterior, g, r) - at(posterior, -g, -r)
    };
    let expected = [fall(&mut posterior, 1.0, 0.0), fall(&mut posterior, 0.0, 1.0)].map(|v| v.powf(-0.5));
    let x = posterior.start().expect("inside");
    let errors = posterior.errors(&x, &alone, &[&observation]).expect("errors");
    let flux = errors.source("profile").expect("a source").flux();
    for (found, expected) in flux.iter().zip(expected) {
        assert!((found / (sum * expected) - 1.0).abs() < 1e-6, "{found} {expected}");
    }
}
