//! The statistics of chains beside those that arviz-stats computes (`tests/golden/make_diagnostics.py`).

use ndarray::Array2;
use scarlet_infer::diagnostics::{
    bfmi, ess_bulk, ess_mean, ess_quantile, ess_tail, mcse_mean, mcse_quantile, mcse_sd, rank_rhat,
};
use serde_json::Value;

fn cases() -> Vec<(String, Array2<f64>, Value)> {
    let file: Value = serde_json::from_str(include_str!("../golden/diagnostics.json")).expect("JSON");
    let of = |(name, case): (&String, &Value)| {
        let rows = case["draws"].as_array().expect("rows");
        let numbers = |row: &Value| -> Vec<f64> {
            row.as_array().expect("a row").iter().map(|v| v.as_f64().expect("a number")).collect()
        };
        let values: Vec<f64> = rows.iter().flat_map(numbers).collect();
        let shape = (rows.len(), values.len() / rows.len());
        (name.clone(), Array2::from_shape_vec(shape, values).expect("a table"), case.clone())
    };
    file["cases"].as_object().expect("cases").iter().map(of).collect()
}

fn same(name: &str, what: &str, found: f64, expected: &Value) {
    match expected.as_f64() {
        Some(expected) => {
            let off = (found - expected).abs() / expected.abs();
            assert!(off < 1e-6, "{name}, {what}: {found}, ArviZ has {expected}");
        }
        None => assert!(found.is_nan(), "{name}, {what}: {found}, ArviZ has none"),
    }
}

#[test]
fn they_are_those_of_arviz() {
    let cases = cases();
    assert_eq!(cases.len(), 8);
    for (name, draws, expected) in &cases {
        let of = |what: &str, found: f64| same(name, what, found, &expected[what]);
        let draws = draws.view();
        of("rhat", rank_rhat(draws));
        of("ess_bulk", ess_bulk(draws));
        of("ess_tail", ess_tail(draws));
        of("ess_mean", ess_mean(draws));
        of("ess_q30", ess_quantile(draws, 0.3));
        of("mcse_mean", mcse_mean(draws));
        of("mcse_sd", mcse_sd(draws));
        of("mcse_q30", mcse_quantile(draws, 0.3));
        let expected = expected["bfmi"].as_array().expect("one for each chain");
        bfmi(draws).iter().zip(expected).for_each(|(found, expected)| same(name, "bfmi", *found, expected));
    }
}

#[test]
fn what_cannot_be_computed_is_nan() {
    let few = Array2::zeros((2, 3));
    assert!(ess_bulk(few.view()).is_nan() && rank_rhat(few.view()).is_nan());
    let mut broken = Array2::zeros((2, 50));
    broken[[0, 3]] = f64::INFINITY;
    assert!(ess_tail(broken.view()).is_nan() && mcse_sd(broken.view()).is_nan());
    let constant = Array2::<f64>::ones((2, 50));
    assert_eq!(ess_mean(constant.view()), 100.0);
}
