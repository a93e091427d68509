//! Galaxies as sums of concentric elliptical Gaussians, in pixels and as transforms with derivatives.

use ndarray::Array2;
use scarlet_frame::BBox;
use std::f64::consts::PI;

/// How many Gaussians there are; each is twice as wide as the one before.
const COUNT: usize = 7;
/// Standard deviation of the narrowest one, in half-light radii.
const NARROWEST: f64 = 1.0 / 16.0;
/// Shares of the Gaussians in a Sersic profile of index 1 and of index 3, by least squares.
const DISC: [f64; COUNT] = [0.0005, 0.0061, 0.0332, 0.2415, 0.5953, 0.1234, 0.0];
const BULGE: [f64; COUNT] = [0.0319, 0.0422, 0.1254, 0.1999, 0.2667, 0.2108, 0.1231];
/// Index of the second profile.
const BULGE_INDEX: f64 = 3.0;
/// Half-light radii from which on there is little light, and what the shape may be.
const REACH: f64 = 4.0;
const RADII_PX: [f64; 2] = [0.2, 100.0];
const LARGEST_TURN: f64 = 1.3;
const LARGEST_LOGIT: f64 = 4.0;

/// Numbers that say what a galaxy looks like.
pub(super) const SHAPE: usize = 4;

/// A galaxy of flux 1: a disc and a bulge of the same half-light radius and ellipticity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Profile {
    /// Logarithm of the half-light radius in pixels, the geometric mean along both axes.
    log_radius: f64,
    /// The distortion's direction, its length the inverse hyperbolic tangent of the distortion's.
    turn: [f64; 2],
    /// Logit of the bulge's share of the flux.
    concentration: f64,
}

/// A symmetric matrix: `[yy, yx, xx]`.
type Symmetric = [f64; 3];

impl Profile {
    /// From [`SHAPE`] numbers: logarithm of the radius, two of the ellipticity, the concentration.
    pub(super) fn new([log_radius, turn1, turn2, concentration]: [f64; SHAPE]) -> Self {
        let length = turn1.hypot(turn2).max(f64::MIN_POSITIVE);
        let shrink = (LARGEST_TURN / length).min(1.0);
        Self {
            log_radius: log_radius.clamp(RADII_PX[0].ln(), RADII_PX[1].ln()),
            turn: [turn1 * shrink, turn2 * shrink],
            concentration: concentration.clamp(-LARGEST_LOGIT, LARGEST_LOGIT),
        }
    }

    pub(super) const fn numbers(&self) -> [f64; SHAPE] {
        [self.log_radius, self.turn[0], self.turn[1], self.concentration]
    }

    pub(super) fn radius_px(&self) -> f64 {
        self.log_radius.exp()
    }

    /// Distortion (e1, e2).
    pub(super) fn distortion(&self) -> [f64; 2] {
        let length = self.turn[0].hypot(self.turn[1]);
        let factor = if length > 1e-6 { length.tanh() / length } else { 1.0 };
        self.turn.map(|t| t * factor)
    }

    /// The Sersic index that is as concentrated.
    pub(super) fn index(&self) -> f64 {
        BULGE_INDEX.powf(logistic(self.concentration))
    }

    /// How far from the centre there is light, in pixels of an observation; `jacobian` is that of its position by the
    /// model's.
    pub(super) fn reach_px(&self, jacobian: [[f64; 2]; 2]) -> f64 {
        let [yy, yx, xx] = self.matrix();
        let variance = |[a, b]: [f64; 2]| a * a * yy + 2.0 * a * b * yx + b * b * xx;
        REACH * self.radius_px() * variance(jacobian[0]).max(variance(jacobian[1])).sqrt()
    }

    fn shares(&self) -> [f64; COUNT] {
        let bulge = logistic(self.concentration);
        std::array::from_fn(|j| (1.0 - bulge) * DISC[j] + bulge * BULGE[j])
    }

