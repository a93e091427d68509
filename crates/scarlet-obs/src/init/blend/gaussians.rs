//! Galaxies as sums of concentric elliptical Gaussians.

use ndarray::Array2;
use scarlet_frame::BBox;

/// Standard deviations of the Gaussians, in pixels, before the model's PSF.
pub(super) const SIGMAS_PX: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 16.0];
/// Longest distortion.
const MAX_DISTORTION: f64 = 0.8;
/// Variance of the model's PSF, pixels included.
const PSF_VARIANCE: f64 = scarlet_frame::MODEL_PSF_SIGMA_PX * scarlet_frame::MODEL_PSF_SIGMA_PX + 1.0 / 12.0;
/// Half a side of a stamp, in standard deviations of its widest Gaussian along its longer axis.
const REACH: f64 = 3.0;

/// Concentric Gaussians of one shape: covariances s^2 B(e) + PSF, det B = 1, each of flux 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gaussians {
    /// `(y, x)` in pixels of the model frame.
    pub(super) center: [f64; 2],
    distortion: [f64; 2],
    /// Whether it is the PSF alone.
    is_point: bool,
    /// How many of [`SIGMAS_PX`] there are.
    pub(super) count: usize,
}

/// A symmetric matrix: `[yy, yx, xx]`.
type Symmetric = [f64; 3];

/// [[1 - e1, e2], [e2, 1 + e1]] / sqrt(1 - |e|^2) in (y, x).
fn shape_matrix([e1, e2]: [f64; 2]) -> Symmetric {
    let scale = 1.0 / (1.0 - e1 * e1 - e2 * e2).sqrt();
    [(1.0 - e1) * scale, e2 * scale, (1.0 + e1) * scale]
}

/// Its derivatives with respect to e1 and e2.
fn shape_slopes([e1, e2]: [f64; 2]) -> [Symmetric; 2] {
    let scale = 1.0 / (1.0 - e1 * e1 - e2 * e2).sqrt();
    let matrix = shape_matrix([e1, e2]);
    let along =
        |e: f64, direct: Symmetric| [0, 1, 2].map(|k| direct[k] * scale + matrix[k] * e * scale * scale);
    [along(e1, [-1.0, 0.0, 1.0]), along(e2, [0.0, 1.0, 0.0])]
}

impl Gaussians {
    pub(super) const fn new(center: [f64; 2], is_point: bool, count: usize) -> Self {
        Self { center, distortion: [0.0, 0.0], is_point, count }
    }

    pub(super) const fn distortion(&self) -> [f64; 2] {
        self.distortion
    }

    /// Moves centre and distortion, the latter within its limit.
    pub(super) fn shift(&mut self, by: [f64; 2], distortion_by: [f64; 2]) {
        for k in 0..2 {
            self.center[k] += by[k];
            self.distortion[k] += distortion_by[k];
        }
        let length = self.distortion[0].hypot(self.distortion[1]);
        if length > MAX_DISTORTION {
            self.distortion = self.distortion.map(|e| e * MAX_DISTORTION / length);
        }
    }

    fn covariance(&self, k: usize) -> Symmetric {
        if self.is_point {
            return [PSF_VARIANCE, 0.0, PSF_VARIANCE];
        }
        let (matrix, variance) = (shape_matrix(self.distortion), SIGMAS_PX[k] * SIGMAS_PX[k]);
        [variance * matrix[0] + PSF_VARIANCE, variance * matrix[1], variance * matrix[2] + PSF_VARIANCE]
    }

    /// Half a side of a stamp that holds all of them.
    pub(super) fn half_px(&self) -> usize {
        let [yy, yx, xx] = self.covariance(self.count - 1);
        let (mean, half) = (0.5 * (yy + xx), (0.25 * (yy - xx).powi(2) + yx * yx).sqrt());
        (REACH * (mean + half).sqrt()).ceil() as usize
    }

    /// Writes each Gaussian's image in `bbox` into `images`.
    pub(super) fn draw(&self, bbox: BBox, images: &mut [Array2<f64>]) {
        for (k, image) in images.iter_mut().enumerate().take(self.count) {
            self.each_pixel(k, bbox, |at, value, _| image[at] = value);
        }
    }

    /// The derivatives of their sum, `amplitudes` times each, with respect to the distortion.
    pub(super) fn draw_slopes(&self, amplitudes: &[f64], bbox: BBox, slopes: &mut [Array2<f64>; 2]) {
        slopes.iter_mut().for_each(|slope| slope.fill(0.0));
        let of_shape = shape_slopes(self.distortion);
        for (k, amplitude) in amplitudes.iter().enumerate().filter(|(_, a)| **a > 0.0) {
            let inverse = inverse(self.covariance(k));
            let variance = SIGMAS_PX[k] * SIGMAS_PX[k];
            let [of_e1, of_e2] = of_shape.map(|m| m.map(|v| v * variance));
            let traces =
                [of_e1, of_e2].map(|m| inverse[0] * m[0] + 2.0 * inverse[1] * m[1] + inverse[2] * m[2]);
            let [slope1, slope2] = slopes;
            self.each_pixel(k, bbox, |at, value, [dy, dx]| {
                let u = [inverse[0] * dy + inverse[1] * dx, inverse[1] * dy + inverse[2] * dx];
                let form = |m: Symmetric| u[0] * u[0] * m[0] + 2.0 * u[0] * u[1] * m[1] + u[1] * u[1] * m[2];
                slope1[at] += 0.5 * amplitude * value * (form(of_e1) - traces[0]);
                slope2[at] += 0.5 * amplitude * value * (form(of_e2) - traces[1]);
            });
        }
    }

