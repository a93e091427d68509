//! What every prior must do, whatever it is.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use scarlet_model::prior::{Beta, Gamma, HalfNormal, LogNormal, Normal, Product, StudentT, Uniform};
use scarlet_model::{Density, Prior, Score};

/// Runs the whole battery at `x`, inside the support, not nearer than 0.01 to its ends.
pub(crate) fn run(prior: &Prior, x: &[f64]) {
    prior.check(x.len()).expect("arguments and length fit");
    score_is_the_gradient_and_is_added(prior, x);
    scaling_changes_variables(prior, x);
    survives_a_file(prior, x);
    draws_are_inside_and_repeatable(prior, x.len());
    a_clone_is_the_same(prior, x);
}

/// Every kind of one number.
pub(crate) fn univariate() -> Vec<Prior> {
    vec![
        Normal::new(0.4, 1.3).into(),
        StudentT::new(5.0, 0.4, 0.7).into(),
        LogNormal::new(-0.3, 0.6).into(),
        Gamma::new(2.5, 1.7).into(),
        HalfNormal::new(1.4).into(),
        Uniform::new(0.0, 2.5).into(),
        Beta::new(2.5, 3.5).into(),
        Beta::new(1.5, 2.0).on(-1.0, 3.0).into(),
    ]
}

/// Every kind for three numbers.
pub(crate) fn trivariate() -> Vec<Prior> {
    let covariance = vec![[0.5, 0.1, -0.2], [0.1, 0.3, 0.05], [-0.2, 0.05, 0.9]];
    vec![
        Normal::diag([0.1, 0.2, -0.3], [0.5, 1.0, 2.0]).into(),
        Normal::full([0.1, 0.2, -0.3], covariance).into(),
        Product::new().with(0..2, Gamma::new(2.0, 1.0)).and(Uniform::new(0.0, 1.0)).into(),
        Product::new().and(Normal::new(0.0, 1.0)).with(1..3, Normal::diag([0.3, 0.4], [0.1, 0.2])).into(),
    ]
}

pub(crate) fn density(prior: &Prior) -> &dyn Density {
    prior.as_density().expect("a density")
}

pub(crate) fn draw(prior: &Prior, seed: u64, n: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; n];
    density(prior).sample_into(&mut ChaCha8Rng::seed_from_u64(seed), &mut out).expect("can be drawn");
    out
}

fn score(prior: &Prior, x: &[f64]) -> Vec<f64> {
    let mut gradient = vec![0.0; x.len()];
    prior.as_score().score(x, &mut gradient);
    gradient
}

fn score_is_the_gradient_and_is_added(prior: &Prior, x: &[f64]) {
    let h = 1e-5;
    let mut gradient = vec![10.0; x.len()];
    prior.as_score().score(x, &mut gradient);
    for i in 0..x.len() {
        let at = |h: f64| {
            let mut x = x.to_vec();
            x[i] += h;
            density(prior).log_density(&x)
        };
        let expected = 10.0 + (at(h) - at(-h)) / (2.0 * h);
        assert_close(&format!("{prior:?}, score [{i}]"), gradient[i], expected, 1e-6);
    }
}

fn scaling_changes_variables(prior: &Prior, x: &[f64]) {
    let factor = 3.7;
    let scaled = prior.clone().scaled(factor);
    let moved: Vec<f64> = x.iter().map(|x| x * factor).collect();
    let expected = density(prior).log_density(x) - x.len() as f64 * factor.ln();
    assert_close(&format!("{scaled:?}"), density(&scaled).log_density(&moved), expected, 1e-12);
    for (found, expected) in score(&scaled, &moved).iter().zip(score(prior, x)) {
        assert_close(&format!("{scaled:?}, score"), *found, expected / factor, 1e-12);
    }
    assert_eq!(scaled.settings()["kind"], prior.settings()["kind"], "a change of unit keeps the kind");
    survives_a_file(&scaled, &moved);
}

fn survives_a_file(prior: &Prior, x: &[f64]) {
    let text = prior.settings().to_string();
    let settings = serde_json::from_str(&text).expect("what was written is JSON");
    let back = Prior::from_settings(&settings).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(back.settings(), settings);
    assert_eq!(back.log_density(x), prior.log_density(x), "{text}");
    assert_eq!(score(&back, x), score(prior, x), "{text}");
}

fn draws_are_inside_and_repeatable(prior: &Prior, n: usize) {
    for seed in 0..200 {
        let values = draw(prior, seed, n);
        assert!(density(prior).log_density(&values).is_finite(), "{prior:?}: {values:?}");
        assert_eq!(values, draw(prior, seed, n), "{prior:?}");
    }
    assert_ne!(draw(prior, 1, n), draw(prior, 2, n), "{prior:?}");
}

fn a_clone_is_the_same(prior: &Prior, x: &[f64]) {
    assert_eq!(prior.clone().log_density(x), prior.log_density(x));
}

/// Relative to 1 + |expected|.
pub(crate) fn assert_close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let difference = (found - expected).abs();
    assert!(difference <= tolerance * (1.0 + expected.abs()), "{what}: {found}, not {expected}");
}

/// A density written by a user: no settings, no draws, no scaling of its own.
#[derive(Debug, Clone)]
pub(crate) struct Laplace;

impl Score for Laplace {
    fn score(&self, x: &[f64], grad: &mut [f64]) {
        grad.iter_mut().zip(x).for_each(|(grad, x)| *grad -= x.signum());
    }
}

impl Density for Laplace {
    fn log_density(&self, x: &[f64]) -> f64 {
        x.iter().map(|x| -x.abs() - 2.0_f64.ln()).sum()
    }
}
