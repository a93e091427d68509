//! What is to be said about how an observation sees a model.

use super::Sight;
use crate::check::core;
use crate::{ObsError, Observation, ObservationPlan};
use scarlet_frame::{Angle, BBox, Channel, Frame};
use scarlet_render::Workers;
use std::time::{Duration, Instant};

/// How an observation sees a model: pixels, orientation, distortion, PSF, renderer and what it costs.
#[derive(Debug, Clone, PartialEq)]
pub struct SightSummary {
    /// Name of the observation.
    pub observation: String,
    /// Its channels and pixels, `[channel, y, x]`.
    pub shape: [usize; 3],
    /// Side of a pixel on the sky at the middle of the image, where there is a WCS.
    pub pixel_scale: Option<Angle>,
    /// Position angle of its +y axis there, from north towards east.
    pub position_angle: Option<Angle>,
    /// Whether it is a mirror image of the sky: with north up, east is right.
    pub is_flipped: Option<bool>,
    /// Model pixels along one of its pixels.
    pub model_pixels_per_pixel: f64,
    /// Direction in the model frame of its +x axis, from +x towards +y.
    pub angle_in_model: Angle,
    /// Whether it is a mirror image of the model frame.
    pub is_flipped_in_model: bool,
    /// By how many whole pixels `[y, x]` it is moved, where that is all.
    pub whole_pixel_shift: Option<[i64; 2]>,
    /// Largest deviation from an affine map, in pixels of the model.
    pub distortion_px: f64,
    /// The pixels of the model frame around its own, also beyond the model frame.
    pub footprint: BBox,
    /// Share of its pixels that lie on the model frame.
    pub overlap: f64,
    /// Size of the PSF in each channel; empty without a PSF.
    pub psf: Vec<PsfSize>,
    /// How it is rendered: "convolution, FFTs of 96 x 96".
    pub renderer: String,
    /// What that costs.
    pub cost: Cost,
}

/// Size of a PSF.
#[derive(Debug, Clone, PartialEq)]
pub struct PsfSize {
    /// The channel.
    pub channel: Channel,
    /// Full width at half maximum of the Gaussian that is as wide as its core, pixel included, in pixels of the
    /// observation; none where it has no core.
    pub fwhm_px: Option<f64>,
    /// The same on the sky, where there is a WCS.
    pub fwhm: Option<Angle>,
}

/// Wall-clock times of one thread, as measured once: for orientation, other every time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// To plan the rendering.
    pub planning: Duration,
    /// Of one step: rendering of all channels, residuals and their adjoint.
    pub step: Duration,
}

impl SightSummary {
    /// How `observation` sees the frame `model`; plans the rendering and evaluates it twice.
    ///
    /// # Errors
    /// Those of [`Sight::new`] and of [`ObservationPlan::new`].
    pub fn new(observation: &Observation, model: &Frame) -> Result<Self, ObsError> {
        let sight = Sight::new(observation, model)?;
        let frame = observation.frame();
        let named = |e| ObsError::in_observation(observation.name(), &e);
        let middle = frame.bbox().middle();
        let local = frame.wcs_ref().map(|wcs| wcs.local_affine(middle)).transpose().map_err(named)?;
        let (renderer, cost) = rendering(observation, model)?;
        Ok(Self {
            observation: observation.name().to_owned(),
            shape: frame.shape(),
            pixel_scale: local.map(|l| l.scale()),
            position_angle: local.map(|l| l.position_angle()),
            is_flipped: local.map(|l| l.is_flipped()),
            model_pixels_per_pixel: sight.model_pixels_per_pixel(),
            angle_in_model: sight.affine().rotation(),
            is_flipped_in_model: sight.affine().is_flipped(),
            whole_pixel_shift: sight.whole_pixel_shift(),
            distortion_px: sight.distortion_px()?,
            footprint: sight.in_model(sight.pixels())?,
            overlap: sight.overlap(),
            psf: psf_sizes(frame, local.map(|l| l.scale())),
            renderer,
            cost,
        })
    }
}

fn psf_sizes(frame: &Frame, pixel_scale: Option<Angle>) -> Vec<PsfSize> {
    let Some(psf) = frame.psf_ref() else { return Vec::new() };
    let size = |(c, channel): (usize, &Channel)| {
        let fwhm_px = core(psf.sampled(c).view()).map(|core| core.fwhm_px());
        let on_sky = |(px, scale): (f64, Angle)| Angle::from_radians(px * scale.radians());
        PsfSize { channel: channel.clone(), fwhm_px, fwhm: fwhm_px.zip(pixel_scale).map(on_sky) }
    };
    frame.channel_names().iter().enumerate().map(size).collect()
}

fn rendering(observation: &Observation, model: &Frame) -> Result<(String, Cost), ObsError> {
    let workers = Workers::default();
    let start = Instant::now();
    let mut plan = ObservationPlan::<f32>::new(observation, model, &workers)?;
    let planning = start.elapsed();
    let [channels, ny, nx] = model.shape();
    let cube = vec![0.0; channels * ny * nx];
    let mut gradient = cube.clone();
    let mut step = || {
        let start = Instant::now();
        plan.value_and_gradient(&cube, &mut gradient, &workers);
        start.elapsed()
    };
    // the first one touches the memory
    let step = step().min(step());
    Ok((plan.renderer_name(), Cost { planning, step }))
}
