//! The filter that finds point sources best: the image under the PSF at every pixel.

use ndarray::{Array2, ArrayView2, Zip};
use scarlet_frame::BBox;
use scarlet_render::{Convolution, Window};

/// Where less weight than this share of the best pixel's is under the PSF, nothing is said.
const LEAST_WEIGHT: f64 = 1e-3;

/// The best flux of a point source at each pixel, and what it is worth; `[y, x]`.
#[derive(Debug)]
pub(super) struct Filtered {
    /// Flux over its standard error; 0 where nothing counts.
    pub(super) snr: Array2<f64>,
    /// 1 over the square of the flux's standard error.
    pub(super) information: Array2<f64>,
}

impl Filtered {
    /// The flux at a pixel; 0 where nothing counts.
    pub(super) fn flux(&self, at: [usize; 2]) -> f64 {
        let information = self.information[at];
        if information > 0.0 { self.snr[at] / information.sqrt() } else { 0.0 }
    }
}

/// Filters an image with weights (inverse variances) through `psf`.
///
/// flux(p) = sum_q w(q) d(q) P(q - p) / sum_q w(q) P(q - p)^2, and the sum below the line is 1 / error^2.
///
/// Source: the matched filter of Zackay & Ofek 2017 (ApJ 836, 187), for weights that vary.
pub(super) fn point_sources(
    image: ArrayView2<'_, f64>,
    weights: ArrayView2<'_, f64>,
    psf: &Array2<f64>,
) -> Filtered {
    let bbox = BBox::new([0, 0], [image.nrows(), image.ncols()]);
    let turned = turned(psf);
    let kernels = [turned.clone(), turned.mapv(|v| v * v)];
    let convolution = Convolution::<f64>::new(bbox, bbox, &kernels);
    let mut work = convolution.workspace();
    let weighted: Vec<f64> = image.iter().zip(&weights).map(|(v, w)| v * w).collect();
    let weights: Vec<f64> = weights.iter().copied().collect();
    let mut convolved = |channel: usize, plane: &[f64]| {
        let mut out = vec![0.0; bbox.len()];
        convolution.apply(channel, plane, Window::whole(bbox.shape()), &mut out, &mut work);
        Array2::from_shape_vec(image.dim(), out).expect("one pixel for each of the image")
    };
    let mut snr = convolved(0, &weighted);
    let mut information = convolved(1, &weights);
    let least = LEAST_WEIGHT * information.iter().copied().fold(0.0, f64::max);
    Zip::from(&mut snr).and(&mut information).for_each(|signal, information| {
        if *information > least {
            *signal /= information.sqrt();
        } else {
            (*signal, *information) = (0.0, 0.0);
        }
    });
    Filtered { snr, information }
}

/// The PSF turned by half a turn about its pixel `n / 2`, with odd sides.
fn turned(psf: &Array2<f64>) -> Array2<f64> {
    let (ny, nx) = psf.dim();
    let (hy, hx) = (ny / 2, nx / 2);
    Array2::from_shape_fn((2 * hy + 1, 2 * hx + 1), |(y, x)| {
        psf.get([2 * hy - y, 2 * hx - x]).copied().unwrap_or(0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use scarlet_frame::Psf;

    #[test]
    fn a_star_comes_out_with_its_flux_and_error() {
        let psf = Psf::gaussian(1.5).expect("a width").sampled(0);
        let half = psf.nrows() / 2;
        let mut image = Array2::zeros((60, 50));
        for ((y, x), v) in psf.indexed_iter() {
            image[[30 + y - half, 22 + x - half]] += 40.0 * v;
        }
        let found = point_sources(image.view(), Array2::from_elem((60, 50), 4.0).view(), &psf);
        approx::assert_relative_eq!(found.flux([30, 22]), 40.0, max_relative = 1e-9);
        let information: f64 = 4.0 * psf.iter().map(|v| v * v).sum::<f64>();
        approx::assert_relative_eq!(found.information[[30, 22]], information, max_relative = 1e-9);
        let best = found.snr.iter().copied().fold(0.0, f64::max);
        approx::assert_relative_eq!(best, 40.0 * information.sqrt(), max_relative = 1e-9);
    }
}