    /// [[1 - e1, e2], [e2, 1 + e1]] / sqrt(1 - |e|^2) in (y, x), of determinant 1.
    fn matrix(&self) -> Symmetric {
        let [e1, e2] = self.distortion();
        let scale = 1.0 / (1.0 - e1 * e1 - e2 * e2).sqrt();
        [(1.0 - e1) * scale, e2 * scale, (1.0 + e1) * scale]
    }

    /// Derivatives of the matrix with respect to both numbers of the ellipticity.
    fn matrix_slopes(&self) -> [Symmetric; 2] {
        let [e1, e2] = self.distortion();
        let (matrix, scale2) = (self.matrix(), 1.0 / (1.0 - e1 * e1 - e2 * e2));
        let of =
            |e: f64, direct: Symmetric| [0, 1, 2].map(|k| direct[k] * scale2.sqrt() + matrix[k] * e * scale2);
        let by_distortion = [of(e1, [-1.0, 0.0, 1.0]), of(e2, [0.0, 1.0, 0.0])];
        let length = self.turn[0].hypot(self.turn[1]);
        let (factor, bend) = if length > 1e-3 {
            let tanh = length.tanh();
            (tanh / length, ((1.0 - tanh * tanh) * length - tanh) / (length * length * length))
        } else {
            (1.0, -2.0 / 3.0)
        };
        [0, 1].map(|j| {
            let by = |i: usize| {
                let direct = if i == j { factor } else { 0.0 };
                direct + self.turn[i] * self.turn[j] * bend
            };
            [0, 1, 2].map(|k| by_distortion[0][k] * by(0) + by_distortion[1][k] * by(1))
        })
    }

    /// Writes the transform around the centre and its derivatives with respect to the [`SHAPE`] numbers.
    ///
    /// - `jacobian`: of the position in an observation by that in the model; what is seen at q = J p has the transform
    ///   F(J^T k).
    /// - `into`: 1 + [`SHAPE`] real spectra of a grid of `n` x `n` pixels of the observation, transposed: `[kx, ky]`, kx up
    ///   to n / 2.
    pub(super) fn transform(&self, n: usize, jacobian: [[f64; 2]; 2], into: &mut [f32]) {
        let radius = self.radius_px() * NARROWEST;
        let unit = 2.0 * PI * PI * radius * radius / (n * n) as f64;
        let (matrix, slopes) = (self.matrix(), self.matrix_slopes());
        let bulge = logistic(self.concentration);
        let shares = self.shares();
        let by_bulge: [f64; COUNT] = std::array::from_fn(|j| bulge * (1.0 - bulge) * (BULGE[j] - DISC[j]));
        let len = n * (n / 2 + 1);
        let (values, rest) = into.split_at_mut(len);
        let mut slopes_into = rest.chunks_exact_mut(len);
        let mut next = || slopes_into.next().expect("room for every derivative");
        let [of_radius, of_turn1, of_turn2, of_bulge] = [next(), next(), next(), next()];
        for at in 0..len {
            let (kx, ky) = ((at / n) as f64, at % n);
            let ky = if ky > n / 2 { ky as f64 - n as f64 } else { ky as f64 };
            let [ky, kx] = [0, 1].map(|j| jacobian[0][j] * ky + jacobian[1][j] * kx);
            let form = |m: Symmetric| unit * (m[0] * ky * ky + 2.0 * m[1] * ky * kx + m[2] * kx * kx);
            let exponent = form(matrix);
            let (mut value, mut fall, mut change) = (0.0, 0.0, 0.0);
            // In double precision: the fourth power of a fourth power and so on multiplies its rounding by 4^6.
            let (mut gaussian, mut width2) = ((-exponent).exp(), 1.0);
            for j in 0..COUNT {
                value += shares[j] * gaussian;
                fall += shares[j] * width2 * gaussian;
                change += by_bulge[j] * gaussian;
                width2 *= 4.0;
                gaussian *= gaussian;
                gaussian *= gaussian;
            }
            values[at] = value as f32;
            of_radius[at] = (-2.0 * exponent * fall) as f32;
            of_turn1[at] = (-form(slopes[0]) * fall) as f32;
            of_turn2[at] = (-form(slopes[1]) * fall) as f32;
            of_bulge[at] = change as f32;
        }
    }

