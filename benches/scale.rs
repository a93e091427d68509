//! Times single optimisation steps of scenes that grow: `cargo bench -p scarlet --bench scale -- 512x200`.
//!
//! A case `SIDExSOURCES` is five channels of `SIDE` x `SIDE` pixels with that many galaxies, every one a free-form
//! image of 31 x 31 pixels, on a jittered grid. `cargo xtask bench scale` fits exponents to the times.

#[allow(dead_code, reason = "each bench program uses its own part")]
mod harness;

use harness::{Arguments, Counting, Report};
use ndarray::{Array2, Array3};
use scarlet::prelude::*;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CHANNELS: [&str; 5] = ["g", "r", "i", "z", "y"];
/// Widths of the PSFs at half maximum, in pixels.
const FWHM_PX: [f64; 5] = [4.6, 4.5, 3.5, 4.0, 4.0];
const BOX_SIDE: usize = 31;
/// Pixels between a galaxy and the edge at least.
const MARGIN_PX: f64 = 16.0;

fn main() -> Result<(), String> {
    let arguments = Arguments::from_process()?;
    let numbers = arguments.case.split_once('x').map(|(side, sources)| (side.parse(), sources.parse()));
    let Some((Ok(side), Ok(sources))) = numbers else {
        return Err(format!("a case is SIDExSOURCES, as in 512x200, not {}", arguments.case));
    };
    println!("{}", steps(&arguments, side, sources).line(&arguments));
    Ok(())
}

/// Steps of a fit of that many galaxies.
fn steps(arguments: &Arguments, side: usize, sources: usize) -> Report {
    let scene = scene(side, sources);
    let observation = observation(side);
    let builder = Posterior::builder().threads(arguments.threads);
    let mut posterior = builder.build(&scene, [&observation]).expect("a valid scene");
    Report::of_steps(arguments, &mut posterior)
}

/// Galaxies on a square grid, moved by a fraction of a pixel.
fn scene(side: usize, sources: usize) -> Scene {
    let frame = Frame::new([side, side]).channels(CHANNELS).psf(Psf::gaussian(0.7).expect("a positive size"));
    let mut scene = Scene::new(frame).expect("a valid frame");
    let middle = (BOX_SIDE / 2) as f64;
    let image = Array2::from_shape_fn((BOX_SIDE, BOX_SIDE), |(y, x)| {
        let r2 = (y as f64 - middle).powi(2) + (x as f64 - middle).powi(2);
        (0.5 * (-r2 / 32.0).exp()).max(1e-6)
    });
    let columns = (sources as f64).sqrt().ceil() as usize;
    let step = (side as f64 - 2.0 * MARGIN_PX) / columns as f64;
    for k in 0..sources {
        let along = |index: usize, jitter: f64| MARGIN_PX + step * (index as f64 + 0.5) + jitter;
        let jitter = |factor: f64| (factor * k as f64).sin();
        let center = [along(k / columns, jitter(1.3)), along(k % columns, jitter(2.1))];
        let source = Source::extended(center, vec![(vec![3.0; CHANNELS.len()], image.clone())]);
        scene.add(source).expect("a valid source");
    }
    scene
}

/// Images of nothing but a fixed pattern of unit variance.
fn observation(side: usize) -> Observation {
    let psf = Psf::moffat(&FWHM_PX, 3.5).expect("positive sizes");
    let frame = Frame::new([side, side]).channels(CHANNELS).psf(psf);
    let shape = (CHANNELS.len(), side, side);
    let data = Array3::from_shape_fn(shape, |(c, y, x)| {
        1.4 * (1.7 * x as f64 + 2.9 * y as f64 + 0.3 * (x * y) as f64 + c as f64).sin()
    });
    Observation::new(data, Array3::ones(shape), frame).expect("a valid observation")
}
