//! What the zones of an image add to its gradient.

use super::ellipse::Form;
use super::law::MAX_SHAPE;

/// Gradient of `sum(seed * image)` with respect to what the image is computed from.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Adjoint {
    /// With respect to the centre `[y, x]`.
    pub(crate) center: [f64; 2],
    /// With respect to the coefficients of the quadratic form.
    pub(crate) xx: f64,
    pub(crate) xy: f64,
    pub(crate) yy: f64,
    /// With respect to the shape parameters.
    pub(crate) shape: [f64; MAX_SHAPE],
}

impl Adjoint {
    /// Adds the moments of a grid of nodes, `factor` times.
    pub(crate) fn add_moments(&mut self, moments: &Moments, form: &Form<f64>, factor: f64) {
        let m = moments;
        self.center[0] -= 2.0 * factor * (form.xy * m.x + form.yy * m.y);
        self.center[1] -= 2.0 * factor * (form.xx * m.x + form.xy * m.y);
        self.xx += factor * m.xx;
        self.xy += factor * 2.0 * m.xy;
        self.yy += factor * m.yy;
        for (sum, shape) in self.shape.iter_mut().zip(m.shape) {
            *sum += factor * shape;
        }
    }

    /// Adds the gradient to `grad`: shape parameters, size, distortion. `image` is `sum(seed * image)`.
    pub(crate) fn pull_back(&self, size: f64, distortion: [f64; 2], image: f64, grad: &mut [f64]) {
        let (shape, ellipse) = grad.split_at_mut(grad.len() - 3);
        for (sum, value) in shape.iter_mut().zip(self.shape) {
            *sum += value;
        }
        let form = Form::with_derivatives(size, distortion);
        for (k, sum) in ellipse.iter_mut().enumerate() {
            *sum += self.xx * form.xx.derivatives[k]
                + self.xy * form.xy.derivatives[k]
                + self.yy * form.yy.derivatives[k];
        }
        ellipse[0] -= 2.0 / size * image;
    }
}

/// Moments of seed times slope over the nodes of a grid, and the sums of seed times shape derivatives.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    pub(crate) y: f64,
    pub(crate) x: f64,
    pub(crate) yy: f64,
    pub(crate) xy: f64,
    pub(crate) xx: f64,
    pub(crate) shape: [f64; MAX_SHAPE],
}
