//! Noise as it is: chi2, errors and fits of simulated images with correlated noise and with counts.

mod common;
#[path = "common/noise.rs"]
mod simulated;

use common::differences::{assert_gradient, channel_list, frame, image, observation};
use ndarray::{Array2, Array3, ArrayView2};
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
    Array3::from_shape_fn(shape, |(.., x)| x == 17 || rand::RngExt::random_range(&mut rng, 0..10) == 0)
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
    println!(
        "| noise | correlation | masks | channels | chi2 a pixel | as independent |\n|---|---|---|---|---|---|"
    );
    for kind in kinds() {
        for (channels, is_masked) in [(1, false), (2, false), (5, false), (1, true), (2, true), (5, true)] {
            let mut rng = StdRng::seed_from_u64(channels as u64);
            let draws: Vec<Observation> =
                (0..DRAWS).map(|_| sky(&kind, channels, is_masked, &mut rng)).collect();
            let independent: f64 = draws.iter().map(chi2_of_sky).sum::<f64>() / DRAWS as f64;
            let given = kind.correlation().map(|function| {
                let noise = CorrelatedNoise::from_function(function).expect("noise has it");
                (
                    "given",
                    draws
                        .iter()
                        .map(|o| chi2_of_sky(&o.clone().correlated(noise.clone()).expect("all")))
                        .collect(),
                )
            });
            let measured = draws.iter().map(|o| {
                let noise = CorrelatedNoise::measured(o, None).expect("empty sky");
                chi2_of_sky(&o.clone().correlated(noise).expect("all"))
            });
            for (how, found) in given.into_iter().chain([("measured", measured.collect::<Vec<f64>>())]) {
                let (mean, error) = mean_and_error(&found);
                let masks = if is_masked { "10% and a column" } else { "none" };
                println!(
                    "| {} | {how} | {masks} | {channels} | {mean:.4} ± {error:.4} | {independent:.3} |",
                    kind.name
                );
                // What was measured fits its own pixels best: with fewer of them chi2 of the others is larger.
                let more = if how == "measured" { 0.02 } else { 0.004 };
                assert!((mean - 1.0).abs() < 4.0 * error + more, "{}, {how}: {mean} ± {error}", kind.name);
            }
        }
    }
}

/// Correlation of neighbours along x and y.
fn neighbours(along_x: f64, along_y: f64) -> CorrelatedNoise {
    let cross = [[0.0, along_y, 0.0], [along_x, 1.0, along_x], [0.0, along_y, 0.0]];
    CorrelatedNoise::from_function(Array3::from_shape_fn((1, 3, 3), |(_, y, x)| cross[y][x]))
        .expect("noise has it")
}

fn small_scene(frame: &Frame) -> Scene {
    let mut scene = Scene::new(Frame::enclosing([frame]).expect("a frame")).expect("a valid frame");
    let star = Source::point(free([9.3, 10.6]), free([30.0, 40.0]).positive()).named("star");
    scene.add(star).expect("inside");
    scene.add(Source::extended([14.0, 6.0], vec![(vec![10.0, 20.0], image(7, 7))])).expect("inside");
    scene
}

/// The same pixels as counts: positive data.
fn counted(frame: &Frame) -> Observation {
    let seen = observation(frame.clone());
    let counts = seen.data().mapv(|d| (6.0 * (d + 1.0)).round());
    let mask = seen.weights().mapv(|w| w == 0.0);
    let noise = Poisson::new([3.0, 2.0], [1.5]).expect("valid");
    Observation::counts(&counts, mask.view(), noise, frame.clone()).expect("counts")
}

#[test]
fn gradients_are_finite_differences() {
    for shape in [[22, 22], [23, 21]] {
        let frame = channel_list(shape, 2);
        let scene = small_scene(&frame);
        let correlated = observation(frame.clone()).correlated(neighbours(0.35, -0.2)).expect("one for all");
        assert_gradient(&scene, &[correlated]);
        assert_gradient(&scene, &[counted(&frame)]);
    }
}

