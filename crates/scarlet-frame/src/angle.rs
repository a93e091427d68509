//! Angles whose unit is in the type.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An angle; its unit is said where it is made and where it is read.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Angle {
    radians: f64,
}

impl Angle {
    /// An angle of `radians`.
    #[must_use]
    pub const fn from_radians(radians: f64) -> Self {
        Self { radians }
    }

    /// An angle of `degrees`.
    #[must_use]
    pub fn from_degrees(degrees: f64) -> Self {
        Self::from_radians(degrees.to_radians())
    }

    /// An angle of `arcsec` seconds of arc.
    #[must_use]
    pub fn from_arcsec(arcsec: f64) -> Self {
        Self::from_degrees(arcsec / 3600.0)
    }

    /// In radians.
    #[must_use]
    pub const fn radians(self) -> f64 {
        self.radians
    }

    /// In degrees.
    #[must_use]
    pub fn degrees(self) -> f64 {
        self.radians.to_degrees()
    }

    /// In seconds of arc.
    #[must_use]
    pub fn arcsec(self) -> f64 {
        self.degrees() * 3600.0
    }
}

/// In the unit that suits it, to four digits: `0.168 arcsec`, `1.25 deg`.
impl fmt::Display for Angle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = |value: f64| format!("{value:.3e}").parse().unwrap_or(value);
        if self.degrees().abs() < 1.0 {
            write!(f, "{} arcsec", rounded(self.arcsec()))
        } else {
            write!(f, "{} deg", rounded(self.degrees()))
        }
    }
}

/// An angle in seconds of arc: `arcsec(0.6)`.
#[must_use]
pub fn arcsec(value: f64) -> Angle {
    Angle::from_arcsec(value)
}

/// An angle in thousandths of a second of arc.
#[must_use]
pub fn milliarcsec(value: f64) -> Angle {
    Angle::from_arcsec(value / 1000.0)
}

/// An angle in degrees.
#[must_use]
pub fn degrees(value: f64) -> Angle {
    Angle::from_degrees(value)
}
