//! Priors: closed forms, the battery, supports, scaling.

mod battery;
mod draws;
mod messages;

use battery::{Laplace, assert_close, density, run, trivariate, univariate};
use scarlet_model::prior::{Beta, Gamma, HalfNormal, LogNormal, Normal, Product, StudentT, Uniform};
use scarlet_model::{Density, Prior, Score, Transform};
use statrs::distribution::{self as known, Continuous};

#[test]
fn every_prior_passes_the_battery() {
    for prior in univariate() {
        run(&prior, &[0.3]);
        run(&prior, &[0.3, 0.9, 0.11]);
    }
    for prior in trivariate() {
        run(&prior, &[0.3, 0.9, 0.11]);
    }
}

#[test]
fn log_densities_are_those_of_statrs() {
    const VALID: &str = "arguments are valid";
    for x in [0.07, 0.3, 0.5, 0.93] {
        let pairs = [
            (Normal::new(0.4, 1.3).log_density(&[x]), known::Normal::new(0.4, 1.3).expect(VALID).ln_pdf(x)),
            (
                StudentT::new(5.0, 0.4, 0.7).log_density(&[x]),
                known::StudentsT::new(0.4, 0.7, 5.0).expect(VALID).ln_pdf(x),
            ),
            (
                LogNormal::new(-0.3, 0.6).log_density(&[x]),
                known::LogNormal::new(-0.3, 0.6).expect(VALID).ln_pdf(x),
            ),
            (Gamma::new(2.5, 1.7).log_density(&[x]), known::Gamma::new(2.5, 1.7).expect(VALID).ln_pdf(x)),
            (
                HalfNormal::new(1.4).log_density(&[x]),
                2.0_f64.ln() + known::Normal::new(0.0, 1.4).expect(VALID).ln_pdf(x),
            ),
            (Uniform::new(0.0, 2.5).log_density(&[x]), known::Uniform::new(0.0, 2.5).expect(VALID).ln_pdf(x)),
            (Beta::new(2.5, 3.5).log_density(&[x]), known::Beta::new(2.5, 3.5).expect(VALID).ln_pdf(x)),
            (
                Beta::new(2.5, 3.5).on(-1.0, 3.0).log_density(&[4.0 * x - 1.0]),
                known::Beta::new(2.5, 3.5).expect(VALID).ln_pdf(x) - 4.0_f64.ln(),
            ),
        ];
        for (i, (found, expected)) in pairs.into_iter().enumerate() {
            assert_close(&format!("pair {i} at {x}"), found, expected, 1e-12);
        }
    }
}

#[test]
fn one_density_for_several_elements_is_their_product() {
    for prior in univariate() {
        let each: f64 = [0.3, 0.9].iter().map(|&x| density(&prior).log_density(&[x])).sum();
        assert_close(&format!("{prior:?}"), density(&prior).log_density(&[0.3, 0.9]), each, 1e-13);
    }
}

#[test]
fn a_full_normal_is_that_of_its_formula() {
    let (a, b, c) = (0.5, 0.3, 0.9);
    let prior = Normal::full([1.0, 2.0], vec![[a, b], [b, c]]);
    let (dx, dy, det) = (0.7, -0.4, a * c - b * b);
    let chi2 = (c * dx * dx - 2.0 * b * dx * dy + a * dy * dy) / det;
    let expected = -0.5 * chi2 - 0.5 * f64::ln(det) - std::f64::consts::TAU.ln();
    assert_close("full", prior.log_density(&[1.7, 1.6]), expected, 1e-14);
    let mut score = [0.0; 2];
    prior.score(&[1.7, 1.6], &mut score);
    assert_close("score 0", score[0], -(c * dx - b * dy) / det, 1e-14);
    assert_close("score 1", score[1], -(a * dy - b * dx) / det, 1e-14);
}

#[test]
fn a_full_normal_without_correlations_is_the_diagonal_one() {
    let full = Normal::full([0.1, -0.2], vec![[0.25, 0.0], [0.0, 4.0]]);
    let diagonal = Normal::diag([0.1, -0.2], [0.5, 2.0]);
    assert_close("value", full.log_density(&[0.4, 0.6]), diagonal.log_density(&[0.4, 0.6]), 1e-14);
}

