//! What is wrong, or looks wrong, with data, scenes and fits: findings that say what, where and what to do.
//!
//! | function | looks at |
//! |---|---|
//! | [`observation`] | PSF, weights, noise, background, masks and signal of one observation |
//! | [`against_model`] | its PSF beside the model frame's |
//! | [`positions`] | where sources are said to be, before there is a scene |
//! | [`scene`] | positions and boxes of a scene |
//! | [`before_fit`] | all of these |
//! | [`fitted`] | a fitted scene: chi2, box edges, sources on top of each other, flux that nobody claims |
//! | [`recentred`] | makes a PSF that is centred of one that is not |
//!
//! They use the default [`Limits`], whose methods of the same names take others. No check changes anything, and
//! none stops a fit: a poor input is data, not an error.
//!
//! | severity | meaning |
//! |---|---|
//! | error | results of what it is about are wrong |
//! | warning | results may be worse than they look |
//! | note | good to know |

mod coverage;
mod filter;
mod finding;
mod fitted;
mod limits;
mod matching;
mod noise;
mod psf;
mod recentre;
mod robust;
mod scene;
mod sky;
mod varying;

pub use finding::{Finding, Severity};
pub use limits::Limits;
pub use psf::{Core, core};
pub use recentre::recentred;
pub use scene::SourcePosition;
pub(crate) use sky::clipped;
pub use sky::sky_noise;
pub use varying::PsfRange;

use crate::catalog::SourceMeasurement;
use crate::{ObsError, Observation};
use ndarray::Array3;
use scarlet_frame::Frame;
use scarlet_model::Scene;

/// Looks at one observation: PSF, weights, noise, background, masks and signal.
///
/// # Cost
/// A few passes over the pixels and two convolutions for each channel; with [`scene`] 0.4 s for 3 x 1024 x 1024 pixels
/// and 1,000 sources.
#[must_use]
pub fn observation(observation: &Observation) -> Vec<Finding> {
    Limits::default().observation(observation)
}

/// Looks at the PSF of one observation beside that of the model frame `model`.
#[must_use]
pub fn against_model(observation: &Observation, model: &Frame) -> Vec<Finding> {
    Limits::default().against_model(observation, model)
}

/// Looks at where sources are said to be, before a scene is made of them.
///
/// # Errors
/// The frame of an observation does not fit the model's.
pub fn positions(
    positions: &[SourcePosition],
    model: &Frame,
    observations: &[&Observation],
) -> Result<Vec<Finding>, ObsError> {
    Limits::default().positions(positions, model, observations)
}

/// Looks at positions and boxes of the sources of a scene.
///
/// # Errors
/// The frame of an observation does not fit the scene's.
pub fn scene(scene: &Scene, observations: &[&Observation]) -> Result<Vec<Finding>, ObsError> {
    Limits::default().scene(scene, observations)
}

/// All checks that can be made before a fit.
///
/// # Errors
/// The frame of an observation does not fit the scene's.
pub fn before_fit(scene: &Scene, observations: &[&Observation]) -> Result<Vec<Finding>, ObsError> {
    let limits = Limits::default();
    let mut findings = Vec::new();
    for seen in observations {
        findings.extend(limits.observation(seen));
        findings.extend(limits.against_model(seen, scene.frame()));
    }
    findings.extend(limits.scene(scene, observations)?);
    Ok(findings)
}

/// Looks at a fitted scene, `rendered` being what each of the `observations` should have seen of it.
///
/// # Errors
/// The frame of an observation does not fit the scene's.
///
/// # Cost
/// Each source is rendered once through each observation, and each channel convolved twice; 0.9 s for 3 x 1024 x 1024
/// pixels and 1,000 sources in boxes of 31 x 31.
pub fn fitted(
    scene: &Scene,
    observations: &[&Observation],
    rendered: &[Array3<f64>],
    sources: &[SourceMeasurement],
) -> Result<Vec<Finding>, ObsError> {
    Limits::default().fitted(scene, observations, rendered, sources)
}

impl Limits {
    /// As [`observation`], with these limits.
    #[must_use]
    pub fn observation(&self, observation: &Observation) -> Vec<Finding> {
        let mut findings = psf::findings(observation, self);
        findings.extend(varying::findings(observation));
        findings.extend(coverage::findings(observation, self));
        findings.extend(noise::findings(observation, self));
        findings
    }
}

/// What a finding about a channel of an observation is about.
fn channel_subject(observation: &Observation, channel: usize) -> String {
    let (name, channel) = (observation.name(), &observation.frame().channel_names()[channel]);
    match channel.to_string() {
        unnamed if unnamed.is_empty() => format!("observation {name}"),
        channel => format!("observation {name}, channel {channel}"),
    }
}

/// A number in four digits, with an exponent only where it is needed.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if !(1e-3..1e5).contains(&size) => format!("{value:.3e}"),
        size => format!("{value:.*}", (3 - size.log10().floor() as i32).max(0) as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_four_digits() {
        let said = [0.0, 0.013_98, 1.6481, -27.046, 12_345.6, 3.2e7, 1.5e-6].map(number);
        assert_eq!(said, ["0", "0.01398", "1.648", "-27.05", "12346", "3.200e7", "1.500e-6"]);
    }
}
