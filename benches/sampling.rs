//! Draws of a star and a Sersic galaxy, 14 free values, beside those of a peer: `cargo bench -p scarlet --bench sampling`.
//!
//! `--data=DIR` holds the scenes, `--peer=FILE` the peer's draws (`benches/peers/scarlet2_sampling.py`), a column for each
//! number, `--threads=N` are ours. Prints one JSON object: seconds from the start of the process until the draws are there,
//! smallest effective sample sizes of the bulk of both sides, how far means and widths are apart, in standard errors, and the largest
//! difference of a width from that of draws from the curvature at the maximum (Laplace), as a share of it.
//! `cargo xtask bench sampling` runs both sides.

#[path = "../tests/common/mod.rs"]
mod common;

use common::Arrays;
use ndarray::{Array2, Array3, ArrayView2};
use scarlet::infer::diagnostics::{ess_bulk, mcse_mean, mcse_sd, rank_rhat};
use scarlet::infer::sample::{Chains, Nuts, PosteriorStart};
use scarlet::prelude::*;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Names of the numbers, in the order of the peer's columns.
const NAMES: [&str; 14] = [
    "star.center[0]",
    "star.center[1]",
    "star.spectrum[0]",
    "star.spectrum[1]",
    "star.spectrum[2]",
    "disk.center[0]",
    "disk.center[1]",
    "brightness[0]",
    "brightness[1]",
    "brightness[2]",
    "disk.morphology.n",
    "disk.morphology.size",
    "disk.morphology.distortion[0]",
    "disk.morphology.distortion[1]",
];

/// Draws from the curvature: their widths are good to 0.7%.
const LAPLACE: usize = 10_000;

fn main() -> Outcome<()> {
    let started = Instant::now();
    let (mut data, mut peer, mut nuts) =
        (std::env::var_os("SCARLET_DATA").map(PathBuf::from), None, Nuts::default());
    for word in std::env::args().skip(1) {
        match word.split_once('=').unwrap_or((&word, "")) {
            ("--bench", _) => {}
            ("--data", value) => data = Some(value.into()),
            ("--peer", value) => peer = Some(PathBuf::from(value)),
            ("--threads", value) => nuts.threads = value.parse()?,
            ("--draws", value) => nuts.draws = value.parse()?,
            ("--warmup", value) => nuts.warmup = value.parse()?,
            ("--seed", value) => nuts.seed = value.parse()?,
            _ => return Err(format!("unknown {word}").into()),
        }
    }
    let data = data.ok_or("where are the scenes? --data=DIR")?;
    let (scene, observations) = start(&data)?;
    let posterior = Posterior::builder().build(&scene, &observations)?;
    let begin = PosteriorStart::new(Posterior::builder(), &scene, &observations, &posterior.start()?)?;
    let chains = begin.chains(&nuts)?;
    let seconds = started.elapsed().as_secs_f64();
    let ours = numbers(&chains)?;
    let fisher = numbers(&begin.laplace(LAPLACE, nuts.seed)?)?;
    let over = ours.iter().zip(&fisher).map(|(ours, fisher)| ours.std(1.0) / fisher.std(1.0));
    let mut line = serde_json::json!({
        "seconds": seconds,
        "ess": least(ours.iter().map(|draws| ess_bulk(draws.view()))),
        "rhat": ours.iter().map(|draws| rank_rhat(draws.view())).fold(0.0, f64::max),
        "gradients_per_draw": chains.statistics().steps.mean(),
        "divergences": chains.statistics().divergences(),
        "off_fisher": over.map(|ratio| (ratio - 1.0).abs()).fold(0.0, f64::max),
        "sd": ours.iter().map(|draws| draws.std(1.0)).collect::<Vec<_>>(),
    });
    if let Some(path) = peer {
        let theirs = columns(&path)?;
        line["peer_ess"] = least(theirs.iter().map(|draws| ess_bulk(draws.view()))).into();
        line["mean_z"] = apart(&ours, &theirs, |d| (d.mean().unwrap_or(f64::NAN), mcse_mean(d))).into();
        line["sd_z"] = apart(&ours, &theirs, |d| (d.std(1.0), mcse_sd(d))).into();
    }
    println!("{line}");
    Ok(())
}

fn least(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::INFINITY, f64::min)
}

