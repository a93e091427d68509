//! Starlets: the isotropic undecimated wavelet transform, second generation.
//!
//! c_0 = image, c_{j+1} = B_j c_j, w_j = c_j - B_j c_{j+1}, with B_j the separable cubic B-spline
//! [1, 4, 6, 4, 1] / 16 with holes of 2^j pixels, mirrored at the edges. Back: c_j = B_j c_{j+1} + w_j.
//!
//! Source: Starck, Murtagh & Bertero 2011, "Starlet transform in astronomical data processing", section 2.3.
//! scarlet2: `wavelets.starlet_transform(generation=2)`; its reconstruction drops the coarse plane, this one
//! does not.

use super::{Morphology, Site};
use crate::{ModelError, Param};
use ndarray::{Array3, ArrayView2, Axis};
use scarlet_frame::{BBox, Frame};

const KERNEL: [f64; 5] = [1.0 / 16.0, 4.0 / 16.0, 6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];

/// Number of wavelet planes for an image of `shape`, without the coarse one: floor(log2(shorter side)) - 1.
#[must_use]
pub fn scales(shape: [usize; 2]) -> usize {
    (shape[0].min(shape[1]).max(1).ilog2() as usize).saturating_sub(1)
}

/// Starlet coefficients `[scales + 1, y, x]` of `image`; the last plane is the coarse one.
#[must_use]
pub fn transform(image: ArrayView2<'_, f64>, scales: usize) -> Array3<f64> {
    let (ny, nx) = image.dim();
    let shape = [ny, nx];
    let mut planes = Array3::zeros((scales + 1, ny, nx));
    let mut fine = image.as_standard_layout().into_owned().into_raw_vec_and_offset().0;
    let mut work = vec![0.0; ny * nx];
    for scale in 0..scales {
        let mut coarse = fine.clone();
        smooth(&mut coarse, &mut work, shape, scale);
        let mut back = coarse.clone();
        smooth(&mut back, &mut work, shape, scale);
        for ((w, f), b) in planes.index_axis_mut(Axis(0), scale).iter_mut().zip(&fine).zip(&back) {
            *w = f - b;
        }
        fine = coarse;
    }
    for (w, f) in planes.index_axis_mut(Axis(0), scales).iter_mut().zip(&fine) {
        *w = *f;
    }
    planes
}

/// Reflected index without repeating the edge pixel.
fn mirror(i: i64, n: usize) -> usize {
    if n == 1 {
        return 0;
    }
    let period = 2 * (n as i64 - 1);
    let k = i.rem_euclid(period);
    k.min(period - k) as usize
}

/// `B_j` applied to `image` in place; `work` is as long.
fn smooth(image: &mut [f64], work: &mut [f64], [ny, nx]: [usize; 2], scale: usize) {
    work.fill(0.0);
    for y in 0..ny {
        for (tap, weight) in taps(y, ny, scale) {
            for x in 0..nx {
                work[y * nx + x] += weight * image[tap * nx + x];
            }
        }
    }
    for (row, from) in image.chunks_exact_mut(nx).zip(work.chunks_exact(nx)) {
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel = taps(x, nx, scale).map(|(tap, weight)| weight * from[tap]).sum();
        }
    }
}

/// `B_j'` applied to `image` in place, the adjoint of [`smooth`].
fn smooth_adjoint(image: &mut [f64], work: &mut [f64], [ny, nx]: [usize; 2], scale: usize) {
    work.fill(0.0);
    for (to, row) in work.chunks_exact_mut(nx).zip(image.chunks_exact(nx)) {
        for (x, pixel) in row.iter().enumerate() {
            for (tap, weight) in taps(x, nx, scale) {
                to[tap] += weight * pixel;
            }
        }
    }
    image.fill(0.0);
    for y in 0..ny {
        for (tap, weight) in taps(y, ny, scale) {
            for x in 0..nx {
                image[tap * nx + x] += weight * work[y * nx + x];
            }
        }
    }
}

fn taps(i: usize, n: usize, scale: usize) -> impl Iterator<Item = (usize, f64)> {
    KERNEL
        .iter()
        .enumerate()
        .map(move |(k, weight)| (mirror(i as i64 + ((k as i64 - 2) << scale), n), *weight))
}

/// An image given by its starlet coefficients `[scales + 1, y, x]`.
#[derive(Debug, Clone)]
pub struct Starlet {
    coefficients: Param,
}

crate::parameters!(Starlet { coefficients });

impl Starlet {
    /// From coefficients as [`transform`] makes them.
    #[must_use]
    pub fn new(coefficients: impl Into<Param>) -> Self {
        Self { coefficients: coefficients.into() }
    }

    fn shape(&self) -> [usize; 2] {
        let shape = self.coefficients.value().shape();
        [shape[1], shape[2]]
    }
}

impl Morphology for Starlet {
    fn kind(&self) -> &str {
        "Starlet"
    }

    fn moves(&self) -> bool {
        false
    }

    fn bbox(&self, center: [f64; 2]) -> BBox {
        BBox::centered(center, self.shape())
    }

    fn grid_shape(&self) -> Option<[usize; 2]> {
        Some(self.shape())
    }

    fn attach(&mut self, _frame: &Frame) -> Result<(), ModelError> {
        match self.coefficients.value().shape() {
            [planes, y, x] if *planes > 0 && *y > 0 && *x > 0 => Ok(()),
            shape => Err(ModelError::Parameter {
                parameter: "starlet coefficients".to_owned(),
                problem: format!("their shape is {shape:?}; they have three axes, [scales + 1, y, x]"),
            }),
        }
    }

    fn scratch_len(&self, shape: [usize; 2]) -> usize {
        2 * shape[0] * shape[1]
    }

    fn evaluate(&self, params: &[f64], site: &Site, out: &mut [f64], scratch: &mut [f64]) {
        let n = site.bbox.len();
        let scales = params.len() / n - 1;
        out.copy_from_slice(&params[scales * n..]);
        for scale in (0..scales).rev() {
            smooth(out, scratch, site.bbox.shape(), scale);
            add(out, &params[scale * n..]);
        }
    }

    fn pull_back(
        &self,
        params: &[f64],
        site: &Site,
        seed: &[f64],
        grad: &mut [f64],
        _grad_center: &mut [f64; 2],
        scratch: &mut [f64],
    ) {
        let n = site.bbox.len();
        let scales = params.len() / n - 1;
        let (adjoint, work) = scratch.split_at_mut(n);
        adjoint.copy_from_slice(seed);
        for scale in 0..scales {
            add(&mut grad[scale * n..(scale + 1) * n], adjoint);
            smooth_adjoint(adjoint, work, site.bbox.shape(), scale);
        }
        add(&mut grad[scales * n..], adjoint);
    }
}

fn add(to: &mut [f64], values: &[f64]) {
    for (t, v) in to.iter_mut().zip(values) {
        *t += v;
    }
}
