//! Transforms against scarlet2 (numpyro): `constraints.npz` of the reference arrays.
//!
//! Needs the environment variable `SCARLET_DATA`, the `data` folder; the arrays lie beside it.

use crate::battery::{assert_close, forward};
use ndarray::ArrayD;
use ndarray_npy::NpzReader;
use scarlet_model::Transform;
use std::fs::File;
use std::path::Path;

const TOLERANCE: f64 = 1e-9;

fn open() -> Option<NpzReader<File>> {
    let Some(data) = std::env::var_os("SCARLET_DATA") else {
        println!("SCARLET_DATA is not set: transforms are not compared with the reference");
        return None;
    };
    let path = Path::new(&data).join("../reference/scarlet2/constraints.npz");
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(NpzReader::new(file).expect("a npz file"))
}

fn read(file: &mut NpzReader<File>, name: &str) -> Vec<f64> {
    let array: ArrayD<f64> = file.by_name(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    array.iter().copied().collect()
}

#[test]
fn every_constraint_of_scarlet2_agrees() {
    let Some(mut file) = open() else { return };
    let cases = [
        ("positive", Transform::Exp),
        ("unit_interval", Transform::UnitInterval),
        ("interval_m1_3", Transform::Interval { low: -1.0, high: 3.0 }),
        ("greater_than_0.5", Transform::GreaterThan(0.5)),
        ("less_than_2", Transform::LessThan(2.0)),
        ("softplus_positive", Transform::Softplus),
        ("unit_disk", Transform::UnitDisk),
    ];
    for (name, transform) in cases {
        compare(&mut file, name, &transform);
    }
}

fn compare(file: &mut NpzReader<File>, name: &str, transform: &Transform) {
    let x = read(file, &format!("{name}_x"));
    let y = forward(transform, x.len(), &x);
    assert_close(&format!("{name}, forward"), &y, &read(file, &format!("{name}_y")), TOLERANCE);
    let mut back = vec![0.0; x.len()];
    transform.inverse(name, &y, &mut back).expect("values are inside");
    assert_close(&format!("{name}, inverse"), &back, &read(file, &format!("{name}_inv")), TOLERANCE);
    let ladj = read(file, &format!("{name}_ladj"));
    let found: Vec<f64> = x.chunks(x.len() / ladj.len()).map(|x| transform.log_det(x)).collect();
    assert_close(&format!("{name}, log|det|"), &found, &ladj, TOLERANCE);
    let weights: Vec<f64> = (0..x.len()).map(|i| (0.37 * i as f64).cos()).collect();
    let mut gradient = vec![0.0; x.len()];
    transform.pull_back(&x, &y, &weights, &mut gradient);
    assert_close(&format!("{name}, pull-back"), &gradient, &read(file, &format!("{name}_vjp")), TOLERANCE);
}

#[test]
fn saturated_values_are_cut_where_scarlet2_cuts_them() {
    let Some(mut file) = open() else { return };
    let x = read(&mut file, "extreme_x");
    let found = forward(&Transform::UnitInterval, x.len(), &x);
    for (found, expected) in found.iter().zip(read(&mut file, "extreme_unit_interval")) {
        assert!((found / expected - 1.0).abs() < 1e-14 && *found < 1.0, "{found:e}, not {expected:e}");
    }
}

#[test]
fn exp_agrees_where_scarlet2_is_neither_zero_nor_infinite() {
    let Some(mut file) = open() else { return };
    let x = read(&mut file, "extreme_x");
    for (found, expected) in
        forward(&Transform::Exp, x.len(), &x).iter().zip(read(&mut file, "extreme_positive"))
    {
        let cut = expected == 0.0 || expected.is_infinite();
        assert!(cut || (found / expected - 1.0).abs() < 1e-14, "{found:e}, not {expected:e}");
        assert!(*found > 0.0 && found.is_finite(), "{found:e}");
    }
}
