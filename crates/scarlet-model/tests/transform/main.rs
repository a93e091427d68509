//! Transforms: closed forms, the battery, messages, files.

mod battery;
mod properties;
mod reference;

use battery::{assert_close, every_transform, forward, run};
use scarlet_model::{ModelError, Transform};

#[test]
fn every_transform_passes_the_battery() {
    for (transform, n) in every_transform() {
        let x = &[0.3, -1.2, 0.8, -0.1][..transform.unconstrained_len(n)];
        run(&transform, n, x);
    }
}

#[test]
fn closed_forms() {
    let cases = [
        (Transform::Identity, [1.5, -2.0], [1.5, -2.0]),
        (Transform::Exp, [0.0, 2.0_f64.ln()], [1.0, 2.0]),
        (Transform::Softplus, [0.0, 2.0], [2.0_f64.ln(), 2.0_f64.exp().ln_1p()]),
        (Transform::UnitInterval, [0.0, 3.0_f64.ln()], [0.5, 0.75]),
        (Transform::Interval { low: -1.0, high: 3.0 }, [0.0, 3.0_f64.ln()], [1.0, 2.0]),
        (Transform::GreaterThan(0.5), [0.0, 2.0_f64.ln()], [1.5, 2.5]),
        (Transform::LessThan(2.0), [0.0, 2.0_f64.ln()], [1.0, 0.0]),
        (Transform::UnitDisk, [3.0, 4.0], [0.5, 4.0 / 6.0]),
        (Transform::Ordered, [-1.0, 0.0], [-1.0, 0.0]),
    ];
    for (transform, x, y) in cases {
        assert_close(&format!("{transform:?}"), &forward(&transform, 2, &x), &y, 1e-15);
    }
    assert_close("Simplex", &forward(&Transform::Simplex, 4, &[0.0; 3]), &[0.25; 4], 1e-15);
    assert_close("Simplex of one", &forward(&Transform::Simplex, 1, &[]), &[1.0], 0.0);
}

#[test]
fn small_parts_of_a_simplex_are_exact() {
    let t = (-40.0_f64).exp();
    for (x, small) in [(-40.0, 0), (40.0, 1)] {
        let y = forward(&Transform::Simplex, 2, &[x]);
        assert!((y[small] / (t / (1.0 + t)) - 1.0).abs() < 1e-14, "{y:?}");
    }
}

#[test]
fn a_nan_stays_a_nan() {
    for (transform, n) in every_transform() {
        let x = vec![f64::NAN; transform.unconstrained_len(n)];
        assert!(forward(&transform, n, &x).iter().all(|y| y.is_nan()), "{transform:?}");
    }
}

#[test]
fn the_origin_of_the_disk_has_a_gradient() {
    let mut gradient = [f64::NAN; 2];
    Transform::UnitDisk.pull_back(&[0.0; 2], &[0.0; 2], &[2.0, -3.0], &mut gradient);
    assert_eq!(gradient, [2.0, -3.0]);
}

#[test]
fn every_boundary_is_refused_with_path_element_value_and_constraint() {
    let interval = Transform::Interval { low: -1.0, high: 3.0 };
    let cases: [(Transform, &[f64], usize, &str); 13] = [
        (
            Transform::Identity,
            &[0.0, f64::NAN],
            1,
            "NaN at element 1 is outside its constraint, any finite number",
        ),
        (Transform::Exp, &[1.0, 0.0], 1, "0 at element 1 is outside its constraint, greater than 0"),
        (Transform::Softplus, &[-2.0, 1.0], 0, "-2 at element 0 is outside its constraint, greater than 0"),
        (
            Transform::UnitInterval,
            &[0.5, 1.0],
            1,
            "1 at element 1 is outside its constraint, between 0 and 1, both",
        ),
        (Transform::UnitInterval, &[0.0], 0, "0 at element 0"),
        (interval.clone(), &[0.0, 3.0], 1, "outside its constraint, between -1 and 3, both excluded"),
        (interval, &[-1.0, 2.0], 0, "-1 at element 0"),
        (Transform::GreaterThan(0.5), &[0.5], 0, "outside its constraint, greater than 0.5"),
        (Transform::LessThan(2.0), &[2.5], 0, "outside its constraint, less than 2"),
        (
            Transform::UnitDisk,
            &[0.1, 0.2, 0.6, 0.8],
            2,
            "1 at element 2 is outside its constraint, pairs of length",
        ),
        (Transform::Ordered, &[1.0, 1.0], 1, "outside its constraint, each greater than the one before it"),
        (
            Transform::Simplex,
            &[1.5, -0.5],
            1,
            "-0.5 at element 1 is outside its constraint, all greater than 0",
        ),
        (Transform::Exp, &[f64::INFINITY], 0, "inf at element 0"),
    ];
    for (transform, y, index, message) in cases {
        let mut x = vec![0.0; transform.unconstrained_len(y.len())];
        let error = transform.inverse("nucleus.morphology.size", y, &mut x).expect_err("outside");
        assert!(matches!(&error, ModelError::OutsideConstraint { index: i, .. } if *i == index), "{error}");
        let text = error.to_string();
        assert!(text.starts_with("nucleus.morphology.size: value ") && text.contains(message), "{text}");
    }
}

