//! What plans and buffers take that turn a model into what observations see.

use scarlet::frame::Frame;
use scarlet::model::{Layout, Role, Scene};
use scarlet::obs::noise::Noise;
use scarlet::obs::{Observation, Sight};
use std::collections::BTreeSet;

/// Bytes of two complex numbers of double precision, for each frequency while a plan is made.
const WHILE_PLANNED: usize = 32;
/// Share of a PSF whose reach counts.
const MOST_OF_PSF: f64 = 1.0 - 2e-4;
/// Plans of single sources' boxes that are kept, one for each shape.
const MOST_PLANS: usize = 32;
/// Parameters of more values than this do not count for errors.
const FEW: usize = 32;
/// More values than this do not count for errors together.
const MOST: usize = 600;

/// Bytes of a rendering.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rendering {
    /// Of what it keeps.
    pub(super) kept: usize,
    /// Of buffers and of what is there while it is planned, which are the same for all observations.
    pub(super) shared: usize,
}

/// Bytes of plans, kernels and buffers of one observation of `scene` for pixels of `pixel` bytes.
pub(super) fn of_observation(
    observation: &Observation,
    scene: &Scene,
    pixel: usize,
    threads: usize,
) -> Rendering {
    let model = scene.frame();
    let sight = Sight::new(observation, model).ok();
    let Rendering { kept, shared } = match sight {
        Some(sight) if sight.whole_pixel_shift().is_none() => {
            resampling(&sight, observation.frame(), scene, pixel, threads)
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
    Rendering { kept: kept + whitened + slopes, shared }
}

/// Bytes of the images of all sources, and of small changes of them, that start values of one channel come from.
pub(super) fn start_values(scene: &Scene) -> usize {
    /// Pixels that a PSF adds to a box, images of a source, copies of them.
    const PSF_SIDE: usize = 40;
    const IMAGES: usize = 7;
    const COPIES: usize = 3;
    boxes(scene).map(|[ny, nx]| (ny + PSF_SIDE) * (nx + PSF_SIDE) * IMAGES * COPIES * 4).sum()
}

/// Shapes of the boxes of all sources.
fn boxes(scene: &Scene) -> impl Iterator<Item = [usize; 2]> {
    scene.sources().filter_map(|(_, source)| source.component().outer_bbox()).map(|bbox| bbox.shape())
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
fn transforms(own: &Frame, model: &Frame, pixel: usize, threads: usize) -> Rendering {
    let Some(psf) = own.psf_ref() else { return Rendering::default() };
    let (reach, shape) = (psf.sampled(0).dim(), model.bbox().shape());
    let half = half_plane([shape[0] + reach.0, shape[1] + reach.1]);
    let (kernels, channels) = (kernels(own), own.channel_names().len());
    Rendering {
        kept: half * pixel * kernels + (kernels - channels) * shape[0] * shape[1] * pixel,
        shared: half * pixel * 2 * threads + 3 * half * 8,
    }
}

/// Of a resampling from the part of the model that is seen, and of those of single sources.
fn resampling(sight: &Sight, own: &Frame, scene: &Scene, pixel: usize, threads: usize) -> Rendering {
    let model = scene.frame();
    let seen = sight.in_model(sight.pixels()).ok().and_then(|seen| seen.intersection(model.bbox()));
    let Some(seen) = seen else { return Rendering::default() };
    let reach = own.psf_ref().map_or(0.0, |psf| 2.0 * psf.samples(0).radius_px(MOST_OF_PSF));
    let reach = (reach * sight.model_pixels_per_pixel()).ceil() as usize;
    let half_of = |shape: [usize; 2]| half_plane(shape.map(|n| n + reach));
    let half = half_of(seen.shape());
    let (kernels, channels) = (kernels(own), own.channel_names().len());
    // For each pixel its place, factor, area and what it takes from 8 points along both axes.
    let taps = own.bbox().len() * (52 + 16 * pixel);
    // Spectra of the model and of its adjoint, and the fine grid and its adjoint: twice as many points.
    let buffers = |half: usize| 6 * half;
    let shapes: BTreeSet<[usize; 2]> = boxes(scene).collect();
    let of_sources: usize = shapes.into_iter().take(MOST_PLANS).map(half_of).sum();
    let of_sources = (kernels * of_sources + buffers(of_sources)) * 8;
    Rendering {
        kept: taps + half * pixel * kernels + (kernels - channels) * seen.len() * pixel + of_sources,
        shared: threads * buffers(half) * pixel + half * WHILE_PLANNED,
    }
}

/// Real numbers in half the spectrum of a plane, its sides rounded up to lengths with small factors: a tenth at most.
fn half_plane(shape: [usize; 2]) -> usize {
    let [fy, fx] = shape.map(|n| n + n / 10);
    fy * (fx / 2 + 1) * 2
}
