//! What the parameters of an observation do in one of its channels.

use super::information::{Information, Seen};
use super::light::Light;
use super::placement::Moments;
use super::plan::{Moving, Places};
use scarlet_render::{Pixel, Sighting, Workspace};

/// Stands between what one channel's renderer gives and what it is compared with.
#[derive(Debug)]
pub(crate) struct ChannelCalibration<T> {
    shape: [usize; 2],
    /// Where there is a flux scale or a background.
    light: Option<Light<T>>,
    /// Derivatives by the places of pixels, where those are free, and their sums.
    slopes: Vec<[f64; 3]>,
    moments: Moments,
    /// All pixels as they are rendered, for [`ChannelCalibration::inform`].
    rendered: Vec<T>,
    information: Information,
}

impl<T: Pixel> ChannelCalibration<T> {
    /// For an image of `shape`; none where the observation has no parameters.
    pub(crate) fn new(places: &Places, shape: [usize; 2], is_moving: bool) -> Option<Self> {
        let pixels = shape[0].next_multiple_of(2) * shape[1];
        (places.len() > 0).then(|| Self {
            shape,
            light: places.has_light().then(|| Light::new(shape)),
            slopes: vec![[0.0; 3]; if is_moving { pixels } else { 0 }],
            moments: Moments::default(),
            rendered: vec![T::default(); pixels],
            information: Information::default(),
        })
    }

    /// With these values of the observation, for its channel number `channel`.
    pub(crate) fn set(&mut self, places: &Places, channel: usize, values: &[f64]) {
        if let Some(light) = &mut self.light {
            places.set_light(light, channel, values);
        }
    }

    /// Calls `compare` with each pair of rows that is seen of a model's plane.
    pub(crate) fn evaluate(
        &self,
        sighting: Sighting<'_, T>,
        plane: &[T],
        mut compare: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        let seen = |y, pair: &mut [T]| {
            self.see(y, pair);
            compare(y, pair);
        };
        sighting.each_pair(plane, seen, work);
    }

    /// The same, and adds the adjoint of what `compare` makes of the rows to the second of `planes`, and remembers the
    /// derivatives by the parameters.
    pub(crate) fn evaluate_and_back(
        &mut self,
        sighting: Sighting<'_, T>,
        planes: (&[T], &mut [T]),
        mut compare: impl FnMut(usize, &mut [T]),
        work: &mut Workspace<T>,
    ) {
        let Self { light, slopes, moments, shape, .. } = self;
        light.iter_mut().for_each(Light::clear);
        let seen = |y, pair: &mut [T]| match light {
            Some(light) => {
                light.apply(y, pair);
                compare(y, pair);
                light.pull_back(y, pair);
            }
            None => compare(y, pair),
        };
        if slopes.is_empty() {
            sighting.each_pair_and_back(planes, seen, work);
        } else {
            slopes.fill([0.0; 3]);
            sighting.each_pair_back_and_slopes(planes, seen, slopes, work);
            *moments = Moments::of(slopes, *shape);
        }
    }

    /// Turns a pair of rendered rows into what is seen, background included.
    pub(crate) fn see(&self, y: usize, pair: &mut [T]) {
        if let Some(light) = &self.light {
            light.apply_to(y, pair);
        }
    }

    /// Multiplies a pair of rows with the flux scale.
    pub(crate) fn scale(&self, pair: &mut [T]) {
        if let Some(light) = &self.light {
            light.scale(pair);
        }
    }

    /// The sums of the slopes of the last evaluation.
    pub(crate) const fn moments(&self) -> Moments {
        self.moments
    }

    /// Adds the derivatives by flux scale and background at the last evaluation to those of the observation.
    pub(crate) fn add_light(&self, places: &Places, channel: usize, gradient: &mut [f64]) {
        if let Some(light) = &self.light {
            places.add_light(light, channel, gradient);
        }
    }

    /// Finds how much pixels with `weights` say about the parameters; the second of `planes` is overwritten.
    pub(crate) fn inform(
        &mut self,
        sighting: Sighting<'_, T>,
        planes: (&[T], &mut [T]),
        weights: &[T],
        moving: Option<&Moving>,
        work: &mut Workspace<T>,
    ) {
        let Self { rendered, slopes, light, shape, .. } = self;
        let keep = |y: usize, pair: &mut [T]| {
            rendered[y / 2 * pair.len()..(y / 2 + 1) * pair.len()].copy_from_slice(pair);
            pair.fill(T::of(1.0));
        };
        if slopes.is_empty() {
            sighting.each_pair(planes.0, keep, work);
        } else {
            slopes.fill([0.0; 3]);
            sighting.each_pair_back_and_slopes(planes, keep, slopes, work);
        }
        let factor = light.as_ref().map_or(1.0, Light::factor);
        let seen = Seen { shape: *shape, weights, rendered, factor, slopes };
        self.information = Information::of(&seen, moving);
    }

    /// Adds what was found to the information of all values of the observation, row by row.
    pub(crate) fn add_information(&self, places: &Places, channel: usize, all: &mut [f64]) {
        self.information.add_to(places, channel, all);
    }
}
