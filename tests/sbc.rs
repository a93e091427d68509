//! Simulation-based calibration: parameters drawn from their priors, images from them, and draws from the posterior of
//! those images. If all is right, the rank of the true value among the draws is equally often each number.
//!
//! Source: Talts, Betancourt, Simpson, Vehtari & Gelman 2018, arXiv:1804.06788.
//!
//! `cargo xtask sbc` runs 200 scenes of each kind; as a test it runs fewer, as `cargo xtask sbc --quick` does.

use ndarray::{Array2, Array3};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use scarlet::infer::sample::{Nuts, PosteriorStart, free_columns};
use scarlet::model::{Layout, Prior};
use scarlet::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rows and columns of the images.
const SIDE: usize = 17;
/// Noise of a pixel.
const SIGMA: f64 = 0.5;
/// Draws between those that are ranked, which are then about independent.
const THIN: usize = 8;

/// A scene with priors, at start values, and the frame that it is seen in.
type Kind = fn() -> (Scene, Frame);

/// How much is done.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// Scenes of each kind.
    scenes: usize,
    /// Draws that each true value is ranked among.
    draws: usize,
    /// Bins of ranks.
    bins: usize,
    /// Probability of ranks at least as uneven as these below which they are uneven, for all values of a run together;
    /// less where few scenes can only tell large mistakes.
    p: f64,
}

/// 200 scenes of each kind where `SCARLET_SBC` is set to `full`.
fn plan() -> Plan {
    if std::env::var("SCARLET_SBC").is_ok_and(|value| value == "full") {
        Plan { scenes: 200, draws: 39, bins: 20, p: 0.01 }
    } else {
        Plan { scenes: 40, draws: 9, bins: 5, p: 0.001 }
    }
}

fn frame(channels: &[&str]) -> Frame {
    Frame::new([SIDE, SIDE]).channels(channels.to_vec()).psf(Psf::gaussian(1.3).expect("a width"))
}

fn around(center: [f64; 2], sd: f64) -> Param {
    let [y, x] = center.map(|c| Normal::new(c, sd));
    free(center).prior(Product::new().with(0..1, y).with(1..2, x))
}

fn light(channels: usize, flux: f64) -> Param {
    free(vec![flux; channels]).positive().prior(LogNormal::new(flux.ln(), 0.4))
}

fn star_and_sersic() -> (Scene, Frame) {
    let frame = frame(&["g", "r"]);
    let mut scene = scene(&frame);
    add(&mut scene, Source::new(around([6.0, 6.5], 0.2), light(2, 60.0), Point::new()).named("star"));
    let profile = Sersic::new(
        free(1.5).positive().prior(LogNormal::new(1.5_f64.ln(), 0.25)),
        free(2.2).positive().prior(LogNormal::new(2.2_f64.ln(), 0.2)),
    )
    .distortion(free([0.0, 0.0]).prior(Normal::new(0.0, 0.15)))
    .shape_px([SIDE, SIDE]);
    add(&mut scene, Source::new(around([9.5, 9.0], 0.3), light(2, 150.0), profile).named("disk"));
    (scene, frame)
}

fn two_galaxies() -> (Scene, Frame) {
    let frame = frame(&["g", "r"]);
    let mut scene = scene(&frame);
    for (name, center, flux) in [("a", [7.0, 7.0], 150.0), ("b", [9.0, 10.0], 120.0)] {
        let size = free(1.8).positive().prior(LogNormal::new(1.8_f64.ln(), 0.2));
        let shape = free([0.0, 0.0]).prior(Normal::new(0.0, 0.15));
        let profile = Exponential::new(size).distortion(shape).shape_px([SIDE, SIDE]);
        add(&mut scene, Source::new(around(center, 0.2), light(2, flux), profile).named(name));
    }
    (scene, frame)
}

fn free_spectra() -> (Scene, Frame) {
    let frame = frame(&["g", "r", "i"]);
    let mut scene = scene(&frame);
    let image = |width: f64| {
        Array2::from_shape_fn((11, 11), |(y, x)| {
            (-0.5 * ((y as f64 - 5.0).powi(2) + (x as f64 - 5.0).powi(2)) / (width * width)).exp()
        })
    };
    for (name, center, width) in [("a", [7.0, 7.0], 1.5), ("b", [8.0, 9.0], 2.0)] {
        let spectrum = free([3.0; 3]).positive().prior(Gamma::new(3.0, 1.0));
        add(&mut scene, Source::new(center, spectrum, Image::new(image(width))).named(name));
    }
    (scene, frame)
}

fn scene(frame: &Frame) -> Scene {
    Scene::new(Frame::enclosing([frame]).expect("a frame")).expect("a scene")
}

fn add(scene: &mut Scene, source: Source) {
    scene.add(source).expect("inside the frame");
}

