//! Measurements on images and cubes: flux, centroid, moments, width, signal-to-noise ratio.
//!
//! Images are `[y, x]`, cubes `[channel, y, x]`; positions are `(y, x)` in pixels of the array, pixel centres
//! at integers from 0. For a component, add the origin of its box.

mod adaptive;
mod moments;

pub use adaptive::{AdaptiveMoments, reduced_shear};
pub use moments::Moments;

use crate::{ObsError, Observation};
use ndarray::{Array3, ArrayView2, ArrayView3, Axis};

/// The flux in each channel: the sum over its pixels.
#[must_use]
pub fn flux(cube: ArrayView3<'_, f64>) -> Vec<f64> {
    cube.axis_iter(Axis(0)).map(|image| image.sum()).collect()
}

/// The flux-weighted mean position `(y, x)`; not finite where the image adds up to 0.
#[must_use]
pub fn centroid(image: ArrayView2<'_, f64>) -> [f64; 2] {
    Moments::of(image, 1).center()
}

/// The brightest pixel `[channel, y, x]`, the first one of equals; `None` in an empty cube.
///
/// NaN pixels are passed over.
#[must_use]
pub fn peak_pixel(cube: ArrayView3<'_, f64>) -> Option<[usize; 3]> {
    let numbers = cube.indexed_iter().filter(|(_, v)| !v.is_nan());
    let brightest = numbers.reduce(|best, next| if next.1 > best.1 { next } else { best });
    brightest.map(|((c, y, x), _)| [c, y, x])
}

/// Full width at half maximum in pixels, 2 sqrt(N / pi) with N the number of pixels of at least half the peak.
///
/// The diameter of the circle that is as large as these pixels; right to about a pixel over the width. NaN
/// where no pixel is positive. scarlet2 returns 2 sqrt(N) / pi.
#[must_use]
pub fn fwhm_px(image: ArrayView2<'_, f64>) -> f64 {
    let peak = image.iter().copied().fold(f64::NAN, f64::max);
    if peak.is_nan() || peak <= 0.0 {
        return f64::NAN;
    }
    let bright = image.iter().filter(|v| **v >= peak / 2.0).count();
    2.0 * (bright as f64 / std::f64::consts::PI).sqrt()
}

/// Signal-to-noise ratio of a source in one or more observations, weighted with its own image.
///
/// S/N = sum(W m) / sqrt(sum(W^2 / w)), W = m / flux of m in its channel, over pixels of weight w > 0
///
/// `seen` pairs what an observation should see of the source, `[channel, y, x]`, with that observation.
///
/// Source: Erben et al. 2001 (A&A 366, 717), eq. 16, summed over channels.
///
/// # Errors
/// A cube does not have the shape of its observation.
pub fn snr(seen: &[(&Array3<f64>, &Observation)]) -> Result<f64, ObsError> {
    let (mut signal, mut variance) = (0.0, 0.0);
    for (model, observation) in seen {
        let expected = observation.frame().shape();
        if model.shape() != expected {
            let (observation, found) = (observation.name().to_owned(), model.shape().to_vec());
            return Err(ObsError::Shape { observation, what: "pixels of the source", expected, found });
        }
        for (image, weights) in model.axis_iter(Axis(0)).zip(observation.weights().axis_iter(Axis(0))) {
            let flux = image.sum();
            for (m, w) in image.iter().zip(&weights).filter(|(_, w)| **w > 0.0 && flux != 0.0) {
                let share = m / flux;
                signal += share * m;
                variance += share * share / w;
            }
        }
    }
    Ok(if variance > 0.0 { signal / variance.sqrt() } else { 0.0 })
}
