//! Images that fall from their peak outwards, by construction.

mod fan;
mod sweep;

use super::pixel_grid::{PixelGrid, has_sized_prior, image_of, like, to_image};
use super::{Morphology, Site, mirror};
use crate::{ModelError, Param, Transform};
use ndarray::{Array1, Array2};
use scarlet_frame::{BBox, Frame};
use serde_json::{Value, json};
use sweep::{Limits, Slopes};

/// A free-form image that falls from its peak outwards, along every straight line; on request a symmetric one.
///
/// m(c) = g(c), m(p) = [g(p)^-2 + r(p)^-2]^(-1/2) < r(p), r(p) = (1 - t) m(q) + t m(q')
///
/// - c: the peak, a pixel; p: any other one. The line from p to c crosses the square ring of pixels just inside that
///   of p between the neighbours q (along an axis) and q' (along the diagonal), at the fraction t between them: r is
///   the image there, interpolated. So m falls along every line to the peak, and no other pixel is a local maximum.
/// - `ceiling`: g > 0, `[y, x]`; with [`Monotonic::symmetric`] one value for each pair of pixels. m is the smaller of
///   g and r where they differ much: g is the image wherever that falls steeply, and grows beyond all bounds where it
///   is flat. Free ceilings are positive through the exponential function, or softplus where the image had that.
/// - Box and centre as for [`Image`](crate::Image): on the grid of the model frame, about a pixel and not about the
///   sub-pixel centre.
///
/// ```
/// use ndarray::Array2;
/// use scarlet_model::{Monotonic, Source, free};
/// let image = Array2::from_shape_fn((15, 15), |(y, x)| (-((y as f64 - 7.0).hypot(x as f64 - 7.0)) / 3.0).exp());
/// let galaxy = Monotonic::new(free(image.clone()).step(0.1)).symmetric();
/// assert!((&galaxy.image() - &image).iter().all(|d| d.abs() < 1e-4));
/// let source = Source::new([12.0, 13.0], free([1.0, 2.0]).positive(), galaxy);
/// # let _ = source;
/// ```
///
/// # Why these parameters
/// scarlet v1 (`MonotonicityConstraint`) projects after each step: m = min(g, r), the limit of a higher power. That
/// gives nothing to sample, no gradient where it cuts, and undoes what the optimiser's moments believe. Factors
/// m = f r instead let every pixel depend on all those between it and the peak alike. Here dm/dr = (m / r)^3: what
/// happens inside is forgotten after a few pixels where the image falls, and passed on where it is flat.
///
/// Two blended galaxies in three bands, 100 steps of Adam, chi2 per pixel and error relative to the true images, by
/// `cargo test -p scarlet-model --test monotonic convergence -- --nocapture`:
///
/// | S/N | free in (0, 1) | projected | factors | this | power 4 | min |
/// |---|---|---|---|---|---|---|
/// | 30 | 0.986, 0.383 | 0.997, 0.231 | 0.999, 0.202 | 0.995, 0.207 | 0.994, 0.221 | 0.994, 0.245 |
/// | 200 | 1.062, 0.194 | 1.069, 0.177 | 1.153, 0.165 | 1.053, 0.155 | 1.042, 0.162 | 1.042, 0.180 |
/// | 1000 | 3.062, 0.185 | 3.037, 0.173 | 5.140, 0.164 | 2.646, 0.152 | 2.385, 0.160 | 2.440, 0.164 |
///
/// The line to the peak and not the mean of all inner neighbours is what m is compared with, since a thin disk seen
/// edge-on at an angle is brighter than that mean.
///
/// # Cost
/// A square root and a division for each pixel: about 20 times as long as a copy, 9 us for 41x41 pixels with the way
/// back. `cargo test --release -p scarlet-model --test monotonic speed -- --nocapture` prints it.
#[derive(Debug, Clone)]
pub struct Monotonic {
    ceiling: Param,
    grid: PixelGrid,
    is_symmetric: bool,
}

crate::parameters!(Monotonic { ceiling });

impl Monotonic {
    /// As a start value from `image` `[y, x]`, about the brightest of the 3x3 pixels in the middle.
    ///
    /// Where the image rises outwards it is cut down, from the peak on; pixels below 1e-4 of the peak are raised to
    /// that, and every pixel is at most 0.995 of what is inside: a fit can move them all.
    /// [`Monotonic::from_image`] leaves a monotonic image as it is.
    ///
    /// Freedom and step of `image` stay. The constraint becomes that of the ceilings, and a prior is from now on one
    /// of the ceilings.
    #[must_use]
    pub fn new(image: impl Into<Param>) -> Self {
        let image = image.into();
        let grid = image_of(&image).map(PixelGrid::around_brightest);
        Self::on(grid.unwrap_or(PixelGrid { shape: [0, 0], peak: [0, 0] }), false, image, Limits::START)
    }

    /// From `image` about the pixel `peak`, `[y, x]` from its first, changed as little as it can be.
    ///
    /// A monotonic image comes back to 1e-6 of its peak (below 1e-7 of it to that).
    #[must_use]
    pub fn from_image(image: impl Into<Param>, peak: [usize; 2]) -> Self {
        let image = image.into();
        let shape = image_of(&image).map_or([0, 0], |image| image.dim().into());
        Self::on(PixelGrid { shape, peak }, false, image, Limits::EXACT)
    }

