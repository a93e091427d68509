//! Networks as priors: against scarlet2's arrays, against what they are made of, on other grids and from files.

use ndarray::Array2;
use ndarray_npy::NpzReader;
use scarlet_model::prior::{NearImage, Staged};
use scarlet_model::{Prior, Score, Transform};
use scarlet_nn::{About, Architecture, Learned, PriorSettings, ScoreNet, ScorePrior, noise_variance};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

/// The density that a network has learnt.
const WHOLE: PriorSettings = PriorSettings { noise_level: 0.02, strength: 1.0, near_start: true };

/// The folder of the shared data, where there is one.
fn data() -> Option<PathBuf> {
    let data = std::env::var_os("SCARLET_DATA").map(PathBuf::from);
    if data.is_none() {
        println!("SCARLET_DATA is not set: no published weights");
    }
    data
}

fn published(data: &std::path::Path, settings: PriorSettings) -> Arc<Learned> {
    Learned::read(data.join("score_nets/eqx_hsc_ScoreNet32.eqx"), settings).expect("the published weights")
}

/// For images of 12 x 12 pixels.
fn small() -> ScoreNet {
    let sizes = Architecture { side: 12, patch: 3, features: 5, depth: 2, mix_patches: 7, mix_features: 6 };
    ScoreNet::made_up(sizes, 0)
}

fn learned(settings: PriorSettings) -> Arc<Learned> {
    Learned::new(&small(), &About::default(), settings).expect("valid settings")
}

fn score(prior: &dyn Score, x: &[f64]) -> Vec<f64> {
    let mut grad = vec![0.0; x.len()];
    prior.score(x, &mut grad);
    grad
}

/// A galaxy that peaks at `peak` in the middle.
fn galaxy([ny, nx]: [usize; 2], peak: f64, radius: f64) -> Vec<f64> {
    let image = Array2::from_shape_fn((ny, nx), |(y, x)| {
        let [dy, dx] = [y as f64 - (ny / 2) as f64, 0.7 * (x as f64 - (nx / 2) as f64)];
        peak * (-dy.hypot(dx) / radius).exp()
    });
    image.into_iter().collect()
}

#[test]
fn gradients_are_those_of_scarlet2() {
    let Some(data) = data() else { return };
    let learned = published(&data, PriorSettings { noise_level: 0.01, ..WHOLE });
    let file = File::open(data.join("../reference/scarlet2/scorenet32_f32.npz")).expect("reference arrays");
    let mut file = NpzReader::new(file).expect("an npz file");
    let whole: Array2<f64> = file.by_name("x").expect("there");
    let part: Array2<f32> = file.by_name("prior_x_25x27").expect("there");
    for (x, name) in [(part.mapv(f64::from), "prior_grad_25x27_t0.01"), (whole, "prior_grad_32x32_t0.01")] {
        let expected: Array2<f32> = file.by_name(name).expect(name);
        let prior = ScorePrior::new(&learned, x.dim().into(), 1.0);
        let found = score(&prior, x.as_slice().expect("row order"));
        let largest = expected.iter().fold(0.0, |most: f64, v| most.max(f64::from(v.abs())));
        let off =
            found.iter().zip(&expected).map(|(a, b)| (a - f64::from(*b)).abs()).fold(0.0, f64::max) / largest;
        println!("{name}: {off:.1e} of the largest");
        assert!(off < 1e-5, "{name}: {off:e}");
        // scarlet2's log-density is the constant 0; here there is none.
        let value: ndarray::Array0<f64> = file.by_name("prior_logprob_value").expect("there");
        assert_eq!(value.into_scalar(), 0.0);
        assert_eq!(Prior::from(prior).log_density(x.as_slice().expect("row order")), None);
    }
}

