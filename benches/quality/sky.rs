//! Simulated blends: stars and galaxies near each other, with the true image of every source.
//!
//! Stars are Moffat profiles of the PSF's width at sub-pixel positions, galaxies are Sersic profiles seen through it; half
//! of the galaxies have a second component off their centre, spiral arms or clumps. Neither the fit nor the peer
//! has such a galaxy among its models.

use crate::common::TrueBlend;
use ndarray::{Array2, Array3, Axis};
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};
use rand_distr::{Distribution, StandardNormal};
use scarlet::model::profile::distortion_from_axes;
use scarlet::obs::render;
use scarlet::prelude::*;
use std::f64::consts::{PI, TAU};

/// Classes of separations: from and to, in half-light radii.
pub(crate) const CLASSES: [[f64; 2]; 3] = [[0.5, 1.0], [1.0, 2.0], [2.0, 4.0]];
const BANDS: [&str; 5] = ["g", "r", "i", "z", "y"];
/// Full width at half maximum of the PSF in each band, in pixels.
const FWHM_PX: [f64; 5] = [4.6, 4.5, 3.5, 4.0, 4.0];
/// Standard deviation of the noise in each band.
const NOISE: [f64; 5] = [0.032, 0.045, 0.06, 0.075, 0.11];
/// Wavelength of each band relative to the middle one's.
const WAVELENGTHS: [f64; 5] = [0.62, 0.81, 1.0, 1.16, 1.27];
const BETA: f64 = 3.5;
/// Half-light radius of the PSF, in pixels; with a galaxy's own it adds up in squares.
const PSF_RADIUS_PX: f64 = 2.4;
const SIDE: usize = 72;
const MARGIN_PX: f64 = 16.0;
const PSF_SIDE: usize = 41;
/// Standard deviation of catalogue positions around the true ones along each axis, in pixels.
const POSITION_ERROR_PX: f64 = 0.1;

/// Where a source is and how it looks.
struct Place {
    center: [f64; 2],
    radius_px: f64,
    /// Half-light radius of the galaxy itself, in pixels; none of a star.
    size_px: Option<f64>,
}

/// The class of a blend by its number.
pub(crate) const fn class_of(number: usize) -> usize {
    number % CLASSES.len()
}

/// Blend `number`: the same for the same number, whatever else is simulated.
pub(crate) fn blend(number: usize) -> TrueBlend {
    let mut rng = ChaCha8Rng::seed_from_u64(20_000 + number as u64);
    let places = places(CLASSES[class_of(number)], &mut rng);
    let one_colour = (number / CLASSES.len()).is_multiple_of(2).then(|| rng.random_range(0.0..2.0));
    let truth: Vec<Array3<f64>> = places
        .iter()
        .map(|place| {
            let slope: f64 = one_colour.unwrap_or_else(|| rng.random_range(-1.0..2.5));
            let snr = 10_f64.powf(rng.random_range(5_f64.log10()..500_f64.log10()));
            let flux = WAVELENGTHS.map(|w| w.powf(slope));
            let image = match place.size_px {
                None => star(place.center, flux),
                Some(size) => galaxy(place.center, size, flux, &mut rng),
            };
            let unit = snr_of(&image);
            image * (snr / unit)
        })
        .collect();
    let observation = observe(&truth, &mut rng);
    let mut near = |c: f64| -> f64 {
        let error: f64 = StandardNormal.sample(&mut rng);
        c + POSITION_ERROR_PX * error
    };
    TrueBlend {
        observation,
        centers: places.iter().map(|p| p.center.map(&mut near)).collect(),
        is_star: places.iter().map(|p| p.size_px.is_none()).collect(),
        fluxes: truth.iter().map(|t| scarlet::obs::measure::flux(t.view())).collect(),
        truth,
    }
}

/// Pair `number`: two galaxies of one colour, 0.5 to 2 half-light radii from each other.
pub(crate) fn pair(number: usize) -> TrueBlend {
    of_one_colour(40_000 + number as u64, 2)
}

/// Galaxy `number`, alone.
pub(crate) fn alone(number: usize) -> TrueBlend {
    of_one_colour(50_000 + number as u64, 1)
}

