//! A calibration planned for a model frame: values in, derivatives out, without allocating.

use super::light::Light;
use super::placement::{Moments, Motion, Placement, product};
use crate::{Astrometry, ObsError, Observation, choice};
use scarlet_frame::Frame;
use scarlet_render::{Geometry, Pixel, Renderer};

/// Where the values of each kind are among those of an observation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    len: usize,
    astrometry: Option<usize>,
    flux_scale: Option<usize>,
    level: Option<usize>,
    slopes: Option<usize>,
}

/// An astrometry that moves the pixels of a resampled image.
#[derive(Debug)]
pub(crate) struct Moving {
    placement: Placement,
    motion: Motion,
    positions: Vec<[f64; 2]>,
    areas: Vec<f64>,
    is_free: bool,
    /// Whether all pixels are where the motion puts them.
    is_placed: bool,
    /// By how much the plan lets pixels move, in pixels of the model frame.
    reach_px: f64,
}

impl Places {
    pub(crate) fn of(observation: &Observation) -> Self {
        let calibration = observation.calibration();
        let mut len = 0;
        let mut next = |values: Option<usize>| {
            let start = values.map(|_| len);
            len += values.unwrap_or_default();
            start
        };
        let astrometry = next(calibration.astrometry().map(|_| 4));
        let flux_scale = next(calibration.flux_scale().map(scarlet_model::Param::len));
        let background = calibration.background();
        let level = next(background.map(|b| b.level_ref().len()));
        let slopes = next(background.and_then(|b| b.slopes_ref()).map(scarlet_model::Param::len));
        Self { len, astrometry, flux_scale, level, slopes }
    }

    /// Number of values.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Whether what is rendered is scaled or has a background.
    pub(crate) const fn has_light(&self) -> bool {
        self.flux_scale.is_some() || self.level.is_some()
    }

    pub(crate) fn astrometry(&self, values: &[f64]) -> Option<[f64; 4]> {
        self.astrometry.map(|at| std::array::from_fn(|k| values[at + k]))
    }

    /// Where the values of flux scale, level and slopes of a channel are.
    fn light(&self, channel: usize) -> [Option<usize>; 4] {
        let slope = |k: usize| self.slopes.map(|at| at + 2 * channel + k);
        [self.flux_scale.map(|at| at + channel), self.level.map(|at| at + channel), slope(0), slope(1)]
    }

    /// Where the values that a channel depends on are, in the order of an [`Information`](super::Information).
    pub(crate) fn of_channel(&self, channel: usize) -> [Option<usize>; 8] {
        let light = self.light(channel);
        std::array::from_fn(|k| if k < 4 { self.astrometry.map(|at| at + k) } else { light[k - 4] })
    }

    pub(crate) fn set_light<T: Pixel>(&self, light: &mut Light<T>, channel: usize, values: &[f64]) {
        let [scale, level, y, x] = self.light(channel);
        let value = |at: Option<usize>, default| at.map_or(default, |at| values[at]);
        light.set(value(scale, 1.0), [level, y, x].map(|at| value(at, 0.0)));
    }

    pub(crate) fn add_light<T: Pixel>(&self, light: &Light<T>, channel: usize, gradient: &mut [f64]) {
        for (at, more) in self.light(channel).into_iter().zip(light.gradient()) {
            if let Some(at) = at {
                gradient[at] += more;
            }
        }
    }
}

impl Moving {
    /// Of the pixels of `observation` in the frame `model`; none where its astrometry is that of its WCS.
    ///
    /// # Errors
    /// A pixel that a WCS does not reach.
    pub(crate) fn of(observation: &Observation, model: &Frame) -> Result<Option<Self>, ObsError> {
        let astrometry = observation.calibration().astrometry().filter(|a| a.is_used());
        let planned = |astrometry| Ok(Self::new(astrometry, choice::geometry(observation, model)?));
        astrometry.map(planned).transpose()
    }

    fn new(astrometry: &Astrometry, nominal: Geometry) -> Self {
        let n = nominal.positions().len();
        let placement = Placement::new(nominal);
        // what is planned for has to hold the ends, which rounding of positions may exceed
        let reach_px = 1e-6 + placement.reach(astrometry.limits());
        Self {
            placement,
            motion: Motion::new(astrometry.values()),
            positions: vec![[0.0; 2]; n],
            areas: vec![0.0; n],
            is_free: astrometry.parameters().iter().any(|(_, param)| param.is_free()),
            is_placed: false,
            reach_px,
        }
    }

    /// The pixels where the WCS has them, with a PSF turned and scaled as the observation is when this is planned.
    pub(crate) fn geometry(&self) -> Geometry {
        let nominal = self.placement.nominal();
        let jacobian = product(nominal.jacobian(), self.motion.turn());
        Geometry::new(nominal.shape(), nominal.positions().to_vec(), jacobian)
    }

    pub(crate) const fn reach_px(&self) -> f64 {
        self.reach_px
    }

    /// Whether a fit may move the pixels.
    pub(crate) const fn is_free(&self) -> bool {
        self.is_free
    }

    /// Whether the renderer has all pixels where they should be; not at values that are not finite.
    pub(crate) const fn is_placed(&self) -> bool {
        self.is_placed
    }

    /// Moves the pixels of `renderer`.
    pub(crate) fn set<T: Pixel>(&mut self, values: [f64; 4], renderer: &mut Renderer<T>) {
        let motion = Motion::new(values);
        if self.is_placed && motion == self.motion {
            return;
        }
        self.motion = motion;
        self.placement.place(&motion, &mut self.positions, &mut self.areas);
        let is_finite = values.iter().all(|v| v.is_finite());
        self.is_placed = match renderer.resampling_mut() {
            Some(plan) => is_finite && plan.place(&self.positions, &self.areas).is_ok(),
            None => false,
        };
    }

    /// The derivatives by `[shift y, shift x, rotation, scale]` of one pixel `offset` from the middle, from its slopes.
    pub(crate) fn gradient_at(&self, offset: [f64; 2], slopes: [f64; 3]) -> [f64; 4] {
        self.placement.gradient_at(&self.motion, offset, slopes)
    }

    /// Adds the derivatives that `moments` make to those of `places`.
    pub(crate) fn add_gradient(&self, moments: &Moments, places: &Places, gradient: &mut [f64]) {
        let Some(at) = places.astrometry else { return };
        let own = self.placement.gradient(&self.motion, moments);
        gradient[at..at + 4].iter_mut().zip(own).for_each(|(sum, more)| *sum += more);
    }
}
