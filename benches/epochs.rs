//! Times single optimisation steps of many epochs: `cargo bench -p scarlet --bench epochs -- turned-100`.
//!
//! A case is `KIND-COUNT`: so many epochs of five channels of 64 x 64 pixels, each with PSFs of its own, of ten galaxies
//! (free-form images of 31 x 31 pixels) in a model of 96 x 96 pixels. `aligned` ones are on the model's grid, moved by whole
//! pixels; `turned` ones have random rotations, shifts, handedness, and pixels of 0.85 to 1.15 times the model's; `small`
//! ones are turned and have 24 x 24 pixels somewhere in the model. `cargo xtask bench epochs` compares them.
//!
//! `aligned+correlated-10` has noise that neighbouring pixels share, as three pixels in a row with shares of 1/4, 1/2, 1/4 make
//! it along both axes; `aligned+varying-10` PSFs that vary linearly over the field, of three images each.
//! `cargo xtask bench noise-and-psf` compares them with the same epochs without.

#[allow(dead_code, reason = "each bench program uses its own part")]
mod harness;

use harness::{Arguments, Counting, Report};
use ndarray::{Array2, Array3, Axis};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use scarlet::frame::{Card, PsfField, PsfLaw, VaryingPsf};
use scarlet::obs::noise::CorrelatedNoise;
use scarlet::prelude::*;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CHANNELS: [&str; 5] = ["g", "r", "i", "z", "y"];
/// Pixels along a side: of the model, of epochs, of small ones, of PSFs and of galaxies.
const MODEL: usize = 96;
const SIDE: usize = 64;
const SMALL: usize = 24;
const PSF_SIDE: usize = 43;
const BOX_SIDE: usize = 31;
/// Size of a pixel of the model on the sky.
const PIXEL_ARCSEC: f64 = 0.2;
/// Widths of PSFs at half maximum, in pixels of the epoch.
const FWHM_PX: std::ops::Range<f64> = 3.4..4.8;
/// Centres of galaxies, in pixels from the middle of the model.
const GALAXIES: [[f64; 2]; 10] = [
    [0.2, -0.4],
    [-9.3, 4.1],
    [12.7, 8.2],
    [5.1, -14.6],
    [-15.8, -11.3],
    [-13.2, 17.5],
    [20.4, -5.5],
    [16.9, 22.1],
    [-24.0, 1.3],
    [3.3, 24.8],
];

fn main() -> Result<(), String> {
    let arguments = Arguments::from_process()?;
    let Some((kind, Ok(count))) = arguments.case.split_once('-').map(|(kind, n)| (kind, n.parse())) else {
        return Err(format!("a case is KIND-COUNT, as in turned-100, not {}", arguments.case));
    };
    let mut random = StdRng::seed_from_u64(17);
    let (grid, more) = kind.split_once('+').unwrap_or((kind, ""));
    let observations: Vec<_> =
        (0..count).map(|_| epoch(grid, more, &mut random)).collect::<Result<_, _>>()?;
    let scene = scene();
    let start = Instant::now();
    let builder = Posterior::builder().threads(arguments.threads);
    let mut posterior = builder.build(&scene, &observations).expect("a valid scene");
    let setup_ms = 1e3 * start.elapsed().as_secs_f64();
    let report = Report { setup_ms: Some(setup_ms), ..Report::of_steps(&arguments, &mut posterior) };
    println!("{}", report.line(&arguments));
    Ok(())
}

/// The model's pixels on the sky.
fn model_wcs() -> Wcs {
    let middle = 0.5 * (MODEL - 1) as f64;
    Wcs::tan(Sky::new(150.1, 2.2), [middle, middle], arcsec(PIXEL_ARCSEC)).expect("a valid WCS")
}

fn scene() -> Scene {
    let frame = Frame::new([MODEL, MODEL]).channels(CHANNELS).wcs(model_wcs());
    let frame = frame.psf(Psf::gaussian(0.7).expect("a positive size"));
    let mut scene = Scene::new(frame).expect("a valid frame");
    let middle = (BOX_SIDE / 2) as f64;
    let image = Array2::from_shape_fn((BOX_SIDE, BOX_SIDE), |(y, x)| {
        let r2 = (y as f64 - middle).powi(2) + (x as f64 - middle).powi(2);
        (0.5 * (-r2 / 32.0).exp()).max(1e-6)
    });
    for center in GALAXIES {
        let center = center.map(|v| v + 0.5 * (MODEL - 1) as f64);
        let source = Source::extended(center, vec![(vec![3.0; CHANNELS.len()], image.clone())]);
        scene.add(source).expect("a valid source");
    }
    scene
}

