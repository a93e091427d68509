//! Images that do not change when they are turned by 180 degrees.

use super::pixel_grid::{PixelGrid, has_sized_prior, image_of, like, to_image};
use super::{Morphology, Site, mirror};
use crate::{ModelError, Param};
use ndarray::{Array1, Array2};
use scarlet_frame::{BBox, Frame};
use serde_json::{Value, json};

/// A free-form image that does not change when it is turned by 180 degrees about one of its pixels, the peak.
///
/// m(p) = m(2 c - p) = h_k: one value for the pair of p and its partner 2 c - p, c the peak.
///
/// - `half`: one value for each pair, in row order of its first pixel; a pixel whose partner is outside the grid, as
///   on one side of a grid of even length, has its own. (n + 1) / 2 values for n pixels around the one in the middle.
/// - Box and centre as for [`Image`](crate::Image): on the grid of the model frame, about a pixel and not about the
///   sub-pixel centre.
///
/// scarlet v1 has it as a projection after each step (`SymmetryConstraint`). Half the values say the same without the
/// other half, which the data never sees and a sampler could not bound.
///
/// ```
/// use ndarray::array;
/// use scarlet_model::{Source, Symmetric, free};
/// let image = array![[0.1, 0.3, 0.3], [0.4, 1.0, 0.2], [0.1, 0.3, 0.1]];
/// let galaxy = Symmetric::new(free(image).positive());
/// assert_eq!(galaxy.image()[[1, 0]], galaxy.image()[[1, 2]]);
/// let source = Source::new([12.0, 13.0], free([1.0, 2.0]).positive(), galaxy);
/// # let _ = source;
/// ```
#[derive(Debug, Clone)]
pub struct Symmetric {
    half: Param,
    grid: PixelGrid,
}

crate::parameters!(Symmetric { half });

impl Symmetric {
    /// The symmetric image nearest to `image` `[y, x]`, about the brightest of the 3x3 pixels in the middle.
    ///
    /// It is the mean of the image and the turned one; freedom, constraint and step of `image` stay, and a prior is
    /// from now on one of `half`.
    #[must_use]
    pub fn new(image: impl Into<Param>) -> Self {
        let image = image.into();
        let grid = image_of(&image).map(PixelGrid::around_brightest);
        Self::on(grid.unwrap_or(PixelGrid { shape: [0, 0], peak: [0, 0] }), image)
    }

    /// The same about the pixel `peak`, `[y, x]` from the first of the image.
    #[must_use]
    pub fn about(image: impl Into<Param>, peak: [usize; 2]) -> Self {
        let image = image.into();
        let shape = image_of(&image).map_or([0, 0], |image| image.dim().into());
        Self::on(PixelGrid { shape, peak }, image)
    }

    /// The image `[y, x]` that the present values stand for; an empty one where a scene would not take them.
    #[must_use]
    pub fn image(&self) -> Array2<f64> {
        if self.check_len().is_err() {
            return Array2::zeros((0, 0));
        }
        let mut image = vec![0.0; self.grid.len()];
        mirror::expand(&self.grid, self.half.values(), &mut image);
        to_image(self.grid.shape, image)
    }

    fn on(grid: PixelGrid, image: Param) -> Self {
        if !grid.holds_peak() {
            return Self { half: image, grid };
        }
        let half = Array1::from(mirror::means(&grid, image.values())).into_dyn();
        Self { half: like(&image, half), grid }
    }

    fn check_len(&self) -> Result<(), ModelError> {
        self.grid.check("symmetric image", &self.half, || mirror::values_len(&self.grid))
    }

    /// From what a file holds.
    pub(crate) const fn stored(half: Param, shape: [usize; 2], peak: [usize; 2]) -> Self {
        Self { half, grid: PixelGrid { shape, peak } }
    }
}

impl Morphology for Symmetric {
    fn kind(&self) -> &str {
        "Symmetric"
    }

    fn moves(&self) -> bool {
        false
    }

    fn bbox(&self, center: [f64; 2]) -> BBox {
        BBox::centered(center, self.grid.shape)
    }

    fn grid_shape(&self) -> Option<[usize; 2]> {
        Some(self.grid.shape)
    }

    fn on_grid(&self, image: &Array2<f64>, offset: [i64; 2]) -> Option<Box<dyn Morphology>> {
        if has_sized_prior(&self.half) {
            return None;
        }
        let grid = self.grid.moved(image.dim().into(), offset)?;
        Some(Box::new(Self::on(grid, like(&self.half, image.clone().into_dyn()))))
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn settings(&self) -> Value {
        json!({ "shape": self.grid.shape, "peak": self.grid.peak })
    }

    fn attach(&mut self, _frame: &Frame) -> Result<(), ModelError> {
        self.check_len()
    }

    fn evaluate(&self, params: &[f64], _site: &Site, out: &mut [f64], _scratch: &mut [f64]) {
        mirror::expand(&self.grid, params, out);
    }

    fn pull_back(
        &self,
        _params: &[f64],
        _site: &Site,
        seed: &[f64],
        grad: &mut [f64],
        _grad_center: &mut [f64; 2],
        _scratch: &mut [f64],
    ) {
        mirror::fold(&self.grid, seed, grad);
    }
}