    fn covariance(&self, j: usize, blur: f64) -> Symmetric {
        let variance = (self.radius_px() * NARROWEST).powi(2) * 4_f64.powi(j as i32);
        let [yy, yx, xx] = self.matrix();
        [variance * yy + blur, variance * yx, variance * xx + blur]
    }

    /// Its pixels in `bbox`, around `center`, seen through a round Gaussian of variance `blur`.
    pub(super) fn image(&self, center: [f64; 2], blur: f64, bbox: BBox) -> Array2<f64> {
        let mut image = Array2::zeros(bbox.shape());
        for (j, share) in self.shares().into_iter().enumerate() {
            let [yy, yx, xx] = self.covariance(j, blur);
            let determinant = yy * xx - yx * yx;
            let norm = share / (2.0 * PI * determinant.sqrt());
            for ((y, x), pixel) in image.indexed_iter_mut() {
                let dy = bbox.origin()[0] as f64 + y as f64 - center[0];
                let dx = bbox.origin()[1] as f64 + x as f64 - center[1];
                let r2 = (xx * dy * dy - 2.0 * yx * dy * dx + yy * dx * dx) / determinant;
                *pixel += norm * (-0.5 * r2).exp();
            }
        }
        image
    }

    /// How far along y and x it is brighter than `level`, a share of its flux in a pixel.
    pub(super) fn radius_of(&self, blur: f64, level: f64) -> [f64; 2] {
        let mut reach = [0.0; 2];
        for (j, share) in self.shares().into_iter().enumerate() {
            let [yy, yx, xx] = self.covariance(j, blur);
            let peak = share / (2.0 * PI * (yy * xx - yx * yx).sqrt());
            let r2 = 2.0 * (peak / level).max(1.0).ln();
            reach = [f64::max(reach[0], (r2 * yy).sqrt()), f64::max(reach[1], (r2 * xx).sqrt())];
        }
        reach
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_of_the_transform_are_those() {
        let n = 16;
        let len = n * (n / 2 + 1);
        let numbers = [0.7, 0.3, -0.5, -0.4];
        let mut of = vec![0.0; (1 + SHAPE) * len];
        let jacobian = [[0.6, -0.5], [0.4, 0.9]];
        Profile::new(numbers).transform(n, jacobian, &mut of);
        assert!((of[0] - 1.0).abs() < 1e-4, "flux {}", of[0]);
        for k in 0..SHAPE {
            let at = |step: f64| {
                let mut moved = numbers;
                moved[k] += step;
                let mut into = vec![0.0; (1 + SHAPE) * len];
                Profile::new(moved).transform(n, jacobian, &mut into);
                into
            };
            let (more, less) = (at(5e-3), at(-5e-3));
            for i in 0..len {
                let numeric = (more[i] - less[i]) / 1e-2;
                assert!(
                    (numeric - of[(k + 1) * len + i]).abs() < 2e-4,
                    "{k} {i}: {numeric} {}",
                    of[(k + 1) * len + i]
                );
            }
        }
    }

    #[test]
    fn half_of_the_light_is_inside_of_the_radius_and_all_in_the_image() {
        for concentration in [-4.0, 0.0, 4.0] {
            let profile = Profile::new([9.3_f64.ln(), 0.0, 0.0, concentration]);
            let bbox = BBox::centered([0.0, 0.0], [241, 241]);
            let image = profile.image([0.0, 0.0], 0.3, bbox);
            assert!((image.sum() - 1.0).abs() < 0.02, "{concentration}: {}", image.sum());
            let inside =
                image.indexed_iter().filter(|((y, x), _)| (*y as f64 - 120.0).hypot(*x as f64 - 120.0) < 9.3);
            let share: f64 = inside.map(|(_, v)| v).sum();
            assert!((share - 0.5).abs() < 0.03, "{concentration}: {share}");
        }
    }
}
