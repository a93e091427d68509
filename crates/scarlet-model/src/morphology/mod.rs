//! What a component looks like: the trait that every morphology implements.

mod image;
mod mirror;
mod monotonic;
mod pixel_grid;
mod point;
pub mod starlet;
mod symmetric;

pub use image::Image;
pub use monotonic::Monotonic;
pub use point::Point;
pub use starlet::Starlet;
pub use symmetric::Symmetric;

pub(crate) use pixel_grid::continued;

use crate::{ModelError, Param, Parameters};
use dyn_clone::DynClone;
use scarlet_frame::{BBox, Frame};
use std::fmt::Debug;

/// Where a morphology is evaluated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Site {
    /// Centre `(y, x)` in pixels of the model frame.
    pub center: [f64; 2],
    /// The pixels to fill, in row order.
    pub bbox: BBox,
}

/// An image of one component in a box, and the pull-back of its adjoint.
///
/// `params` are the values of [`Parameters::parameters`], one after the other in row order. An evaluation is
/// pure: nothing is remembered between calls but what is written into `scratch`, which the caller leaves
/// untouched between `evaluate` and the `pull_back` that follows it at the same values. Nothing allocates.
pub trait Morphology: Parameters + DynClone + Debug + Send + Sync {
    /// The name under which a file stores it.
    fn kind(&self) -> &str;

    /// Whether the image depends on the centre, beyond where its box is.
    fn moves(&self) -> bool;

    /// The box it wants when its component is at `center`.
    fn bbox(&self, center: [f64; 2]) -> BBox;

    /// The shape of its grid of pixels, where it has one: its box must have the same.
    fn grid_shape(&self) -> Option<[usize; 2]> {
        None
    }

    /// Whether the image is its one parameter, pixel by pixel: a plan then copies it and its adjoint directly.
    fn is_image(&self) -> bool {
        false
    }

    /// The same morphology with the image nearest to `image` on another grid of pixels, for a box that changes.
    ///
    /// The first pixel of `image` is at `offset`, `[y, x]`, from that of the present grid. Freedom, constraint,
    /// prior and step of the parameters stay. None where there is no grid of pixels, where an image does not give
    /// the parameters, or where the new grid lacks a pixel that is needed, as the peak of a monotonic image.
    fn on_grid(&self, image: &ndarray::Array2<f64>, offset: [i64; 2]) -> Option<Box<dyn Morphology>> {
        let _ = (image, offset);
        None
    }

    /// Whether the image is linear in the parameters.
    fn is_linear(&self) -> bool {
        self.is_image()
    }

    /// Settings that are no parameters, as a file stores them.
    fn settings(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Takes what it needs from the scene's frame, and checks its own values.
    ///
    /// # Errors
    /// The frame lacks what it needs, or its values make no sense.
    fn attach(&mut self, frame: &Frame) -> Result<(), ModelError> {
        let _ = frame;
        Ok(())
    }

    /// Length of the scratch space that it needs for a box of `shape` pixels.
    fn scratch_len(&self, shape: [usize; 2]) -> usize {
        let _ = shape;
        0
    }

    /// Writes the image into `out`, of `site.bbox.len()` pixels.
    fn evaluate(&self, params: &[f64], site: &Site, out: &mut [f64], scratch: &mut [f64]);

    /// Adds the gradient of `sum(seed * image)` to `grad` (as long as `params`) and `grad_center`.
    fn pull_back(
        &self,
        params: &[f64],
        site: &Site,
        seed: &[f64],
        grad: &mut [f64],
        grad_center: &mut [f64; 2],
        scratch: &mut [f64],
    );
}

dyn_clone::clone_trait_object!(Morphology);

/// What can be given where a morphology is asked for: a morphology, or an image as a parameter.
pub trait IntoMorphology {
    /// As a morphology; an array `[y, x]` becomes an [`Image`].
    fn into_morphology(self) -> Box<dyn Morphology>;
}

impl<M: Morphology + 'static> IntoMorphology for M {
    fn into_morphology(self) -> Box<dyn Morphology> {
        Box::new(self)
    }
}

impl IntoMorphology for Box<dyn Morphology> {
    fn into_morphology(self) -> Box<dyn Morphology> {
        self
    }
}

impl IntoMorphology for Param {
    fn into_morphology(self) -> Box<dyn Morphology> {
        Box::new(Image::new(self))
    }
}

impl IntoMorphology for ndarray::Array2<f64> {
    fn into_morphology(self) -> Box<dyn Morphology> {
        Param::from(self).into_morphology()
    }
}
