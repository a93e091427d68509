//! A varying PSF over a box, reduced to the few images that matter there.

use super::{PsfField, derivatives, dot};
use crate::BBox;
use crate::PsfSamples;
use crate::psf::fine;
use ndarray::{Array1, Array2, ArrayView1, Axis};

/// What of the PSF's variation may be left out, of its peak.
const LEFT_OUT: f64 = 3e-5;
/// Steps towards the image that holds the most of the variation.
const POWER_STEPS: usize = 20;
/// Step of differences in pixels of the detector, small against the way on which PSFs vary.
const STEP_PX: f64 = 0.5;

/// A varying PSF over a box: a PSF, and images times functions of the position that are added to it.
///
/// The images add up to 0, so that the flux is that of the PSF wherever it is looked at. What is left out is below 3e-5 of
/// the peak.
///
/// They are those for a scene that is seen through a model PSF G already. With m = G * S, a scene S seen through PSF(x) =
/// sum_k c_k(x) B_k is the sum of B_k * (c_k S), and to second order in how far G reaches G * (c S) = c m + (M grad c) .
/// grad m, M the second moments of G. So the images are those of PSF(x) + sum_ab M_ab d/dx_a d/du_b PSF(x; u), u the
/// position within the PSF; without that term stars would be moved by M times the relative slope of the PSF.
#[derive(Debug, Clone)]
pub struct PsfComponents {
    field: PsfField,
    /// Second moments of the model's PSF in pixels of the detector, rows and columns (y, x).
    moments: [[f64; 2]; 2],
    base: PsfSamples,
    images: Vec<PsfSamples>,
    /// For each image its product with the images of the basis and their derivatives, [y] and [x].
    products: Vec<Vec<f64>>,
    /// The same with the base, and 1 over the largest coefficient.
    offsets: Vec<f64>,
    scales: Vec<f64>,
}

impl PsfComponents {
    /// The PSF `field` around its value at `middle`, good all over `bbox`; `moments` are those of the model's PSF, in
    /// pixels of the detector, zeros where it has none.
    #[must_use]
    pub fn new(field: &PsfField, middle: [f64; 2], bbox: BBox, moments: [[f64; 2]; 2]) -> Self {
        let (base, all) = (field.at(middle), expanded(field));
        let mut reduced = Self {
            field: field.clone(),
            moments,
            images: Vec::new(),
            products: Vec::new(),
            offsets: Vec::new(),
            scales: Vec::new(),
            base,
        };
        let (samples, shape) = (reduced.base.image.len(), reduced.base.image.dim());
        let flat = Array1::from_iter(reduced.base.image.iter().copied());
        let lattice = field.law().lattice(bbox);
        let mut coefficients = Array2::zeros((lattice.len(), all.nrows()));
        for (at, mut row) in lattice.iter().zip(coefficients.outer_iter_mut()) {
            let row = row.as_slice_mut().expect("rows are contiguous");
            reduced.all_coefficients_into(*at, row);
        }
        let mut rest = coefficients.dot(&all) - &flat;
        // edges that derivatives lose make no flux
        let mean = rest.mean_axis(Axis(1)).unwrap_or_default().insert_axis(Axis(1));
        rest -= &mean;
        let allowed = LEFT_OUT * flat.iter().fold(0.0_f64, |peak, v| peak.max(v.abs()));
        while reduced.images.len() < samples {
            let Some(image) = strongest(&rest, allowed) else { break };
            let along = rest.dot(&image);
            for (mut row, share) in rest.outer_iter_mut().zip(&along) {
                row.scaled_add(-share, &image);
            }
            let largest = along.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
            reduced.products.push(all.dot(&image).to_vec());
            reduced.offsets.push(flat.dot(&image));
            reduced.scales.push(1.0 / largest);
            let scaled = Array2::from_shape_vec(shape, (&image * largest).to_vec());
            let image = scaled.expect("as many samples as the PSF has");
            let (per_px, has_pixel) = (reduced.base.per_px, reduced.base.has_pixel);
            reduced.images.push(PsfSamples { image, per_px, has_pixel });
        }
        reduced
    }

