//! A grid of pixels with a peak in it: what monotonic and symmetric images are built around.

use crate::{ModelError, Param, free};
use ndarray::{Array2, ArrayD, ArrayView2, Ix2};

/// Shape `[y, x]` of a grid and the pixel `[y, x]` in it that everything is built around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PixelGrid {
    pub(super) shape: [usize; 2],
    pub(super) peak: [usize; 2],
}

impl PixelGrid {
    /// The grid of `image`, its peak the brightest of the (at most) 3x3 pixels in the middle; the middle if all
    /// are equal.
    pub(super) fn around_brightest(image: ArrayView2<f64>) -> Self {
        let (ny, nx) = image.dim();
        let mut peak = [ny / 2, nx / 2];
        for y in near(ny) {
            for x in near(nx) {
                if image[[y, x]] > image[peak] {
                    peak = [y, x];
                }
            }
        }
        Self { shape: [ny, nx], peak }
    }

    pub(super) const fn len(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    /// Index of the peak in row order.
    pub(super) const fn peak_index(&self) -> usize {
        self.peak[0] * self.shape[1] + self.peak[1]
    }

    pub(super) const fn holds_peak(&self) -> bool {
        self.peak[0] < self.shape[0] && self.peak[1] < self.shape[1]
    }

    /// The grid of `shape` whose first pixel is `offset` from that of this one; none if it misses the peak.
    pub(super) fn moved(&self, shape: [usize; 2], offset: [i64; 2]) -> Option<Self> {
        let peak = |k: usize| usize::try_from(self.peak[k] as i64 - offset[k]).ok();
        let moved = Self { shape, peak: [peak(0)?, peak(1)?] };
        moved.holds_peak().then_some(moved)
    }

    /// Checks that there are pixels, that the peak is one of them, and that `param` has `wanted` values.
    pub(super) fn check(
        &self,
        what: &str,
        param: &Param,
        wanted: impl FnOnce() -> usize,
    ) -> Result<(), ModelError> {
        let fail = |problem: String| Err(ModelError::Parameter { parameter: what.to_owned(), problem });
        if self.len() == 0 {
            return fail(format!("its shape is {:?}; an image has two axes, none of them empty", self.shape));
        }
        if !self.holds_peak() {
            let problem = "the peak must be a pixel of the image";
            return fail(format!("its peak is {:?} and its shape {:?}; {problem}", self.peak, self.shape));
        }
        let wanted = wanted();
        if param.len() == wanted {
            return Ok(());
        }
        let Self { shape, peak } = self;
        let problem = format!(
            "it has {} values; an image of {shape:?} pixels around {peak:?} needs {wanted}",
            param.len()
        );
        fail(problem)
    }
}

/// The middle of `n` pixels and its neighbours.
fn near(n: usize) -> std::ops::Range<usize> {
    (n / 2).saturating_sub(1)..(n / 2 + 2).min(n)
}

/// The value of `param` as an image; none unless it has two axes.
pub(super) fn image_of(param: &Param) -> Option<ArrayView2<'_, f64>> {
    param.value().view().into_dimensionality::<Ix2>().ok()
}

/// How much fainter an image goes on with every pixel, where its box grows.
const CONTINUATION: f64 = 0.8;

/// An image on another grid, whose first pixel is `offset` pixels from the first one of `image`: pixels in both keep their
/// values, new ones continue what is at the edge, fainter with every pixel.
pub(crate) fn continued(image: ArrayView2<'_, f64>, shape: [usize; 2], offset: [i64; 2]) -> Array2<f64> {
    let n: [usize; 2] = image.dim().into();
    Array2::from_shape_fn((shape[0], shape[1]), |(y, x)| {
        let at = [y as i64 + offset[0], x as i64 + offset[1]];
        let near = [0, 1].map(|k| at[k].clamp(0, n[k] as i64 - 1));
        let beyond = (at[0] - near[0]).abs() + (at[1] - near[1]).abs();
        image[[near[0] as usize, near[1] as usize]] * CONTINUATION.powi(beyond as i32)
    })
}

/// Whether the prior of `param` is for as many values as it has.
pub(super) fn has_sized_prior(param: &Param) -> bool {
    param.prior_ref().is_some_and(|prior| prior.as_score().check_len(param.values().len() + 1).is_err())
}

/// `value` with the freedom, constraint, prior and step of `param`.
pub(super) fn like(param: &Param, value: ArrayD<f64>) -> Param {
    let mut other = Param::fixed(value).transform(param.transform_ref().clone());
    if param.is_free() {
        other = free(other);
    }
    if let Some(prior) = param.prior_ref() {
        other = other.prior(prior.clone());
    }
    match param.step_ref() {
        Some(step) => other.step(step),
        None => other,
    }
}

/// Pixels in row order as an image.
pub(super) fn to_image(shape: [usize; 2], pixels: Vec<f64>) -> Array2<f64> {
    Array2::from_shape_vec(shape, pixels).expect("a grid has as many pixels as its shape says")
}
