//! Positive values that add up to 1, by breaking a stick.
//!
//! With K values and k = 0 .. K-2: z_k = logistic(x_k - log(K - 1 - k)), y_k = z_k rest_k,
//! rest_(k+1) = rest_k (1 - z_k), rest_0 = 1, and the last value is what is left. x = 0 gives equal parts.
//!
//! Source: Stan Reference Manual 2.36, "Unit simplex".

use super::lanes::{exp, softplus};
use crate::ModelError;

/// How far from 1 the sum of start values may be.
pub(super) const SUM_TOLERANCE: f64 = 1e-6;

/// z and 1 - z of break `k` for `x` = x_k and `breaks` = K - 1, each without cancellation.
fn split(x: f64, k: usize, breaks: usize) -> (f64, f64) {
    let u = shifted(x, k, breaks);
    let t = exp(-u.abs());
    let (larger, smaller) = (1.0 / (1.0 + t), t / (1.0 + t));
    if u < 0.0 { (smaller, larger) } else { (larger, smaller) }
}

fn shifted(x: f64, k: usize, breaks: usize) -> f64 {
    x - ((breaks - k) as f64).ln()
}

pub(super) fn forward(x: &[f64], y: &mut [f64]) {
    let mut rest = 1.0_f64;
    for (k, &x_k) in x.iter().enumerate() {
        let (z, left) = split(x_k, k, x.len());
        y[k] = positive(rest * z);
        rest *= left;
    }
    y[x.len()] = positive(rest);
}

/// Never 0, so that the logarithm of a value exists.
fn positive(y: f64) -> f64 {
    if y < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { y }
}

/// J is triangular: sum of log z_k + log(1 - z_k) + log rest_k.
pub(super) fn log_det(x: &[f64]) -> f64 {
    let mut log_rest = 0.0;
    let mut sum = 0.0;
    for (k, &x_k) in x.iter().enumerate() {
        let u = shifted(x_k, k, x.len());
        let log_left = -softplus(u);
        sum += log_left - softplus(-u) + log_rest;
        log_rest += log_left;
    }
    sum
}

/// Break k also shortens the stick of all later breaks.
pub(super) fn log_det_gradient(x: &[f64], grad: &mut [f64]) {
    for (k, (grad, &x_k)) in grad.iter_mut().zip(x).enumerate() {
        let (z, left) = split(x_k, k, x.len());
        *grad += left - z - (x.len() - 1 - k) as f64 * z;
    }
}

/// Goes from the last break to the first; `grad_rest` is the gradient of what is left after break k.
pub(super) fn pull_back(x: &[f64], y: &[f64], grad_y: &[f64], grad_x: &mut [f64]) {
    let mut grad_rest = grad_y[x.len()];
    for k in (0..x.len()).rev() {
        let (z, left) = split(x[k], k, x.len());
        grad_x[k] = y[k] * left * (grad_y[k] - grad_rest);
        grad_rest = grad_y[k] * z + grad_rest * left;
    }
}

pub(super) fn inverse(
    parameter: &str,
    outside: impl Fn(usize, f64) -> ModelError,
    y: &[f64],
    x: &mut [f64],
) -> Result<(), ModelError> {
    if let Some(i) = y.iter().position(|&y| !(y > 0.0 && y.is_finite())) {
        return Err(outside(i, y[i]));
    }
    let total: f64 = y.iter().sum();
    if (total - 1.0).abs() > SUM_TOLERANCE {
        return Err(ModelError::Parameter {
            parameter: parameter.to_owned(),
            problem: format!("its values add up to {total}; a simplex needs 1: divide them by their sum"),
        });
    }
    let mut rest = y[x.len()];
    for k in (0..x.len()).rev() {
        x[k] = (y[k] / rest).ln() + ((x.len() - k) as f64).ln();
        rest += y[k];
    }
    Ok(())
}
