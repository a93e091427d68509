//! The smooth bump that carries values from a grid to positions between its points.
//!
//! phi(x) = I0(beta sqrt(1 - (2 x / w)^2)) / I0(beta) for |x| < w / 2, the Kaiser-Bessel function, evaluated as one
//! polynomial for each of the w points that a position sees (as FINUFFT does with its own bump, Barnett, Magland and
//! af Klinteberg 2019, SIAM J. Sci. Comput. 41, C479). Its transform is known: Jackson et al. 1991, IEEE Trans. Med.
//! Imaging 10, 473; beta from Beatty, Nishimura and Pauly 2005, IEEE Trans. Med. Imaging 24, 799, eq. 5.

use std::f64::consts::PI;

/// Points that a position can see along an axis.
pub(super) const LANES: usize = 8;

/// Of the polynomials; `polynomials_are_the_function` says what is left.
const DEGREE: usize = 12;

/// A bump of `width` points, made for one oversampling of the grid.
#[derive(Debug, Clone)]
pub(super) struct Bump {
    width: usize,
    beta: f64,
    /// For each power of s = 2 t - 1, t in [0, 1) the distance of the first point seen from the edge of the bump.
    powers: [[f64; LANES]; DEGREE + 1],
}

impl Bump {
    /// The bump of `width` points, at most [`LANES`], for a grid that is `oversampling` times finer than it must be.
    pub(super) fn new(width: usize, oversampling: f64) -> Self {
        let w = width as f64;
        let beta = PI * ((w / oversampling * (oversampling - 0.5)).powi(2) - 0.8).max(0.25).sqrt();
        let mut bump = Self { width, beta, powers: [[0.0; LANES]; DEGREE + 1] };
        for lane in 0..width {
            for (k, value) in bump.polynomial(lane).into_iter().enumerate() {
                bump.powers[k][lane] = value;
            }
        }
        bump
    }

    /// Points that a position sees.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// The first point that position `u` sees, and what it takes from that and the next ones.
    #[inline(always)]
    pub(super) fn at(&self, u: f64) -> (i64, [f64; LANES]) {
        let (first, s) = self.first(u);
        let mut sum = self.powers[DEGREE];
        for power in self.powers[..DEGREE].iter().rev() {
            sum = std::array::from_fn(|k| sum[k] * s + power[k]);
        }
        (first, sum)
    }

    /// The derivatives by `u` of what [`Bump::at`] gives.
    #[inline(always)]
    pub(super) fn slope_at(&self, u: f64) -> [f64; LANES] {
        let (_, s) = self.first(u);
        let mut sum = [0.0; LANES];
        for (k, power) in self.powers.iter().enumerate().skip(1).rev() {
            sum = std::array::from_fn(|lane| sum[lane] * s - 2.0 * k as f64 * power[lane]);
        }
        sum
    }

    #[inline(always)]
    fn first(&self, u: f64) -> (i64, f64) {
        let start = u - 0.5 * self.width as f64;
        let first = start.ceil();
        (first as i64, 2.0 * (first - start) - 1.0)
    }

    /// Fourier transform at `frequency`, in cycles per point.
    pub(super) fn transform(&self, frequency: f64) -> f64 {
        let w = self.width as f64;
        let square = self.beta.powi(2) - (PI * w * frequency).powi(2);
        let root = square.abs().sqrt();
        let ratio = match root {
            r if r < 1e-4 => 1.0,
            r if square > 0.0 => r.sinh() / r,
            r => r.sin() / r,
        };
        w * ratio / bessel_i0(self.beta)
    }

    /// Error of a wave of `frequency` cycles per point that is carried by this bump, relative to the wave: the rms over
    /// positions of what other waves that look the same on the grid add; of the nearest four, a fifth less than of all.
    pub(super) fn error(&self, frequency: f64) -> f64 {
        let aliases = [-2.0, -1.0, 1.0, 2.0].map(|m| self.transform(frequency + m).powi(2));
        aliases.iter().sum::<f64>().sqrt() / self.transform(frequency)
    }

    fn value(&self, x: f64) -> f64 {
        let z = 2.0 * x / self.width as f64;
        bessel_i0(self.beta * (1.0 - z * z).max(0.0).sqrt()) / bessel_i0(self.beta)
    }

