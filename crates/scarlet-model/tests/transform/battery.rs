//! What every transform must do, whatever it is.

use scarlet_model::Transform;

/// Every variant, with a number of values that suits it.
pub(crate) fn every_transform() -> Vec<(Transform, usize)> {
    vec![
        (Transform::Identity, 3),
        (Transform::Exp, 3),
        (Transform::Softplus, 3),
        (Transform::UnitInterval, 3),
        (Transform::Interval { low: -1.0, high: 3.0 }, 3),
        (Transform::GreaterThan(0.5), 3),
        (Transform::LessThan(2.0), 3),
        (Transform::UnitDisk, 4),
        (Transform::Ordered, 4),
        (Transform::Simplex, 4),
    ]
}

/// Runs the whole battery at `x`, whose elements should be of order 1.
pub(crate) fn run(transform: &Transform, n: usize, x: &[f64]) {
    inverse_undoes_forward(transform, n, x);
    pull_back_is_the_transposed_jacobian(transform, n, x);
    log_det_is_that_of_the_jacobian(transform, n, x);
    log_det_gradient_is_a_gradient(transform, x);
    extremes_stay_inside(transform, n, x);
    survives_a_file(transform);
}

pub(crate) fn forward(transform: &Transform, n: usize, x: &[f64]) -> Vec<f64> {
    let mut y = vec![f64::NAN; n];
    transform.forward(x, &mut y);
    y
}

fn inverse_undoes_forward(transform: &Transform, n: usize, x: &[f64]) {
    let mut back = vec![f64::NAN; x.len()];
    transform.inverse("p", &forward(transform, n, x), &mut back).expect("values are inside");
    assert_close(&format!("{transform:?}, inverse"), &back, x, 1e-9);
}

/// dy_i/dx_j by central differences, `[i][j]`.
fn jacobian(transform: &Transform, n: usize, x: &[f64]) -> Vec<Vec<f64>> {
    let h = 1e-5;
    let columns: Vec<Vec<f64>> = (0..x.len())
        .map(|j| {
            let at = |h: f64| {
                let mut x = x.to_vec();
                x[j] += h;
                forward(transform, n, &x)
            };
            at(h).iter().zip(at(-h)).map(|(up, down)| (up - down) / (2.0 * h)).collect()
        })
        .collect();
    (0..n).map(|i| columns.iter().map(|column| column[i]).collect()).collect()
}

fn pull_back_is_the_transposed_jacobian(transform: &Transform, n: usize, x: &[f64]) {
    let grad_y: Vec<f64> = (0..n).map(|i| (1.0 + i as f64).cos()).collect();
    let mut grad_x = vec![f64::NAN; x.len()];
    transform.pull_back(x, &forward(transform, n, x), &grad_y, &mut grad_x);
    let jacobian = jacobian(transform, n, x);
    let expected: Vec<f64> = (0..x.len()).map(|j| (0..n).map(|i| jacobian[i][j] * grad_y[i]).sum()).collect();
    assert_close(&format!("{transform:?}, pull-back"), &grad_x, &expected, 1e-6);
}

fn log_det_is_that_of_the_jacobian(transform: &Transform, n: usize, x: &[f64]) {
    let mut square = jacobian(transform, n, x);
    square.truncate(x.len());
    let expected = log_abs_determinant(square);
    assert_close(&format!("{transform:?}, log|det|"), &[transform.log_det(x)], &[expected], 1e-6);
}

/// Gaussian elimination with row exchanges.
fn log_abs_determinant(mut a: Vec<Vec<f64>>) -> f64 {
    let mut sum = 0.0;
    for k in 0..a.len() {
        let pivot = (k..a.len()).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).expect("rows left");
        a.swap(k, pivot);
        sum += a[k][k].abs().ln();
        let pivot_row = a[k].clone();
        for row in &mut a[k + 1..] {
            let factor = row[k] / pivot_row[k];
            row.iter_mut().zip(&pivot_row).for_each(|(a, pivot)| *a -= factor * pivot);
        }
    }
    sum
}

fn log_det_gradient_is_a_gradient(transform: &Transform, x: &[f64]) {
    let h = 1e-5;
    let mut gradient = vec![10.0; x.len()];
    transform.log_det_gradient(x, &mut gradient);
    let expected: Vec<f64> = (0..x.len())
        .map(|j| {
            let at = |h: f64| {
                let mut x = x.to_vec();
                x[j] += h;
                transform.log_det(&x)
            };
            10.0 + (at(h) - at(-h)) / (2.0 * h)
        })
        .collect();
    assert_close(&format!("{transform:?}, gradient of log|det|, added"), &gradient, &expected, 1e-6);
}

/// At any size of x: finite values that the inverse takes back, no NaN anywhere.
fn extremes_stay_inside(transform: &Transform, n: usize, x: &[f64]) {
    for size in [30.0, 40.0, 700.0, 1e4, 1e150] {
        for sign in [-1.0, 1.0] {
            let x: Vec<f64> = x.iter().enumerate().map(|(i, x)| sign * size + x + i as f64).collect();
            let y = forward(transform, n, &x);
            let context = format!("{transform:?} at {x:?}: {y:?}");
            assert!(y.iter().all(|y| y.is_finite()), "{context}");
            let mut back = vec![0.0; x.len()];
            transform.inverse("p", &y, &mut back).unwrap_or_else(|error| panic!("{context}: {error}"));
            let mut gradient = vec![0.0; x.len()];
            transform.pull_back(&x, &y, &vec![0.5; n], &mut gradient);
            transform.log_det_gradient(&x, &mut gradient);
            assert!(!gradient.iter().any(|g| g.is_nan()), "{context}: {gradient:?}");
            assert!(!transform.log_det(&x).is_nan(), "{context}");
        }
    }
}

fn survives_a_file(transform: &Transform) {
    let text = serde_json::to_string(transform).expect("transforms can be written");
    assert_eq!(&serde_json::from_str::<Transform>(&text).expect("and read"), transform, "{text}");
}

/// Relative to 1 + |expected|.
pub(crate) fn assert_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(difference <= tolerance * (1.0 + expected.abs()), "{what} [{i}]: {found}, not {expected}");
    }
}
