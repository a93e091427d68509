//! Point samples of a law on a regular grid with spacing 1, and the moments of their derivatives.

use super::adjoint::Moments;
use super::ellipse::Form;
use super::lane::Lane;
use super::law::Kernel;
use super::{Dual, Number};
use pulp::Simd;

/// Squared radii below this are taken to be this.
pub(crate) const LEAST_R2: f64 = 1e-60;

/// Nodes with spacing 1: where the first is, from the profile's centre, and how many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    /// Offset `[dy, dx]` of the first node.
    pub(crate) first: [f64; 2],
    pub(crate) rows: usize,
    /// Nodes in a row, a multiple of the greatest number of lanes.
    pub(crate) stride: usize,
}

impl Grid {
    pub(crate) const fn len(self) -> usize {
        self.rows * self.stride
    }
}

/// A law with its constants at the current shape parameters.
#[derive(Debug)]
pub(crate) struct Prepared<'a, K: Kernel, S: Simd, const N: usize> {
    pub(crate) simd: S,
    pub(crate) kernel: &'a K,
    pub(crate) constants: K::Constants<Dual<Lane<S>, N>>,
    pub(crate) form: Form<f64>,
}

impl<K: Kernel, S: Simd, const N: usize> Prepared<'_, K, S, N> {
    /// Writes `scale` times the brightness into `values`, and its derivatives with respect to the squared
    /// radius and the shape parameters into the `N` planes of `slopes`.
    #[inline(always)]
    pub(crate) fn sample(&self, grid: Grid, scale: f64, values: &mut [f64], slopes: &mut [f64]) {
        let Form { xx, xy, yy } = self.form;
        let lanes = |v| Lane::splat(self.simd, v);
        let counting = Lane::counting(self.simd);
        for row in 0..grid.rows {
            let dy = grid.first[0] + row as f64;
            let (constant, linear) = (lanes(yy * dy * dy), lanes(2.0 * xy * dy));
            for col in (0..grid.stride).step_by(Lane::<S>::LEN) {
                let dx = counting + (grid.first[1] + col as f64);
                let r2 = dx.mul_add(dx.mul_add(lanes(xx), linear), constant).at_least(LEAST_R2);
                let f = self.kernel.brightness(&self.constants, Dual::variable(r2, 0));
                let at = row * grid.stride + col;
                (f.value * scale).store(values, at);
                for (k, slope) in f.derivatives.into_iter().enumerate() {
                    (slope * scale).store(slopes, k * grid.len() + at);
                }
            }
        }
    }
}

/// Moments of `seeds` times the `N` planes of `slopes`, all laid out as the grid.
#[inline(always)]
pub(crate) fn moments<S: Simd, const N: usize>(
    simd: S,
    grid: Grid,
    seeds: &[f64],
    slopes: &[f64],
) -> Moments {
    let (zero, counting) = (Lane::splat(simd, 0.0), Lane::counting(simd));
    let [mut sum_y, mut sum_x, mut sum_yy, mut sum_xy, mut sum_xx] = [zero; 5];
    let mut shape = [zero; N];
    for row in 0..grid.rows {
        let [mut m0, mut m1, mut m2] = [zero; 3];
        for col in (0..grid.stride).step_by(Lane::<S>::LEN) {
            let at = row * grid.stride + col;
            let dx = counting + (grid.first[1] + col as f64);
            let seed = Lane::load(simd, seeds, at);
            let slope = seed * Lane::load(simd, slopes, at);
            let slope_x = slope * dx;
            m0 = m0 + slope;
            m1 = m1 + slope_x;
            m2 = slope_x.mul_add(dx, m2);
            for (k, sum) in shape.iter_mut().enumerate().skip(1) {
                *sum = seed.mul_add(Lane::load(simd, slopes, k * grid.len() + at), *sum);
            }
        }
        let dy = Lane::splat(simd, grid.first[0] + row as f64);
        let m0_y = m0 * dy;
        sum_x = sum_x + m1;
        sum_y = sum_y + m0_y;
        sum_yy = m0_y.mul_add(dy, sum_yy);
        sum_xy = m1.mul_add(dy, sum_xy);
        sum_xx = sum_xx + m2;
    }
    let mut result = Moments {
        y: sum_y.sum(),
        x: sum_x.sum(),
        yy: sum_yy.sum(),
        xy: sum_xy.sum(),
        xx: sum_xx.sum(),
        ..Moments::default()
    };
    for (sum, lanes) in result.shape.iter_mut().zip(&shape[1..]) {
        *sum = lanes.sum();
    }
    result
}
