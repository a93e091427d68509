//! Parameters of an observation in a scene file: astrometry, flux scale, background.

use super::reader::Reader;
use crate::error::CliError;
use scarlet::model::free;
use scarlet::model::prior::Normal;
use scarlet::obs::init::sky_levels;
use scarlet::obs::{Astrometry, Background, ObsError, Observation};
use serde::Deserialize;

/// What is free of an image's astrometry; all of it is expected to be as the WCS says, within standard deviations.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AstrometrySpec {
    /// A shift of all that is seen.
    #[serde(default)]
    pub shift: Option<ShiftSpec>,
    /// A rotation about the middle of the image.
    #[serde(default)]
    pub rotation: Option<RotationSpec>,
    /// A magnification about the middle of the image, in its logarithm.
    #[serde(default)]
    pub scale: Option<ScaleSpec>,
}

/// How large a shift is expected to be.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShiftSpec {
    /// Standard deviation along each axis, in pixels of the image.
    pub sigma_px: f64,
}

/// How large a rotation is expected to be.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationSpec {
    /// Standard deviation in degrees.
    pub sigma_deg: f64,
}

/// How far from 1 a factor is expected to be.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleSpec {
    /// Standard deviation, as a share of 1.
    pub sigma: f64,
}

/// The shape of a background that is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", expecting = "a background is constant or plane")]
pub enum BackgroundSpec {
    /// The same in all pixels of a channel.
    Constant,
    /// With slopes along both axes.
    Plane,
}

impl Reader<'_> {
    /// The observation with the parameters that the scene file gives it; a background begins with the sky of the images.
    pub(super) fn calibrated(&self, mut observation: Observation) -> Result<Observation, CliError> {
        let wrong = |field: &str, error: ObsError| self.problem(field, error.to_string());
        if let Some(spec) = &self.spec.astrometry {
            let astrometry = self.astrometry(spec)?;
            observation = observation.astrometry(astrometry).map_err(|e| wrong("astrometry", e))?;
        }
        if let Some(ScaleSpec { sigma }) = self.spec.flux_scale {
            let sigma = self.positive("flux_scale.sigma", sigma)?;
            let scale = free(1.0).positive().prior(Normal::new(1.0, sigma));
            observation = observation.flux_scale(scale).map_err(|e| wrong("flux_scale", e))?;
        }
        if let Some(shape) = self.spec.background {
            let level = free(sky_levels(&observation));
            let background = match shape {
                BackgroundSpec::Constant => Background::constant(level),
                BackgroundSpec::Plane => Background::plane(level, free(vec![0.0; 2])),
            };
            observation = observation.background(background).map_err(|e| wrong("background", e))?;
        }
        Ok(observation)
    }

    fn astrometry(&self, spec: &AstrometrySpec) -> Result<Astrometry, CliError> {
        let mut astrometry = match spec.shift {
            Some(ShiftSpec { sigma_px }) => {
                Astrometry::within(self.positive("astrometry.shift.sigma_px", sigma_px)?)
            }
            None => Astrometry::default(),
        };
        if let Some(RotationSpec { sigma_deg }) = spec.rotation {
            let sigma_deg = self.positive("astrometry.rotation.sigma_deg", sigma_deg)?;
            astrometry = astrometry.rotated_within(sigma_deg.to_radians());
        }
        if let Some(ScaleSpec { sigma }) = spec.scale {
            astrometry = astrometry.scaled_within(self.positive("astrometry.scale.sigma", sigma)?);
        }
        Ok(astrometry)
    }

    fn positive(&self, field: &str, sigma: f64) -> Result<f64, CliError> {
        if sigma > 0.0 && sigma.is_finite() {
            return Ok(sigma);
        }
        let problem = format!("it is {sigma}; a standard deviation must be positive and finite");
        Err(self.problem(field, problem))
    }
}
