//! Pixel integrals next to the centre, as integrals along the pixels' edges.
//!
//! With m(Q) the mean brightness inside the squared radius Q, the field V = (x, y) m(Q) / 2 has the divergence
//! f(Q): the integral of f over a pixel is the flux of V through its four edges (apex of the triangles: the
//! profile's centre, where f may be cusped or infinite). Each edge serves the pixels on both its sides, so that
//! the flux of the zone is exact whatever the quadrature does inside. On an edge at distance d,
//! t = t0 + delta sinh(u) resolves the peak of width ~d that m has where the edge passes the centre
//! (Johnston & Elliott 2005, IJNME 62, 564).

use super::adjoint::Adjoint;
use super::ellipse::Form;
use super::grid::{LEAST_R2, Prepared};
use super::lane::{Lane, MAX_LANES};
use super::law::Kernel;
use super::quadrature::{GAUSS_8, GAUSS_24};
use super::{Dual, Number};
use pulp::Simd;

/// Pixels on a side of the zone.
pub(crate) const SIDE: usize = 8;
const LINES: usize = SIDE + 1;
const PER_DIRECTION: usize = LINES * SIDE;

/// Number of edges of the zone.
pub(crate) const EDGES: usize = 2 * PER_DIRECTION;

/// Derivatives of an edge's integral besides those with respect to shape parameters: the centre across and
/// along the edge, the coefficients of the form across, mixed and along.
pub(crate) const PLACE: usize = 5;

/// The least width of the sinh transformation, in pixels.
const LEAST_WIDTH: f64 = 3e-4;

/// The one line that is never more than half a pixel from the centre. It has the finer rule at distances up to
/// `FINE`, the coarser one at 1/2 and as all other lines, and smoothly both between.
const NEAREST: usize = SIDE / 2;
const FINE: f64 = 0.25;

const _: () = assert!(SIDE.is_multiple_of(MAX_LANES));

/// The form in coordinates (across the edge, along the edge).
fn oriented(form: Form<f64>, vertical: bool) -> [f64; 3] {
    if vertical { [form.xx, form.xy, form.yy] } else { [form.yy, form.xy, form.xx] }
}

impl<K: Kernel, S: Simd, const N: usize> Prepared<'_, K, S, N> {
    /// Integrals of V along all edges into `values`, their derivatives into the `M` planes of `slopes`.
    ///
    /// `first` is the offset `[dy, dx]` of the lower corner of the zone from the profile's centre. Edges along y
    /// come first, line by line, then those along x.
    #[inline(always)]
    pub(crate) fn edges<const M: usize>(
        &self,
        means: &K::Means<Dual<Lane<S>, N>>,
        first: [f64; 2],
        scale: f64,
        values: &mut [f64],
        slopes: &mut [f64],
    ) {
        for group in 0..EDGES / Lane::<S>::LEN {
            let at = group * Lane::<S>::LEN;
            let vertical = at < PER_DIRECTION;
            let [across, along] = if vertical { [first[1], first[0]] } else { first };
            let line = at % PER_DIRECTION / SIDE;
            let d = Lane::splat(self.simd, across + line as f64);
            let start = Lane::counting(self.simd) + (along + (at % SIDE) as f64);
            let form = oriented(self.form, vertical);
            let integral = self.edge::<M>(means, d, start, form, line == NEAREST);
            (integral.value * scale).store(values, at);
            for (k, slope) in integral.derivatives.into_iter().enumerate() {
                (slope * scale).store(slopes, k * EDGES + at);
            }
        }
    }

    /// d/2 times the integral of m over t from `start` to `start` + 1, at distance `d`, by the coarser rule or,
    /// on the `nearest` line, by both.
    #[inline(always)]
    fn edge<const M: usize>(
        &self,
        means: &K::Means<Dual<Lane<S>, N>>,
        d: Lane<S>,
        start: Lane<S>,
        form: [f64; 3],
        nearest: bool,
    ) -> Dual<Lane<S>, M> {
        // both are positions minus the centre: their derivatives are -1
        let d: Dual<Lane<S>, M> = -Dual::variable(-d, 0);
        let start: Dual<Lane<S>, M> = -Dual::variable(-start, 1);
        let dd: Dual<Lane<S>, M> = Dual::variable(Lane::splat(self.simd, form[0]), 2);
        let dt: Dual<Lane<S>, M> = Dual::variable(Lane::splat(self.simd, form[1]), 3);
        let tt: Dual<Lane<S>, M> = Dual::variable(Lane::splat(self.simd, form[2]), 4);

        let over = tt.recip();
        let foot = -(dt * over) * d;
        let pole2 = (dd * tt - dt * dt) * over * over * d * d;
        let width = (pole2 + LEAST_WIDTH * LEAST_WIDTH).sqrt();
        let over_width = width.recip();
        let from = asinh((start - foot) * over_width);
        let length = asinh((start - foot + 1.0) * over_width) - from;

        let arguments = [from, length, width, pole2, tt];
        let mut sum = self.along(means, arguments, &GAUSS_8);
        if nearest {
            let fine = self.along(means, arguments, &GAUSS_24);
            sum = (fine - sum).mul_add(share_of_fine(d), sum);
        }
        sum * width * length * d * 0.25
    }

    /// Twice the integral over u from 0 to 1 of cosh(from + length u) m(tt (width^2 sinh^2 + pole2)), as a
    /// function of these five.
    #[inline(always)]
    fn along<const M: usize>(
        &self,
        means: &K::Means<Dual<Lane<S>, N>>,
        arguments: [Dual<Lane<S>, M>; 5],
        rule: &[[f64; 2]],
    ) -> Dual<Lane<S>, M> {
        let [from, length, width, pole2, tt] = &arguments;
        let (from, length, width) = (from.value, length.value, width.value);
        let (pole2, tt) = (pole2.value, tt.value);
        let zero = from.constant(0.0);
        let [mut value, mut by_from, mut by_length, mut slope, mut slope_sinh2] = [zero; 5];
        let mut shape = [zero; N];
        let width2 = width * width;
        let by_u_factor = width2 * tt * 2.0;
        for &[node, weight] in rule {
            let rising = length.mul_add(from.constant(node), from).exp();
            let falling = rising.recip();
            let cosh = (rising + falling) * (0.5 * weight);
            let sinh = (rising - falling) * 0.5;
            let sinh2 = sinh * sinh;
            let r2 = (sinh2.mul_add(width2, pole2) * tt).at_least(LEAST_R2);
            let mean = self.kernel.mean_with_slopes(&self.constants, means, r2);
            let cosh_slope = cosh * mean.derivatives[0];
            // d cosh = sinh and d r2 = 2 tt width^2 sinh cosh
            let by_u = sinh * (by_u_factor * (sinh2 + 1.0)).mul_add(mean.derivatives[0], mean.value) * weight;
            value = cosh.mul_add(mean.value, value);
            by_from = by_from + by_u;
            by_length = by_u.mul_add(from.constant(node), by_length);
            slope = slope + cosh_slope;
            slope_sinh2 = cosh_slope.mul_add(sinh2, slope_sinh2);
            for (sum, slope) in shape.iter_mut().zip(mean.derivatives).skip(1) {
                *sum = cosh.mul_add(slope, *sum);
            }
        }
        let by_width = width * tt * slope_sinh2 * 2.0;
        let by_tt = slope_sinh2.mul_add(width2, slope * pole2);
        let partial = [by_from, by_length, by_width, slope * tt, by_tt];
        let mut derivatives = [zero; M];
        for (k, d) in derivatives.iter_mut().enumerate() {
            for (argument, slope) in arguments.iter().zip(partial) {
                *d = slope.mul_add(argument.derivatives[k], *d);
            }
        }
        for (d, by_shape) in derivatives[PLACE..].iter_mut().zip(&shape[1..]) {
            *d = *d + *by_shape;
        }
        Dual { value, derivatives } * 2.0
    }
}

