//! Whether errors of fits are right, and what they cost: `cargo bench -p scarlet --bench errors -- CASE`.
//!
//! | case | what |
//! |---|---|
//! | `calibration` | standard deviation of (fit - truth) / error over noise draws of simulated blends, `--draws=N` |
//! | `time` | time of the errors over that of the fit: HSC, and 50 sources on 256 x 256 pixels |
//! | `memory` | most memory of a fit with errors: 200 sources on 512 x 512 pixels |
//!
//! Prints one JSON object a figure: `{"case":..,"unit":..,"value":..}`. Every fit has default settings and one thread.
//! `cargo xtask bench errors` runs it and judges the figures.

#[path = "../tests/common/mod.rs"]
mod common;
#[allow(dead_code, reason = "each bench program uses its own part")]
mod harness;

use common::deblend;
use ndarray::Array3;
use rand::{SeedableRng, rngs::ChaCha8Rng};
use rand_distr::{Distribution, StandardNormal};
use scarlet::infer::errors::SourceErrors;
use scarlet::model::profile::Sersic;
use scarlet::obs::catalog::{SourceMeasurement, measure_sources};
use scarlet::obs::render;
use scarlet::prelude::*;
use std::error::Error;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: harness::Counting = harness::Counting;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Distance of the two galaxies of each class, in pixels, and its name; their half-light radii are 3 and 2.5 pixels.
const CLASSES: [(&str, f64); 3] = [("isolated", 24.0), ("touching", 9.0), ("half merged", 5.0)];
const CHANNELS: [&str; 3] = ["g", "r", "i"];
/// Fluxes of the two galaxies; the noise of a pixel is 1.
const FLUX: [[f64; 3]; 2] = [[700.0, 1200.0, 1500.0], [900.0, 800.0, 700.0]];
const FWHM_PX: [f64; 3] = [4.4, 4.0, 3.6];
const SHAPE: [usize; 2] = [50, 60];
const ROUNDS: usize = 7;

fn main() -> Outcome<()> {
    let (mut case, mut draws, mut is_detailed) = (String::new(), 100, false);
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let mut data = std::env::var_os("SCARLET_DATA").map_or(beside.into(), PathBuf::from);
    for word in std::env::args().skip(1) {
        match word.split_once('=').unwrap_or((&word, "")) {
            ("--bench", _) => {}
            ("--details", _) => is_detailed = true,
            ("--draws", value) => draws = value.parse()?,
            ("--data", value) => data = value.into(),
            _ => case = word,
        }
    }
    match case.as_str() {
        "calibration" => calibration(draws, is_detailed),
        "time" => time(&data),
        "memory" => memory(&data),
        _ => Err("name a case: calibration, time, memory".into()),
    }
}

/// One figure.
fn say(case: &str, unit: &str, value: f64) {
    let value = if value.is_finite() { format!("{value:?}") } else { "null".to_owned() };
    println!("{{\"case\":\"{case}\",\"unit\":\"{unit}\",\"value\":{value}}}");
}

/// Two Sersic galaxies, and what is seen of them.
struct Truth {
    frame: Frame,
    centers: Vec<[f64; 2]>,
    seen: Array3<f64>,
    numbers: Vec<f64>,
}

/// The galaxies so far apart.
fn truth(apart: f64) -> Outcome<Truth> {
    let frame = Frame::new(SHAPE).channels(CHANNELS).psf(Psf::moffat(&FWHM_PX, 3.0)?);
    let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
    let centers = vec![[24.7, 29.6 - 0.5 * apart], [25.4, 29.6 + 0.5 * apart]];
    let shapes =
        [Sersic::new(1.0, 3.0).distortion([0.2, 0.1]), Sersic::new(1.5, 2.5).distortion([-0.1, 0.2])];
    for ((center, flux), shape) in centers.iter().zip(FLUX).zip(shapes) {
        scene.add(Source::new(*center, flux, shape.shape_px([41, 41])))?;
    }
    let seen = render(&scene, &frame)?;
    let observation = Observation::new(seen.clone(), Array3::ones(seen.dim()), frame.clone())?;
    let measured = measure_sources(&scene, &[&observation], std::slice::from_ref(&seen))?;
    Ok(Truth { frame, centers, seen, numbers: measured.iter().flat_map(numbers).collect() })
}

/// What errors are of, and the places of these among the [`numbers`] of a source.
const KINDS: [(&str, Range<usize>); 5] =
    [("fluxes", 0..3), ("colours", 3..5), ("positions", 5..7), ("sizes", 7..9), ("shears", 9..11)];

/// Fluxes, colours, position, half-light radius, concentration and shear of a source.
fn numbers(source: &SourceMeasurement) -> Vec<f64> {
    let mut numbers = source.flux.clone();
    numbers.extend(source.colours());
    numbers.extend(source.center);
    numbers.extend([source.half_light_radius_px, source.concentration].map(|v| v.unwrap_or(f64::NAN)));
    numbers.extend(source.shear.unwrap_or([f64::NAN; 2]));
    numbers
}

/// Their errors.
fn errors_of(source: &SourceMeasurement, errors: &SourceErrors) -> Vec<f64> {
    let mut all = errors.flux();
    all.extend(errors.colours(&source.flux));
    all.extend(errors.center_covariance.map_or([f64::NAN; 2], |c| [c[0][0].sqrt(), c[1][1].sqrt()]));
    all.extend([errors.half_light_radius_px, errors.concentration].map(|v| v.unwrap_or(f64::NAN)));
    all.extend(errors.shear.unwrap_or([f64::NAN; 2]));
    all
}

