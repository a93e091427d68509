//! From the files that a scene file names to observations.

use super::epochs::SeenEpochs;
use super::psf::PsfSpec;
use super::{ObservationSpec, SceneFile, units};
use crate::error::CliError;
use ndarray::{Array2, Array3, Axis};
use scarlet::frame::{Channel, Frame, Header, Wcs};
use scarlet::obs::fits::{FitsFiles, FitsImage, FitsPixel, FitsSpec};
use scarlet::obs::{ObsError, Observation};
use std::io::ErrorKind;

/// What may be one plane for all channels.
const ONE_FOR_ALL: [&str; 2] = ["psf", "noise"];

pub(super) fn read_all(file: &SceneFile) -> Result<Vec<Observation>, CliError> {
    let seen_epochs = file.seen_epochs()?;
    file.check_units()?;
    let mut files = FitsFiles::new();
    let specs = file.observations.iter().enumerate();
    let read = |(index, spec)| {
        let spec = &file.laid_out(spec, &mut files);
        Reader { file, spec, index, files: &mut files, seen_epochs: &seen_epochs }.read()
    };
    specs.map(read).collect()
}

/// Reads one observation.
pub(super) struct Reader<'a> {
    pub(super) file: &'a SceneFile,
    pub(super) spec: &'a ObservationSpec,
    pub(super) index: usize,
    pub(super) files: &'a mut FitsFiles,
    pub(super) seen_epochs: &'a SeenEpochs,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<Observation, CliError> {
        let in_files: Vec<Channel> = self.spec.channels.iter().map(Channel::from).collect();
        if in_files.is_empty() {
            return Err(self.problem("channels", "there are none; name at least one"));
        }
        let channels = self.seen_epochs.channels(self.spec);
        let (mut data, headers) = self.cube::<f64>("image", &self.spec.image, &in_files)?;
        let (_, ny, nx) = data.dim();
        let mut frame = Frame::new([ny, nx]).channels(channels);
        let header = headers.first().map_or(&[][..], Vec::as_slice);
        if header.iter().any(|card| card.keyword == "CTYPE1") {
            let wcs = Wcs::from_header(header);
            frame = frame.wcs(wcs.map_err(|e| self.problem("image", e.to_string()))?);
        }
        let first_header = header.to_vec();
        let mut weights = self.weights(&in_files, data.view())?;
        self.mask(&in_files, &mut weights)?;
        self.measured_weights(&frame, data.view(), &mut weights)?;
        let factors = self.flux_factors(&in_files, headers, &frame)?;
        units::scale(&mut data, &mut weights, &factors);
        if let Some(psf) = self.psf(&in_files, &frame)? {
            frame = frame.psf(psf);
        }
        if let Some(PsfSpec::Varying(varying)) = &self.spec.psf {
            frame = self.with_varying_psf(frame, varying, &in_files, &first_header)?;
        }
        let name = self.file.observation_name(self.spec, self.index);
        let observation = Observation::new(data, weights, frame);
        let observation = observation.map_err(|e| self.whole(e.called(&name)))?.named(name);
        let observation = self.with_noise(&in_files, observation, &factors)?;
        self.calibrated(observation)
    }

    /// Cube `[channel, y, x]` of a pattern, and the header of its image, or of each one.
    pub(super) fn cube<T: FitsPixel + Clone>(
        &mut self,
        field: &str,
        pattern: &str,
        channels: &[Channel],
    ) -> Result<(Array3<T>, Vec<Header>), CliError> {
        let spec = FitsSpec::parse(pattern).map_err(|e| self.wrong(field, &e))?;
        if !spec.is_per_channel() {
            let image = self.image::<T>(field, &spec, &channels[0])?;
            let plane = |image: &FitsImage<T>| Ok(image.plane()?.insert_axis(Axis(0)));
            let cube = if image.data.ndim() == 2 { plane(&image) } else { image.cube() };
            let cube = cube.map_err(|e: ObsError| self.wrong(field, &e))?;
            self.check_planes(field, pattern, cube.len_of(Axis(0)), channels)?;
            return Ok((cube, vec![image.header]));
        }
        let mut planes: Vec<Array2<T>> = Vec::new();
        let mut headers = Vec::new();
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
            headers.push(image.header);
            planes.push(plane);
        }
        let views: Vec<_> = planes.iter().map(|plane| plane.view()).collect();
        let cube = ndarray::stack(Axis(0), &views).expect("all planes have the first one's shape");
        Ok((cube, headers))
    }

    pub(super) fn image<T: FitsPixel>(
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
        if planes == channels.len() || (planes == 1 && ONE_FOR_ALL.contains(&field)) {
            return Ok(());
        }
        let one = if ONE_FOR_ALL.contains(&field) { ", or one for all" } else { "" };
        let problem = format!(
            "{pattern} has {planes} plane(s), and there are {} channels; give one plane for each channel{one}, or say \
             {{channel}} in the pattern where each has its own image",
            channels.len()
        );
        Err(self.problem(field, problem))
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

    /// The folder that paths are relative to.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.file.folder()
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
        self.file.problem(&self.spec.place.whole(), error.to_string())
    }

    pub(super) fn problem(&self, field: &str, problem: impl Into<String>) -> CliError {
        self.file.problem(&self.spec.field(field), problem)
    }
}