    /// The same, and unchanged when it is turned by 180 degrees about its peak, as [`Symmetric`](crate::Symmetric).
    ///
    /// The present image becomes the mean of itself and the turned one.
    #[must_use]
    pub fn symmetric(self) -> Self {
        if self.is_symmetric || self.check_len().is_err() {
            return Self { is_symmetric: true, ..self };
        }
        let image = like(&self.ceiling, self.image().into_dyn());
        Self::on(self.grid, true, image, Limits::EXACT)
    }

    /// The image `[y, x]` that the present values stand for; an empty one where a scene would not take them.
    #[must_use]
    pub fn image(&self) -> Array2<f64> {
        if self.check_len().is_err() {
            return Array2::zeros((0, 0));
        }
        let n = self.grid.len();
        let (mut image, mut scratch) = (vec![0.0; n], vec![0.0; SCRATCH_IMAGES * n]);
        self.draw(self.ceiling.values(), &mut image, &mut scratch);
        to_image(self.grid.shape, image)
    }

    /// The pixel `[y, x]`, counted from the first of the image, from which it falls.
    #[must_use]
    pub const fn peak(&self) -> [usize; 2] {
        self.grid.peak
    }

    fn on(grid: PixelGrid, is_symmetric: bool, image: Param, limits: Limits) -> Self {
        let image = positive(image);
        if !grid.holds_peak() {
            return Self { ceiling: image, grid, is_symmetric };
        }
        let mut pixels = image.values().to_vec();
        if is_symmetric {
            mirror::expand(&grid, &mirror::means(&grid, image.values()), &mut pixels);
        }
        let ceilings = sweep::ceilings(&grid, &mut pixels, limits);
        let ceilings = if is_symmetric {
            Array1::from(mirror::means(&grid, &ceilings)).into_dyn()
        } else {
            to_image(grid.shape, ceilings).into_dyn()
        };
        Self { ceiling: like(&image, ceilings), grid, is_symmetric }
    }

    /// From what a file holds.
    pub(crate) const fn stored(
        ceiling: Param,
        shape: [usize; 2],
        peak: [usize; 2],
        is_symmetric: bool,
    ) -> Self {
        Self { ceiling, grid: PixelGrid { shape, peak }, is_symmetric }
    }

    fn check_len(&self) -> Result<(), ModelError> {
        let half = || mirror::values_len(&self.grid);
        let wanted = || if self.is_symmetric { half() } else { self.grid.len() };
        self.grid.check("monotonic image", &self.ceiling, wanted)
    }

    /// Writes the image; the scratch space holds both slopes, and in its last part ceilings where they are shared.
    fn draw(&self, params: &[f64], out: &mut [f64], scratch: &mut [f64]) {
        let (mut slopes, spare) = split(scratch, out.len());
        let ceilings = if self.is_symmetric {
            mirror::expand(&self.grid, params, spare);
            &*spare
        } else {
            params
        };
        sweep::build(&self.grid, ceilings, out, &mut slopes);
    }
}

/// Images in the scratch space.
const SCRATCH_IMAGES: usize = 3;

/// The parts of the scratch space of an image of `n` pixels.
fn split(scratch: &mut [f64], n: usize) -> (Slopes<'_>, &mut [f64]) {
    let (to_ceiling, rest) = scratch.split_at_mut(n);
    let (to_reference, spare) = rest.split_at_mut(n);
    (Slopes { to_ceiling, to_reference }, spare)
}

/// Constrained to all positive numbers.
fn positive(param: Param) -> Param {
    if *param.transform_ref() == Transform::Softplus { param } else { param.positive() }
}

impl Morphology for Monotonic {
    fn kind(&self) -> &str {
        "Monotonic"
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
        if has_sized_prior(&self.ceiling) {
            return None;
        }
        let grid = self.grid.moved(image.dim().into(), offset)?;
        let image = like(&self.ceiling, image.clone().into_dyn());
        Some(Box::new(Self::on(grid, self.is_symmetric, image, Limits::EXACT)))
    }

    fn settings(&self) -> Value {
        json!({ "shape": self.grid.shape, "peak": self.grid.peak, "symmetric": self.is_symmetric })
    }

    fn attach(&mut self, _frame: &Frame) -> Result<(), ModelError> {
        self.check_len()?;
        match self.ceiling.values().iter().position(|g| g.is_nan() || *g <= 0.0) {
            None => Ok(()),
            Some(k) => Err(ModelError::Parameter {
                parameter: "monotonic image".to_owned(),
                problem: format!(
                    "its ceiling is {} at element {k}, and all must be positive; was the image positive at its \
                     peak, pixel {:?}?",
                    self.ceiling.values()[k],
                    self.grid.peak
                ),
            }),
        }
    }

    fn scratch_len(&self, shape: [usize; 2]) -> usize {
        SCRATCH_IMAGES * shape[0] * shape[1]
    }

    fn evaluate(&self, params: &[f64], _site: &Site, out: &mut [f64], scratch: &mut [f64]) {
        self.draw(params, out, scratch);
    }

    fn pull_back(
        &self,
        _params: &[f64],
        _site: &Site,
        seed: &[f64],
        grad: &mut [f64],
        _grad_center: &mut [f64; 2],
        scratch: &mut [f64],
    ) {
        let (slopes, adjoint) = split(scratch, seed.len());
        adjoint.copy_from_slice(seed);
        sweep::pull_back(&self.grid, &slopes, adjoint);
        if self.is_symmetric {
            return mirror::fold(&self.grid, adjoint, grad);
        }
        for (g, a) in grad.iter_mut().zip(&*adjoint) {
            *g += a;
        }
    }
}
