//! What plans and buffers take that turn a model into what observations see.

use scarlet::frame::Frame;
use scarlet::model::{Layout, Role, Scene};
use scarlet::obs::noise::Noise;
use scarlet::obs::{Observation, Sight};

/// Bytes of two complex numbers of double precision, for each frequency while a plan is made.
const WHILE_PLANNED: usize = 32;
/// Parameters of more values than this do not count for errors.
const FEW: usize = 32;
/// More values than this do not count for errors together.
const MOST: usize = 600;

/// Bytes of plans, kernels and buffers of one observation for pixels of `pixel` bytes.
pub(super) fn of_observation(
    observation: &Observation,
    model: &Frame,
    pixel: usize,
    threads: usize,
) -> usize {
    let sight = Sight::new(observation, model).ok();
    let rendered = match sight {
        Some(sight) if sight.whole_pixel_shift().is_none() => {
            resampling(&sight, observation.frame(), model, pixel, threads)
        }
        _ => transforms(observation.frame(), model, pixel, threads),
    };
    let whitened = match observation.noise() {
        // The pixels' errors, residuals and white residuals, and odd pixels' shares.
        Noise::Correlated(_) => 4 * observation.data().len() * pixel,
        _ => 0,
    };
    let [ny, nx] = observation.frame().bbox().shape();
    let own = observation.calibration().values_len();
    // What is rendered and its slopes, of all channels.
    let slopes = if own > 0 { observation.data().len() * (24 + pixel) + ny * nx * 24 } else { 0 };
    rendered + whitened + slopes
}

/// Bytes of the images from which errors of the observations' own parameters come.
pub(super) fn errors(scene: &Scene, observations: &[Observation]) -> usize {
    let own: usize = observations.iter().map(|o| o.calibration().values_len()).sum();
    if own == 0 {
        return 0;
    }
    let layout = Layout::new(scene);
    let slots = layout.iter().flat_map(|layout| layout.slots());
    let is_few = |role: Role, n: usize| matches!(role, Role::Center | Role::Light) && n <= FEW;
    let of_sources: usize =
        slots.map(|slot| slot.unconstrained.len() * usize::from(is_few(slot.role, slot.values.len()))).sum();
    let values = if own + of_sources <= MOST { own + of_sources } else { own };
    let pixels: usize = observations.iter().map(|o| o.data().len()).sum();
    // One image for each value, those on both sides of it, and the roots of the weights.
    (values + 4) * pixels * 8
}

/// Kernels for each channel, where the PSF varies for each of its components.
fn kernels(own: &Frame) -> usize {
    // A PSF that varies has no more components than images, and as many more from their derivatives along y and x.
    let components =
        |c: usize| own.varying_psf_ref().map_or(1, |varying| 3 * varying.field(c).basis().dim().0);
    (0..own.channel_names().len()).map(components).sum()
}

/// Of a convolution on the model's own pixels.
fn transforms(own: &Frame, model: &Frame, pixel: usize, threads: usize) -> usize {
    let Some(psf) = own.psf_ref() else { return 0 };
    let (reach, shape) = (psf.sampled(0).dim(), model.bbox().shape());
    let half = half_plane([shape[0] + reach.0, shape[1] + reach.1]);
    let (kernels, channels) = (kernels(own), own.channel_names().len());
    half * pixel * (kernels + 2 * threads) + (kernels - channels) * shape[0] * shape[1] * pixel + 3 * half * 8
}

/// Of a resampling from the part of the model that is seen.
fn resampling(sight: &Sight, own: &Frame, model: &Frame, pixel: usize, threads: usize) -> usize {
    let seen = sight.in_model(sight.pixels()).ok().and_then(|seen| seen.intersection(model.bbox()));
    let Some(seen) = seen else { return 0 };
    let reach = own.psf_ref().map_or(0, |psf| psf.sampled(0).nrows());
    let reach = (reach as f64 * sight.model_pixels_per_pixel()).ceil() as usize;
    let half = half_plane(seen.shape().map(|n| n + reach));
    let (kernels, channels) = (kernels(own), own.channel_names().len());
    // For each pixel its place, factor, area and what it takes from 8 points along both axes.
    let taps = own.bbox().len() * (52 + 16 * pixel);
    // Spectra of the model and of its adjoint, and the fine grid and its adjoint: twice as many points.
    let buffers = threads * 6 * half * pixel;
    taps + half * pixel * kernels + (kernels - channels) * seen.len() * pixel + buffers + half * WHILE_PLANNED
}

/// Real numbers in half the spectrum of a plane, its sides rounded up to lengths with small factors: a tenth at most.
fn half_plane(shape: [usize; 2]) -> usize {
    let [fy, fx] = shape.map(|n| n + n / 10);
    fy * (fx / 2 + 1) * 2
}