/// The integral of exp(log p) over the support, by the trapezoidal rule in the unconstrained variable of its
/// transform (for the real line, in t of y = sinh t).
#[test]
fn every_density_integrates_to_one_over_its_support() {
    for prior in univariate() {
        let support = prior.as_score().support();
        let integrand = |t: f64| {
            let mut y = [t.sinh()];
            let mut log_slope = t.cosh().ln();
            if support != Transform::Identity {
                support.forward(&[t], &mut y);
                log_slope = support.log_det(&[t]);
            }
            (density(&prior).log_density(&y) + log_slope).exp()
        };
        let step = 1.0 / 64.0;
        let integral: f64 = (-3000..3000).map(|i| step * integrand(f64::from(i) * step)).sum();
        assert_close(&format!("{prior:?}"), integral, 1.0, 1e-9);
    }
}

#[test]
fn outside_the_support_there_is_no_density_and_no_score() {
    let cases: [(Prior, f64); 9] = [
        (LogNormal::new(0.0, 1.0).into(), 0.0),
        (Gamma::new(0.5, 1.0).into(), 0.0),
        (Gamma::new(2.0, 1.0).into(), -1.0),
        (HalfNormal::new(1.0).into(), -1e-9),
        (Uniform::new(0.0, 2.0).into(), 2.000_001),
        (Uniform::new(0.0, 2.0).into(), -0.000_001),
        (Beta::new(0.5, 0.5).into(), 0.0),
        (Beta::new(0.5, 0.5).into(), 1.0),
        (Uniform::new(0.0, 2.0).into(), f64::NAN),
    ];
    for (prior, x) in cases {
        assert_eq!(prior.log_density(&[0.5, x]), Some(f64::NEG_INFINITY), "{prior:?} at {x}");
        let mut gradient = [3.0];
        prior.as_score().score(&[x], &mut gradient);
        assert_eq!(gradient, [3.0], "{prior:?} at {x}");
    }
    assert!(Uniform::new(0.0, 2.0).log_density(&[0.0, 2.0]).is_finite(), "its ends are inside");
}

#[test]
fn supports_are_transforms() {
    let support = |prior: Prior| prior.as_score().support();
    assert_eq!(support(Normal::new(0.0, 1.0).into()), Transform::Identity);
    assert_eq!(support(Gamma::new(1.0, 1.0).into()), Transform::Exp);
    assert_eq!(support(Uniform::new(-0.5, 3.0).into()), Transform::Interval { low: -0.5, high: 3.0 });
    assert_eq!(support(Beta::new(1.0, 1.0).into()), Transform::UnitInterval);
    let same = Product::new().and(Gamma::new(1.0, 1.0)).and(HalfNormal::new(1.0));
    assert_eq!(support(same.clone().into()), Transform::Exp);
    assert_eq!(support(same.and(Normal::new(0.0, 1.0)).into()), Transform::Identity);
}

#[test]
fn a_prior_of_the_user_is_scaled_by_wrapping_it() {
    for n in [3, 100] {
        let x: Vec<f64> = (0..n).map(|i| 0.1 + f64::from(i)).collect();
        let moved: Vec<f64> = x.iter().map(|x| -2.5 * x).collect();
        let scaled = Prior::from(Laplace).scaled(-2.5);
        scaled.check(x.len()).expect("valid");
        let expected = Laplace.log_density(&x) - x.len() as f64 * 2.5_f64.ln();
        assert_close("wrapped", density(&scaled).log_density(&moved), expected, 1e-13);
        let mut gradient = vec![1.0; x.len()];
        scaled.as_score().score(&moved, &mut gradient);
        assert!(gradient.iter().all(|g| (g - 1.4).abs() < 1e-13), "{gradient:?}");
        assert!(scaled.settings().is_null());
    }
    let score_only = Prior::from_score(Laplace).scaled(2.0);
    assert!(score_only.log_density(&[1.0]).is_none(), "a score stays a score");
}

#[test]
fn mirrored_values_keep_normals_and_wrap_the_rest() {
    let mirrored = Prior::from(Normal::new(1.0, 2.0)).scaled(-3.0);
    assert_eq!(mirrored.settings(), serde_json::json!({"kind": "Normal", "mean": -3.0, "sd": 6.0}));
    let gamma = Gamma::new(2.0, 1.0);
    let mirrored = Prior::from(gamma.clone()).scaled(-1.0);
    assert_eq!(mirrored.log_density(&[-0.7]), Some(gamma.log_density(&[0.7])));
    assert_eq!(mirrored.settings()["kind"], "Scaled");
    let back = Prior::from_settings(&mirrored.settings()).expect("can be read");
    assert_eq!(back.log_density(&[-0.7]), mirrored.log_density(&[-0.7]));
}

#[test]
fn a_factor_of_one_changes_nothing() {
    let Prior::Density(density) = Prior::from(Laplace).scaled(1.0) else { panic!("a density") };
    assert_eq!(format!("{density:?}"), "Laplace");
}