#[test]
fn scores_follow_scale_strength_and_averages() {
    let one = learned(WHOLE);
    let half = learned(PriorSettings { strength: 0.5, ..WHOLE });
    let image = galaxy([12, 12], 1.0, 2.0);
    let faint: Vec<f64> = image.iter().map(|v| 0.25 * v).collect();
    let grad = score(&ScorePrior::new(&one, [12, 12], 1.0), &image);
    let of_faint = score(&ScorePrior::new(&half, [12, 12], 0.25), &faint);
    let largest = grad.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    assert!(largest > 0.1);
    for (a, b) in grad.iter().zip(&of_faint) {
        assert!((0.5 * a / 0.25 - b).abs() < 1e-6 * largest);
    }
    let scaled = ScorePrior::new(&half, [12, 12], 1.0).scaled(0.25).expect("a positive factor");
    assert_eq!(score(scaled.as_score(), &faint), of_faint);
    // each pixel twice in both directions: the network sees the same
    let double: Vec<f64> = (0..24 * 24).map(|k| image[k / 48 * 12 + k % 24 / 2]).collect();
    let of_double = score(&ScorePrior::new(&one, [24, 24], 1.0), &double);
    for k in 0..24 * 24 {
        assert!((of_double[k] - 0.25 * grad[k / 48 * 12 + k % 24 / 2]).abs() < 1e-6 * largest);
    }
}

