//! Pairs inside the unit disk: y = x / (1 + |x|), as scarlet2 does it.

use crate::ModelError;

/// Longest pair that `forward` writes: its squares add up to less than 1 after rounding.
const LONGEST: f64 = 1.0 - 4.0 * f64::EPSILON;

pub(super) fn forward(x: &[f64], y: &mut [f64]) {
    for (y, x) in pairs_mut(y).zip(pairs(x)) {
        let r = x[0].hypot(x[1]);
        let length = (r / (1.0 + r)).min(LONGEST);
        let factor = if r >= 1.0 { length / r } else { 1.0 / (1.0 + r) };
        *y = [x[0] * factor, x[1] * factor];
    }
}

/// det J = (1 + |x|)^-3.
pub(super) fn log_det(x: &[f64]) -> f64 {
    pairs(x).map(|x| -3.0 * x[0].hypot(x[1]).ln_1p()).sum()
}

/// At the origin, where log|det J| has a cusp, the gradient is taken as 0.
pub(super) fn log_det_gradient(x: &[f64], grad: &mut [f64]) {
    for (grad, x) in pairs_mut(grad).zip(pairs(x)) {
        let r = x[0].hypot(x[1]);
        let [u0, u1] = direction(x, r);
        grad[0] -= 3.0 / (1.0 + r) * u0;
        grad[1] -= 3.0 / (1.0 + r) * u1;
    }
}

/// J = (1 - u u' r / (1 + r)) / (1 + r) with u = x / r.
pub(super) fn pull_back(x: &[f64], grad_y: &[f64], grad_x: &mut [f64]) {
    for ((to, from), x) in pairs_mut(grad_x).zip(pairs(grad_y)).zip(pairs(x)) {
        let r = x[0].hypot(x[1]);
        let [u0, u1] = direction(x, r);
        let radial = (u0 * from[0] + u1 * from[1]) * (r / (1.0 + r));
        *to = [(from[0] - u0 * radial) / (1.0 + r), (from[1] - u1 * radial) / (1.0 + r)];
    }
}

pub(super) fn inverse(
    outside: impl Fn(usize, f64) -> ModelError,
    y: &[f64],
    x: &mut [f64],
) -> Result<(), ModelError> {
    for (pair, (x, y)) in pairs_mut(x).zip(pairs(y)).enumerate() {
        let r = y[0].hypot(y[1]);
        let left = 1.0 - r;
        if left.is_nan() || left <= 0.0 {
            return Err(outside(2 * pair, r));
        }
        *x = [y[0] / left, y[1] / left];
    }
    Ok(())
}

fn direction(x: &[f64; 2], r: f64) -> [f64; 2] {
    if r > 0.0 { [x[0] / r, x[1] / r] } else { [0.0, 0.0] }
}

fn pairs(x: &[f64]) -> impl Iterator<Item = &[f64; 2]> {
    x.as_chunks().0.iter()
}

fn pairs_mut(x: &mut [f64]) -> impl Iterator<Item = &mut [f64; 2]> {
    x.as_chunks_mut().0.iter_mut()
}
