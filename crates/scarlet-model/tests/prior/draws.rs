//! Moments of many draws against closed forms.

use crate::battery::draw;
use scarlet_model::Prior;
use scarlet_model::prior::{Beta, Gamma, HalfNormal, LogNormal, Normal, Product, StudentT, Uniform};
use std::f64::consts::FRAC_2_PI;

const N: usize = 40_000;

/// Mean within 5 of its standard errors, standard deviation within 3%.
fn assert_moments(what: &str, values: &[f64], mean: f64, sd: f64) {
    let n = values.len() as f64;
    let found = values.iter().sum::<f64>() / n;
    let found_sd = (values.iter().map(|x| (x - found).powi(2)).sum::<f64>() / n).sqrt();
    assert!((found - mean).abs() < 5.0 * sd / n.sqrt(), "{what}: mean {found}, not {mean}");
    assert!((found_sd / sd - 1.0).abs() < 0.03, "{what}: standard deviation {found_sd}, not {sd}");
}

#[test]
fn draws_have_the_moments_of_their_distribution() {
    let log_normal_mean = f64::exp(-0.3 + 0.5 * 0.36);
    let cases: [(Prior, f64, f64); 8] = [
        (Normal::new(0.4, 1.3).into(), 0.4, 1.3),
        (StudentT::new(8.0, 0.4, 0.7).into(), 0.4, 0.7 * f64::sqrt(8.0 / 6.0)),
        (LogNormal::new(-0.3, 0.6).into(), log_normal_mean, log_normal_mean * f64::exp_m1(0.36).sqrt()),
        (Gamma::new(2.5, 1.7).into(), 2.5 / 1.7, f64::sqrt(2.5) / 1.7),
        (HalfNormal::new(1.4).into(), 1.4 * FRAC_2_PI.sqrt(), 1.4 * f64::sqrt(1.0 - FRAC_2_PI)),
        (Uniform::new(-0.5, 3.0).into(), 1.25, 3.5 / f64::sqrt(12.0)),
        (Beta::new(2.0, 3.0).into(), 0.4, 0.2),
        (Beta::new(2.0, 3.0).on(-1.0, 3.0).into(), 0.6, 0.8),
    ];
    for (prior, mean, sd) in cases {
        assert_moments(&format!("{prior:?}"), &draw(&prior, 7, N), mean, sd);
    }
}

#[test]
fn draws_of_several_elements_have_their_correlations() {
    let prior = Prior::from(Normal::full([1.0, -2.0], vec![[0.5, 0.3], [0.3, 0.9]]));
    let pairs: Vec<Vec<f64>> = (0..N as u64).map(|seed| draw(&prior, seed, 2)).collect();
    let column = |k: usize| pairs.iter().map(|pair| pair[k]).collect::<Vec<_>>();
    assert_moments("first", &column(0), 1.0, f64::sqrt(0.5));
    assert_moments("second", &column(1), -2.0, f64::sqrt(0.9));
    let covariance = pairs.iter().map(|p| (p[0] - 1.0) * (p[1] + 2.0)).sum::<f64>() / N as f64;
    assert!((covariance - 0.3).abs() < 0.02, "covariance {covariance}");
}

#[test]
fn each_part_of_a_product_is_drawn_from_its_own() {
    let half = N / 2;
    let product = Product::new().with(0..half, Normal::diag(vec![3.0; half], vec![0.1; half]));
    let prior = product.with(half..N, Uniform::new(5.0, 6.0)).into();
    let values = draw(&prior, 3, N);
    assert_moments("normal part", &values[..half], 3.0, 0.1);
    assert_moments("uniform part", &values[half..], 5.5, f64::sqrt(1.0 / 12.0));
}

#[test]
fn draws_of_extreme_shapes_stay_inside() {
    for prior in
        [Gamma::new(1e-4, 1.0).into(), Beta::new(1e-4, 1e-4).into(), Prior::from(Beta::new(1e-4, 1e3))]
    {
        let values = draw(&prior, 5, 1000);
        assert!(prior.log_density(&values).is_some_and(f64::is_finite), "{prior:?}");
    }
}