#[test]
fn a_simplex_must_add_up_to_one() {
    let error = Transform::Simplex.inverse("mix", &[0.5, 0.75], &mut [0.0]).expect_err("sum 1.25");
    assert_eq!(
        error.to_string(),
        "mix: its values add up to 1.25; a simplex needs 1: divide them by their sum"
    );
}

#[test]
fn lengths_are_checked() {
    let error = Transform::UnitDisk.check_len(3).expect_err("odd");
    assert_eq!(error.to_string(), "pairs in the unit disk: 3 values where 4 are needed");
    let error = Transform::Simplex.check_len(0).expect_err("empty");
    assert_eq!(error.to_string(), "a simplex: 0 values where 1 are needed");
    assert_eq!(Transform::Simplex.inverse("p", &[], &mut []), Transform::Simplex.check_len(0));
    let error = Transform::Simplex.inverse("p", &[0.5, 0.5], &mut [0.0; 2]).expect_err("one less");
    assert_eq!(error.to_string(), "p, unconstrained: 2 values where 1 are needed");
    assert!(every_transform().iter().all(|(transform, n)| transform.check_len(*n).is_ok()));
}

#[test]
fn arguments_are_checked() {
    let message = |transform: Transform| transform.validate().expect_err("wrong arguments").to_string();
    let interval = |low, high| Transform::Interval { low, high };
    assert_eq!(
        message(interval(2.0, 2.0)),
        "interval: high is 2; it must be above low = 2, by a finite width"
    );
    assert_eq!(message(interval(f64::NAN, 2.0)), "interval: low is NaN; it must be finite");
    assert_eq!(message(interval(0.0, f64::INFINITY)), "interval: high is inf; it must be finite");
    assert!(interval(f64::MIN, f64::MAX).validate().is_err());
    assert_eq!(message(Transform::GreaterThan(f64::NAN)), "greater than: bound is NaN; it must be finite");
    assert_eq!(message(Transform::LessThan(f64::INFINITY)), "less than: bound is inf; it must be finite");
    assert!(every_transform().iter().all(|(transform, _)| transform.validate().is_ok()));
}

#[test]
#[should_panic(expected = "unconstrained values: 2 and 3 values")]
fn wrong_lengths_in_the_loop_panic_with_both_numbers() {
    Transform::Exp.forward(&[0.0; 2], &mut [0.0; 3]);
}

#[test]
fn a_file_names_kind_and_arguments() {
    let text = |transform: &Transform| serde_json::to_string(transform).expect("transforms can be written");
    assert_eq!(text(&Transform::UnitInterval), r#"{"kind":"unit_interval"}"#);
    assert_eq!(text(&Transform::GreaterThan(0.5)), r#"{"kind":"greater_than","bound":0.5}"#);
    let interval = Transform::Interval { low: 0.0, high: 1.0 };
    assert_eq!(text(&interval), r#"{"kind":"interval","low":0.0,"high":1.0}"#);
}

#[test]
fn a_file_with_nonsense_is_refused() {
    let message = |text: &str| serde_json::from_str::<Transform>(text).expect_err("nonsense").to_string();
    assert!(
        message(r#"{"kind":"interval","low":3,"high":1}"#)
            .starts_with("interval: high is 1; it must be above")
    );
    assert!(
        message(r#"{"kind":"exq"}"#).contains("unknown variant `exq`, expected one of `identity`, `exp`")
    );
    assert!(message(r#"{"kind":"less_than"}"#).contains("missing field `bound`"));
}
