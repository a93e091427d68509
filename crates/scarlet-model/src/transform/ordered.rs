//! Increasing values: y_0 = x_0, y_i = y_(i-1) + exp(x_i).
//!
//! Source: Stan Reference Manual 2.36, "Ordered vector".

use super::lanes::{exp, within};
use crate::ModelError;

pub(super) fn forward(x: &[f64], y: &mut [f64]) {
    let mut last = None;
    let mut later = x.len();
    for (y, &x) in y.iter_mut().zip(x) {
        later -= 1;
        *y = match last {
            None => within(x, f64::MIN, highest(later)),
            Some(last) => within(next(last, exp(x)), f64::MIN, highest(later)),
        };
        last = Some(*y);
    }
}

/// The next value after `last`: larger even where the `gap` is lost to rounding.
fn next(last: f64, gap: f64) -> f64 {
    let next = last + gap;
    if next <= last { last.next_up() } else { next }
}

/// The highest value that leaves room for `later` finite ones above it.
fn highest(later: usize) -> f64 {
    f64::from_bits(f64::MAX.to_bits() - later as u64)
}

pub(super) fn log_det(x: &[f64]) -> f64 {
    x.iter().skip(1).sum()
}

pub(super) fn log_det_gradient(grad: &mut [f64]) {
    for grad in grad.iter_mut().skip(1) {
        *grad += 1.0;
    }
}

/// A gap moves every later value along.
pub(super) fn pull_back(x: &[f64], grad_y: &[f64], grad_x: &mut [f64]) {
    let mut later = 0.0;
    for i in (0..x.len()).rev() {
        later += grad_y[i];
        grad_x[i] = if i == 0 { later } else { later * exp(x[i]) };
    }
}

pub(super) fn inverse(
    outside: impl Fn(usize, f64) -> ModelError,
    y: &[f64],
    x: &mut [f64],
) -> Result<(), ModelError> {
    for i in 0..y.len() {
        let gap = if i == 0 { 1.0 } else { y[i] - y[i - 1] };
        if !(gap > 0.0 && y[i].is_finite()) {
            return Err(outside(i, y[i]));
        }
        x[i] = if i == 0 { y[0] } else { gap.ln() };
    }
    Ok(())
}
