//! Noise that is more than a variance for each pixel: correlated, or counts.

use super::observations::{OneOrMany, TextOr, text_or_fields};
use super::reader::Reader;
use crate::error::CliError;
use scarlet::frame::Channel;
use scarlet::obs::Observation;
use scarlet::obs::noise::{CorrelatedNoise, Poisson};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// What the noise of an observation is besides its variances.
#[derive(Debug, Clone)]
pub enum NoiseSpec {
    /// Shared by neighbouring pixels, as measured in empty sky.
    Measured,
    /// Shared by neighbouring pixels, with the correlation function of these images, lag 0 in the middle.
    Correlation(String),
    /// Shared by neighbouring pixels, with the power spectrum of these images, frequency 0 first.
    PowerSpectrum(String),
    /// That of counts.
    Poisson(PoissonSpec),
}

/// Counts: gain * data + background.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoissonSpec {
    /// Counts for one unit of the images.
    pub gain: OneOrMany,
    /// Counts of a pixel that are there without sources.
    pub background: OneOrMany,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoiseFields {
    #[serde(default)]
    correlation: Option<String>,
    #[serde(default)]
    power_spectrum: Option<String>,
    #[serde(default)]
    poisson: Option<PoissonSpec>,
}

impl<'de> Deserialize<'de> for NoiseSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expecting = "the word measured, or one of { correlation: file.fits }, { power_spectrum: file.fits } and { \
                         poisson: { gain: 1.5, background: 20 } }";
        match text_or_fields(from, expecting)? {
            TextOr::Text(word) if word == "measured" => Ok(Self::Measured),
            TextOr::Text(other) => Err(D::Error::unknown_variant(&other, &["measured"])),
            TextOr::Fields(NoiseFields { correlation, power_spectrum, poisson }) => {
                match (correlation, power_spectrum, poisson) {
                    (Some(pattern), None, None) => Ok(Self::Correlation(pattern)),
                    (None, Some(pattern), None) => Ok(Self::PowerSpectrum(pattern)),
                    (None, None, Some(poisson)) => Ok(Self::Poisson(poisson)),
                    _ => Err(D::Error::custom("noise is one of correlation, power_spectrum and poisson")),
                }
            }
        }
    }
}

impl Reader<'_> {
    /// The observation with the noise that the scene file tells of; `factors` are what its images were multiplied by.
    pub(super) fn with_noise(
        &mut self,
        in_files: &[Channel],
        observation: Observation,
        factors: &[f64],
    ) -> Result<Observation, CliError> {
        let noise = match self.spec.noise.clone() {
            None => return Ok(observation),
            Some(NoiseSpec::Measured) => CorrelatedNoise::measured(&observation, None),
            Some(NoiseSpec::Correlation(pattern)) => {
                CorrelatedNoise::from_function(self.cube::<f64>("noise", &pattern, in_files)?.0)
            }
            Some(NoiseSpec::PowerSpectrum(pattern)) => {
                CorrelatedNoise::from_power_spectrum(self.cube::<f64>("noise", &pattern, in_files)?.0)
            }
            Some(NoiseSpec::Poisson(spec)) => {
                // gains are those of the images as they were read
                let given = spec.gain.values();
                if ![1, factors.len()].contains(&given.len()) {
                    let problem = format!(
                        "it is {given:?}; give one number, or one for each of {} channels",
                        factors.len()
                    );
                    return Err(self.problem("noise.poisson.gain", problem));
                }
                let gain: Vec<f64> = (factors.iter().enumerate())
                    .map(|(c, factor)| given.get(c).or(given.first()).copied().unwrap_or(f64::NAN) / factor)
                    .collect();
                let poisson = Poisson::new(gain, spec.background.values());
                let poisson = poisson.map_err(|e| self.problem("noise", e.to_string()))?;
                return observation.poisson(poisson).map_err(|e| self.problem("noise", e.to_string()));
            }
        };
        let noise = noise.map_err(|e| self.problem("noise", e.to_string()))?;
        observation.correlated(noise).map_err(|e| self.problem("noise", e.to_string()))
    }
}
