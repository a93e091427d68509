//! How an observation was taken, where that is not known for sure: parameters of its own.

mod astrometry;
mod background;
mod channel;
mod information;
mod light;
mod param;
mod placement;
mod plan;
mod resumed;

pub use astrometry::Astrometry;
pub use background::Background;
pub(crate) use channel::ChannelCalibration;
pub(crate) use placement::{Looks, Moments, product};
pub(crate) use plan::{Moving, Places};

use ndarray::ArrayViewMut2;
use param::{check_len, for_each_channel, with_step};
use placement::middle;
use scarlet_model::{ModelError, Param, Role, Transform, relative};

/// What an observation adds to the parameters of a scene: astrometry, flux scales, background.
///
/// It sees flux_scale * (what its renderer gives) + background, with sources where `astrometry` puts them. Its parameters
/// are called `observations.NAME.shift`, `.rotation`, `.scale`, `.flux_scale`, `.background`, `.background_slopes`, NAME
/// that of the observation.
#[derive(Debug, Clone, Default)]
pub struct Calibration {
    astrometry: Option<Astrometry>,
    flux_scale: Option<Param>,
    background: Option<Background>,
}

impl Calibration {
    /// The astrometry, where it is not that of the WCS.
    #[must_use]
    pub const fn astrometry(&self) -> Option<&Astrometry> {
        self.astrometry.as_ref()
    }

    /// Factors on what is seen of the sources, one for each channel.
    #[must_use]
    pub const fn flux_scale(&self) -> Option<&Param> {
        self.flux_scale.as_ref()
    }

    /// The background.
    #[must_use]
    pub const fn background(&self) -> Option<&Background> {
        self.background.as_ref()
    }

    /// Whether the observation is taken as it is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.astrometry.is_none() && self.flux_scale.is_none() && self.background.is_none()
    }

    /// Paths in an observation called `name`, roles and parameters, always in the same order.
    #[must_use]
    pub fn parameters(&self, name: &str) -> Vec<(String, Role, &Param)> {
        self.named().map(|(of, param)| (format!("{}.{of}", path(name)), Role::Calibration, param)).collect()
    }

    /// Names and parameters, in the same order.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &Param)> {
        let astrometry = self.astrometry.iter().flat_map(Astrometry::parameters);
        let flux_scale = self.flux_scale.iter().map(|param| ("flux_scale", param));
        astrometry.chain(flux_scale).chain(self.background.iter().flat_map(Background::parameters))
    }

    /// Number of values of all its parameters, fixed ones included.
    #[must_use]
    pub fn values_len(&self) -> usize {
        self.named().map(|(_, param)| param.len()).sum()
    }

    /// All values in the order of [`Calibration::parameters`].
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        self.named().flat_map(|(_, param)| param.values()).copied().collect()
    }

    /// The same with other values, in the order of [`Calibration::parameters`].
    ///
    /// # Panics
    /// There are not [`Calibration::values_len`] values.
    #[must_use]
    pub fn with_values(mut self, values: &[f64]) -> Self {
        assert_eq!(values.len(), self.values_len(), "values of a calibration");
        let mut rest = values;
        let astrometry =
            self.astrometry.iter_mut().flat_map(Astrometry::parameters_mut).map(|(_, param)| param);
        let background = self.background.iter_mut().flat_map(Background::parameters_mut);
        for param in astrometry.chain(&mut self.flux_scale).chain(background) {
            let (own, others) = rest.split_at(param.len());
            param.values_mut().copy_from_slice(own);
            rest = others;
        }
        self
    }

    /// Adds `sign` times the background to an image of channel number `channel`.
    pub(crate) fn add_background(&self, channel: usize, sign: f64, mut image: ArrayViewMut2<'_, f64>) {
        let Some(background) = &self.background else { return };
        let level = background.level_ref().values()[channel];
        let slopes = background.slopes_ref().map(|slopes| &slopes.values()[2 * channel..2 * channel + 2]);
        let [slope_y, slope_x] = slopes.map_or([0.0; 2], |slopes| [slopes[0], slopes[1]]);
        let (ny, nx) = image.dim();
        for ((y, x), value) in image.indexed_iter_mut() {
            let [dy, dx] = [y as f64 - middle(ny), x as f64 - middle(nx)];
            *value += sign * (level + slope_y * dy + slope_x * dx);
        }
    }

    /// The factor on what is seen of sources in channel number `channel`.
    pub(crate) fn factor(&self, channel: usize) -> f64 {
        self.flux_scale.as_ref().map_or(1.0, |scale| scale.values()[channel])
    }

    /// Where an image with this middle has sources; none where its WCS is right.
    pub(crate) fn looks(&self, middle: [f64; 2]) -> Option<Looks> {
        let values = self.astrometry.as_ref()?.values();
        (values != [0.0; 4]).then(|| Looks::new(values, middle))
    }

    pub(crate) fn set_astrometry(&mut self, values: [f64; 4]) {
        self.astrometry = self.astrometry.take().map(|astrometry| astrometry.with_values(values));
    }

    pub(crate) fn with_astrometry(mut self, astrometry: Astrometry, name: &str) -> Result<Self, ModelError> {
        astrometry.check(&path(name))?;
        self.astrometry = Some(astrometry);
        Ok(self)
    }

    /// `channels` is the number of those of the observation.
    pub(crate) fn with_flux_scale(
        mut self,
        scale: Param,
        name: &str,
        channels: usize,
    ) -> Result<Self, ModelError> {
        let scale = with_step(for_each_channel(scale, channels, &[]), relative(0.01));
        let is_bare = scale.is_free() && *scale.transform_ref() == Transform::Identity;
        let scale = if is_bare { scale.positive().step(0.01) } else { scale };
        let path = format!("{}.flux_scale", path(name));
        check_len(&scale, &path, channels, 1)?;
        if let Some(value) = scale.values().iter().find(|value| **value <= 0.0 || value.is_nan()) {
            let problem = format!("it is {value}; a factor on fluxes must be positive");
            return Err(ModelError::Parameter { parameter: path, problem });
        }
        self.flux_scale = Some(scale);
        Ok(self)
    }

    pub(crate) fn with_background(
        mut self,
        background: Background,
        name: &str,
        channels: usize,
    ) -> Result<Self, ModelError> {
        let background = background.for_channels(channels);
        background.check(&path(name), channels)?;
        self.background = Some(background);
        Ok(self)
    }
}

/// Path of what belongs to the observation called `name`.
fn path(name: &str) -> String {
    format!("observations.{name}")
}
