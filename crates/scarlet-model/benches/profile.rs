//! Time of an image and its gradient for each profile, one thread: `cargo bench -p scarlet-model --bench profile`.
//!
//! The figure is the least and the median of many runs of `evaluate` plus `pull_back`, in microseconds. The peer's
//! is JAX's jitted value and gradient of scarlet2's formula, point-sampled, in f32, pinned to one core.

use scarlet_frame::BBox;
use scarlet_model::profile::{Exponential, Gaussian, Moffat, Sersic, Spergel};
use scarlet_model::{Morphology, Site};
use std::hint::black_box;
use std::time::Instant;

const RUNS: usize = 2000;

/// Least and median time in microseconds.
fn time(morphology: &dyn Morphology, side: usize) -> [f64; 2] {
    let params: Vec<f64> = morphology.parameters().iter().flat_map(|(_, p)| p.values().to_vec()).collect();
    let half = (side / 2) as f64;
    let site = Site { center: [half + 0.2, half - 0.3], bbox: BBox::new([0, 0], [side, side]) };
    let seed: Vec<f64> = (0..side * side).map(|k| (0.37 * k as f64).cos()).collect();
    let mut out = vec![0.0; seed.len()];
    let mut scratch = vec![0.0; morphology.scratch_len([side, side])];
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let (mut grad, mut center) = (vec![0.0; params.len()], [0.0; 2]);
            let start = Instant::now();
            morphology.evaluate(black_box(&params), &site, &mut out, &mut scratch);
            morphology.pull_back(&params, &site, black_box(&seed), &mut grad, &mut center, &mut scratch);
            let seconds = start.elapsed().as_secs_f64();
            black_box((&out, grad, center));
            1e6 * seconds
        })
        .collect();
    times.sort_by(f64::total_cmp);
    [times[0], times[RUNS / 2]]
}

/// Prints one profile, where its name holds every argument of the command line.
fn report(name: &str, pixel: &dyn Morphology, point: &dyn Morphology) {
    if !std::env::args().skip(1).filter(|a| !a.starts_with("--")).all(|a| name.contains(&a)) {
        return;
    }
    for side in [31, 101] {
        let ([a, b], [c, d]) = (time(pixel, side), time(point, side));
        println!(
            "{name:<16} {side:>3} x {side:<3}  integrated {a:7.1} ({b:7.1})  sampled {c:7.1} ({d:7.1}) us"
        );
    }
}

fn main() {
    let e = [0.3, -0.2];
    println!("profile          pixels     least (median) of image + gradient");
    let gaussian = || Gaussian::new(8.0).distortion(e);
    report("Gaussian", &gaussian(), &gaussian().point_sampled());
    let sersic = || Sersic::new(2.5, 8.0).distortion(e);
    report("Sersic n=2.5", &sersic(), &sersic().point_sampled());
    let exponential = || Exponential::new(8.0).distortion(e);
    report("Exponential", &exponential(), &exponential().point_sampled());
    let moffat = || Moffat::new(2.5, 8.0).distortion(e);
    report("Moffat", &moffat(), &moffat().point_sampled());
    let spergel = || Spergel::new(0.5, 8.0).distortion(e);
    report("Spergel nu=0.5", &spergel(), &spergel().point_sampled());
}
