//! A monotonic image from its ceilings, the reverse sweep, and the ceilings of an image.

use super::fan::{Link, inwards, outwards};
use crate::morphology::pixel_grid::PixelGrid;

/// Derivatives of each pixel with respect to its ceiling and to its reference.
#[derive(Debug)]
pub(super) struct Slopes<'a> {
    pub(super) to_ceiling: &'a mut [f64],
    pub(super) to_reference: &'a mut [f64],
}

/// How far an image is changed until it has ceilings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Faintest pixel, relative to the peak.
    floor: f64,
    /// Least 1 - (pixel / reference)^2.
    fall: f64,
}

impl Limits {
    /// For start values: no pixel so faint, or so near its reference, that a fit could not move it.
    pub(super) const START: Self = Self { floor: 1e-4, fall: 1e-2 };
    /// Changes a monotonic image by less than 1e-6 of its peak.
    pub(super) const EXACT: Self = Self { floor: 1e-7, fall: 1e-9 };
}

/// Ceilings are taken as this at least and its inverse at most, so that their squares are numbers.
const FAINTEST: f64 = 1e-140;

/// `g` within [`FAINTEST`] and its inverse; NaN stays NaN.
#[inline(always)]
fn within_range(g: f64) -> f64 {
    let g = if g < FAINTEST { FAINTEST } else { g };
    if g > 1.0 / FAINTEST { 1.0 / FAINTEST } else { g }
}

/// (g^-2 + r^-2)^(-1/2) of a ceiling and a reference, and its derivatives with respect to both.
#[inline(always)]
fn smooth_min(g: f64, r: f64) -> (f64, f64, f64) {
    let inverse = 1.0 / (g * g + r * r).sqrt();
    let (to_ceiling, to_reference) = (r * inverse, g * inverse);
    (g * to_ceiling, to_ceiling * to_ceiling * to_ceiling, to_reference * to_reference * to_reference)
}

/// What the image is where the line from the pixel to the peak crosses the row before.
#[inline(always)]
fn reference(image: &[f64], link: &Link) -> f64 {
    let [axis, diagonal] = link.inner;
    (1.0 - link.weight) * image[axis] + link.weight * image[diagonal]
}

/// Writes the image of `ceilings`, and how each pixel depends on its ceiling and its reference.
pub(super) fn build(grid: &PixelGrid, ceilings: &[f64], image: &mut [f64], slopes: &mut Slopes<'_>) {
    let peak = grid.peak_index();
    image[peak] = within_range(ceilings[peak]);
    (slopes.to_ceiling[peak], slopes.to_reference[peak]) = (1.0, 0.0);
    outwards(grid, |link| {
        let (p, reference) = (link.pixel, reference(image, &link));
        (image[p], slopes.to_ceiling[p], slopes.to_reference[p]) =
            smooth_min(within_range(ceilings[p]), reference);
    });
}

/// Turns `adjoint`, that of the image, into that of the ceilings.
pub(super) fn pull_back(grid: &PixelGrid, slopes: &Slopes<'_>, adjoint: &mut [f64]) {
    inwards(grid, |Link { pixel, inner: [axis, diagonal], weight }| {
        let to_reference = adjoint[pixel] * slopes.to_reference[pixel];
        adjoint[axis] += (1.0 - weight) * to_reference;
        adjoint[diagonal] += weight * to_reference;
    });
    for (a, slope) in adjoint.iter_mut().zip(&*slopes.to_ceiling) {
        *a *= slope;
    }
}

/// Lowers the pixels of `image` where it rises outwards, and returns the ceilings of what it is then.
///
/// All of it is the value at the peak where that is not positive.
pub(super) fn ceilings(grid: &PixelGrid, image: &mut [f64], limits: Limits) -> Vec<f64> {
    let peak = image[grid.peak_index()];
    let mut ceilings = vec![peak; image.len()];
    if peak.is_nan() || peak <= 0.0 {
        image.fill(peak);
        return ceilings;
    }
    let (floor, highest) = (limits.floor * peak, (1.0 - limits.fall).sqrt());
    outwards(grid, |link| {
        let (p, reference) = (link.pixel, reference(image, &link));
        let wanted = if image[p] < floor { floor } else { image[p] };
        let ratio = wanted / reference;
        let ratio = if ratio > highest { highest } else { ratio };
        image[p] = ratio * reference;
        ceilings[p] = image[p] / ((1.0 - ratio) * (1.0 + ratio)).sqrt();
    });
    ceilings
}
