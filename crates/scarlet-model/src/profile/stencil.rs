//! The rule far from the centre: pixel centres only, with the curvature from the neighbours.
//!
//! The mean over a pixel is f + (f_xx + f_yy) / 24 + O(4), the curvature by differences of the four neighbours:
//! 5/6 of the pixel's centre and 1/24 of each neighbour's. All shares are positive and no flux is lost. The
//! stencil is symmetric: it is its own adjoint.

use super::layout::{Layout, Scratch};

const CENTER: f64 = 5.0 / 6.0;
const NEIGHBOUR: f64 = 1.0 / 24.0;

/// Writes `cols` values a row into `output`; `input` has one more row and column on every side.
#[inline(always)]
fn apply(input: &[f64], input_stride: usize, output: &mut [f64], output_stride: usize, cols: usize) {
    for (row, output) in output.chunks_exact_mut(output_stride).enumerate() {
        let rows = &input[row * input_stride..];
        let above = &rows[1..][..cols];
        let left = &rows[input_stride..][..cols];
        let middle = &rows[input_stride + 1..][..cols];
        let right = &rows[input_stride + 2..][..cols];
        let below = &rows[2 * input_stride + 1..][..cols];
        let (output, padding) = output.split_at_mut(cols);
        for k in 0..cols {
            let neighbours = (above[k] + below[k]) + (left[k] + right[k]);
            output[k] = CENTER * middle[k] + NEIGHBOUR * neighbours;
        }
        padding.fill(0.0);
    }
}

/// The image from the values at the centres.
#[inline(always)]
pub(crate) fn evaluate(layout: Layout, centers: &[f64], out: &mut [f64]) {
    apply(centers, layout.stride(), out, layout.shape[1], layout.shape[1]);
}

/// The seeds of the centres from those of the pixels.
#[inline(always)]
pub(crate) fn pull_back(layout: Layout, scratch: &mut Scratch<'_>) {
    let cols = layout.shape[1] + 2;
    apply(scratch.seeds, layout.seed_stride(), scratch.centers, layout.stride(), cols);
}
