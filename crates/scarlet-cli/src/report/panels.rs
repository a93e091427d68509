//! The pictures of one observation.

use super::ReportObservation;
use super::upright::Upright;
use crate::picture::{
    Picture, Stretch, binned, binned_significance, colour_weights, diverging, mix, rgb, sequential,
};
use ndarray::{Array2, Array3, ArrayView3, Axis};

/// Standard deviations at which a map of residuals has its full colour.
pub(super) const LIMIT: f64 = 5.0;
/// Longest side of a picture, in pixels; larger images are binned.
const LONGEST_SIDE: usize = 600;

/// The pictures of one observation.
pub(super) struct Panels {
    /// Pixels of the observation along each side of one of a picture.
    pub(super) binning: usize,
    /// chi2 per pixel at which its map has its full colour.
    pub(super) chi2_limit: f64,
    /// The pictures: data, model, residual, residual over noise, chi2.
    pub(super) pictures: [Panel; 5],
}

/// A picture with its names.
pub(super) struct Panel {
    /// For file names.
    pub(super) key: &'static str,
    /// For readers.
    pub(super) title: &'static str,
    /// The picture.
    pub(super) picture: Picture,
}

impl Panels {
    pub(super) fn of(observed: &ReportObservation) -> Self {
        let upright = Upright::of(observed);
        let [height, width] = upright.shape();
        let binning = height.max(width).div_ceil(LONGEST_SIDE).max(1);
        let weights = colour_weights(&observed.channels);
        let colours =
            |cube: ArrayView3<'_, f32>| mix(binned(upright.cube(cube).view(), binning).view(), &weights);
        let data = colours(observed.data.view());
        let stretch = Stretch::of_colours(&data);
        let residual = &observed.data - &observed.model;
        let significance = upright.plane(significance(&residual, observed.weights.view()).view());
        let chi2 = upright.plane(chi2(&residual, observed.weights.view()).view());
        let chi2 = binned(chi2.insert_axis(Axis(0)).view(), binning);
        let chi2 = chi2.index_axis_move(Axis(0), 0);
        let chi2_limit = chi2_limit(&chi2);
        let panel = |key, title, picture| Panel { key, title, picture };
        Self {
            binning,
            chi2_limit,
            pictures: [
                panel("data", "Data", rgb(&data, &stretch)),
                panel("model", "Model", rgb(&colours(observed.model.view()), &stretch)),
                panel("residual", "Residual", rgb(&colours(residual.view()), &stretch)),
                panel(
                    "residual_over_noise",
                    "Residual / noise",
                    diverging(binned_significance(significance.view(), binning).view(), LIMIT),
                ),
                panel("chi2", "\u{3c7}\u{b2} per pixel", sequential(chi2.view(), chi2_limit)),
            ],
        }
    }
}

/// Residual over noise of all channels together: sum r sqrt(w) / sqrt(n) over the n channels with w > 0, else NaN.
pub(super) fn significance(residual: &Array3<f32>, weights: ArrayView3<'_, f32>) -> Array2<f32> {
    over_channels(residual, weights, |residual, weight| residual * weight.sqrt(), f64::sqrt)
}

/// chi2 of a pixel over the number of channels in which it counts, NaN where there is none.
pub(super) fn chi2(residual: &Array3<f32>, weights: ArrayView3<'_, f32>) -> Array2<f32> {
    over_channels(residual, weights, |residual, weight| residual * residual * weight, |count| count)
}

/// The sum over the channels in which a pixel counts, divided by a function of their number.
fn over_channels(
    residual: &Array3<f32>,
    weights: ArrayView3<'_, f32>,
    term: impl Fn(f64, f64) -> f64,
    divisor: impl Fn(f64) -> f64,
) -> Array2<f32> {
    let (channels, height, width) = residual.dim();
    Array2::from_shape_fn((height, width), |(y, x)| {
        let at = |c| (f64::from(residual[[c, y, x]]), f64::from(weights[[c, y, x]]));
        let counted = (0..channels).map(at).filter(|(_, weight)| *weight > 0.0);
        let (sum, count) = counted.fold((0.0, 0.0), |(sum, n), (r, w)| (sum + term(r, w), n + 1.0));
        (sum / divisor(count)) as f32
    })
}

/// A square number at least 9 and at most 100 that few pixels exceed.
fn chi2_limit(chi2: &Array2<f32>) -> f64 {
    let mut values: Vec<f32> = chi2.iter().copied().filter(|value| value.is_finite()).collect();
    values.sort_unstable_by(f32::total_cmp);
    let high = values.get(values.len().saturating_sub(1) * 998 / 1000).copied().unwrap_or(0.0);
    [9.0, 16.0, 25.0, 36.0, 64.0].into_iter().find(|limit| f64::from(high) <= *limit).unwrap_or(100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_add_channels_and_leave_out_masked_ones() {
        let residual =
            Array3::from_shape_fn((2, 1, 3), |(c, _, x)| if c == 1 && x == 1 { f32::NAN } else { 1.0 });
        let mut weights = Array3::from_elem((2, 1, 3), 4.0);
        weights[[1, 0, 1]] = 0.0;
        (weights[[0, 0, 2]], weights[[1, 0, 2]]) = (0.0, 0.0);
        let map = significance(&residual, weights.view());
        assert!((map[[0, 0]] - 4.0 / 2.0_f32.sqrt()).abs() < 1e-6);
        assert!(map[[0, 1]] == 2.0 && map[[0, 2]].is_nan());
        let chi2 = chi2(&residual, weights.view());
        assert!(chi2[[0, 0]] == 4.0 && chi2[[0, 1]] == 4.0 && chi2[[0, 2]].is_nan());
    }

    #[test]
    fn the_scale_of_chi2_follows_the_worst_pixels_but_not_single_ones() {
        let mut map = Array2::from_elem((100, 100), 1.0);
        assert_eq!(chi2_limit(&map), 9.0);
        map[[3, 3]] = 1e6;
        assert_eq!(chi2_limit(&map), 9.0);
        map.row_mut(5).fill(30.0);
        assert_eq!(chi2_limit(&map), 36.0);
        assert_eq!(chi2_limit(&Array2::from_elem((2, 2), f32::NAN)), 9.0);
    }
}
