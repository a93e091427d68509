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
use super::quadrature::GAUSS_12 as RULE;
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
const LEAST_WIDTH: f64 = 0.02;

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
            let integral = self.edge::<M>(means, d, start, oriented(self.form, vertical));
            (integral.value * scale).store(values, at);
            for (k, slope) in integral.derivatives.into_iter().enumerate() {
                (slope * scale).store(slopes, k * EDGES + at);
            }
        }
    }

    /// d/2 times the integral of m over t from `start` to `start` + 1, at distance `d`.
    #[inline(always)]
    fn edge<const M: usize>(
        &self,
        means: &K::Means<Dual<Lane<S>, N>>,
        d: Lane<S>,
        start: Lane<S>,
        form: [f64; 3],
    ) -> Dual<Lane<S>, M> {
        let minus_center = |value: Lane<S>, k| -> Dual<Lane<S>, M> { -Dual::variable(-value, k) };
        let coefficient = |k: usize| Dual::variable(Lane::splat(self.simd, form[k]), 2 + k);
        let (d, start) = (minus_center(d, 0), minus_center(start, 1));
        let (dd, dt, tt) = (coefficient(0), coefficient(1), coefficient(2));

        let over = tt.recip();
        let foot = -(dt * over) * d;
        let pole2 = (dd * tt - dt * dt) * over * over * d * d;
        let width = (pole2 + LEAST_WIDTH * LEAST_WIDTH).sqrt();
        let over_width = width.recip();
        let from = asinh((start - foot) * over_width);
        let length = asinh((start - foot + 1.0) * over_width) - from;

        let mut sum = d.constant(0.0);
        for [node, weight] in RULE {
            let u = length * node + from;
            let rising = u.exp();
            let falling = rising.recip();
            let along = width * (rising - falling) * 0.5;
            let r2 = (along.mul_add(along, pole2) * tt).at_least(LEAST_R2);
            let jacobian = (rising + falling) * weight;
            sum = jacobian.mul_add(self.mean(means, r2), sum);
        }
        sum * width * length * d * 0.25
    }

    /// The mean inside `r2`, with the derivatives of `r2` and of the shape parameters.
    #[inline(always)]
    fn mean<const M: usize>(
        &self,
        means: &K::Means<Dual<Lane<S>, N>>,
        r2: Dual<Lane<S>, M>,
    ) -> Dual<Lane<S>, M> {
        let mean = self.kernel.mean_within(&self.constants, means, Dual::variable(r2.value, 0));
        let mut derivatives = r2.derivatives;
        for d in &mut derivatives {
            *d = *d * mean.derivatives[0];
        }
        for k in 1..N {
            derivatives[PLACE + k - 1] = derivatives[PLACE + k - 1] + mean.derivatives[k];
        }
        Dual { value: mean.value, derivatives }
    }
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
