//! Images in layers.

use super::{IMAGE_RANGE, START_PEAK};
use crate::ObsError;
use ndarray::{Array2, s};

/// Spectrum and image `[y, x]` of one layer of a source.
pub type Layer = (Vec<f64>, Array2<f64>);

/// Cuts a source into `count` layers of equal flux, the most compact first: `(spectrum, image)` of each.
///
/// The last layer is what lies below a level of the image, the one before what lies between this level and the
/// next. Each is brought to a peak of 1 and cut to where it has light; the sum of spectrum x image over the layers
/// is `spectrum x image`, to [`IMAGE_RANGE`]'s lower end.
///
/// # Errors
/// `count` is 0.
pub fn layers(spectrum: &[f64], image: &Array2<f64>, count: usize) -> Result<Vec<Layer>, ObsError> {
    match count {
        0 => return Err(ObsError::NoComponents),
        1 => return Ok(vec![(spectrum.to_vec(), image.clone())]),
        _ => {}
    }
    let peak = image.iter().copied().fold(0.0, f64::max);
    let mut levels: Vec<f64> = (1..count).map(|k| level(image, k as f64 / count as f64)).collect();
    levels.insert(0, 0.0);
    levels.push(peak);
    let layer = |pair: &[f64]| {
        let height = pair[1] - pair[0];
        let part = image.mapv(|v| in_range(((v - pair[0]) / height).min(1.0)));
        (spectrum.iter().map(|f| f * height).collect(), trimmed(&part))
    };
    Ok(levels.windows(2).rev().map(layer).collect())
}

/// The level below which there is this share of the light.
fn level(image: &Array2<f64>, share: f64) -> f64 {
    let wanted = share * image.sum();
    let (mut low, mut high) = (0.0, image.iter().copied().fold(0.0, f64::max));
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if image.iter().map(|v| v.min(middle)).sum::<f64>() < wanted { low = middle } else { high = middle }
    }
    high
}

/// The smallest central square that holds all pixels above the lower end of the range, and one pixel more.
fn trimmed(image: &Array2<f64>) -> Array2<f64> {
    let (cy, cx) = (image.nrows() / 2, image.ncols() / 2);
    let bright = image.indexed_iter().filter(|(_, v)| **v > IMAGE_RANGE[0]);
    let reach = bright.map(|((y, x), _)| y.abs_diff(cy).max(x.abs_diff(cx))).max().unwrap_or(0) + 1;
    let half = |n: usize| reach.min((n - 1) / 2);
    let (hy, hx) = (half(image.nrows()), half(image.ncols()));
    image.slice(s![cy - hy..=cy + hy, cx - hx..=cx + hx]).to_owned()
}

/// The same light from an image that peaks at [`START_PEAK`].
pub(super) fn dimmed((spectrum, image): Layer) -> Layer {
    let image = image.mapv(|v| (v * START_PEAK).max(IMAGE_RANGE[0]));
    (spectrum.into_iter().map(|f| f / START_PEAK).collect(), image)
}

fn in_range(value: f64) -> f64 {
    value.clamp(IMAGE_RANGE[0], IMAGE_RANGE[1])
}
