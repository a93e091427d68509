//! Where an image is empty sky: what stands out after smoothing, and its surroundings, left out.

use crate::Observation;
use ndarray::{Array2, ArrayView2, Axis, Zip};

/// Half the side of the box that images are smoothed with, in pixels.
const SMOOTH_PX: usize = 2;
/// How far the smoothed image stands out where a source is, in units of its scatter.
const STANDS_OUT: f64 = 4.0;
/// How far light of a source goes beyond where it stands out, in pixels.
const GROWN_PX: usize = 4;

/// Residuals from an empty model in units of their errors; NaN where a pixel does not count.
pub(super) fn pulls(observation: &Observation, channel: usize) -> Array2<f64> {
    let data = observation.data().index_axis(Axis(0), channel);
    let weights = observation.weights().index_axis(Axis(0), channel);
    Zip::from(data).and(weights).map_collect(|d, w| if *w > 0.0 { d * w.sqrt() } else { f64::NAN })
}

/// True where a source stands out in any channel, or near that.
pub(crate) fn sources(observation: &Observation) -> Array2<bool> {
    let [channels, ny, nx] = observation.frame().shape();
    let mut found = Array2::from_elem((ny, nx), false);
    for channel in 0..channels {
        let smooth = smoothed(pulls(observation, channel).view());
        let mut values: Vec<f64> = smooth.iter().copied().filter(|v| v.is_finite()).collect();
        if values.is_empty() {
            continue;
        }
        // Sources make the upper side: scatter is that of the lower.
        let [low, middle] = [0.159, 0.5].map(|share| quantile(&mut values, share));
        let limit = middle + STANDS_OUT * (middle - low);
        for ((y, x), _) in smooth.indexed_iter().filter(|(_, v)| **v > limit) {
            let (top, left) = (y.saturating_sub(GROWN_PX), x.saturating_sub(GROWN_PX));
            for y in top..(y + GROWN_PX + 1).min(ny) {
                for x in left..(x + GROWN_PX + 1).min(nx) {
                    found[[y, x]] = true;
                }
            }
        }
    }
    found
}

/// The element at this share of the sorted values, which are reordered.
pub(super) fn quantile(values: &mut [f64], share: f64) -> f64 {
    let at = ((values.len() - 1) as f64 * share).round() as usize;
    *values.select_nth_unstable_by(at, f64::total_cmp).1
}

/// Means over boxes around each pixel of what counts; NaN where nothing does.
fn smoothed(image: ArrayView2<'_, f64>) -> Array2<f64> {
    let (ny, nx) = image.dim();
    Array2::from_shape_fn((ny, nx), |(y, x)| {
        let rows = y.saturating_sub(SMOOTH_PX)..(y + SMOOTH_PX + 1).min(ny);
        let columns = x.saturating_sub(SMOOTH_PX)..(x + SMOOTH_PX + 1).min(nx);
        let values = image.slice(ndarray::s![rows, columns]);
        let (sum, count) =
            values.iter().filter(|v| v.is_finite()).fold((0.0, 0), |(sum, count), v| (sum + v, count + 1));
        sum / f64::from(count)
    })
}
