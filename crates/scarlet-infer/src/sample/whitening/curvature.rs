//! Curvature of a log-density, by differences of its gradients.

use super::positive;
use crate::sample::LogDensity;
use std::ops::Range;

/// Random directions from which a diagonal is estimated.
const PROBES: usize = 48;
/// First step of the derivatives, relative to a value of at least 1.
const STEP: f64 = 1e-4;
/// Second step, in standard deviations.
const SECOND: f64 = 0.1;
/// Steps along single values.
const STEPS: [f64; 2] = [1e-8, 0.3];

/// The gradient at `center`, with one value moved by `step`, into `out`.
fn moved(density: &mut dyn LogDensity, center: &[f64], direction: &[f64], step: f64, out: &mut [f64]) {
    let x: Vec<f64> = center.iter().zip(direction).map(|(c, d)| c + step * d).collect();
    density.log_density_and_gradient(&x, out);
}

/// Minus the second derivatives, symmetrised: steps first of one size, then of the width that these show.
pub(super) fn hessian(density: &mut dyn LogDensity, center: &[f64]) -> Vec<f64> {
    let n = center.len();
    let (mut ahead, mut behind) = (vec![0.0; n], vec![0.0; n]);
    let mut rows = vec![0.0; n * n];
    for k in 0..n {
        let mut step = STEP * center[k].abs().max(1.0);
        let mut direction = vec![0.0; n];
        direction[k] = 1.0;
        for last in [false, true] {
            moved(density, center, &direction, step, &mut ahead);
            moved(density, center, &direction, -step, &mut behind);
            let row = &mut rows[k * n..][..n];
            (0..n).for_each(|j| row[j] = (behind[j] - ahead[j]) / (2.0 * step));
            if !last {
                step = (SECOND / positive(row[k]).sqrt()).clamp(STEPS[0], STEPS[1]);
            }
        }
    }
    symmetric(&rows, n)
}

/// Minus the second derivatives within each of `blocks`, symmetrised, by steps in proportion to `sd`.
pub(super) fn blocks(
    density: &mut dyn LogDensity,
    center: &[f64],
    sd: &[f64],
    blocks: &[Range<usize>],
) -> Vec<Vec<f64>> {
    let (mut ahead, mut behind) = (vec![0.0; center.len()], vec![0.0; center.len()]);
    let mut direction = vec![0.0; center.len()];
    let of_block = |block: &Range<usize>| {
        let mut rows = Vec::with_capacity(block.len() * block.len());
        for k in block.clone() {
            let step = (SECOND * sd[k]).clamp(STEPS[0], STEPS[1]);
            direction[k] = 1.0;
            moved(density, center, &direction, step, &mut ahead);
            moved(density, center, &direction, -step, &mut behind);
            direction[k] = 0.0;
            rows.extend(block.clone().map(|j| (behind[j] - ahead[j]) / (2.0 * step)));
        }
        symmetric(&rows, block.len())
    };
    blocks.iter().map(of_block).collect()
}

/// The mean of a square matrix of `n` rows and its transpose, 0 where it is not finite.
fn symmetric(rows: &[f64], n: usize) -> Vec<f64> {
    let entry = |at: usize| 0.5 * (rows[at] + rows[(at % n) * n + at / n]);
    (0..n * n).map(entry).map(|v| if v.is_finite() { v } else { 0.0 }).collect()
}

/// Standard deviations from the diagonal of the curvature, by random signs (Bekas et al. 2007): E[s * (H s)].
pub(super) fn diagonal_sd(density: &mut dyn LogDensity, center: &[f64]) -> Vec<f64> {
    let n = center.len();
    let (mut ahead, mut behind) = (vec![0.0; n], vec![0.0; n]);
    let (mut sum, mut state) = (vec![0.0; n], 0x9E37_79B9_7F4A_7C15_u64);
    for _ in 0..PROBES {
        let signs: Vec<f64> = (0..n).map(|_| if next(&mut state) >> 63 == 0 { 1.0 } else { -1.0 }).collect();
        moved(density, center, &signs, STEP, &mut ahead);
        moved(density, center, &signs, -STEP, &mut behind);
        (0..n).for_each(|k| sum[k] += signs[k] * (behind[k] - ahead[k]) / (2.0 * STEP * PROBES as f64));
    }
    let typical = median(sum.iter().map(|v| v.abs()).collect());
    sum.into_iter().map(|v| positive(v.max(0.05 * typical)).sqrt().recip()).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(1.0)
}

/// Marsaglia's xorshift: signs need no better.
const fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