    /// The PSF at the middle.
    #[must_use]
    pub const fn base(&self) -> &PsfSamples {
        &self.base
    }

    /// The images that are added to it, strongest first; none where the PSF hardly varies.
    #[must_use]
    pub fn images(&self) -> &[PsfSamples] {
        &self.images
    }

    /// The PSF and the images on whole pixels; the PSF adds up to 1, the images to 0.
    #[must_use]
    pub fn in_pixels(&self) -> (Array2<f64>, Vec<Array2<f64>>) {
        let base = fine::interpolated(&self.base);
        let sum = base.sum();
        let base = base / sum;
        let image = |samples: &PsfSamples| {
            let image = fine::interpolated(samples) / sum;
            let light = image.sum();
            image - light * &base
        };
        let images = self.images.iter().map(image).collect();
        (base, images)
    }

    /// Writes the coefficient of each image at a `position` of the detector, at most about 1; `scratch` is overwritten.
    pub fn coefficients_into(&self, position: [f64; 2], out: &mut [f64], scratch: &mut Vec<f64>) {
        scratch.resize(3 * self.field.law().coefficients_len(), 0.0);
        self.all_coefficients_into(position, scratch);
        for (k, out) in out.iter_mut().enumerate().take(self.images.len()) {
            *out = self.scales[k] * (dot(&self.products[k], scratch) - self.offsets[k]);
        }
    }

    /// Coefficients of the basis, and of its derivatives `[y]` and `[x]`.
    fn all_coefficients_into(&self, position: [f64; 2], out: &mut [f64]) {
        let n = out.len() / 3;
        let (own, of_derivatives) = out.split_at_mut(n);
        of_derivatives.fill(0.0);
        let (along_y, along_x) = of_derivatives.split_at_mut(n);
        for (axis, of_axis) in self.moments.iter().enumerate().filter(|(_, m)| **m != [0.0; 2]) {
            for sign in [-1.0, 1.0] {
                let mut there = position;
                there[axis] += sign * STEP_PX;
                self.field.coefficients_into(there, own);
                let slope = sign / (2.0 * STEP_PX);
                for k in 0..n {
                    along_y[k] += of_axis[0] * slope * own[k];
                    along_x[k] += of_axis[1] * slope * own[k];
                }
            }
        }
        self.field.coefficients_into(position, own);
    }
}

/// Images of the basis and their derivatives by pixels along y and x, one in each row.
fn expanded(field: &PsfField) -> Array2<f64> {
    let (n, ny, nx) = field.basis().dim();
    let mut all = Array2::zeros((3 * n, ny * nx));
    for (k, image) in field.basis().outer_iter().enumerate() {
        let [along_y, along_x] = derivatives(image).map(|derivative| derivative * field.per_px());
        all.row_mut(k).assign(&ArrayView1::from(&image.iter().copied().collect::<Vec<_>>()));
        for (row, derivative) in [(n + k, along_y), (2 * n + k, along_x)] {
            all.row_mut(row).assign(&ArrayView1::from(&derivative.into_iter().collect::<Vec<_>>()));
        }
    }
    all
}

/// The image of unit length that most of the rows of `rest` are along; none where all of them are `allowed` to be left.
fn strongest(rest: &Array2<f64>, allowed: f64) -> Option<Array1<f64>> {
    let peak = |row: ArrayView1<'_, f64>| row.iter().fold(0.0_f64, |peak, v| peak.max(v.abs()));
    let peaks = rest.outer_iter().map(peak).enumerate();
    let (first, largest) = peaks.max_by(|a, b| a.1.total_cmp(&b.1))?;
    if largest.is_nan() || largest <= allowed {
        return None;
    }
    let mut image = rest.row(first).to_owned();
    for _ in 0..POWER_STEPS {
        image /= image.dot(&image).sqrt();
        image = rest.t().dot(&rest.dot(&image));
    }
    let length = image.dot(&image).sqrt();
    (length > 0.0).then(|| image / length)
}
