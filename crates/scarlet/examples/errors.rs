//! Errors of a fit without sampling: fluxes of two galaxies that overlap, how they go together, and draws of them.
//!
//! `cargo run -p scarlet --example errors`

use ndarray::Array3;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use scarlet::infer::diagnostics::summary;
use scarlet::infer::sample::PosteriorStart;
use scarlet::prelude::*;

const SIGMA: f64 = 0.5;

fn main() -> anyhow::Result<()> {
    let frame = Frame::new([30, 32]).channels(["g", "r"]).psf(Psf::gaussian(1.5)?);
    let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
    let galaxies =
        [("a", [14.0, 12.0], [900.0, 700.0], 2.5, 0.2), ("b", [15.0, 18.0], [500.0, 800.0], 2.0, -0.1)];
    for (name, center, flux, size, e1) in galaxies {
        let shape = Exponential::new(free(size).positive()).distortion([e1, 0.0]).shape_px([23, 23]);
        let source = Source::new(free(center).step(0.1), free(flux).positive(), shape);
        scene.add(source.named(name))?;
    }
    let observations = vec![observe(&scene, frame)?];
    let mut posterior = Posterior::new(&scene, &observations)?;
    let fit = posterior.fit(&Scaled::default())?;
    posterior.store(&fit.x, &mut scene);

    let seen: Vec<&Observation> = observations.iter().collect();
    let errors = posterior.errors(&fit.x, &scene, &seen)?;
    for source in &errors.sources {
        println!("{}: fluxes +- {:.1?}, doubts {:?}", source.id, source.flux(), source.doubts);
        for line in &source.parameters {
            println!("   {} = {:.3} +- {:.3}", line.path, line.value, line.error);
        }
    }
    let together = errors.correlations("a");
    println!("correlation of the fluxes of a with those of {}: {:.2?}", together[0].0, together[0].1);

    let start = PosteriorStart::new(Posterior::builder(), &scene, &observations, &fit.x)?;
    let draws = start.measured(start.laplace(1000, 1)?, None)?;
    let lines = summary(&draws);
    let drawn = lines.iter().find(|line| line.name == "a.flux_g").map_or(f64::NAN, |line| line.sd);
    let error = errors.sources[0].flux()[0];
    println!("flux of a in g: error {error:.1}, standard deviation of Laplace draws {drawn:.1}");
    anyhow::ensure!((drawn / error - 1.0).abs() < 0.2);
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
