//! PSFs that vary over a detector.
//!
//! PSF(x) = sum_k c_k(x) B_k / sum of its samples: images B_k times functions c_k of the place x of a star on the
//! detector, as PSFEx and Piff give them.

mod components;
mod law;

pub use components::PsfComponents;
pub use law::PsfLaw;

use super::{Psf, PsfSamples, fine};
use crate::{BBox, FrameError};
use ndarray::{Array2, Array3, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};

/// Points along each axis of a box where a PSF is looked at.
pub(crate) const LATTICE: usize = 9;

/// The PSF of one channel as it varies over a detector.
///
/// ```
/// use ndarray::Array3;
/// use scarlet_frame::{PsfField, PsfLaw};
/// // a peak that loses light to its neighbours along x
/// let mut basis = Array3::zeros((3, 3, 3));
/// basis[[0, 1, 1]] = 1.0;
/// basis[[1, 1, 1]] = -0.2;
/// basis[[1, 1, 0]] = 0.1;
/// basis[[1, 1, 2]] = 0.1;
/// let law = PsfLaw::Polynomial { zero: [50.0, 50.0], scale: [50.0, 50.0], degree: 1 };
/// let field = PsfField::new(basis, law)?;
/// assert!((field.at([50.0, 100.0]).image[[1, 1]] - 0.8).abs() < 1e-12);
/// # Ok::<(), scarlet_frame::FrameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PsfField {
    basis: Array3<f64>,
    law: PsfLaw,
    per_px: f64,
    has_pixel: bool,
    /// Sum of each image of the basis.
    sums: Vec<f64>,
}