/// Numbers of both galaxies, and their errors, of a fit of one noise draw.
fn fitted(truth: &Truth, is_parametric: bool, seed: u64) -> Outcome<Vec<[f64; 2]>> {
    let Truth { frame, centers, seen, .. } = truth;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let data = seen.mapv(|v| {
        let noise: f64 = StandardNormal.sample(&mut rng);
        v + noise
    });
    let observation = Observation::new(data, Array3::ones(seen.dim()), frame.clone())?;
    let seeds: Vec<_> = centers.iter().map(|&center| init::Seed { center, is_star: false }).collect();
    let mut scene = Scene::new(Frame::enclosing([frame])?)?;
    for shape in init::shapes(&[&observation], &scene.frame().clone(), &seeds)? {
        scene.add(if is_parametric { shape.sersic(3) } else { shape.source(3, 1)? })?;
    }
    init::fit_fluxes(&mut scene, &[&observation])?;
    let fit = scene.fit([&observation], &Scaled::default())?;
    let mut posterior = Posterior::new(&scene, [&observation])?;
    let x = posterior.start()?;
    let errors = posterior.errors(&x, &scene, &[&observation])?;
    if seed == 0 {
        for source in &errors.sources {
            eprintln!("{} steps, absorbed {:.1}, {:?}", fit.iterations, source.absorbed, source.doubts);
        }
    }
    let measured = measure_sources(&scene, &[&observation], &[posterior.rendered().remove(0)])?;
    let pairs = measured.iter().zip(&errors.sources);
    Ok(pairs.flat_map(|(m, e)| numbers(m).into_iter().zip(errors_of(m, e)).map(|(v, e)| [v, e])).collect())
}

fn calibration(draws: u64, is_detailed: bool) -> Outcome<()> {
    for (kind, is_parametric) in [("parametric", true), ("free-form", false)] {
        for (class, apart) in CLASSES {
            let truth = truth(apart)?;
            let all =
                (0..draws).map(|seed| fitted(&truth, is_parametric, seed)).collect::<Outcome<Vec<_>>>()?;
            for (of, places) in &KINDS {
                let [sd, bias] = spread(&truth.numbers, &all, places, is_detailed);
                say(&format!("{kind} {class} {of} sd"), "1", sd);
                say(&format!("{kind} {class} {of} largest mean"), "1", bias);
            }
        }
    }
    Ok(())
}

/// Standard deviation of (fit - truth) / error over draws and some of the numbers of each source, and the largest mean.
fn spread(truth: &[f64], draws: &[Vec<[f64; 2]>], places: &Range<usize>, is_detailed: bool) -> [f64; 2] {
    let each = truth.len() / FLUX.len();
    let (n, mut variances, mut bias) = (draws.len() as f64, Vec::new(), 0.0_f64);
    for (k, truth) in truth.iter().enumerate().filter(|(k, _)| places.contains(&(k % each))) {
        let off: Vec<f64> = draws.iter().map(|draw| (draw[k][0] - truth) / draw[k][1]).collect();
        let mean = off.iter().sum::<f64>() / n;
        let own = off.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        variances.push(own);
        bias = bias.max(mean.abs());
        if is_detailed {
            let error = draws.iter().map(|draw| draw[k][1]).sum::<f64>() / n;
            eprintln!("{k}: {truth:.3}, error {error:.4}, mean {mean:.2}, sd {:.2}", own.sqrt());
        }
    }
    [(variances.iter().sum::<f64>() / variances.len() as f64).sqrt(), bias]
}

/// Fits a scene and finds its errors: seconds of both.
fn both(scene: &mut Scene, observation: &Observation) -> Outcome<[f64; 2]> {
    let mut posterior = Posterior::new(scene, [observation])?;
    let started = Instant::now();
    let fit = posterior.fit_with_boxes(scene, &BoxRules::default(), &Scaled::default(), &mut |_| {
        std::ops::ControlFlow::Continue(())
    })?;
    let fitted = started.elapsed().as_secs_f64();
    let errors = posterior.errors(&fit.x, scene, &[observation])?;
    let took = started.elapsed().as_secs_f64() - fitted;
    if let Some(odd) = errors.sources.iter().find(|s| !s.flux().iter().all(|e| e.is_finite())) {
        return Err(format!("{}: flux errors {:?}", odd.id, odd.flux()).into());
    }
    Ok([fitted, took])
}

fn memory(data: &Path) -> Outcome<()> {
    let mut many = common::scaling_in(data, "n200-s512");
    let took = both(&mut many.scene, &many.observation)?;
    eprintln!("n200-s512: fit {:.2} s, errors {:.2} s", took[0], took[1]);
    say("n200-s512 peak memory", "MB", harness::peak_mb().unwrap_or(f64::NAN));
    Ok(())
}

/// The time of errors over that of the fit before them, the median of some rounds.
fn time(data: &Path) -> Outcome<()> {
    let hsc = common::quickstart_in(data);
    let seeds = deblend::seeds_of_hsc(&hsc);
    let many = common::scaling_in(data, "n50-s256");
    let scenes = [
        ("hsc", deblend::start(&hsc.observation, &seeds), hsc.observation),
        ("n50-s256", many.scene, many.observation),
    ];
    for (name, scene, observation) in scenes {
        let (mut ratios, mut took) = (Vec::new(), [0.0; 2]);
        for _ in 0..ROUNDS {
            took = both(&mut scene.clone(), &observation)?;
            ratios.push(took[1] / took[0]);
        }
        ratios.sort_by(f64::total_cmp);
        eprintln!("{name}: fit {:.1} ms, errors {:.1} ms", 1e3 * took[0], 1e3 * took[1]);
        say(&format!("{name} errors over fit"), "1", ratios[ratios.len() / 2]);
    }
    Ok(())
}