/// 1 up to the distance `FINE`, 0 from 1/2 on, with a quintic step between.
#[inline(always)]
fn share_of_fine<N: Number>(d: N) -> N {
    let t = ((d.if_below(0.0, -d, d) - FINE) / (0.5 - FINE)).at_least(0.0);
    let t = t.if_below(1.0, t, t.constant(1.0));
    let step = t * t * t * ((t * 6.0 - 15.0) * t + 10.0);
    -step + 1.0
}

#[inline(always)]
fn asinh<N: Number>(x: N) -> N {
    let length = x.if_below(0.0, -x, x);
    let result = (length + (length * length + 1.0).sqrt()).ln();
    x.if_below(0.0, -result, result)
}

/// The pixel integrals from the integrals along the edges, in row order.
pub(crate) fn pixels(values: &[f64]) -> [f64; SIDE * SIDE] {
    let (vertical, horizontal) = values.split_at(PER_DIRECTION);
    std::array::from_fn(|pixel| {
        let (row, col) = (pixel / SIDE, pixel % SIDE);
        let through_x = vertical[(col + 1) * SIDE + row] - vertical[col * SIDE + row];
        let through_y = horizontal[(row + 1) * SIDE + col] - horizontal[row * SIDE + col];
        through_x + through_y
    })
}

/// Adds the gradient of `sum(seeds * pixels)`.
pub(crate) fn pull_back<const M: usize>(seeds: &[f64; SIDE * SIDE], slopes: &[f64], adjoint: &mut Adjoint) {
    let mut edges = [0.0; EDGES];
    let (vertical, horizontal) = edges.split_at_mut(PER_DIRECTION);
    for (pixel, seed) in seeds.iter().enumerate() {
        let (row, col) = (pixel / SIDE, pixel % SIDE);
        vertical[(col + 1) * SIDE + row] += seed;
        vertical[col * SIDE + row] -= seed;
        horizontal[(row + 1) * SIDE + col] += seed;
        horizontal[row * SIDE + col] -= seed;
    }
    let sum = |k: usize, range: std::ops::Range<usize>| -> f64 {
        let slopes = &slopes[k * EDGES..(k + 1) * EDGES];
        edges[range.clone()].iter().zip(&slopes[range]).map(|(e, s)| e * s).sum()
    };
    let along_y = |k| sum(k, 0..PER_DIRECTION);
    let along_x = |k| sum(k, PER_DIRECTION..EDGES);
    adjoint.center[0] += along_y(1) + along_x(0);
    adjoint.center[1] += along_y(0) + along_x(1);
    adjoint.xx += along_y(2) + along_x(4);
    adjoint.xy += along_y(3) + along_x(3);
    adjoint.yy += along_y(4) + along_x(2);
    for k in PLACE..M {
        adjoint.shape[k - PLACE] += sum(k, 0..EDGES);
    }
}