impl PsfField {
    /// Images `[k, y, x]`, each with its centre at pixel `n / 2`, and the law of their coefficients.
    ///
    /// They are taken to have the sampling of the detector's pixels, and the average over a pixel in them.
    ///
    /// # Errors
    /// A law for another number of images, pixels that are not finite, or a law that makes no sense.
    pub fn new(basis: Array3<f64>, law: PsfLaw) -> Result<Self, FrameError> {
        law.check()?;
        let (images, needed) = (basis.len_of(Axis(0)), law.coefficients_len());
        if images != needed {
            let problem = format!("there are {images} images of the basis, and its law asks for {needed}");
            return Err(FrameError::PsfField { problem });
        }
        if basis.len_of(Axis(1)) == 0 || basis.len_of(Axis(2)) == 0 {
            return Err(FrameError::PsfField { problem: "its images have no pixels".to_owned() });
        }
        if let Some(((k, y, x), value)) = basis.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let problem = format!("pixel ({y}, {x}) of image {k} is {value}; PSF pixels must be finite");
            return Err(FrameError::PsfField { problem });
        }
        let sums = basis.outer_iter().map(|image| image.sum()).collect();
        Ok(Self { basis, law, per_px: 1.0, has_pixel: true, sums })
    }

    /// Images `[node, y, x]` of the PSF at `nodes` `[y, x]`, in any order, which must make up a rectangular grid.
    ///
    /// # Errors
    /// Another number of images than of nodes, a node of the grid that is missing or there twice, or images that
    /// [`PsfField::new`] refuses.
    pub fn of_nodes(nodes: &[[f64; 2]], images: Array3<f64>) -> Result<Self, FrameError> {
        let fail = |problem: String| Err(FrameError::PsfField { problem });
        if images.len_of(Axis(0)) != nodes.len() {
            return fail(format!("there are {} images and {} places", images.len_of(Axis(0)), nodes.len()));
        }
        let line = |k: usize| {
            let mut line: Vec<f64> = nodes.iter().map(|node| node[k]).collect();
            line.sort_by(f64::total_cmp);
            line.dedup();
            line
        };
        let (y, x) = (line(0), line(1));
        let mut order = Vec::new();
        for (row, column) in y.iter().flat_map(|row| x.iter().map(move |column| (*row, *column))) {
            match nodes.iter().position(|node| *node == [row, column]) {
                Some(node) => order.push(node),
                None => {
                    return fail(format!(
                        "its places are no grid: there are {} rows and {} columns, and no image at (y, x) = ({row}, {column})",
                        y.len(),
                        x.len()
                    ));
                }
            }
        }
        if order.len() != nodes.len() {
            return fail("a place is there twice".to_owned());
        }
        Self::new(images.select(Axis(0), &order), PsfLaw::Grid { y, x })
    }

    /// The same images, taken to have `per_px` samples along a pixel of the detector.
    ///
    /// # Errors
    /// `per_px` is not positive and finite.
    pub fn sampled_at(mut self, per_px: f64) -> Result<Self, FrameError> {
        super::check_positive("sampling", &[per_px])?;
        self.per_px = per_px;
        Ok(self)
    }

    /// The same images, taken to be those of the optics alone, without the average over a pixel.
    #[must_use]
    pub const fn without_pixel(mut self) -> Self {
        self.has_pixel = false;
        self
    }

    /// The same field with positions moved by `[y, x]`: where an image is cut out of a detector, minus the position of
    /// its first pixel.
    #[must_use]
    pub fn moved_by(mut self, by: [f64; 2]) -> Self {
        self.law.move_by(by);
        self
    }

    /// How the coefficients follow from the position.
    #[must_use]
    pub const fn law(&self) -> &PsfLaw {
        &self.law
    }

    /// The images `[k, y, x]`.
    #[must_use]
    pub const fn basis(&self) -> &Array3<f64> {
        &self.basis
    }

    /// Samples along a pixel of the detector.
    #[must_use]
    pub const fn per_px(&self) -> f64 {
        self.per_px
    }

    /// What the samples add up to at a `position`, before they are divided by that.
    #[must_use]
    pub fn sum_at(&self, position: [f64; 2]) -> f64 {
        let mut coefficients = vec![0.0; self.sums.len()];
        self.law.coefficients_into(position, &mut coefficients);
        dot(&coefficients, &self.sums)
    }

    /// The PSF of a star at `position` `[y, x]`, in pixels of the detector.
    #[must_use]
    pub fn at(&self, position: [f64; 2]) -> PsfSamples {
        let mut coefficients = vec![0.0; self.sums.len()];
        self.coefficients_into(position, &mut coefficients);
        PsfSamples { image: self.mixed(&coefficients), per_px: self.per_px, has_pixel: self.has_pixel }
    }

    /// The coefficients at a position, such that the samples add up to 1.
    fn coefficients_into(&self, position: [f64; 2], coefficients: &mut [f64]) {
        self.law.coefficients_into(position, coefficients);
        let sum = dot(coefficients, &self.sums);
        coefficients.iter_mut().for_each(|c| *c /= sum);
    }

    fn mixed(&self, coefficients: &[f64]) -> Array2<f64> {
        let (ny, nx) = (self.basis.len_of(Axis(1)), self.basis.len_of(Axis(2)));
        let mut image = Array2::zeros((ny, nx));
        for (basis, c) in self.basis.outer_iter().zip(coefficients) {
            image.scaled_add(*c, &basis);
        }
        image
    }

    /// The first place of a lattice over `bbox` where the samples do not add up to something positive.
    fn dark_place(&self, bbox: BBox) -> Option<([f64; 2], f64)> {
        let sums = self.law.lattice(bbox).into_iter().map(|at| (at, self.sum_at(at)));
        sums.into_iter().find(|(_, sum)| !(*sum > 0.0 && sum.is_finite()))
    }
}

/// The PSF of a frame as it varies over it, one field for each channel or one for all.
///
/// Given to a frame by [`Frame::varying_psf`](crate::Frame::varying_psf).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VaryingPsf {
    fields: Vec<PsfField>,
}

impl VaryingPsf {
    /// One field for each channel, or one for all.
    ///
    /// # Errors
    /// There is none.
    pub fn new(fields: Vec<PsfField>) -> Result<Self, FrameError> {
        if fields.is_empty() {
            return Err(FrameError::PsfField {
                problem: "there is none; give one for each channel".to_owned(),
            });
        }
        Ok(Self { fields })
    }

    /// Number of fields.
    #[must_use]
    pub fn planes(&self) -> usize {
        self.fields.len()
    }

    /// The field of `channel`.
    #[must_use]
    pub fn field(&self, channel: usize) -> &PsfField {
        &self.fields[if self.fields.len() == 1 { 0 } else { channel }]
    }

