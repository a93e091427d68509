//! Simulated surveys: one piece of sky seen by several instruments at several epochs, with the truth beside the images.
//!
//! ```yaml
//! seed: 1
//! sky: { ra: 150.1, dec: 2.2, size_arcsec: 9, stars: 2, galaxies: 4, transients: 1 }
//! instruments:
//!   - { name: space, channels: [F814W], shape: [250, 250], pixel_arcsec: 0.04, fwhm_arcsec: 0.1, sigma_njy: 2 }
//!   - name: ground
//!     channels: [g, r, i]
//!     shape: [60, 60]
//!     pixel_arcsec: 0.168
//!     fwhm_arcsec: 0.7                               # Moffat profiles of beta 3.5
//!     sigma_njy: 10                                  # noise of a pixel
//!     position_angle_deg: 30                         # of the +y axis, from north to east; mirrored: true for a flip
//!     zero_point: 27.0                               # images in counts; in nJy where it is not given
//!     epochs: 5
//!     vary: { angle_deg: 180, shift_arcsec: 0.5, scale: 0.01, fwhm: 0.2 }     # at most, from epoch to epoch
//! ```

mod exposure;
mod truth;
mod write;

pub use exposure::Exposure;
pub use truth::{Sky, SkySource};

use crate::error::CliError;
use crate::scene_file::yaml;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What a survey sees.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Survey {
    /// Seed of positions, shapes, colours, pointings and noise.
    #[serde(default = "one")]
    pub seed: u64,
    /// What is there.
    #[serde(default)]
    pub sky: SkySpec,
    /// What looks at it.
    pub instruments: Vec<Instrument>,
    #[serde(skip)]
    path: PathBuf,
}

const fn one() -> u64 {
    1
}

/// A piece of sky and what is in it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SkySpec {
    /// Right ascension of its middle in degrees.
    pub ra: f64,
    /// Declination of its middle in degrees.
    pub dec: f64,
    /// Side of the square that sources are in, arcseconds.
    pub size_arcsec: f64,
    /// Number of stars.
    pub stars: usize,
    /// Number of galaxies.
    pub galaxies: usize,
    /// Number of transients, each at a galaxy where there are as many.
    pub transients: usize,
}

impl Default for SkySpec {
    fn default() -> Self {
        Self { ra: 150.1163, dec: 2.2058, size_arcsec: 9.0, stars: 2, galaxies: 4, transients: 0 }
    }
}

/// A camera, and how often it looks.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Its name.
    pub name: String,
    /// Its bands.
    pub channels: Vec<String>,
    /// Rows and columns.
    pub shape: [usize; 2],
    /// Side of a pixel, arcseconds.
    pub pixel_arcsec: f64,
    /// Full width at half maximum of its Moffat PSF, arcseconds.
    pub fwhm_arcsec: f64,
    /// Standard deviation of the noise of a pixel, nJy.
    pub sigma_njy: f64,
    /// Position angle of the +y axis, from north to east, degrees.
    #[serde(default)]
    pub position_angle_deg: f64,
    /// Whether its images are mirror images of the sky.
    #[serde(default)]
    pub mirrored: bool,
    /// AB magnitude of one unit of its images; they are in nJy where it is not given.
    #[serde(default)]
    pub zero_point: Option<f64>,
    /// Number of exposures, with epochs from 1; a single one without epoch where it is not given.
    #[serde(default)]
    pub epochs: Option<usize>,
    /// How exposures differ at most, drawn uniformly.
    #[serde(default)]
    pub vary: Variation,
}

/// How exposures differ at most.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Variation {
    /// Rotation in either sense, degrees.
    pub angle_deg: f64,
    /// Shift along each axis, arcseconds.
    pub shift_arcsec: f64,
    /// Relative change of the pixel scale.
    pub scale: f64,
    /// Relative change of the width of the PSF.
    pub fwhm: f64,
}

