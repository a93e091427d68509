//! What goes on at the edge of an image on a grid of pixels: whether its box should be another.

use crate::Pixel;
use scarlet_frame::BBox;

/// Width of the strips along an edge that are looked at, in pixels.
const STRIP: usize = 3;

/// The edges of one image, across y and across x: both ends of an axis together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// Index of the first value of the image's parameters.
    pub value: usize,
    /// Shape of its box.
    pub shape: [usize; 2],
    /// How strongly the data ask for light beyond the edges that continues what is there, in standard deviations; no
    /// more than that, since what the PSF takes off the noise is not counted.
    pub pull: [f64; 2],
    /// Signal over noise of the image's own light in the outermost pixels.
    pub light: [f64; 2],
}

/// An image in its box, its flux in every channel, and what surrounds it.
pub(super) struct Surroundings<'a, T> {
    pub(super) pixels: &'a [T],
    pub(super) bbox: BBox,
    pub(super) flux: &'a [f64],
    /// Gradient of the log-likelihood with respect to the cube of `frame`.
    pub(super) adjoint: &'a [T],
    pub(super) frame: BBox,
    /// Mean weight of each channel.
    pub(super) weights: &'a [f64],
}

impl<T: Pixel> Surroundings<'_, T> {
    pub(super) fn edge(&self, value: usize) -> Edge {
        let power: f64 = self.flux.iter().zip(self.weights).map(|(f, w)| w * f * f).sum();
        let light = [0, 1].map(|axis| (power * self.light_along(axis)).sqrt());
        Edge { value, shape: self.bbox.shape(), pull: [0, 1].map(|axis| self.pull_along(axis, power)), light }
    }

    /// Pixel of the box, `along` the axis and `across` it.
    fn pixel(&self, axis: usize, along: usize, across: usize) -> f64 {
        let [y, x] = if axis == 0 { [along, across] } else { [across, along] };
        self.pixels[y * self.bbox.shape()[1] + x].wide()
    }

    /// Sum of the squares of the outermost pixels.
    fn light_along(&self, axis: usize) -> f64 {
        let (length, width) = (self.bbox.shape()[axis], self.bbox.shape()[1 - axis]);
        let strips = (0..STRIP.min(length)).chain(length.saturating_sub(STRIP)..length);
        strips.flat_map(|a| (0..width).map(move |b| self.pixel(axis, a, b).powi(2))).sum()
    }

    /// Amplitude over its error of the light just outside, shaped as the outermost pixels.
    fn pull_along(&self, axis: usize, power: f64) -> f64 {
        let (length, width) = (self.bbox.shape()[axis], self.bbox.shape()[1 - axis]);
        let (mut pull, mut square) = (0.0, 0.0);
        for distance in 1..=STRIP as i64 {
            for (along, nearest) in [(-distance, 0), (length as i64 - 1 + distance, length - 1)] {
                for across in 0..width {
                    let at = if axis == 0 { [along, across as i64] } else { [across as i64, along] };
                    let Some(gradient) = self.gradient(at) else { continue };
                    let expected = self.pixel(axis, nearest, across);
                    pull += expected * gradient;
                    square += expected * expected;
                }
            }
        }
        if square > 0.0 && power > 0.0 { pull / (power * square).sqrt() } else { 0.0 }
    }

    /// Gradient with respect to an image pixel, counted from the first of the box; none outside the frame.
    fn gradient(&self, at: [i64; 2]) -> Option<f64> {
        let shape = self.frame.shape();
        let [y, x] = [0, 1].map(|k| at[k] + self.bbox.origin()[k] - self.frame.origin()[k]);
        let (y, x) = (usize::try_from(y).ok()?, usize::try_from(x).ok()?);
        if y >= shape[0] || x >= shape[1] {
            return None;
        }
        let planes = self.adjoint.chunks_exact(self.frame.len());
        Some(planes.zip(self.flux).map(|(plane, f)| f * plane[y * shape[1] + x].wide()).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_pull_where_light_is_missing_and_only_there() {
        let (bbox, frame) = (BBox::new([5, 4], [7, 9]), BBox::new([0, 0], [20, 20]));
        let pixels = vec![0.5; bbox.len()];
        let at_edge = |adjoint: &[f64]| {
            let (flux, weights) = (&[2.0][..], &[4.0][..]);
            Surroundings { pixels: &pixels, bbox, flux, adjoint, frame, weights }.edge(7)
        };
        let mut above = vec![0.0; 400];
        above[3 * 20 + 5] = 1.0;
        let edge = at_edge(&above);
        // 54 pixels in the six strips across y: sum(t g) f / sqrt(w f^2 sum t^2)
        assert!((edge.pull[0] - 0.5 * 2.0 / (4.0 * 4.0 * 54.0 * 0.25_f64).sqrt()).abs() < 1e-12);
        assert_eq!((edge.pull[1], edge.value, edge.shape), (0.0, 7, [7, 9]));
        assert!((edge.light[0] - (4.0 * 4.0 * 54.0 * 0.25_f64).sqrt()).abs() < 1e-12);
        assert_eq!(at_edge(&vec![0.0; 400]).pull, [0.0, 0.0]);
    }
}
