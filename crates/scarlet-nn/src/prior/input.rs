//! What happens to pixels before a network sees them.

use crate::train::SOFTENING;
use crate::{About, NnError};
use pulp::{Arch, Simd, WithSimd};
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

    /// Takes pixels u to z; finite also where there is none.
    pub(super) fn forward(self, pixels: &mut [f32]) {
        match self {
            Self::Log => Arch::new().dispatch(Logarithms { pixels }),
            Self::Linear => {}
        }
    }

    /// Takes what each z gives, for pixels u, to what they do: times dz/du, which is 0 where z was cut.
    pub(super) fn pull_back(self, pixels: &[f32], grads: &mut [f32]) {
        match self {
            Self::Log => Arch::new().dispatch(Slopes { pixels, grads }),
            Self::Linear => {}
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

/// u to log(u + 1) / 0.1.
struct Logarithms<'a> {
    pixels: &'a mut [f32],
}

impl WithSimd for Logarithms<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "networks are evaluated in single precision")]
    fn with_simd<S: Simd>(self, _: S) {
        for pixel in self.pixels {
            *pixel = (ln((f64::from(*pixel) + 1.0).max(LEAST_ARGUMENT)) * (1.0 / SOFTENING)) as f32;
        }
    }
}

/// Times the slopes of that.
struct Slopes<'a> {
    pixels: &'a [f32],
    grads: &'a mut [f32],
}

impl WithSimd for Slopes<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "networks are evaluated in single precision")]
    fn with_simd<S: Simd>(self, _: S) {
        for (grad, pixel) in self.grads.iter_mut().zip(self.pixels) {
            let argument = f64::from(*pixel) + 1.0;
            let slope = 1.0 / (SOFTENING * argument.max(LEAST_ARGUMENT));
            *grad *= if argument > LEAST_ARGUMENT { slope as f32 } else { 0.0 };
        }
    }
}

/// The logarithm of a positive normal number without branches, to 1e-10 of it: x = 2^n m with m from sqrt(1/2) to sqrt(2), and
/// log m = 2 artanh((m - 1) / (m + 1)) by its series.
#[inline(always)]
fn ln(x: f64) -> f64 {
    /// The bits of sqrt(1/2), and those of a mantissa.
    const ROOT: u64 = 0x3fe6_a09e_667f_3bcd;
    const MANTISSA: u64 = (1 << 52) - 1;
    /// With the bits of a small integer as its mantissa, 2^52 more than that.
    const SHIFT: f64 = 4_503_599_627_370_496.0;
    let moved = x.to_bits() + ((1023 << 52) - ROOT);
    let power = f64::from_bits((moved >> 52) | SHIFT.to_bits()) - SHIFT - 1023.0;
    let m = f64::from_bits((moved & MANTISSA) + ROOT);
    let s = (m - 1.0) / (m + 1.0);
    let s2 = s * s;
    let series = 1.0 / 3.0 + s2 * (0.2 + s2 * (1.0 / 7.0 + s2 * (1.0 / 9.0 + s2 * (1.0 / 11.0))));
    power * std::f64::consts::LN_2 + 2.0 * s * (1.0 + s2 * series)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_the_library() {
        for k in 0..20_000 {
            let x = LEAST_ARGUMENT * 1.0007_f64.powi(k);
            assert!((ln(x) - x.ln()).abs() < 1e-9 * (1.0 + x.ln().abs()), "{x}: {} {}", ln(x), x.ln());
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn slopes_are_those_of_the_transform() {
        let forward = |transform: InputTransform, u: f64| {
            let mut pixel = [u as f32];
            transform.forward(&mut pixel);
            f64::from(pixel[0])
        };
        for transform in [InputTransform::Log, InputTransform::Linear] {
            for u in [-0.9, -0.3, 0.0, 0.4, 1.0, 3.0] {
                let step = 1e-2;
                let secant = forward(transform, u + step) - forward(transform, u - step);
                let mut slope = [1.0];
                transform.pull_back(&[u as f32], &mut slope);
                assert!(
                    (secant / (2.0 * step) / f64::from(slope[0]) - 1.0).abs() < 4e-3,
                    "{transform} at {u}"
                );
            }
            assert_eq!(InputTransform::named_in(&format!("peak 1, {transform}")), Some(transform));
        }
        let (mut cut, mut slope) = ([-2.0], [1.0]);
        InputTransform::Log.pull_back(&cut, &mut slope);
        InputTransform::Log.forward(&mut cut);
        assert!(cut[0].is_finite() && slope == [0.0]);
        assert_eq!(InputTransform::named_in(""), Some(InputTransform::Log));
        assert_eq!(InputTransform::named_in("peak 1; log(x + 1) / 0.1 "), Some(InputTransform::Log));
        assert_eq!(InputTransform::named_in("divided by the max"), None);
        assert_eq!(InputTransform::named_in("peak 1, sqrt(x)"), None);
    }
}
