//! What is left of the sky's brightness in an image, as a parameter.

use super::param::{for_each_channel, with_step};
use scarlet_model::{ModelError, Param, relative};

/// Light that no source has, in each channel: a constant, or a plane.
///
/// b(y, x) = level + slope_y (y - m_y) + slope_x (x - m_x), m the middle of the image.
///
/// - `level`: one for each channel, or one value that stands for all, in the unit of the data.
/// - `slopes`: `[y, x]` for each channel, in the unit of the data per pixel.
///
/// ```
/// use scarlet_model::{free, prior::Normal};
/// use scarlet_obs::Background;
/// let plane = Background::plane(free(0.0), free([0.0, 0.0]).prior(Normal::new(0.0, 1e-3)));
/// assert!(plane.level_ref().is_free());
/// ```
#[derive(Debug, Clone)]
pub struct Background {
    level: Param,
    slopes: Option<Param>,
}

impl Background {
    /// The same in all pixels of a channel.
    #[must_use]
    pub fn constant(level: impl Into<Param>) -> Self {
        Self { level: level.into(), slopes: None }
    }

    /// A plane: its level at the middle of the image, and its slopes along y and x.
    #[must_use]
    pub fn plane(level: impl Into<Param>, slopes: impl Into<Param>) -> Self {
        Self { level: level.into(), slopes: Some(slopes.into()) }
    }

    /// The level.
    #[must_use]
    pub const fn level_ref(&self) -> &Param {
        &self.level
    }

    /// The slopes, of a plane.
    #[must_use]
    pub const fn slopes_ref(&self) -> Option<&Param> {
        self.slopes.as_ref()
    }

    /// With values for each of `n` channels, and steps.
    pub(super) fn for_channels(self, n: usize) -> Self {
        let prepared = |param, row: &[usize]| with_step(for_each_channel(param, n, row), relative(0.01));
        Self { level: prepared(self.level, &[]), slopes: self.slopes.map(|slopes| prepared(slopes, &[2])) }
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = (&'static str, &Param)> {
        let slopes = self.slopes.iter().map(|slopes| ("background_slopes", slopes));
        std::iter::once(("background", &self.level)).chain(slopes)
    }

    pub(super) fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Param> {
        std::iter::once(&mut self.level).chain(&mut self.slopes)
    }

    /// Checks lengths for `n` channels; `path` is that of the observation.
    pub(super) fn check(&self, path: &str, n: usize) -> Result<(), ModelError> {
        for ((name, param), per_channel) in self.parameters().zip([1, 2]) {
            super::param::check_len(param, &format!("{path}.{name}"), n, per_channel)?;
        }
        Ok(())
    }
}
