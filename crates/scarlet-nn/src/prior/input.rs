//! What happens to pixels before a network sees them.

use crate::train::SOFTENING;
use crate::{About, NnError};
use std::fmt;

/// Where the logarithm's argument is cut, so that it stays finite.
const LEAST_ARGUMENT: f64 = 1e-3;

/// The map from an image that peaks at 1 to what a network was trained on.
///
/// Written as text, it stands in the metadata of a network's file, in what is known of its normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InputTransform {
    /// z = log(u + 1) / 0.1, of galaxy-grad's networks: `log(x + 1) / 0.1`.
    #[default]
    Log,
    /// z = u: `x`.
    Linear,
}

impl fmt::Display for InputTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log => "log(x + 1) / 0.1",
            Self::Linear => "x",
        })
    }
}

impl InputTransform {
    /// The one that `normalisation` ends with, alone or behind a space, comma or semicolon; the published one where nothing is said.
    #[must_use]
    pub fn named_in(normalisation: &str) -> Option<Self> {
        let said = normalisation.trim();
        if said.is_empty() {
            return Some(Self::Log);
        }
        let ends_with = |transform: &Self| {
            let before = said.strip_suffix(&transform.to_string());
            before.is_some_and(|before| before.is_empty() || before.ends_with([' ', ',', ';']))
        };
        [Self::Log, Self::Linear].into_iter().find(ends_with)
    }

    /// The one that a network's file names.
    ///
    /// # Errors
    /// [`NnError::Settings`]: none that is known.
    pub fn of(about: &About) -> Result<Self, NnError> {
        Self::named_in(&about.normalisation).ok_or_else(|| NnError::Settings {
            problem: format!(
                "its normalisation is {:?}; those that are known end in {:?} or {:?}",
                about.normalisation,
                Self::Log.to_string(),
                Self::Linear.to_string()
            ),
        })
    }

    /// Below this there is no z.
    pub(super) const fn least(self) -> Option<f64> {
        match self {
            Self::Log => Some(-1.0),
            Self::Linear => None,
        }
    }

    /// z of a pixel; finite also where there is none.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "networks are evaluated in single precision")]
    pub(super) fn forward(self, u: f64) -> f32 {
        match self {
            // most of a padded image
            Self::Log if u == 0.0 => 0.0,
            Self::Log => ((u + 1.0).max(LEAST_ARGUMENT).ln() / SOFTENING) as f32,
            Self::Linear => u as f32,
        }
    }

    /// dz/du at z; 0 where z was cut.
    #[inline]
    pub(super) fn slope(self, z: f32) -> f64 {
        match self {
            Self::Log => {
                let argument = (SOFTENING * f64::from(z)).exp();
                if argument > 1.001 * LEAST_ARGUMENT { 1.0 / (SOFTENING * argument) } else { 0.0 }
            }
            Self::Linear => 1.0,
        }
    }

    /// The largest slope that an image without negative pixels meets.
    pub(super) const fn steepest(self) -> f64 {
        match self {
            Self::Log => 1.0 / SOFTENING,
            Self::Linear => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_transform() {
        for transform in [InputTransform::Log, InputTransform::Linear] {
            for u in [-0.9, -0.3, 0.0, 0.4, 1.0, 3.0] {
                let step = 1e-2;
                let secant = f64::from(transform.forward(u + step)) - f64::from(transform.forward(u - step));
                let slope = transform.slope(transform.forward(u));
                assert!((secant / (2.0 * step) / slope - 1.0).abs() < 4e-3, "{transform} at {u}");
            }
            assert_eq!(InputTransform::named_in(&format!("peak 1, {transform}")), Some(transform));
        }
        assert_eq!(InputTransform::named_in(""), Some(InputTransform::Log));
        assert_eq!(InputTransform::named_in("peak 1; log(x + 1) / 0.1 "), Some(InputTransform::Log));
        assert_eq!(InputTransform::named_in("divided by the max"), None);
        assert_eq!(InputTransform::named_in("peak 1, sqrt(x)"), None);
        assert!(InputTransform::Log.forward(-2.0).is_finite());
        assert_eq!(InputTransform::Log.slope(InputTransform::Log.forward(-2.0)), 0.0);
    }
}
