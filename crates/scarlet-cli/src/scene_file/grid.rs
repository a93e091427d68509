//! The model frame: which part of the sky, on which pixels.

use super::SceneFile;
use crate::error::CliError;
use scarlet::frame::{Angle, Enclosing, Frame, FrameError, Psf, arcsec, degrees, nearest};
use scarlet::obs::Observation;
use serde::Deserialize;

/// What of the sky is modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// All that any observation sees.
    #[default]
    Union,
    /// What all observations see.
    Intersection,
}

/// The grid that is taken where none is named.
pub(super) const FINEST: &str = "finest";

impl SceneFile {
    /// The model frame for all observations.
    pub(super) fn model_frame(&self, observations: &[Observation]) -> Result<Frame, CliError> {
        let mut enclosing = Enclosing::of(observations.iter().map(Observation::frame));
        if self.model.extent == Extent::Intersection {
            enclosing = enclosing.intersection();
        }
        if self.has_own_pixels() {
            let (scale, angle) = self.own_pixels(observations)?;
            enclosing = enclosing.pixels(scale, angle);
        } else if self.model.grid != FINEST {
            enclosing = enclosing.grid_of(self.grid_of(observations)?);
        }
        let psf = Psf::gaussian(self.model.psf_sigma_px)?;
        enclosing.psf(psf).frame().map_err(|error| self.of_frames(observations, &error))
    }

    /// Whether the model has pixels that are no observation's.
    pub(super) const fn has_own_pixels(&self) -> bool {
        self.model.pixel_scale_arcsec.is_some() || self.model.position_angle_deg.is_some()
    }

    /// Checks that one thing alone says which pixels the model has.
    pub(super) fn check_grid(&self) -> Result<(), CliError> {
        if self.has_own_pixels() && self.model.grid != FINEST {
            let problem = "there is a scale or an angle of the model's own, too; give one of the two";
            return Err(self.problem("model.grid", problem));
        }
        match self.model.position_angle_deg.filter(|angle| !angle.is_finite()) {
            Some(angle) => {
                Err(self.problem("model.position_angle_deg", format!("it is {angle}; give degrees")))
            }
            None => Ok(()),
        }
    }

    fn grid_of(&self, observations: &[Observation]) -> Result<usize, CliError> {
        let names: Vec<&str> = observations.iter().map(Observation::name).collect();
        let wanted = self.model.grid.as_str();
        names.iter().position(|name| *name == wanted).ok_or_else(|| {
            let known = names.iter().copied().chain([FINEST]);
            let advice = match nearest(wanted, known.clone()) {
                Some(meant) => format!("did you mean {meant}?"),
                None => format!("there are {}", known.collect::<Vec<_>>().join(", ")),
            };
            self.problem("model.grid", format!("there is no observation {wanted}; {advice}"))
        })
    }

    /// Side and position angle of the model's own pixels; that of the finest observation where no side is given.
    fn own_pixels(&self, observations: &[Observation]) -> Result<(Angle, Angle), CliError> {
        let angle = degrees(self.model.position_angle_deg.unwrap_or(0.0));
        if let Some(side) = self.model.pixel_scale_arcsec {
            return Ok((arcsec(side), angle));
        }
        let scale = |o: &Observation| o.frame().wcs_ref()?.pixel_scale(o.frame().bbox().middle()).ok();
        let finest = observations.iter().filter_map(scale).min_by(|a, b| a.radians().total_cmp(&b.radians()));
        finest.map(|scale| (scale, angle)).ok_or_else(|| {
            let problem = "no observation has a WCS that says where north is; leave it out";
            self.problem("model.position_angle_deg", problem)
        })
    }

    /// What is wrong with the observed frames together, with the names of the observations.
    fn of_frames(&self, observations: &[Observation], error: &FrameError) -> CliError {
        let name = |index: usize| observations.get(index).map_or("", Observation::name);
        let field =
            |index: usize| self.observations.get(index).map_or_else(String::new, |o| o.field("image"));
        let first = name(0);
        match error {
            FrameError::WcsMissing { with, without } => {
                let problem = format!(
                    "its header has no WCS, and that of {} has one, so that nothing says how they lie to each other; \
                     write CTYPE, CRVAL, CRPIX and CD into its header, or leave {} out",
                    name(*with),
                    name(*without)
                );
                self.problem(&field(*without), problem)
            }
            FrameError::NoOverlap { frame, distance } => {
                let away =
                    distance.map_or_else(String::new, |angle| format!(": it is {angle} away from {first}"));
                let problem = format!(
                    "{} sees nothing of what the observations before it see{away}; check CRVAL in its header, leave it \
                     out, or give model: {{ extent: union }}",
                    name(*frame)
                );
                self.problem(&field(*frame), problem)
            }
            FrameError::NoWcs { .. } => {
                let problem = "no observation has a WCS, so that the model can only have their pixels; leave \
                               pixel_scale_arcsec and position_angle_deg out";
                self.problem("model", problem)
            }
            FrameError::ModelTooLarge { .. } => {
                let listed: Vec<String> = (observations.iter().enumerate())
                    .map(|(index, observation)| format!("frame {index} is {}", observation.name()))
                    .collect();
                self.problem("model", format!("{error} ({})", listed.join(", ")))
            }
            _ => self.problem("observations", error.to_string()),
        }
    }
}