#[test]
fn threads_change_nothing() {
    let frame = channel_list([33, 40], 2);
    let scene = small_scene(&frame);
    let seen =
        [observation(frame.clone()).correlated(neighbours(0.3, 0.3)).expect("one for all"), counted(&frame)];
    let evaluate = |threads: usize| {
        let mut posterior = Posterior::builder().threads(threads).build(&scene, &seen).expect("valid");
        let x = posterior.start().expect("inside");
        let mut grad = vec![0.0; x.len()];
        let first = posterior.value_and_gradient(&x, &mut grad);
        let away: Vec<f64> = x.iter().map(|v| v + 0.3).collect();
        posterior.value(&away);
        // What was evaluated before changes nothing.
        assert_eq!(posterior.value_and_gradient(&x, &mut grad).to_bits(), first.to_bits());
        assert_eq!(posterior.value(&x).to_bits(), first.to_bits());
        (first.to_bits(), grad.iter().map(|g| g.to_bits()).collect::<Vec<_>>())
    };
    let one = evaluate(1);
    assert!([2, 3].into_iter().all(|threads| evaluate(threads) == one));
}

#[test]
fn white_noise_is_as_independent() {
    let frame = channel_list([22, 25], 2);
    let (scene, seen) = (small_scene(&frame), observation(frame));
    let evaluate = |observation: &Observation| {
        let mut posterior =
            Posterior::builder().precision(Precision::Double).build(&scene, [observation]).expect("valid");
        let x = posterior.start().expect("inside");
        let mut grad = vec![0.0; x.len()];
        (posterior.value_and_gradient(&x, &mut grad), posterior.chi2()[0], grad)
    };
    let (value, chi2, grad) = evaluate(&seen);
    let white = CorrelatedNoise::from_function(Array3::ones((1, 1, 1))).expect("white");
    let (white_value, white_chi2, white_grad) = evaluate(&seen.correlated(white).expect("one for all"));
    approx::assert_relative_eq!(value, white_value, max_relative = 1e-12);
    approx::assert_relative_eq!(chi2, white_chi2, max_relative = 1e-12);
    let off = grad.iter().zip(&white_grad).map(|(a, b)| (a - b).abs() / (1.0 + a.abs()));
    assert!(off.fold(0.0, f64::max) < 1e-9);
}

/// The fluxes that maximise a posterior quadratic in them, and their covariance: the inverse of its curvature.
fn best(posterior: &mut Posterior) -> (Vec<f64>, Array2<f64>) {
    let n = posterior.dim();
    let mut gradient_at = |x: &[f64]| {
        let mut grad = vec![0.0; n];
        posterior.value_and_gradient(x, &mut grad);
        grad
    };
    let origin = gradient_at(&vec![0.0; n]);
    let mut system = Array2::zeros((n, 2 * n));
    for k in 0..n {
        let mut unit = vec![0.0; n];
        unit[k] = 1.0;
        for (i, g) in gradient_at(&unit).into_iter().enumerate() {
            system[[i, k]] = origin[i] - g;
        }
        system[[k, n + k]] = 1.0;
    }
    // Gauss-Jordan; the curvature is positive definite, so that no pivots are needed.
    for k in 0..n {
        let pivot = system.row(k).mapv(|v| v / system[[k, k]]);
        system.row_mut(k).assign(&pivot);
        for i in (0..n).filter(|i| *i != k) {
            let factor = system[[i, k]];
            system.row_mut(i).scaled_add(-factor, &pivot);
        }
    }
    let covariance = system.slice(ndarray::s![.., n..]).to_owned();
    (covariance.dot(&ndarray::Array1::from(origin)).to_vec(), covariance)
}

