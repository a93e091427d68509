//! PSFs on grids finer than the pixels, and back on pixels.

use super::{PsfSamples, moffat_value, odd};
use ndarray::Array2;
use std::f64::consts::PI;

/// A pixel-averaged Gaussian of width `sigma` pixels, fine enough for the transform of the samples to be its own: what
/// is folded back is below 1e-9 of it.
pub(super) fn gaussian(sigma: f64) -> PsfSamples {
    let per_px = 2.0 * (0.7 / sigma).ceil();
    let n = odd(15.0 * sigma * per_px);
    let scale = 1.0 / (sigma * std::f64::consts::SQRT_2);
    let cdf = |x: f64| 0.5 * libm::erf(x * scale);
    let at = |i: usize| (i as f64 - (n / 2) as f64) / per_px;
    let line: Vec<f64> = (0..n).map(|i| cdf(at(i) + 0.5) - cdf(at(i) - 0.5)).collect();
    let sum: f64 = line.iter().sum();
    let image = Array2::from_shape_fn((n, n), |(y, x)| line[y] * line[x] / (sum * sum));
    PsfSamples { image, per_px, has_pixel: true }
}

/// A Moffat profile averaged over pixels, two samples along a pixel.
pub(super) fn moffat(fwhm: f64, beta: f64) -> PsfSamples {
    /// Midpoints along a pixel, half of them from one sample to the next.
    const SUB: usize = 8;
    let n = odd(2.0 * 8.0 * fwhm);
    let points = (n - 1) * SUB / 2 + SUB;
    let at = |i: usize| (i as f64 + 0.5 - 0.5 * points as f64) / SUB as f64;
    let fine = Array2::from_shape_fn((points, points), |(y, x)| moffat_value(at(y), at(x), fwhm, beta));
    let mut image = Array2::from_shape_fn((n, n), |(y, x)| {
        let (y, x) = (y * SUB / 2, x * SUB / 2);
        fine.slice(ndarray::s![y..y + SUB, x..x + SUB]).sum()
    });
    image /= image.sum();
    PsfSamples { image, per_px: 2.0, has_pixel: true }
}

/// The PSF on whole pixels, averaged over them if it is not yet: of odd sides, adding up to 1.
pub(super) fn in_pixels(samples: &PsfSamples) -> Array2<f64> {
    let image = interpolated(samples);
    let sum = image.sum();
    image / sum
}

/// Samples on whole pixels, averaged over them if they are not yet: of odd sides.
///
/// Between samples it is what their Fourier sum says (sinc interpolation).
pub(super) fn interpolated(samples: &PsfSamples) -> Array2<f64> {
    let along = |n: usize| {
        let half = ((n / 2) as f64 / samples.per_px).floor() as usize;
        Array2::from_shape_fn((2 * half + 1, n), |(pixel, sample)| {
            let at = |offset: f64| {
                (pixel as f64 - half as f64 + offset) * samples.per_px - (sample as f64 - (n / 2) as f64)
            };
            if samples.has_pixel { sinc(at(0.0)) } else { averaged(|offset| sinc(at(offset))) }
        })
    };
    let (rows, columns) = (along(samples.image.nrows()), along(samples.image.ncols()));
    rows.dot(&samples.image).dot(&columns.t())
}

/// Mean of `f` from -1/2 to 1/2: Gauss's three points in each of some pieces.
fn averaged(f: impl Fn(f64) -> f64) -> f64 {
    const PIECES: usize = 8;
    let step = 1.0 / PIECES as f64;
    let node = 0.5 * step * 0.6_f64.sqrt();
    let piece = |i: usize| {
        let center = (i as f64 + 0.5) * step - 0.5;
        (5.0 * f(center - node) + 8.0 * f(center) + 5.0 * f(center + node)) / 18.0
    };
    (0..PIECES).map(piece).sum::<f64>() * step
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-12 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

#[cfg(test)]
mod tests {
    use super::super::Psf;
    use super::*;
    use ndarray::Axis;

    fn largest_difference(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
        let centre = |image: &Array2<f64>| [image.nrows() / 2, image.ncols() / 2];
        let ([ay, ax], [by, bx]) = (centre(a), centre(b));
        let half = ay.min(ax).min(by).min(bx);
        let offsets = (0..=2 * half).flat_map(|y| (0..=2 * half).map(move |x| (y, x)));
        let off = offsets
            .map(|(y, x)| (a[[ay + y - half, ax + x - half]] - b[[by + y - half, bx + x - half]]).abs());
        off.fold(0.0, f64::max)
    }

    #[test]
    fn fine_formulas_are_the_same_on_pixels() {
        for psf in [Psf::gaussian(0.7), Psf::gaussian(0.4), Psf::gaussian(2.3), Psf::moffat(&[3.0], 3.0)] {
            let psf = psf.expect("valid");
            let fine = psf.samples(0);
            assert!((fine.image.sum() - 1.0).abs() < 1e-12);
            let off = largest_difference(&in_pixels(&fine), &psf.sampled(0));
            assert!(off < 2e-5, "{psf:?}: {off}");
        }
    }

    #[test]
    fn images_without_a_pixel_are_averaged() {
        // three samples a pixel of the optics alone, a Gaussian: on pixels it must be the pixel-averaged one
        let (sigma, per_px, n) = (0.9_f64, 3.0, 51_usize);
        let at = |i: usize| (i as f64 - (n / 2) as f64) / per_px;
        let image = Array2::from_shape_fn((n, n), |(y, x)| {
            (-(at(y).powi(2) + at(x).powi(2)) / (2.0 * sigma * sigma)).exp()
        });
        let psf = Psf::image(image.view()).and_then(|psf| psf.sampled_at(per_px)).expect("valid");
        let averaged = psf.clone().without_pixel().sampled(0);
        let expected = Psf::gaussian(sigma).expect("valid").sampled(0);
        assert!(largest_difference(&averaged, &expected) < 1e-6);
        assert!(largest_difference(&psf.sampled(0), &expected) > 1e-3);
        assert_eq!(psf.samples(0).image.insert_axis(Axis(0)).dim(), (1, n, n));
        assert!(Psf::gaussian(1.0).and_then(|psf| psf.sampled_at(2.0)).is_err());
    }
}
