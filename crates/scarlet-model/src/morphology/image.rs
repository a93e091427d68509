//! A free-form image: one value for each pixel of its box.

use super::pixel_grid::like;
use super::{Morphology, Site};
use crate::{ModelError, Param};
use ndarray::Array2;
use scarlet_frame::{BBox, Frame};

/// A free-form image `[y, x]`; its box is centred on the pixel that holds the component's centre.
///
/// The image is on the grid of the model frame and does not follow sub-pixel moves of the centre.
#[derive(Debug, Clone)]
pub struct Image {
    pixels: Param,
}

crate::parameters!(Image { pixels => "" });

impl Image {
    /// From an image `[y, x]`.
    #[must_use]
    pub fn new(pixels: impl Into<Param>) -> Self {
        Self { pixels: pixels.into() }
    }
}

impl Morphology for Image {
    fn kind(&self) -> &str {
        "Image"
    }

    fn moves(&self) -> bool {
        false
    }

    fn is_image(&self) -> bool {
        true
    }

    fn bbox(&self, center: [f64; 2]) -> BBox {
        let shape = self.pixels.value().shape();
        BBox::centered(center, [shape[0], shape[1]])
    }

    fn grid_shape(&self) -> Option<[usize; 2]> {
        self.pixels.value().shape().try_into().ok()
    }

    fn on_grid(&self, image: &Array2<f64>, offset: [i64; 2]) -> Option<Box<dyn Morphology>> {
        let mut pixels = like(&self.pixels, image.clone().into_dyn());
        if let Some(prior) = self.pixels.prior_ref() {
            pixels = pixels.prior(prior.on_grid(image.dim().into(), offset)?);
        }
        Some(Box::new(Self::new(pixels)))
    }

    fn attach(&mut self, _frame: &Frame) -> Result<(), ModelError> {
        match self.pixels.value().shape() {
            [y, x] if *y > 0 && *x > 0 => Ok(()),
            shape => Err(ModelError::Parameter {
                parameter: "image".to_owned(),
                problem: format!("its shape is {shape:?}; an image has two axes, [y, x], none of them empty"),
            }),
        }
    }

    fn evaluate(&self, params: &[f64], _site: &Site, out: &mut [f64], _scratch: &mut [f64]) {
        out.copy_from_slice(params);
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
        for (g, s) in grad.iter_mut().zip(seed) {
            *g += s;
        }
    }
}
