//! Every message of the priors, once.

use crate::battery::Laplace;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use scarlet_model::prior::{Beta, Gamma, HalfNormal, LogNormal, Normal, Product, StudentT, Uniform};
use scarlet_model::{Density, Prior};
use serde_json::json;

fn message(prior: impl Into<Prior>) -> String {
    prior.into().as_score().validate().expect_err("wrong arguments").to_string()
}

#[test]
fn arguments_are_named_with_value_and_range() {
    let positive = "it must be greater than 0 and finite";
    assert_eq!(message(Normal::new(f64::NAN, 1.0)), "Normal: mean is NaN; it must be finite");
    assert_eq!(message(Normal::new(0.0, 0.0)), format!("Normal: sd is 0; {positive}"));
    assert_eq!(message(StudentT::new(-1.0, 0.0, 1.0)), format!("StudentT: dof is -1; {positive}"));
    assert_eq!(
        message(StudentT::new(1.0, f64::INFINITY, 1.0)),
        "StudentT: location is inf; it must be finite"
    );
    assert_eq!(
        message(StudentT::new(1.0, 0.0, f64::INFINITY)),
        format!("StudentT: scale is inf; {positive}")
    );
    assert_eq!(message(LogNormal::new(f64::NAN, 1.0)), "LogNormal: log_mean is NaN; it must be finite");
    assert_eq!(message(LogNormal::new(0.0, -2.0)), format!("LogNormal: log_sd is -2; {positive}"));
    assert_eq!(message(Gamma::new(0.0, 1.0)), format!("Gamma: shape is 0; {positive}"));
    assert_eq!(message(Gamma::new(1.0, -1.0)), format!("Gamma: rate is -1; {positive}"));
    assert_eq!(message(HalfNormal::new(0.0)), format!("HalfNormal: sd is 0; {positive}"));
    assert_eq!(message(Beta::new(0.0, 1.0)), format!("Beta: a is 0; {positive}"));
    assert_eq!(message(Beta::new(1.0, f64::NAN)), format!("Beta: b is NaN; {positive}"));
    assert_eq!(
        message(Beta::new(1.0, 1.0).on(2.0, 1.0)),
        "Beta: high is 1; it must be above low = 2, by a finite width"
    );
    assert_eq!(
        message(Uniform::new(3.0, 3.0)),
        "Uniform: high is 3; it must be above low = 3, by a finite width"
    );
    assert_eq!(message(Uniform::new(f64::NAN, 3.0)), "Uniform: low is NaN; it must be finite");
    assert_eq!(message(Uniform::new(0.0, f64::INFINITY)), "Uniform: high is inf; it must be finite");
    assert_eq!(message(Normal::diag([f64::NAN], [1.0])), "DiagonalNormal: a mean is NaN; it must be finite");
    assert_eq!(message(Normal::diag([0.0], [0.0])), format!("DiagonalNormal: an sd is 0; {positive}"));
    assert_eq!(
        message(Normal::diag([0.0, 1.0], [1.0])),
        "prior DiagonalNormal, sds: 1 values where 2 are needed"
    );
    assert_eq!(message(Prior::from(Laplace).scaled(0.0)), "Scaled: factor is 0; it must be finite and not 0");
}

#[test]
fn a_covariance_must_be_square_symmetric_and_positive_definite() {
    let full = |covariance: Vec<[f64; 2]>| message(Normal::full([0.0, 0.0], covariance));
    assert_eq!(
        full(vec![[1.0, 0.0]]),
        "prior FullNormal, rows of the covariance: 1 values where 2 are needed"
    );
    assert_eq!(
        message(Normal::full([0.0, 0.0], vec![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])),
        "prior FullNormal, columns of the covariance: 3 values where 2 are needed"
    );
    assert_eq!(
        full(vec![[1.0, 0.5], [0.4, 1.0]]),
        "FullNormal: an element of the covariance is 0.5; \
         it must be equal to its mirror image 0.4 (row 0, column 1)"
    );
    assert_eq!(
        full(vec![[1.0, 2.0], [2.0, 1.0]]),
        "FullNormal: a pivot of the covariance is -3; it must be greater than 0 (positive definite), in row 1"
    );
    assert_eq!(
        full(vec![[1.0, 0.0], [0.0, f64::NAN]]),
        "FullNormal: an element of the covariance is NaN; it must be finite"
    );
    assert_eq!(
        message(Normal::full([f64::NAN], vec![[1.0]])),
        "FullNormal: a mean is NaN; it must be finite"
    );
}