    /// Their sum in `bbox`, `amplitudes` times each.
    pub(super) fn image(&self, amplitudes: &[f64], bbox: BBox) -> Array2<f64> {
        let mut image = Array2::zeros(bbox.shape());
        for (k, amplitude) in amplitudes.iter().enumerate().filter(|(_, a)| **a > 0.0) {
            self.each_pixel(k, bbox, |at, value, _| image[at] += amplitude * value);
        }
        image
    }

    fn each_pixel(&self, k: usize, bbox: BBox, mut f: impl FnMut([usize; 2], f64, [f64; 2])) {
        let covariance = self.covariance(k);
        let [yy, yx, xx] = inverse(covariance);
        let norm = (yy * xx - yx * yx).sqrt() / std::f64::consts::TAU;
        let offset = [0, 1].map(|axis| bbox.origin()[axis] as f64 - self.center[axis]);
        let [ny, nx] = bbox.shape();
        // along a row the ratio of neighbours is a geometric sequence: from the pixel next to its peak outwards
        let curvature = (-xx).exp();
        for y in 0..ny {
            let dy = offset[0] + y as f64;
            let peak = -yx * dy / xx - offset[1];
            let first = (peak.round().max(0.0) as usize).min(nx - 1);
            let start = offset[1] + first as f64;
            let top = norm * (-0.5 * (yy * dy * dy + 2.0 * yx * dy * start + xx * start * start)).exp();
            let slope = yx * dy + xx * start;
            let (mut value, mut ratio) = (top, (-slope - 0.5 * xx).exp());
            for x in first..nx {
                f([y, x], value, [dy, offset[1] + x as f64]);
                value *= ratio;
                ratio *= curvature;
            }
            (value, ratio) = (top, (slope - 0.5 * xx).exp());
            for x in (0..first).rev() {
                value *= ratio;
                ratio *= curvature;
                f([y, x], value, [dy, offset[1] + x as f64]);
            }
        }
    }

    /// How far along y and x their sum is brighter than `level`.
    pub(super) fn radius_of(&self, amplitudes: &[f64], level: f64) -> [f64; 2] {
        let mut reach = [0.0; 2];
        for (k, amplitude) in amplitudes.iter().enumerate().filter(|(_, a)| **a > 0.0) {
            let [yy, yx, xx] = self.covariance(k);
            let peak = amplitude / (std::f64::consts::TAU * (yy * xx - yx * yx).sqrt());
            let r2 = 2.0 * (peak / level).max(1.0).ln();
            reach = [f64::max(reach[0], (r2 * yy).sqrt()), f64::max(reach[1], (r2 * xx).sqrt())];
        }
        reach
    }

    /// Root of the mean second moment of their sum along both axes, without the PSF.
    pub(super) fn sigma_px(&self, amplitudes: &[f64]) -> f64 {
        let total: f64 = amplitudes.iter().sum();
        let [yy, _, xx] = shape_matrix(self.distortion);
        let second: f64 = amplitudes.iter().zip(SIGMAS_PX).map(|(a, s)| a * s * s).sum();
        if total > 0.0 { (0.5 * (yy + xx) * second / total).sqrt() } else { SIGMAS_PX[0] }
    }
}

fn inverse([yy, yx, xx]: Symmetric) -> Symmetric {
    let determinant = yy * xx - yx * yx;
    [xx / determinant, -yx / determinant, yy / determinant]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_the_derivatives() {
        let bbox = BBox::new([-9, -8], [19, 18]);
        let mut of = Gaussians::new([0.3, -0.4], false, 3);
        of.shift([0.0; 2], [0.3, -0.2]);
        let amplitudes = [1.0, 0.0, 4.0];
        let mut slopes = [Array2::zeros((19, 18)), Array2::zeros((19, 18))];
        of.draw_slopes(&amplitudes, bbox, &mut slopes);
        for (k, slope) in slopes.iter().enumerate() {
            let at = |step: f64| {
                let mut moved = of;
                moved.distortion[k] += step;
                moved.image(&amplitudes, bbox)
            };
            let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!(slope.iter().zip(&numeric).all(|(a, b)| (a - b).abs() < 1e-8));
        }
    }

    #[test]
    fn pixels_are_those_of_the_formula_wherever_the_peak_is() {
        for (origin, count) in [([-20, -30], 3), ([4, 6], 3), ([-40, -45], 2), ([-60, -70], 1)] {
            let bbox = BBox::new(origin, [41, 47]);
            let mut of = Gaussians::new([0.3, -0.4], false, count);
            of.shift([0.0; 2], [0.4, -0.5]);
            for k in 0..count {
                let [yy, yx, xx] = inverse(of.covariance(k));
                let norm = (yy * xx - yx * yx).sqrt() / std::f64::consts::TAU;
                of.each_pixel(k, bbox, |_, value, [dy, dx]| {
                    let r2 = yy * dy * dy + 2.0 * yx * dy * dx + xx * dx * dx;
                    let expected = norm * (-0.5 * r2).exp();
                    assert!((value - expected).abs() < 1e-12 * norm, "{value} {expected} at {dy}, {dx}");
                });
            }
        }
    }

    #[test]
    fn each_has_flux_1_and_the_sizes_that_were_asked_for() {
        let of = Gaussians::new([40.2, 39.9], false, 4);
        let bbox = BBox::new([0, 0], [81, 81]);
        assert!((of.image(&[0.0, 0.0, 1.0, 0.0], bbox).sum() - 1.0).abs() < 1e-9);
        assert!((of.sigma_px(&[0.0, 3.0, 0.0, 0.0]) - 2.0).abs() < 1e-12);
        assert_eq!(of.half_px(), 25);
    }
}
