//! What the tests share: maps, and images seen and taken back through a plan.

use scarlet_frame::BBox;
use scarlet_render::{Geometry, Pixel, Renderer, Resampling, Sighting, Window};

/// The map of an observation that is `scale` times as coarse as the model, turned by `angle_deg`, flipped or not: the
/// middle of the observation lies at `middle`.
pub(crate) fn turned(
    shape: [usize; 2],
    scale: f64,
    angle_deg: f64,
    flipped: bool,
    middle: [f64; 2],
) -> Geometry {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    let sign = if flipped { -1.0 } else { 1.0 };
    let jacobian = [[scale * cos, sign * scale * sin], [-scale * sin, sign * scale * cos]];
    let half = shape.map(|n| 0.5 * (n as f64 - 1.0));
    let origin = [0, 1].map(|i| middle[i] - jacobian[i][0] * half[0] - jacobian[i][1] * half[1]);
    Geometry::affine(shape, jacobian, origin)
}

/// A plan that sees planes of `model`, with its renderer.
pub(crate) struct Seen<T: Pixel> {
    pub(crate) renderer: Renderer<T>,
    pub(crate) window: Window,
    shape: [usize; 2],
    model: BBox,
}

impl<T: Pixel> Seen<T> {
    pub(crate) fn new(model: BBox, shape: [usize; 2], plan: Resampling<T>) -> Self {
        let input = plan.input();
        let [y, x] = [0, 1].map(|k| (input.origin()[k] - model.origin()[k]) as usize);
        let stride = model.shape()[1];
        let window = Window { offset: y * stride + x, stride, shape: input.shape() };
        Self { renderer: Renderer::Resampling(Box::new(plan)), window, shape, model }
    }

    /// What is seen of `plane`, row by row.
    pub(crate) fn apply(&self, plane: &[T]) -> Vec<T> {
        let mut seen = vec![T::default(); self.shape[0] * self.shape[1]];
        let mut work = self.renderer.workspace(self.window.shape);
        let keep = |y: usize, pair: &mut [T]| self.part(y, pair, |i, v| seen[i] = *v);
        self.renderer.each_pair(0, plane, self.window, keep, &mut work);
        seen
    }

    /// The adjoint for `image`, row by row.
    pub(crate) fn back(&self, image: &[T]) -> Vec<T> {
        let plane = vec![T::default(); self.model.len()];
        let mut adjoint = plane.clone();
        let mut work = self.renderer.workspace(self.window.shape);
        let fill = |y: usize, pair: &mut [T]| {
            pair.fill(T::default());
            self.part(y, pair, |i, v| *v = image[i]);
        };
        let planes = (plane.as_slice(), adjoint.as_mut_slice());
        self.renderer.each_pair_and_back(0, planes, self.window, fill, &mut work);
        adjoint
    }

    /// The same, of an image that was there before.
    pub(crate) fn back_alone(&self, image: &[T]) -> Vec<T> {
        let mut adjoint = vec![T::default(); self.model.len()];
        let mut work = self.renderer.workspace(self.window.shape);
        let sighting = Sighting { renderer: &self.renderer, channel: 0, window: self.window, spectrum: None };
        let fill = |y: usize, pair: &mut [T]| {
            pair.fill(T::default());
            self.part(y, pair, |i, v| *v = image[i]);
        };
        sighting.each_back(&mut adjoint, fill, &mut work);
        adjoint
    }

    /// Calls `f` with the row-by-row index and the value of each pixel of a pair of rows.
    pub(crate) fn part(&self, y: usize, pair: &mut [T], mut f: impl FnMut(usize, &mut T)) {
        let [ny, nx] = self.shape;
        for (k, value) in pair.iter_mut().enumerate().filter(|(k, _)| y + k % 2 < ny) {
            f((y + k % 2) * nx + k / 2, value);
        }
    }
}

/// Numbers that look like noise.
pub(crate) fn noise(n: usize, seed: f64) -> Vec<f64> {
    (0..n).map(|i| (12.9898 * (i as f64 + seed)).sin() * 43.7).map(|v| v - v.floor() - 0.5).collect()
}