/// A simulated survey.
#[derive(Debug, Clone)]
pub struct SimulatedSurvey {
    /// What is there.
    pub sky: Sky,
    /// The exposures, those of one instrument after another.
    pub exposures: Vec<Exposure>,
    survey: Survey,
}

impl Survey {
    /// Reads what a survey sees from a YAML file.
    ///
    /// # Errors
    /// The file cannot be read, a field is missing, unknown or of another type, or a number makes no sense.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let (mut survey, _): (Self, _) = yaml(path)?;
        survey.path = path.to_owned();
        survey.check()?;
        Ok(survey)
    }

    fn check(&self) -> Result<(), CliError> {
        if self.instruments.is_empty() {
            return Err(self.problem("instruments", "there are none; give at least one"));
        }
        self.positive("sky.size_arcsec", self.sky.size_arcsec)?;
        for (index, instrument) in self.instruments.iter().enumerate() {
            let field = |name: &str| format!("instruments[{index}].{name}");
            for (name, value) in [
                ("pixel_arcsec", instrument.pixel_arcsec),
                ("fwhm_arcsec", instrument.fwhm_arcsec),
                ("sigma_njy", instrument.sigma_njy),
            ] {
                self.positive(&field(name), value)?;
            }
            if instrument.channels.is_empty() || instrument.epochs == Some(0) || instrument.shape.contains(&0)
            {
                let problem = "it has no channels, no epochs or no pixels; give at least one of each";
                return Err(self.problem(&field("channels"), problem));
            }
            let Variation { angle_deg, shift_arcsec, scale, fwhm } = instrument.vary;
            let sound = [angle_deg, shift_arcsec].iter().all(|v| *v >= 0.0 && v.is_finite());
            if !sound || ![scale, fwhm].iter().all(|v| (0.0..1.0).contains(v)) {
                let problem = "angle_deg and shift_arcsec are 0 or greater, scale and fwhm from 0 to below 1";
                return Err(self.problem(&field("vary"), problem));
            }
            if self.instruments[..index].iter().any(|other| other.name == instrument.name) {
                let problem = format!("{} is the name of another one; give each its own", instrument.name);
                return Err(self.problem(&field("name"), &problem));
            }
        }
        Ok(())
    }

    fn positive(&self, field: &str, value: f64) -> Result<(), CliError> {
        if value > 0.0 && value.is_finite() {
            return Ok(());
        }
        Err(self.problem(field, &format!("it is {value}; give a number greater than 0")))
    }

    fn problem(&self, field: &str, problem: &str) -> CliError {
        CliError::Scene { path: self.path.clone(), field: field.to_owned(), problem: problem.to_owned() }
    }

    /// Simulates it.
    ///
    /// # Errors
    /// A pointing that no WCS can be made for, or sources that do not fit.
    pub fn simulate(self) -> Result<SimulatedSurvey, CliError> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let bands: Vec<String> = self.instruments.iter().flat_map(|i| i.channels.clone()).collect();
        let longest = self.instruments.iter().filter_map(|i| i.epochs).max().unwrap_or(1);
        let sky = truth::draw(&self.sky, &bands, longest, &mut rng);
        let finest = self.instruments.iter().map(|i| i.pixel_arcsec).fold(f64::INFINITY, f64::min);
        let mut exposures = Vec::new();
        for instrument in &self.instruments {
            for epoch in instrument.all_epochs() {
                exposures.push(Exposure::new(instrument, epoch, &self.sky, &sky, finest, &mut rng)?);
            }
        }
        Ok(SimulatedSurvey { sky, exposures, survey: self })
    }
}

impl Instrument {
    /// The epochs at which it looks, none for a single look without one.
    fn all_epochs(&self) -> Vec<Option<usize>> {
        self.epochs.map_or_else(|| vec![None], |count| (1..=count).map(Some).collect())
    }
}

impl SimulatedSurvey {
    /// Writes images, catalogue, truth and a scene file that fits them into `folder`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), CliError> {
        write::all(self, folder)
    }
}
