//! What observations on other pixel grids see, beside images that GalSim drew: `cargo bench -p scarlet --bench truth`.
//!
//! `--data=DIR` holds the files of `benches/peers/galsim_truth.py`. Prints one JSON object a case: the largest errors of
//! flux, position (pixels of the observation) and pixel value (over the peak), of a galaxy and of a star.
//! `cargo xtask bench truth` draws the images, runs it and judges the figures.

use ndarray::{Array2, Array3, ArrayView2, Axis};
use scarlet::obs::fits::{FitsImage, read_image};
use scarlet::prelude::*;
use scarlet::render::Workers;
use std::error::Error;
use std::path::{Path, PathBuf};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The galaxy and the star, as channels of one frame.
const CHANNELS: [&str; 2] = ["galaxy", "star"];

fn main() -> Outcome<()> {
    let mut folder = None;
    for word in std::env::args().skip(1) {
        match word.split_once('=').unwrap_or((&word, "")) {
            ("--bench", _) => {}
            ("--data", value) => folder = Some(PathBuf::from(value)),
            _ => return Err(format!("unknown {word}").into()),
        }
    }
    let folder = folder.ok_or("where are the images? --data=DIR")?;
    for case in 0.. {
        if !folder.join(format!("truth-{case}.fits")).exists() {
            break;
        }
        let (name, [flux, position, pixel]) = errors(&folder, case)?;
        println!(
            "{{\"case\":{case},\"flux\":{flux:e},\"position_px\":{position:e},\"pixel\":{pixel:e},\"renderer\":\"{name}\"}}"
        );
    }
    Ok(())
}

/// The renderer and the largest errors of flux, position and pixels.
fn errors(folder: &Path, case: usize) -> Outcome<(String, [f64; 3])> {
    let read = |kind: &str| read_image::<f64>(folder.join(format!("{kind}-{case}.fits")), "0");
    let (model, truth, psf) = (read("model")?, read("truth")?, read("psf")?);
    let sky = frame(&model, Psf::gaussian(0.7)?)?;
    let observed = frame(&truth, psf_of(&psf)?)?;
    let blank = Observation::new(Array3::zeros(observed.shape()), Array3::ones(observed.shape()), observed)?;
    let plan = scarlet::obs::ObservationPlan::<f64>::new(&blank, &sky, &Workers::default())?;
    let model = model.cube()?;
    let seen = plan.render(model.as_slice().ok_or("the cube is in order")?);
    let mut largest = [0.0; 3];
    for (seen, truth) in seen.axis_iter(Axis(0)).zip(truth.cube()?.axis_iter(Axis(0))) {
        let own = difference(seen, truth);
        largest = [0, 1, 2].map(|k| f64::max(largest[k], own[k]));
    }
    Ok((plan.renderer_name(), largest))
}

fn frame(image: &FitsImage<f64>, psf: Psf) -> Outcome<Frame> {
    let cube = image.cube()?;
    let (_, ny, nx) = cube.dim();
    Ok(Frame::new([ny, nx]).channels(CHANNELS).psf(psf).wcs(Wcs::from_header(&image.header)?))
}

/// The PSF by its samples, and what the header says of them.
fn psf_of(image: &FitsImage<f64>) -> Outcome<Psf> {
    let card = |name: &str| image.header.iter().find(|card| card.keyword == name);
    let per_px = card("PERPX").and_then(|card| card.number()).ok_or("no PERPX")?;
    let has_pixel = card("HASPIXEL").map(|card| card.value == "T").ok_or("no HASPIXEL")?;
    let psf = Psf::image(image.plane()?.view())?.sampled_at(per_px)?;
    Ok(if has_pixel { psf } else { psf.without_pixel() })
}

/// Relative error of the flux, shift in pixels, and largest error of a pixel over the peak.
fn difference(seen: ArrayView2<'_, f64>, truth: ArrayView2<'_, f64>) -> [f64; 3] {
    let off: Array2<f64> = &seen - &truth;
    let peak = truth.iter().copied().fold(0.0, f64::max);
    let pixel = off.iter().fold(0.0_f64, |a, v| a.max(v.abs())) / peak;
    let shift = shift(&off, truth);
    [(seen.sum() / truth.sum() - 1.0).abs(), shift[0].hypot(shift[1]), pixel]
}

/// The shift `[y, x]` of `truth` that explains `off` best, to first order.
fn shift(off: &Array2<f64>, truth: ArrayView2<'_, f64>) -> [f64; 2] {
    let (ny, nx) = truth.dim();
    let (mut normal, mut right) = ([[0.0; 2]; 2], [0.0; 2]);
    for y in 1..ny - 1 {
        for x in 1..nx - 1 {
            let slope = [
                0.5 * (truth[[y - 1, x]] - truth[[y + 1, x]]),
                0.5 * (truth[[y, x - 1]] - truth[[y, x + 1]]),
            ];
            for i in 0..2 {
                right[i] += slope[i] * off[[y, x]];
                normal[i] = [0, 1].map(|j| normal[i][j] + slope[i] * slope[j]);
            }
        }
    }
    let determinant = normal[0][0] * normal[1][1] - normal[0][1] * normal[1][0];
    [
        (normal[1][1] * right[0] - normal[0][1] * right[1]) / determinant,
        (normal[0][0] * right[1] - normal[1][0] * right[0]) / determinant,
    ]
}