/// Stars and a galaxy with fluxes as the only unknowns.
fn fluxes_scene(frame: &Frame) -> (Scene, Vec<f64>) {
    let mut scene = Scene::new(Frame::enclosing([frame]).expect("a frame")).expect("a valid frame");
    let truth = vec![60.0, 90.0, 150.0];
    let star = |k: usize, center: [f64; 2]| Source::new(center, free([truth[k]]), Point::new());
    scene.add(star(0, [14.3, 16.6])).expect("inside");
    scene.add(star(1, [19.0, 19.5])).expect("inside");
    let profile = Sersic::new(1.0, 3.0).shape_px([31, 31]);
    scene.add(Source::new([40.0, 38.0], free([truth[2]]), profile)).expect("inside");
    (scene, truth)
}

#[test]
fn fluxes_scatter_less_and_as_much_as_their_errors_say() {
    let frame = frame([64, 60]);
    let (scene, truth) = fluxes_scene(&frame);
    let clean = scarlet::obs::render(&scene, &frame).expect("renderable");
    println!("| noise | weights | scatter of fluxes over the least | width of pulls |\n|---|---|---|---|");
    for kind in kinds() {
        let mut rng = StdRng::seed_from_u64(8);
        let (mut pulls, mut offs) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        let mut of_sky = kind.correlation().map(|f| CorrelatedNoise::from_function(f).expect("noise has it"));
        for _ in 0..80 {
            let (noise, weights) = kind.draw([1, 64, 60], &mut rng);
            let plain = Observation::new(&clean + &noise, weights.clone(), frame.clone()).expect("valid");
            let of_sky = of_sky.get_or_insert_with(|| {
                let (noise, weights) = kind.draw([1, 200, 200], &mut rng);
                let empty = Observation::new(noise, weights, Frame::new([200, 200])).expect("valid");
                CorrelatedNoise::measured(&empty, None).expect("empty sky")
            });
            let right = plain.clone().correlated(of_sky.clone()).expect("one channel");
            for (k, observation) in [plain, right].iter().enumerate() {
                let mut posterior = Posterior::builder()
                    .precision(Precision::Double)
                    .build(&scene, [observation])
                    .expect("valid");
                let (found, covariance) = best(&mut posterior);
                for (i, (value, truth)) in found.iter().zip(&truth).enumerate() {
                    pulls[k].push((value - truth) / covariance[[i, i]].sqrt());
                    offs[k].push((value - truth) / truth);
                }
            }
        }
        let root = |values: &[f64]| (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt();
        let least = root(&offs[1]);
        for (k, what) in ["as independent", "right"].iter().enumerate() {
            println!("| {} | {what} | {:.3} | {:.3} |", kind.name, root(&offs[k]) / least, root(&pulls[k]));
        }
        // 240 pulls: the width is known to 5%.
        assert!((root(&pulls[1]) - 1.0).abs() < 0.14, "{}: {}", kind.name, root(&pulls[1]));
        assert!(root(&offs[0]) > 0.99 * least, "{}", kind.name);
    }
}

/// The best flat field of counts is their mean; weights of the counts themselves pull it below.
#[test]
fn flat_fields_of_few_counts_are_unbiased() {
    let (frame, mu) = (Frame::new([30, 30]), 4.0);
    let poisson = rand_distr::Poisson::new(mu).expect("positive");
    let mut rng = StdRng::seed_from_u64(3);
    let (mut means, mut weighted, mut deviances) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..20 {
        let counts: Array3<f64> = Array3::from_shape_simple_fn((1, 30, 30), || poisson.sample(&mut rng));
        let mask = Array3::from_elem((1, 30, 30), false);
        let noise = Poisson::new([1.0], [0.0]).expect("valid");
        let seen = Observation::counts(&counts, mask.view(), noise, frame.clone()).expect("counts");
        let mut scene = Scene::new(frame.clone()).expect("a valid frame");
        let flat = Source::new([15.0, 15.0], free([7.0]).positive(), Array2::ones((31, 31)));
        scene.add(flat.named("flat")).expect("inside");
        let mut posterior =
            Posterior::builder().precision(Precision::Double).build(&scene, [&seen]).expect("valid");
        let fit = posterior.fit(&Scaled { e_chi2: 0.0, ..Scaled::default() }).expect("a fit");
        posterior.store(&fit.x, &mut scene);
        let found = scene.param("flat.spectrum").expect("there").values()[0];
        approx::assert_relative_eq!(found, counts.mean().expect("pixels"), max_relative = 1e-6);
        means.push(found);
        let (sum, weights) =
            counts.iter().fold((0.0, 0.0), |(s, w), n| (s + n / n.max(1.0), w + 1.0 / n.max(1.0)));
        weighted.push(sum / weights);
        posterior.value(&fit.x);
        deviances.push(posterior.chi2()[0] / 900.0);
    }
    let (mean, error) = mean_and_error(&means);
    let (biased, _) = mean_and_error(&weighted);
    let (deviance, of_deviance) = mean_and_error(&deviances);
    let expected = Poisson::expected_deviance(mu);
    println!(
        "flat field of {mu}: {mean:.3} ± {error:.3}, with weights of the counts {biased:.3}; deviance a pixel {deviance:.3}, expected {expected:.3}"
    );
    assert!((mean - mu).abs() < 4.0 * error && biased < 0.85 * mu);
    assert!((deviance - expected).abs() < 4.0 * of_deviance);
}

#[test]
fn where_a_model_has_no_light_under_counts_the_slope_leads_out() {
    let frame = frame([30, 30]);
    let mut scene = Scene::new(Frame::enclosing([&frame]).expect("a frame")).expect("a valid frame");
    scene.add(Source::new([15.0, 15.0], free([50.0]), Point::new()).named("star")).expect("inside");
    let clean = scarlet::obs::render(&scene, &frame).expect("renderable");
    let counts = clean.mapv(|v| v.round().max(0.0));
    let mask = Array3::from_elem(counts.dim(), false);
    let noise = Poisson::new([1.0], [0.0]).expect("valid");
    let seen = Observation::counts(&counts, mask.view(), noise, frame).expect("counts");
    let mut posterior =
        Posterior::builder().precision(Precision::Double).build(&scene, [&seen]).expect("valid");
    let mut last = f64::NEG_INFINITY;
    for flux in [-1e4, -20.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 20.0, 0.99 * counts.sum()] {
        let mut slope = [0.0];
        let value = posterior.value_and_gradient(&[flux], &mut slope);
        assert!(value.is_finite() && value > last && slope[0] > 0.0, "{flux}: {value} {slope:?}");
        last = value;
    }
}

#[test]
fn what_does_not_fit_an_observation_is_refused() {
    let frame = channel_list([20, 20], 2);
    let seen = observation(frame.clone()).named("coadd");
    let message =
        |result: Result<Observation, _>| result.err().map(|e: scarlet::obs::ObsError| e.to_string());
    let three = CorrelatedNoise::from_function(Array3::ones((3, 1, 1))).expect("white");
    let said = message(seen.clone().correlated(three)).expect("refused");
    assert_eq!(
        said,
        "coadd: the noise has 3 correlations and the observation 2 channels; give one for each, or one for all"
    );
    let noise = Poisson::new([2.0], [0.5]).expect("valid");
    let said = message(seen.clone().poisson(noise.clone())).expect("refused");
    assert!(
        said.starts_with("coadd: channel c0, pixel (y, x) = (0, ") && said.contains("counts are 0 or more"),
        "{said}"
    );
    let small = CorrelatedNoise::measured(&seen, None).expect_err("400 pixels");
    assert!(small.to_string().contains("pixels are empty sky, and 500 are needed"), "{small}");
    let mask = Array2::from_elem((3, 3), false);
    let other = CorrelatedNoise::measured(&seen, Some(ArrayView2::from(&mask))).expect_err("another shape");
    assert!(other.to_string().starts_with("the mask of sources has shape [3, 3]"), "{other}");
    assert_eq!(*seen.noise(), Noise::Independent);
}