    /// The PSF of stars at `position` `[y, x]`, for all channels: at the sampling of the fields where that is the same in
    /// all of them, on whole pixels otherwise.
    ///
    /// # Errors
    /// The samples of a channel do not add up to something positive there.
    pub fn at(&self, position: [f64; 2]) -> Result<Psf, FrameError> {
        for (plane, field) in self.fields.iter().enumerate() {
            let sum = field.sum_at(position);
            if !(sum > 0.0 && sum.is_finite()) {
                return Err(dark(plane, position, sum));
            }
        }
        let samples: Vec<PsfSamples> = self.fields.iter().map(|field| field.at(position)).collect();
        let first = &samples[0];
        let is_same = samples.iter().all(|s| s.per_px == first.per_px && s.has_pixel == first.has_pixel);
        if !is_same {
            return Psf::images(stacked(&samples.iter().map(fine::in_pixels).collect::<Vec<_>>()));
        }
        let (per_px, has_pixel) = (first.per_px, first.has_pixel);
        let images: Vec<_> = samples.into_iter().map(|samples| samples.image).collect();
        let psf = Psf::images(stacked(&images))?.sampled_at(per_px)?;
        Ok(if has_pixel { psf } else { psf.without_pixel() })
    }

    /// The same with positions moved by `[y, x]`, as [`PsfField::moved_by`].
    #[must_use]
    pub fn moved_by(mut self, by: [f64; 2]) -> Self {
        self.fields = self.fields.into_iter().map(|field| field.moved_by(by)).collect();
        self
    }

    /// Whether the PSF has positive light everywhere in `bbox`.
    ///
    /// # Errors
    /// Names the channel and the place where its samples do not add up to something positive.
    pub fn check_over(&self, bbox: BBox) -> Result<(), FrameError> {
        let dark_place = |(plane, field): (usize, &PsfField)| {
            field.dark_place(bbox).map(|(position, sum)| dark(plane, position, sum))
        };
        self.fields.iter().enumerate().find_map(dark_place).map_or(Ok(()), Err)
    }
}

#[cold]
fn dark(plane: usize, position: [f64; 2], sum: f64) -> FrameError {
    let [y, x] = position;
    let problem = format!(
        "at (y, x) = ({y:.1}, {x:.1}) its samples add up to {sum:.3}; a PSF must have positive flux wherever the image is: \
         is the image where the PSF was fitted?"
    );
    FrameError::PsfImage { plane, problem }
}

/// Images with their centres at `n / 2`, the smaller ones with zeros around them.
fn stacked(images: &[Array2<f64>]) -> Array3<f64> {
    let longest = |axis: usize| images.iter().map(|image| image.shape()[axis]).max().unwrap_or(0);
    let (ny, nx) = (longest(0), longest(1));
    let mut cube = Array3::zeros((images.len(), ny, nx));
    for (image, mut padded) in images.iter().zip(cube.outer_iter_mut()) {
        let (py, px) = image.dim();
        let (y, x) = (ny / 2 - py / 2, nx / 2 - px / 2);
        padded.slice_mut(s![y..y + py, x..x + px]).assign(image);
    }
    cube
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Derivatives of an image along `[y, x]`, by sample; 0 counts as what is around it.
///
/// Central differences of sixth order.
fn derivatives(image: ArrayView2<'_, f64>) -> [Array2<f64>; 2] {
    const WEIGHTS: [f64; 3] = [0.75, -0.15, 1.0 / 60.0];
    let value = |y: i64, x: i64| {
        let inside = y >= 0 && x >= 0;
        inside.then(|| image.get([y as usize, x as usize]).copied()).flatten().unwrap_or(0.0)
    };
    [[1, 0], [0, 1]].map(|[dy, dx]| {
        Array2::from_shape_fn(image.dim(), |(y, x)| {
            let (y, x) = (y as i64, x as i64);
            let term =
                |(k, w): (i64, f64)| w * (value(y + k * dy, x + k * dx) - value(y - k * dy, x - k * dx));
            (1..).zip(WEIGHTS).map(term).sum()
        })
    })
}

#[cfg(test)]
mod tests;