    /// Coefficients of the powers of s for the point number `lane`: interpolation at Chebyshev's points.
    fn polynomial(&self, lane: usize) -> [f64; DEGREE + 1] {
        let n = DEGREE + 1;
        let angle = |i: usize| PI * (i as f64 + 0.5) / n as f64;
        let values: [f64; DEGREE + 1] = std::array::from_fn(|i| {
            let t = 0.5 * (angle(i).cos() + 1.0);
            self.value(t + lane as f64 - 0.5 * self.width as f64)
        });
        let (mut before, mut current) = ([0.0; DEGREE + 1], [0.0; DEGREE + 1]);
        current[0] = 1.0;
        let mut sum = [0.0; DEGREE + 1];
        for k in 0..n {
            let weight = if k == 0 { 1.0 } else { 2.0 } / n as f64;
            let part: f64 = (0..n).map(|i| values[i] * (k as f64 * angle(i)).cos()).sum();
            for (s, c) in sum.iter_mut().zip(current) {
                *s += weight * part * c;
            }
            // T_(k+1) = 2 s T_k - T_(k-1), and T_1 = s
            let factor = if k == 0 { 1.0 } else { 2.0 };
            let next: [f64; DEGREE + 1] = std::array::from_fn(|j| {
                let shifted = if j == 0 { 0.0 } else { factor * current[j - 1] };
                shifted - before[j]
            });
            (before, current) = (current, next);
        }
        sum
    }
}

/// Modified Bessel function of order 0 by its series; all terms are positive.
fn bessel_i0(x: f64) -> f64 {
    let quarter = 0.25 * x * x;
    let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-17 * sum {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_the_function() {
        for (width, oversampling) in [(4, 2.0), (5, 1.5), (6, 2.0), (7, 1.25), (8, 1.3), (8, 2.0)] {
            let bump = Bump::new(width, oversampling);
            for i in 0..100 {
                let u = 12.0 + 0.01 * f64::from(i) + 0.003;
                let (first, taps) = bump.at(u);
                for (lane, tap) in taps.iter().enumerate() {
                    let x = (first + lane as i64) as f64 - u;
                    let expected = if lane < width { bump.value(x) } else { 0.0 };
                    assert!((tap - expected).abs() < 2e-11, "{width} {x}: {tap} {expected}");
                }
            }
        }
    }

    #[test]
    fn slopes_are_derivatives() {
        let bump = Bump::new(7, 1.5);
        let (h, u) = (1e-5, 20.31);
        let (more, less) = (bump.at(u + h).1, bump.at(u - h).1);
        for (lane, slope) in bump.slope_at(u).into_iter().enumerate() {
            assert!((slope - (more[lane] - less[lane]) / (2.0 * h)).abs() < 1e-8);
        }
    }

    #[test]
    fn transform_is_the_integral() {
        let bump = Bump::new(6, 2.0);
        for frequency in [0.0, 0.13, 0.25, 0.9, 1.4] {
            let n = 20_000;
            let step = 6.0 / f64::from(n);
            let at = |i: i32| -3.0 + (f64::from(i) + 0.5) * step;
            let sum: f64 = (0..n).map(|i| bump.value(at(i)) * (2.0 * PI * frequency * at(i)).cos()).sum();
            assert!((sum * step - bump.transform(frequency)).abs() < 1e-7);
        }
    }

    #[test]
    fn errors_are_as_large_as_said() {
        for (width, oversampling, frequency) in [(6, 2.0, 0.25), (6, 2.0, 0.1), (5, 1.5, 0.3), (8, 2.0, 0.2)]
        {
            let bump = Bump::new(width, oversampling);
            let squares = (0..1000).map(|i| {
                let u = 30.0 + 1e-3 * f64::from(i);
                let (first, taps) = bump.at(u);
                let turn = |j: usize| 2.0 * PI * frequency * ((first + j as i64) as f64 - u);
                let re: f64 = (0..width).map(|j| taps[j] * turn(j).cos()).sum();
                let im: f64 = (0..width).map(|j| taps[j] * turn(j).sin()).sum();
                let scale = bump.transform(frequency);
                (re / scale - 1.0).powi(2) + (im / scale).powi(2)
            });
            let rms = (squares.sum::<f64>() / 1000.0).sqrt();
            approx::assert_relative_eq!(rms, bump.error(frequency), max_relative = 0.2);
            println!("{width} points, {oversampling}, {frequency} cycles: {rms:.1e}");
        }
    }
}