/// One epoch of a `kind` of grid: noise of unit variance, and what is said of it.
fn epoch(kind: &str, more: &str, random: &mut StdRng) -> Result<Observation, String> {
    let middle = 0.5 * (MODEL - 1) as f64;
    let side = if kind == "small" { SMALL } else { SIDE };
    let frame = match kind {
        "aligned" => {
            let origin = [0, 1].map(|_| ((MODEL - SIDE) / 2) as i64 + random.random_range(-6..=6));
            Frame::with_bbox(BBox::new(origin, [side, side])).wcs(model_wcs())
        }
        "turned" | "small" => {
            let away = if kind == "small" { 28.0 } else { 6.0 };
            let sky = model_wcs().to_sky([0, 1].map(|_| middle + random.random_range(-away..away)));
            Frame::new([side, side]).wcs(turned(sky.expect("near the middle"), side, random))
        }
        _ => return Err(format!("epochs are aligned, turned or small, not {kind}")),
    };
    let widths = CHANNELS.map(|_| random.random_range(FWHM_PX));
    let frame = frame.channels(CHANNELS);
    let frame = match more {
        "varying" => {
            let fields = widths.map(|fwhm| field(fwhm, side)).into();
            frame.varying_psf(VaryingPsf::new(fields).expect("a field a channel")).expect("positive flux")
        }
        _ => {
            let images = widths.map(moffat);
            let views: Vec<_> = images.iter().map(|image| image.view()).collect();
            let psf = ndarray::stack(Axis(0), &views).expect("one shape");
            frame.psf(Psf::images(psf).expect("a PSF"))
        }
    };
    let data = Array3::from_shape_fn(frame.shape(), |_| 3.4 * (random.random::<f64>() - 0.5));
    let weights = Array3::ones(frame.shape());
    let observation = Observation::new(data, weights, frame).expect("a valid observation");
    match more {
        "" | "varying" => Ok(observation),
        "correlated" => Ok(observation.correlated(correlated()).expect("one for all channels")),
        _ => Err(format!("epochs are correlated or varying, not {more}")),
    }
}

/// Noise of independent pixels that was smoothed along both axes.
fn correlated() -> CorrelatedNoise {
    const ALONG: [f64; 5] = [1.0 / 6.0, 2.0 / 3.0, 1.0, 2.0 / 3.0, 1.0 / 6.0];
    let function = Array3::from_shape_fn((1, 5, 5), |(_, y, x)| ALONG[y] * ALONG[x]);
    CorrelatedNoise::from_function(function).expect("noise has it")
}

/// A PSF that is a tenth wider from one end of a field of `side` pixels to the other, along both axes.
fn field(fwhm: f64, side: usize) -> PsfField {
    let (mean, wider) = (moffat(fwhm), moffat(1.1 * fwhm));
    let change = 0.25 * (&wider - &mean);
    let basis = ndarray::stack(Axis(0), &[mean.view(), change.view(), change.view()]).expect("one shape");
    let middle = 0.5 * (side - 1) as f64;
    let law = PsfLaw::Polynomial { zero: [middle; 2], scale: [middle; 2], degree: 1 };
    PsfField::new(basis, law).expect("three terms")
}

/// A grid around `middle` in any orientation.
fn turned(middle: Sky, side: usize, random: &mut StdRng) -> Wcs {
    let turn: f64 = random.random_range(0.0..std::f64::consts::TAU);
    let scale = PIXEL_ARCSEC / 3600.0 * random.random_range(0.85..1.15_f64);
    let hand = if random.random::<bool>() { 1.0 } else { -1.0 };
    let (sin, cos) = turn.sin_cos();
    let at = 0.5 * (side + 1) as f64;
    let numbers = [
        ("CRVAL1", middle.ra_deg),
        ("CRVAL2", middle.dec_deg),
        ("CRPIX1", at),
        ("CRPIX2", at),
        ("CD1_1", -hand * scale * cos),
        ("CD1_2", scale * sin),
        ("CD2_1", hand * scale * sin),
        ("CD2_2", scale * cos),
    ];
    let texts = [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN")].map(|(key, text)| Card::new(key, text));
    let numbers = numbers.map(|(key, value)| Card::new(key, format!("{value:.15e}")));
    Wcs::from_header(&[texts.as_slice(), numbers.as_slice()].concat()).expect("a valid WCS")
}

fn moffat(fwhm: f64) -> Array2<f64> {
    let (middle, beta) = ((PSF_SIDE / 2) as f64, 3.5_f64);
    let alpha = 0.5 * fwhm / (2.0_f64.powf(1.0 / beta) - 1.0).sqrt();
    let image = Array2::from_shape_fn((PSF_SIDE, PSF_SIDE), |(y, x)| {
        let r2 = (y as f64 - middle).powi(2) + (x as f64 - middle).powi(2);
        (1.0 + r2 / (alpha * alpha)).powf(-beta)
    });
    let sum = image.sum();
    image / sum
}