/// One or two galaxies of one colour.
fn of_one_colour(seed: u64, count: usize) -> TrueBlend {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let middle = (SIDE as f64 - 1.0) / 2.0;
    let sizes: Vec<f64> = (0..count).map(|_| rng.random_range(1.5..4.0)).collect();
    let radius_px = sizes.iter().copied().fold(0.0, f64::max).hypot(PSF_RADIUS_PX);
    let (distance, angle) = (rng.random_range(0.5..2.0) * radius_px, rng.random_range(0.0..TAU));
    let slope: f64 = rng.random_range(0.0..2.0);
    let (mut centers, mut truth) = (Vec::new(), Vec::new());
    for (k, size) in sizes.into_iter().enumerate() {
        let first = [0, 1].map(|_| middle + rng.random_range(-0.5..0.5));
        let along =
            [angle.sin(), angle.cos()].map(|v| v * distance * (k as f64 - 0.5) * (count as f64 - 1.0));
        centers.push([first[0] + along[0], first[1] + along[1]]);
        let image = galaxy(centers[k], size, WAVELENGTHS.map(|w| w.powf(slope)), &mut rng);
        let snr = 10_f64.powf(rng.random_range(20_f64.log10()..300_f64.log10()));
        let unit = snr_of(&image);
        truth.push(image * (snr / unit));
    }
    let observation = observe(&truth, &mut rng);
    TrueBlend {
        observation,
        is_star: vec![false; count],
        fluxes: truth.iter().map(|t| scarlet::obs::measure::flux(t.view())).collect(),
        centers,
        truth,
    }
}

/// Signal over noise of a noise-free image, all bands together.
fn snr_of(image: &Array3<f64>) -> f64 {
    let planes = image.outer_iter().zip(NOISE);
    planes.map(|(plane, sigma)| plane.iter().map(|v| (v / sigma).powi(2)).sum::<f64>()).sum::<f64>().sqrt()
}

fn observe(truth: &[Array3<f64>], rng: &mut impl Rng) -> Observation {
    let mut data = Array3::zeros((BANDS.len(), SIDE, SIDE));
    truth.iter().for_each(|image| data += image);
    let mut weights = Array3::zeros(data.dim());
    for (c, sigma) in NOISE.into_iter().enumerate() {
        weights.index_axis_mut(Axis(0), c).fill(sigma.powi(-2));
        for value in data.index_axis_mut(Axis(0), c) {
            let noise: f64 = StandardNormal.sample(rng);
            *value += sigma * noise;
        }
    }
    let frame = Frame::new([SIDE, SIDE]).channels(BANDS).psf(Psf::images(psfs()).expect("finite images"));
    Observation::new(data, weights, frame).expect("finite data").named("simulated")
}

/// The PSF's images that a fit is given, `[band, y, x]`.
pub(crate) fn psfs() -> Array3<f64> {
    let psf = Psf::moffat(&FWHM_PX, BETA).expect("positive widths");
    let mut images = Array3::zeros((BANDS.len(), PSF_SIDE, PSF_SIDE));
    for (c, mut image) in images.outer_iter_mut().enumerate() {
        let whole = psf.sampled(c);
        let n = whole.nrows().min(PSF_SIDE);
        let [from, to] = [(whole.nrows() - n) / 2, (PSF_SIDE - n) / 2];
        let middle = |start: usize| start..start + n;
        let part = whole.slice(ndarray::s![middle(from), middle(from)]).to_owned();
        image.slice_mut(ndarray::s![middle(to), middle(to)]).assign(&part);
    }
    images
}

/// Two to eight sources, each next to an earlier one.
fn places(class: [f64; 2], rng: &mut impl Rng) -> Vec<Place> {
    let wanted = rng.random_range(2..=8);
    let middle = (SIDE as f64 - 1.0) / 2.0;
    let mut places = vec![drawn(rng)];
    places[0].center = [0, 1].map(|_| middle + rng.random_range(-4.0..4.0));
    for _ in 0..20_000 {
        if places.len() == wanted {
            break;
        }
        let mut new = drawn(rng);
        let anchor = &places[rng.random_range(0..places.len())];
        let distance = rng.random_range(class[0]..class[1]) * anchor.radius_px.max(new.radius_px);
        let angle: f64 = rng.random_range(0.0..TAU);
        new.center = [anchor.center[0] + distance * angle.sin(), anchor.center[1] + distance * angle.cos()];
        let inside = new.center.iter().all(|c| (MARGIN_PX..SIDE as f64 - MARGIN_PX).contains(c));
        let apart = places.iter().all(|other| {
            let distance = (other.center[0] - new.center[0]).hypot(other.center[1] - new.center[1]);
            distance >= class[0] * other.radius_px.max(new.radius_px)
        });
        if inside && apart {
            places.push(new);
        }
    }
    places
}

