//! The level of the sky, to begin a background with.

use crate::Observation;
use crate::check::clipped;
use crate::noise::sources;
use ndarray::{ArrayView2, Axis, Zip};

/// The level of the sky in each channel of an observation, in the unit of its data: what a free background begins with.
///
/// The median of the pixels that count and in which nothing stands out of the smoothed images, outliers left out; of all
/// that count where sources leave none. 0 where no pixel counts. Wings of sources make it too large.
///
/// ```
/// # use ndarray::Array3;
/// # use scarlet_frame::Frame;
/// # use scarlet_obs::{Background, Observation, init};
/// # use scarlet_model::free;
/// # let data = Array3::from_shape_fn((1, 40, 50), |(_, y, x)| 0.7 + ((y * 37 + x * 101) % 23) as f64 / 11.0 - 1.0);
/// let observation = Observation::new(data, Array3::ones((1, 40, 50)), Frame::new([40, 50]))?;
/// let levels = init::sky_levels(&observation);
/// assert!((levels[0] - 0.7).abs() < 0.1);
/// let observation = observation.background(Background::constant(free(levels)))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn sky_levels(observation: &Observation) -> Vec<f64> {
    let bright = sources(observation);
    let planes = observation.data().axis_iter(Axis(0)).zip(observation.weights().axis_iter(Axis(0)));
    let level =
        |(data, weights)| level(data, weights, Some(bright.view())).or_else(|| level(data, weights, None));
    planes.map(|plane| level(plane).unwrap_or(0.0)).collect()
}

/// The median of what counts and is not bright; none where nothing is.
fn level(
    data: ArrayView2<'_, f64>,
    weights: ArrayView2<'_, f64>,
    bright: Option<ArrayView2<'_, bool>>,
) -> Option<f64> {
    let mut values = Vec::with_capacity(data.len());
    Zip::indexed(data).and(weights).for_each(|at, value, weight| {
        if *weight > 0.0 && !bright.is_some_and(|bright| bright[at]) {
            values.push(*value);
        }
    });
    clipped(values).map(|(middle, _)| middle)
}
