//! From the files that a scene file names to observations.

use super::{ObservationSpec, PsfSpec, SceneFile};
use crate::error::CliError;
use ndarray::{Array2, Array3, Axis};
use scarlet::frame::{Channel, Frame, Header, Psf, Wcs};
use scarlet::obs::check::recentred;
use scarlet::obs::fits::{FitsFiles, FitsImage, FitsPixel, FitsSpec};
use scarlet::obs::{ObsError, Observation};
use std::io::ErrorKind;

pub(super) fn read_all(file: &SceneFile) -> Result<Vec<Observation>, CliError> {
    let mut files = FitsFiles::new();
    let specs = file.observations.iter().enumerate();
    specs.map(|(index, spec)| Reader { file, spec, index, files: &mut files }.read()).collect()
}

/// Reads one observation.
pub(super) struct Reader<'a> {
    pub(super) file: &'a SceneFile,
    pub(super) spec: &'a ObservationSpec,
    pub(super) index: usize,
    pub(super) files: &'a mut FitsFiles,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<Observation, CliError> {
        let channels: Vec<Channel> = self.spec.channels.iter().map(Channel::from).collect();
        if channels.is_empty() {
            return Err(self.problem("channels", "there are none; name at least one"));
        }
        let (data, header) = self.cube::<f64>("image", &self.spec.image, &channels)?;
        let mut weights = self.weights(&channels, data.dim())?;
        self.mask(&channels, &mut weights)?;
        let (_, ny, nx) = data.dim();
        let mut frame = Frame::new([ny, nx]).channels(channels.iter().cloned());
        if header.iter().any(|card| card.keyword == "CTYPE1") {
            let wcs = Wcs::from_header(&header);
            frame = frame.wcs(wcs.map_err(|e| self.problem("image", e.to_string()))?);
        }
        if let Some(psf) = self.psf(&channels)? {
            frame = frame.psf(psf);
        }
        let name = self.spec.name.clone().unwrap_or_else(|| self.name());
        let observation = Observation::new(data, weights, frame);
        let observation = observation.map_err(|e| self.whole(e.called(&name)))?;
        Ok(observation.named(name))
    }

    /// What an observation is called that has no name.
    fn name(&self) -> String {
        match self.file.observations.len() {
            1 => "images".to_owned(),
            _ => format!("images {}", self.index),
        }
    }

    /// Cube `[channel, y, x]` of a pattern, and the header of its first image.
    fn cube<T: FitsPixel + Clone>(
        &mut self,
        field: &str,
        pattern: &str,
        channels: &[Channel],
    ) -> Result<(Array3<T>, Header), CliError> {
        let spec = FitsSpec::parse(pattern).map_err(|e| self.wrong(field, &e))?;
        if !spec.is_per_channel() {
            let image = self.image::<T>(field, &spec, &channels[0])?;
            let plane = |image: &FitsImage<T>| Ok(image.plane()?.insert_axis(Axis(0)));
            let cube = if image.data.ndim() == 2 { plane(&image) } else { image.cube() };
            let cube = cube.map_err(|e: ObsError| self.wrong(field, &e))?;
            self.check_planes(field, pattern, cube.len_of(Axis(0)), channels)?;
            return Ok((cube, image.header));
        }
        let mut planes: Vec<Array2<T>> = Vec::new();
        let mut header = Header::new();
        for channel in channels {
            let image = self.image::<T>(field, &spec, channel)?;
            let plane = image.plane().map_err(|e| self.wrong(field, &e))?;
            if let Some(first) = planes.first().filter(|first| first.dim() != plane.dim()) {
                let (own, first) = (plane.dim(), first.dim());
                let problem = format!(
                    "channel {channel} has {own:?} pixels [y, x], channel {} {first:?}; give images on one grid",
                    channels[0],
                );
                return Err(self.problem(field, problem));
            }
            if planes.is_empty() {
                header = image.header;
            }
            planes.push(plane);
        }
        let views: Vec<_> = planes.iter().map(|plane| plane.view()).collect();
        let cube = ndarray::stack(Axis(0), &views).expect("all planes have the first one's shape");
        Ok((cube, header))
    }

    fn image<T: FitsPixel>(
        &mut self,
        field: &str,
        spec: &FitsSpec,
        channel: &Channel,
    ) -> Result<FitsImage<T>, CliError> {
        let place = spec.resolve(channel, self.file.folder());
        let image = place.and_then(|place| self.files.image::<T>(&place));
        image.map_err(|e| self.wrong(field, &e))
    }

    fn check_planes(
        &self,
        field: &str,
        pattern: &str,
        planes: usize,
        channels: &[Channel],
    ) -> Result<(), CliError> {
        if planes == channels.len() || (field == "psf" && planes == 1) {
            return Ok(());
        }
        let problem = format!(
            "{pattern} has {planes} plane(s), and there are {} channels; give one plane for each channel, or say \
             {{channel}} in the pattern where each has its own image",
            channels.len()
        );
        Err(self.problem(field, problem))
    }

    fn weights(
        &mut self,
        channels: &[Channel],
        shape: (usize, usize, usize),
    ) -> Result<Array3<f64>, CliError> {
        let (field, pattern) = match (&self.spec.variance, &self.spec.weight, &self.spec.sigma) {
            (Some(pattern), None, None) => ("variance", pattern),
            (None, Some(pattern), None) => ("weight", pattern),
            (None, None, Some(sigma)) => return self.uniform(sigma, shape),
            (None, None, None) => {
                return Err(self.problem("variance", "it is missing; give one of variance, weight and sigma"));
            }
            _ => return Err(self.problem("variance", "give only one of variance, weight and sigma")),
        };
        let cube = self.cube::<f64>(field, pattern, channels)?.0;
        self.check_shape(field, cube.dim(), shape)?;
        if let Some(((c, y, x), v)) = cube.indexed_iter().find(|(_, v)| **v < 0.0) {
            let problem = format!(
                "channel {}, pixel (y, x) = ({y}, {x}) is {v}; it must not be negative: give 0 to leave a pixel out",
                channels[c]
            );
            return Err(self.problem(field, problem));
        }
        if field == "weight" {
            return Ok(cube);
        }
        Ok(cube.mapv_into(|v| if v > 0.0 && v.is_finite() { 1.0 / v } else { 0.0 }))
    }

    fn uniform(&self, sigma: &[f64], shape: (usize, usize, usize)) -> Result<Array3<f64>, CliError> {
        if sigma.len() != shape.0 || !sigma.iter().all(|s| *s > 0.0 && s.is_finite()) {
            let problem =
                format!("it is {sigma:?}; give one positive number for each of {} channels", shape.0);
            return Err(self.problem("sigma", problem));
        }
        Ok(Array3::from_shape_fn(shape, |(c, _, _)| 1.0 / (sigma[c] * sigma[c])))
    }

    pub(super) fn check_shape(
        &self,
        field: &str,
        own: (usize, usize, usize),
        image: (usize, usize, usize),
    ) -> Result<(), CliError> {
        if own == image {
            return Ok(());
        }
        let problem = format!(
            "its shape is {own:?}, and the image's {image:?} [channel, y, x]; give planes of the image's pixels"
        );
        Err(self.problem(field, problem))
    }

    fn psf(&mut self, channels: &[Channel]) -> Result<Option<Psf>, CliError> {
        let psf = match &self.spec.psf {
            None => return Ok(None),
            Some(PsfSpec::Gaussian(gaussian)) => Psf::gaussians(&gaussian.sigma_px.values()),
            Some(PsfSpec::Moffat(moffat)) => Psf::moffat(&moffat.fwhm_px.values(), moffat.beta),
            Some(PsfSpec::Images { pattern, .. }) => Psf::images(self.psf_images(pattern, channels)?),
        };
        let psf = psf.map_err(|e| self.problem("psf", e.to_string()))?;
        match &self.spec.psf {
            Some(PsfSpec::Images { recentre: true, .. }) => {
                recentred(&psf).map(Some).map_err(|e| self.problem("psf", e.to_string()))
            }
            _ => Ok(Some(psf)),
        }
    }

    /// PSF images, the smaller ones with zeros around them; their centres are at `n / 2`.
    fn psf_images(&mut self, pattern: &str, channels: &[Channel]) -> Result<Array3<f64>, CliError> {
        let spec = FitsSpec::parse(pattern).map_err(|e| self.wrong("psf", &e))?;
        if !spec.is_per_channel() {
            return Ok(self.cube::<f64>("psf", pattern, channels)?.0);
        }
        let mut planes = Vec::new();
        for channel in channels {
            let image = self.image::<f64>("psf", &spec, channel)?;
            planes.push(image.plane().map_err(|e| self.wrong("psf", &e))?);
        }
        let longest = |axis: usize| planes.iter().map(|p| p.shape()[axis]).max().unwrap_or(0);
        let (ny, nx) = (longest(0), longest(1));
        let mut cube = Array3::zeros((planes.len(), ny, nx));
        for (plane, mut padded) in planes.iter().zip(cube.outer_iter_mut()) {
            let (py, px) = plane.dim();
            let (y, x) = (ny / 2 - py / 2, nx / 2 - px / 2);
            padded.slice_mut(ndarray::s![y..y + py, x..x + px]).assign(plane);
        }
        Ok(cube)
    }

    /// An error about a file that a field names.
    pub(super) fn wrong(&self, field: &str, error: &ObsError) -> CliError {
        let advice = match error {
            ObsError::File { kind: ErrorKind::NotFound, path, .. } => {
                let problem = format!(
                    "there is no file {}; check the name: paths are relative to the scene file",
                    path.display()
                );
                return self.problem(field, problem);
            }
            ObsError::File { kind: ErrorKind::IsADirectory, .. } => "; name a file in it",
            ObsError::File { .. } => "; check whether it can be read",
            _ => "",
        };
        self.problem(field, format!("{error}{advice}"))
    }

    /// An error about the observation as a whole.
    fn whole(&self, error: ObsError) -> CliError {
        self.file.problem(&format!("observations[{}]", self.index), error.to_string())
    }

    pub(super) fn problem(&self, field: &str, problem: impl Into<String>) -> CliError {
        self.file.problem(&format!("observations[{}].{field}", self.index), problem)
    }
}