#[test]
fn parts_of_a_product_must_follow_each_other() {
    let normal = || Normal::new(0.0, 1.0);
    assert_eq!(
        message(Product::new().with(0..1, normal()).with(2..3, normal())),
        "prior Product: the part 2..3 must begin at element 1 and not be empty"
    );
    assert!(message(Product::new().with(0..2, normal()).with(1..3, normal())).contains("begin at element 2"));
    assert!(message(Product::new().with(0..0, normal())).contains("0..0"));
    assert_eq!(
        message(Product::new().with(0..3, Normal::diag([0.0], [1.0]))),
        "prior DiagonalNormal: 3 values where 1 are needed"
    );
    assert!(message(Product::new().and(HalfNormal::new(-1.0))).starts_with("HalfNormal: sd is -1"));
}

#[test]
fn lengths_are_checked() {
    let message = |prior: Prior, n| prior.check(n).expect_err("wrong length").to_string();
    let diagonal = Normal::diag([0.0, 1.0], [1.0, 1.0]);
    assert_eq!(message(diagonal.into(), 3), "prior DiagonalNormal: 3 values where 2 are needed");
    assert_eq!(
        message(Normal::full([0.0], vec![[1.0]]).into(), 2),
        "prior FullNormal: 2 values where 1 are needed"
    );
    let product = Product::new().with(0..4, Normal::new(0.0, 1.0));
    assert_eq!(message(product.into(), 5), "prior Product: 5 values where 4 are needed");
    assert!(Prior::from(Normal::new(0.0, 1.0)).check(1000).is_ok());
}

#[test]
fn files_with_nonsense_are_refused() {
    let message = |settings| Prior::from_settings(&settings).expect_err("nonsense").to_string();
    assert_eq!(
        message(json!(null)),
        "scene file, prior: it was written in a program, which a file cannot store; set it again after loading"
    );
    let unknown = message(json!({"kind": "Norma", "mean": 0, "sd": 1}));
    assert!(
        unknown.starts_with("scene file, prior: unknown variant `Norma`, expected one of `Normal`"),
        "{unknown}"
    );
    assert_eq!(message(json!({"kind": "Normal", "mean": 0})), "scene file, prior: missing field `sd`");
    let misspelt = message(json!({"kind": "Normal", "mean": 0, "sd": 1, "sigma": 1}));
    assert!(misspelt.contains("unknown field `sigma`, expected `mean` or `sd`"), "{misspelt}");
    assert_eq!(
        message(json!({"kind": "HalfNormal", "sd": 0})),
        "HalfNormal: sd is 0; it must be greater than 0 and finite"
    );
    let ragged = json!({"kind": "FullNormal", "mean": [0, 0], "covariance": [[1, 0], [0]]});
    assert_eq!(message(ragged), "prior FullNormal, columns of the covariance: 0 values where 2 are needed");
    let part = json!({"kind": "Product", "parts": [{"start": 0, "end": 1, "prior": null}]});
    assert!(message(part).starts_with("scene file, prior: it was written in a program"));
    assert_eq!(message(json!({"mean": 0})), "scene file, prior: missing field `kind`");
}

#[test]
fn integers_and_defaults_of_a_file_are_read() {
    let beta = Prior::from_settings(&json!({"kind": "Beta", "a": 2, "b": 5})).expect("valid");
    assert_eq!(beta.log_density(&[0.3]), Some(Beta::new(2.0, 5.0).log_density(&[0.3])));
}

#[test]
fn a_product_with_a_part_of_the_user_cannot_be_stored() {
    let product = Prior::from(Product::new().and(Normal::new(0.0, 1.0)).and(Laplace));
    assert!(product.settings().is_null());
}

#[test]
fn a_prior_that_cannot_be_drawn_from_says_so() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let error = Laplace.sample_into(&mut rng, &mut [0.0]).expect_err("no sampler");
    assert_eq!(
        error.to_string(),
        "prior Laplace: it does not say how to draw from it; implement Density::sample_into"
    );
    let invalid = Normal::new(0.0, -1.0).sample_into(&mut rng, &mut [0.0]).expect_err("invalid");
    assert!(invalid.to_string().starts_with("Normal: sd is -1"));
    let short = Normal::diag([0.0], [1.0]).sample_into(&mut rng, &mut [0.0; 2]).expect_err("length");
    assert!(short.to_string().contains("2 values where 1"));
}