/// The scene at its true values, with the peer's priors, and its observation.
fn start(data: &Path) -> Outcome<(Scene, Vec<Observation>)> {
    let mut arrays = Arrays::open_in(data, "scenes/sampling.npz");
    let images = arrays.f32_3("data");
    let psf = arrays.f64_3("psf");
    let sigma = arrays.f64_1("sigma");
    let weights = Array3::from_shape_fn(images.dim(), |(c, _, _)| sigma[c].powi(-2));
    let frame = Frame::new([41, 41]).channels(["g", "r", "i"]).psf(Psf::images(psf)?);
    let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
    let around = |center: &[f64]| {
        let [y, x] = [center[0], center[1]];
        free([y, x]).prior(Product::new().with(0..1, Normal::new(y, 1.0)).with(1..2, Normal::new(x, 1.0)))
    };
    let of_star = arrays.f64_1("point_center").to_vec();
    let light =
        free(arrays.f64_1("point_spectrum").to_vec()).positive().prior(LogNormal::new(140.0_f64.ln(), 1.0));
    scene.add(Source::new(around(&of_star), light, Point::new()).named("star"))?;
    let (n, size, e) = (arrays.f64_0("gal_n"), arrays.f64_0("gal_size"), arrays.f64_1("gal_e"));
    let profile = Sersic::new(
        free(n).positive().prior(LogNormal::new(1.5_f64.ln(), 0.5)),
        free(size).positive().prior(LogNormal::new(3.0_f64.ln(), 0.5)),
    )
    .distortion(free([e[0], e[1]]).prior(Normal::new(0.0, 0.3)))
    .shape_px([41, 41])
    .point_sampled();
    let whole = flux(n, size);
    let light = free((arrays.f64_1("gal_spectrum") * whole).to_vec())
        .positive()
        .prior(LogNormal::new((7.0 * whole).ln(), 1.0));
    let of_disk = arrays.f64_1("gal_center").to_vec();
    scene.add(Source::new(around(&of_disk), light, profile).named("disk"))?;
    Ok((scene, vec![Observation::new(images, weights, frame)?]))
}

/// The numbers that both sides have, `[chain, draw]`: ours has fluxes where the peer has brightnesses at the half-light
/// radius.
fn numbers(chains: &Chains) -> Outcome<Vec<Array2<f64>>> {
    let column = |name: &str| -> Outcome<Array2<f64>> {
        Ok(chains.column(name).ok_or_else(|| format!("no column {name}"))?.to_owned())
    };
    let (n, size) = (column("disk.morphology.n")?, column("disk.morphology.size")?);
    let whole = Array2::from_shape_fn(n.dim(), |at| flux(n[at], size[at]));
    NAMES
        .iter()
        .map(|name| match name.strip_prefix("brightness") {
            Some(index) => Ok(column(&format!("disk.spectrum{index}"))? / &whole),
            None => column(name),
        })
        .collect()
}

/// The peer's draws, each column as one chain.
fn columns(path: &Path) -> Outcome<Vec<Array2<f64>>> {
    let text = std::fs::read_to_string(path)?;
    let rows: Vec<Vec<f64>> = text
        .lines()
        .map(|line| line.split(',').map(str::parse).collect::<Result<_, _>>())
        .collect::<Result<_, _>>()?;
    let column = |k: usize| Array2::from_shape_fn((1, rows.len()), |(_, d)| rows[d][k]);
    if rows.iter().any(|row| row.len() != NAMES.len()) {
        return Err(format!("{}: {} columns are needed", path.display(), NAMES.len()).into());
    }
    Ok((0..NAMES.len()).map(column).collect())
}

/// The largest distance of an estimate of both, in standard errors of the difference.
fn apart(
    ours: &[Array2<f64>],
    theirs: &[Array2<f64>],
    estimate: impl Fn(ArrayView2<'_, f64>) -> (f64, f64),
) -> f64 {
    let pairs = ours.iter().zip(theirs).map(|(ours, theirs)| {
        let ((a, of_a), (b, of_b)) = (estimate(ours.view()), estimate(theirs.view()));
        (a - b).abs() / of_a.hypot(of_b)
    });
    pairs.fold(0.0, f64::max)
}

/// Flux of a Sersic profile that is 1 at its half-light radius `size`.
fn flux(n: f64, size: f64) -> f64 {
    let b = 2.0 * n - 0.333333 + 0.009877 / n + 0.001803 / n.powi(2) + 0.000114 / n.powi(3)
        - 0.0000715 / n.powi(4);
    std::f64::consts::TAU * n * size * size * b.exp() * b.powf(-2.0 * n) * gamma(2.0 * n)
}

/// The gamma function by Stirling's series, shifted up to where it is good to 1e-12.
fn gamma(x: f64) -> f64 {
    let (mut shifted, mut factor) = (x, 1.0);
    while shifted < 20.0 {
        factor *= shifted;
        shifted += 1.0;
    }
    let series = 1.0 / (12.0 * shifted) - 1.0 / (360.0 * shifted.powi(3)) + 1.0 / (1260.0 * shifted.powi(5));
    ((shifted - 0.5) * shifted.ln() - shifted + 0.5 * std::f64::consts::TAU.ln() + series).exp() / factor
}
