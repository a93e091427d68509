//! The noise of the sky, from the pixels of an image alone.

use super::robust::{median, scatter_about};
use ndarray::ArrayView2;

/// Pixels farther than this many standard deviations from the middle are sources.
const CLIP: f64 = 3.0;
/// Rounds of clipping.
const ROUNDS: usize = 20;
/// Fewer pixels than this say nothing about noise.
const LEAST_PIXELS: usize = 50;

/// Standard deviation of the sky in `image`, from the pixels whose entry in `weights` is positive.
///
/// Pixels far from the median are left out until none is; what is left is measured below the median, where no source
/// adds light. In empty sky that is the deviation of all pixels, correlated or not; sources that leave little sky make
/// it too large. None where fewer than 50 pixels are left, or they do not differ.
///
/// ```
/// use ndarray::Array2;
/// use scarlet_obs::check::sky_noise;
/// let mut image = Array2::from_shape_fn((40, 40), |(y, x)| ((y * 37 + x * 101) % 97) as f64 / 97.0 - 0.5);
/// image[[3, 4]] = 1e3;
/// let sigma = sky_noise(image.view(), Array2::ones((40, 40)).view()).ok_or("no sky")?;
/// assert!((sigma - 0.37).abs() < 0.02); // a quarter of the range is 0.6745 of it
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn sky_noise(image: ArrayView2<'_, f64>, weights: ArrayView2<'_, f64>) -> Option<f64> {
    let counted = image.iter().zip(&weights).filter(|(value, weight)| **weight > 0.0 && value.is_finite());
    let (middle, mut values) = clipped(counted.map(|(value, _)| *value).collect())?;
    values.retain(|value| *value <= middle);
    if 2 * values.len() < LEAST_PIXELS {
        return None;
    }
    scatter_about(&mut values, middle).filter(|sigma| *sigma > 0.0)
}

/// The median of what is not far from it, and all that is so.
pub(crate) fn clipped(mut values: Vec<f64>) -> Option<(f64, Vec<f64>)> {
    for _ in 0..ROUNDS {
        let middle = median(&mut values)?;
        let limit = CLIP * scatter_about(&mut values.clone(), middle)?;
        let before = values.len();
        values.retain(|value| (value - middle).abs() <= limit);
        if values.len() == before {
            break;
        }
    }
    Some((median(&mut values)?, values))
}