#[test]
fn a_density_beside_the_network_is_added() {
    let learned = learned(WHOLE);
    let image = galaxy([9, 9], 0.5, 2.0);
    let expected = Array2::from_shape_vec((9, 9), galaxy([9, 9], 0.4, 2.5)).expect("81 pixels");
    let near = NearImage::new(expected, 0.5, 0.003);
    let plain = ScorePrior::new(&learned, [9, 9], 0.5);
    let both = plain.clone().beside(Arc::new(near.clone()));
    let sum: Vec<f64> = score(&plain, &image).iter().zip(score(&near, &image)).map(|(a, b)| a + b).collect();
    for (a, b) in score(&both, &image).iter().zip(&sum) {
        assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "{a} {b}");
    }
    let precisions = |prior: &dyn Score| prior.precisions().map(<[f64]>::to_vec).expect("known");
    assert_eq!(precisions(&both)[40], precisions(&plain)[40] + precisions(&near)[40]);
    let wider = both.on_grid([11, 13], [-1, -2]).expect("both follow");
    assert!(wider.check(143).is_ok() && wider.check(81).is_err());
    let brighter = both.scaled(2.0).expect("both follow");
    let doubled: Vec<f64> = image.iter().map(|v| 2.0 * v).collect();
    for (a, b) in score(brighter.as_score(), &doubled).iter().zip(&sum) {
        assert!((a - 0.5 * b).abs() < 1e-6 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn an_expectation_that_moves_takes_the_sum_as_far_as_its_own_density() {
    let learned = learned(WHOLE);
    let expected = Array2::from_shape_vec((9, 9), galaxy([9, 9], 0.4, 2.5)).expect("81 pixels");
    let near = NearImage::new(expected, 0.5, 0.003).from_data();
    let both = ScorePrior::new(&learned, [9, 9], 0.5).beside(Arc::new(near.clone()));
    let pulls = |prior: &dyn Score| -> Vec<Vec<f64>> {
        let precisions = prior.precisions().expect("known");
        let pull = |change: &Vec<f64>| change.iter().zip(precisions).map(|(d, p)| d * p).collect();
        prior.loose_directions().iter().map(pull).collect()
    };
    let (of_near, of_both) = (pulls(&near), pulls(&both));
    assert!(!of_near.is_empty() && of_near.len() == of_both.len());
    for (a, b) in of_both.iter().flatten().zip(of_near.iter().flatten()) {
        assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "{a} {b}");
    }
    assert!(ScorePrior::new(&learned, [9, 9], 0.5).loose_directions().is_empty());
}

#[test]
fn alone_and_together_scores_are_the_same() {
    let learned = learned(WHOLE);
    let shapes = [[9, 11], [12, 12], [15, 21], [12, 12], [7, 7]];
    let priors = shapes.map(|shape| ScorePrior::new(&learned, shape, 0.5));
    let images = shapes.map(|shape| galaxy(shape, 0.5, 2.5));
    let shared = priors[0].shared();
    let size = shared.size();
    let (mut inputs, mut outputs) = (vec![0.0; 5 * size], vec![0.0; 5 * size]);
    for ((prior, image), input) in priors.iter().zip(&images).zip(inputs.chunks_exact_mut(size)) {
        prior.write_input(image, input);
    }
    shared.evaluate(&inputs, &mut outputs);
    for (k, (prior, image)) in priors.iter().zip(&images).enumerate() {
        let at = k * size..(k + 1) * size;
        let mut together = vec![0.0; image.len()];
        prior.add_score(image, &outputs[at], &mut together);
        let alone = score(prior, image);
        let largest = alone.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        assert!(alone.iter().zip(&together).all(|(a, b)| (a - b).abs() <= 1e-6 * largest), "image {k}");
    }
}

#[test]
fn the_bound_of_the_curvature_is_one() {
    let Some(data) = data() else { return };
    let learned = published(&data, WHOLE);
    for shape in [[31, 31], [45, 45]] {
        let prior = ScorePrior::new(&learned, shape, 0.5);
        let precisions = prior.precisions().expect("a bound");
        let image = galaxy(shape, 0.5, 3.0);
        let middle = shape[0] / 2 * shape[1] + shape[1] / 2;
        for at in [middle, middle + 3, middle + 9, 2 * shape[1] + 3] {
            let moved = |step: f64| {
                let mut image = image.clone();
                image[at] += step;
                score(&prior, &image)[at]
            };
            let curvature = (moved(-1e-3) - moved(1e-3)) / 2e-3;
            // a network is only nearly the score of a density
            assert!(curvature < 1.3 * precisions[at], "{shape:?}, {at}: {curvature} {}", precisions[at]);
        }
    }
    let t = learned.settings().noise_level;
    assert!((noise_variance(t) - 0.0198).abs() < 1e-5);
}

#[test]
fn galaxies_are_known_and_noise_is_not() {
    let Some(data) = data() else { return };
    let learned = published(&data, WHOLE);
    let shape = [31, 31];
    let strangeness = |image: &[f64], peak: f64| {
        ScorePrior::new(&learned, shape, peak).strangeness(image).expect("a network can tell")
    };
    let known = strangeness(&galaxy(shape, 0.5, 2.0), 0.5);
    let noise: Vec<f64> =
        (0..31 * 31).map(|k: u32| f64::from(k.wrapping_mul(2_654_435_761) >> 8) / 2e7).collect();
    let twins: Vec<f64> = {
        let image = galaxy(shape, 0.5, 1.5);
        (0..31 * 31).map(|k| image[k] + image[(k + 10) % (31 * 31)]).collect()
    };
    let of_scale = strangeness(&galaxy(shape, 0.5, 2.0), 0.1);
    println!(
        "galaxy {known:.3}, two {:.3}, noise {:.3}, five times too bright {of_scale:.3}",
        strangeness(&twins, 0.5),
        strangeness(&noise, 1.0)
    );
    assert!(known < 0.2 && strangeness(&noise, 1.0) > 0.5 && of_scale > 0.5);
    assert!(strangeness(&twins, 0.5) > 2.0 * known);
}

#[test]
fn what_makes_no_sense_is_named() {
    let wrong = |settings: PriorSettings| {
        Learned::new(&small(), &About::default(), settings).expect_err("refused").to_string()
    };
    assert!(wrong(PriorSettings { noise_level: 0.0, ..WHOLE }).contains("noise_level is 0"));
    assert!(wrong(PriorSettings { strength: f64::NAN, ..WHOLE }).contains("strength is NaN"));
    let about = About { normalisation: "peak 1, cbrt(x)".to_owned(), ..About::default() };
    let unknown = Learned::new(&small(), &about, WHOLE).expect_err("refused").to_string();
    assert!(unknown.contains("cbrt") && unknown.contains("log(x + 1) / 0.1"), "{unknown}");
    let learned = learned(WHOLE);
    let dark = ScorePrior::new(&learned, [9, 9], 0.0);
    assert!(Prior::from(dark).check(81).expect_err("no peak").to_string().contains("peaks at 0"));
    let prior = ScorePrior::new(&learned, [9, 9], 0.5);
    assert!(prior.check_len(80).is_err());
    assert_eq!(prior.support(), Transform::GreaterThan(-0.5));
    let mut image = galaxy([9, 9], 0.5, 2.0);
    image[3] = -7.0;
    assert!(score(&prior, &image).iter().all(|v| v.is_finite()));
    assert_eq!(score(&prior, &image)[3], 0.0);
    assert!(prior.settings().is_null(), "a network in memory has no file");
}
