//! The pictures of one source in its box, as one observation sees it.

use super::panels::{LIMIT, Panel, significance};
use super::upright::Upright;
use super::{ReportObservation, ReportView};
use crate::picture::{Stretch, binned, binned_significance, colour_weights, diverging, mix, rgb};
use ndarray::{Array2, Array3, ArrayView3, Axis, s};

/// Longest side of a picture, in pixels; larger boxes are binned.
const LONGEST_SIDE: usize = 96;

/// The images of a source's box, `[channel, y, x]`.
pub(super) struct Cutout<'a> {
    view: &'a ReportView,
    channels: &'a [String],
    upright: Upright,
    weights: ArrayView3<'a, f32>,
    data: ArrayView3<'a, f32>,
    /// Data less the model of all other sources.
    pub(super) alone: Array3<f32>,
    residual: Array3<f32>,
}

impl<'a> Cutout<'a> {
    /// None where the box is not inside the observation.
    pub(super) fn of(view: &'a ReportView, observed: &'a ReportObservation) -> Option<Self> {
        let (channels, height, width) = view.rendered.dim();
        let [y, x] = view.corner;
        let (all, rows, columns) = observed.data.dim();
        let fits = y + height <= rows && x + width <= columns && channels == all;
        if !fits || view.rendered.is_empty() || view.model.dim() != view.rendered.dim() {
            return None;
        }
        let window = s![.., y..y + height, x..x + width];
        let (data, scene) = (observed.data.slice(window), observed.model.slice(window));
        let residual = &data - &scene;
        Some(Self {
            view,
            channels: &observed.channels,
            upright: Upright::of_part(observed.orientation, [height, width]).cropped(view.shown),
            weights: observed.weights.slice(window),
            data,
            alone: &residual + &view.rendered,
            residual,
        })
    }

    /// Pixels along each side of one of a picture.
    pub(super) fn binning(&self) -> usize {
        let [height, width] = self.upright.shape();
        height.max(width).div_ceil(LONGEST_SIDE).max(1)
    }

    /// Height and width of its pictures in arcseconds, where known.
    pub(super) fn size_arcsec(&self, observed: &ReportObservation) -> Option<[f64; 2]> {
        observed.pixel_arcsec.map(|side| self.upright.shape().map(|n| n as f64 * side))
    }

    /// Model, rendered, data, data less the others, residual with one stretch; residual over noise.
    pub(super) fn pictures(&self) -> [Panel; 6] {
        let binning = self.binning();
        let weights = colour_weights(self.channels);
        let shown = |cube: ArrayView3<'_, f32>| self.upright.cube(cube);
        let colours = |cube: ArrayView3<'_, f32>| mix(binned(shown(cube).view(), binning).view(), &weights);
        let rendered = colours(self.view.rendered.view());
        let stretch = self.stretch(&rendered, &weights);
        let panel = |key, title, cube: ArrayView3<'_, f32>| Panel {
            key,
            title,
            picture: rgb(&colours(cube), &stretch),
        };
        let noise = self.upright.plane(significance(&self.residual, self.weights).view());
        [
            panel("model", "Model", self.view.model.view()),
            panel("rendered", "Rendered", self.view.rendered.view()),
            panel("data", "Data", self.data),
            panel("data_less_others", "Data \u{2212} others", self.alone.view()),
            panel("residual", "Residual", self.residual.view()),
            Panel {
                key: "residual_over_noise",
                title: "Residual / noise",
                picture: diverging(binned_significance(noise.view(), binning).view(), LIMIT),
            },
        ]
    }

    /// From a standard deviation of the noise below zero to the brightest of the rendered source.
    fn stretch(&self, rendered: &Array3<f64>, weights: &Array2<f64>) -> Stretch {
        let noise = self.noise(weights) / self.binning() as f64;
        let brightest = rendered.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let noise = if noise > 0.0 { noise } else { 0.01 * brightest };
        Stretch::new(-noise, brightest.max(10.0 * noise), 2.0 * noise)
    }

    /// Standard deviation of the mean of the three colours, from each channel's median weight.
    fn noise(&self, weights: &Array2<f64>) -> f64 {
        let variance = |plane: ndarray::ArrayView2<'_, f32>| {
            let mut counted: Vec<f32> = plane.iter().copied().filter(|weight| *weight > 0.0).collect();
            counted.sort_unstable_by(f32::total_cmp);
            counted.get(counted.len() / 2).map_or(0.0, |weight| 1.0 / f64::from(*weight))
        };
        let share = weights.sum_axis(Axis(0)) / 3.0;
        let terms =
            self.weights.outer_iter().zip(&share).map(|(plane, share)| share * share * variance(plane));
        terms.sum::<f64>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_others_is_taken_away_and_the_residual_is_left() {
        let cube = |value: f32| Array3::from_elem((1, 6, 8), value);
        let observed = ReportObservation {
            name: "o".to_owned(),
            channels: vec!["i".to_owned()],
            data: cube(10.0),
            model: cube(9.0),
            weights: cube(4.0),
            positions: Vec::new(),
            places: Vec::new(),
            pixel_arcsec: None,
            ..ReportObservation::default()
        };
        let part = Array3::from_elem((1, 3, 4), 2.0);
        let (model, rendered) = (part.clone(), part);
        let view = ReportView { observation: 0, corner: [3, 4], model, rendered, ..ReportView::default() };
        let cutout = Cutout::of(&view, &observed).expect("inside");
        assert!(cutout.alone.iter().all(|value| *value == 3.0));
        assert!((cutout.noise(&colour_weights(&["i"])) - 0.5).abs() < 1e-12);
        assert_eq!(cutout.pictures().map(|panel| panel.picture.width()), [4; 6]);
        assert!(Cutout::of(&ReportView { corner: [4, 4], ..view.clone() }, &observed).is_none());
    }
}