fn drawn(rng: &mut impl Rng) -> Place {
    let size_px: Option<f64> = (!rng.random_bool(0.3)).then(|| rng.random_range(1.5..4.0));
    Place { center: [0.0; 2], radius_px: size_px.unwrap_or(0.0).hypot(PSF_RADIUS_PX), size_px }
}

/// The PSF itself in each band.
fn star(center: [f64; 2], flux: [f64; 5]) -> Array3<f64> {
    let mut image = Array3::zeros((BANDS.len(), SIDE, SIDE));
    for (c, mut plane) in image.outer_iter_mut().enumerate() {
        let own = Frame::new([SIDE, SIDE]).channels([BANDS[c]]);
        let profile = Moffat::new(BETA, FWHM_PX[c]).shape_px(whole());
        plane.assign(&seen(Source::new(center, [flux[c]], profile), &own).index_axis(Axis(0), 0));
    }
    image
}

/// A Sersic profile, and for every other galaxy what no profile has.
fn galaxy(center: [f64; 2], size: f64, flux: [f64; 5], rng: &mut impl Rng) -> Array3<f64> {
    let (q, angle) = (rng.random_range(0.35..1.0), rng.random_range(0.0..PI));
    let n = rng.random_range(0.7..3.0);
    let shape = distortion_from_axes(q, Angle::from_degrees(f64::to_degrees(angle)));
    let disc = Sersic::new(n, size).distortion(shape).shape_px(whole());
    let mut source = Source::new(center, flux, disc);
    let is_irregular: bool = rng.random_bool(0.5);
    let spots = if is_irregular { spots(size, rng) } else { Vec::new() };
    for [share, dy, dx, sigma] in spots {
        let spot = Component::new(flux.map(|f| f * share), Gaussian::new(sigma).shape_px(whole()));
        source = source.plus(spot.at([center[0] + dy, center[1] + dx]));
    }
    let frame = Frame::new([SIDE, SIDE]).channels(BANDS).psf(Psf::moffat(&FWHM_PX, BETA).expect("widths"));
    seen(source, &frame)
}

/// Light beside the disc: share of its flux, offset along y and x, and width in pixels.
fn spots(size: f64, rng: &mut impl Rng) -> Vec<[f64; 4]> {
    let angle: f64 = rng.random_range(0.0..TAU);
    match rng.random_range(0..3) {
        0 => vec![[0.5, size * angle.sin(), size * angle.cos(), 0.4 * size]],
        1 => (0..12)
            .map(|k| {
                let along = f64::from(k / 2) / 5.0;
                let turn = angle + PI * f64::from(k % 2) + 3.0 * along;
                let radius = size * (0.6 + 1.2 * along);
                [0.07, radius * turn.sin(), radius * turn.cos(), 0.3 * size]
            })
            .collect(),
        _ => (0..4)
            .map(|_| {
                let turn: f64 = rng.random_range(0.0..TAU);
                let radius = size * rng.random_range(0.5..1.6);
                [0.15, radius * turn.sin(), radius * turn.cos(), 0.25 * size]
            })
            .collect(),
    }
}

/// What an instrument with `frame` sees of one source.
fn seen(source: Source, frame: &Frame) -> Array3<f64> {
    let bare = Frame::new(frame.bbox().shape()).channels(frame.channel_names().iter().cloned());
    let mut scene = Scene::new(bare).expect("a valid frame");
    scene.add(source).expect("inside the frame");
    render(&scene, frame).expect("the same grid")
}

/// A box that reaches over the whole frame from any centre in it.
const fn whole() -> [usize; 2] {
    [2 * SIDE + 1, 2 * SIDE + 1]
}

/// Positions as rows of `(y, x)`.
pub(crate) fn positions(blend: &TrueBlend) -> Array2<f64> {
    Array2::from_shape_fn((blend.centers.len(), 2), |(s, k)| blend.centers[s][k])
}
