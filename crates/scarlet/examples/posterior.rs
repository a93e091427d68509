//! Draws from the posterior of a blend: fluxes of two stars that overlap are known together better than each alone.
//!
//! `cargo run -p scarlet --example posterior`

use ndarray::Array3;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use scarlet::infer::diagnostics::{Limits, findings, summary};
use scarlet::infer::sample::{Nuts, PosteriorStart};
use scarlet::prelude::*;

const SIGMA: f64 = 0.5;

fn main() -> anyhow::Result<()> {
    let frame = Frame::new([24, 24]).channels(["g", "r"]).psf(Psf::gaussian(1.5)?);
    let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
    for (name, center, flux) in [("a", [11.0, 11.0], [40.0, 60.0]), ("b", [12.0, 13.0], [50.0, 30.0])] {
        let light = free(flux).positive().prior(LogNormal::new(40.0_f64.ln(), 1.0));
        let [y, x] = center.map(|c| Normal::new(c, 1.0));
        let place = free(center).step(0.1).prior(Product::new().and(y).and(x));
        scene.add(Source::new(place, light, Point::new()).named(name))?;
    }
    let observations = vec![observe(&scene, frame)?];

    let mut posterior = Posterior::new(&scene, &observations)?;
    let fit = posterior.fit(&Scaled::default())?;
    let start = PosteriorStart::new(Posterior::builder(), &scene, &observations, &fit.x)?;
    let nuts = Nuts { chains: 4, draws: 500, threads: 2, ..Nuts::default() };
    let chains = start.measured(start.chains(&nuts)?, None)?;
    let chains = chains.derive(&["total_g".to_owned()], &mut |own| vec![own[2] + own[6]])?;

    let lines = summary(&chains);
    for line in &lines {
        println!("{:<16} {:>8.3} +- {:<6.3} R-hat {:.3}", line.name, line.mean, line.sd, line.rhat);
    }
    findings(&chains, &lines, &Limits::default()).iter().for_each(|found| println!("{found}"));

    let sd = |name: &str| lines.iter().find(|line| line.name == name).map_or(f64::NAN, |line| line.sd);
    let apart = sd("a.spectrum[0]").hypot(sd("b.spectrum[0]"));
    println!("error of both fluxes together {:.2}, of each alone added {apart:.2}", sd("total_g"));
    anyhow::ensure!(sd("total_g") < apart);
    Ok(())
}

/// What is seen of a scene, with noise.
fn observe(scene: &Scene, frame: Frame) -> anyhow::Result<Observation> {
    let mut seen = scarlet::obs::render(scene, &frame)?;
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    seen.mapv_inplace(|v| v + SIGMA * Distribution::<f64>::sample(&StandardNormal, &mut rng));
    let weights = Array3::from_elem(seen.dim(), SIGMA.powi(-2));
    Ok(Observation::new(seen, weights, frame)?)
}