/// Draws all free values from their priors and puts them into `scene`; the values of the columns of chains.
fn draw_from_prior(scene: &mut Scene, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let layout = Layout::new(scene).expect("start values inside their constraints");
    let mut values = layout.start_values().to_vec();
    let mut truth = Vec::new();
    for slot in layout.slots().iter().filter(|slot| slot.is_free()) {
        let prior = slot.prior.as_ref().and_then(Prior::as_density).expect("a density");
        prior.sample_into(rng, &mut values[slot.values.clone()]).expect("it can be drawn from");
        truth.extend_from_slice(&values[slot.values.clone()]);
    }
    layout.store(&values, scene);
    truth
}

/// The image of `scene` with noise.
fn observe(scene: &Scene, frame: &Frame, rng: &mut ChaCha8Rng) -> Observation {
    let mut seen = scarlet::obs::render(scene, frame).expect("the same grid");
    seen.mapv_inplace(|v| v + SIGMA * Distribution::<f64>::sample(&StandardNormal, rng));
    let weights = Array3::from_elem(seen.dim(), SIGMA.powi(-2));
    Observation::new(seen, weights, frame.clone()).expect("valid")
}

/// The rank of each true value among draws from the posterior of one simulated scene.
fn ranks(kind: Kind, seed: u64, draws: usize) -> Vec<usize> {
    let (mut scene, frame) = kind();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let truth = draw_from_prior(&mut scene, &mut rng);
    let observations = vec![observe(&scene, &frame, &mut rng)];
    let builder = Posterior::builder();
    let x = builder.build(&scene, &observations).and_then(|p| p.start()).expect("a posterior");
    let start = PosteriorStart::new(builder, &scene, &observations, &x).expect("finite at the truth");
    let nuts = Nuts { chains: 1, draws, thin: THIN, warmup: 150, seed, ..Nuts::default() };
    let chains = start.chains(&nuts).expect("drawn");
    let below = |k: usize| chains.at(k).iter().filter(|v| **v < truth[k]).count();
    (0..truth.len()).map(below).collect()
}

/// Ranks of all scenes, `[value][scene]`, on all cores.
fn all_ranks(kind: Kind, plan: Plan) -> Vec<Vec<usize>> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut own = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= plan.scenes {
                return own;
            }
            own.push((at, ranks(kind, 1000 + at as u64, plan.draws)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<(usize, Vec<usize>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|w| w.join().expect("no scene fails")).collect()
    });
    all.sort_unstable_by_key(|(at, _)| *at);
    (0..all[0].1.len()).map(|k| all.iter().map(|(_, ranks)| ranks[k]).collect()).collect()
}

/// Probability that even ranks are at least as uneven as these: chi2 of the counts in bins.
fn p_value(ranks: &[usize], plan: Plan) -> f64 {
    use statrs::distribution::{ChiSquared, ContinuousCDF};
    let mut counts = vec![0.0; plan.bins];
    ranks.iter().for_each(|rank| counts[rank * plan.bins / (plan.draws + 1)] += 1.0);
    let expected = ranks.len() as f64 / plan.bins as f64;
    let chi2: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
    ChiSquared::new(plan.bins as f64 - 1.0).expect("bins").sf(chi2)
}

#[test]
fn ranks_of_true_values_are_uniform() {
    let plan = plan();
    let kinds: [(&str, Kind); 3] = [
        ("star and Sersic", star_and_sersic),
        ("two galaxies", two_galaxies),
        ("free spectra", free_spectra),
    ];
    let mut found = Vec::new();
    for (name, kind) in kinds {
        let columns = free_columns(&Layout::new(&kind().0).expect("a layout"));
        for (column, ranks) in columns.iter().zip(all_ranks(kind, plan)) {
            found.push((format!("{name}: {}", column.name), p_value(&ranks, plan)));
        }
    }
    let limit = plan.p / found.len() as f64;
    println!("{} scenes of each kind, {} values, p > {limit:.1e} for each", plan.scenes, found.len());
    for (name, p) in &found {
        println!("{name:<40} p = {p:.4}{}", if *p > limit { "" } else { "  UNEVEN" });
    }
    assert!(found.iter().all(|(_, p)| *p > limit), "uneven ranks");
}

#[test]
fn ranks_that_are_not_even_are_found() {
    let plan = Plan { scenes: 40, draws: 9, bins: 5, p: 0.001 };
    let even: Vec<usize> = (0..40).map(|k| k % 10).collect();
    let too_narrow: Vec<usize> = (0..40).map(|k| if k % 2 == 0 { k % 3 } else { 9 - k % 3 }).collect();
    let too_low: Vec<usize> = (0..40).map(|k| k % 4).collect();
    assert!(p_value(&even, plan) > 0.99);
    assert!(p_value(&too_narrow, plan) < 0.01 && p_value(&too_low, plan) < 1e-4);
}
