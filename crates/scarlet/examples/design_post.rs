//! How to give parameters priors: a galaxy nucleus whose centre is known to a tenth of a pixel and whose shape
//! is a Spergel profile of unknown index.
//!
//! `cargo run --example design_post`

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use scarlet::prelude::*;

fn main() -> anyhow::Result<()> {
    let wcs = Wcs::tan(Sky::new(150.1, 2.2), [12.0, 13.0], arcsec(0.2))?;
    let frame = Frame::new([25, 27]).channels(["g", "r", "i"]).psf(Psf::gaussian(1.2)?).wcs(wcs);

    // a noisy image of what is there
    let mut truth = Scene::new(Frame::enclosing([&frame])?)?;
    truth.add(Source::new([12.08, 12.95], [12.0, 17.0, 20.0], Spergel::new(0.5, 3.4)))?;
    let mut rng = rand::rngs::StdRng::seed_from_u64(2);
    let data = scarlet::obs::render(&truth, &frame)?.mapv(|v| {
        let noise: f64 = StandardNormal.sample(&mut rng);
        v + 0.02 * noise
    });
    let weights = data.mapv(|_| 1.0 / 0.02f64.powi(2));
    let observation = Observation::new(data, weights, frame.clone())?;

    // the model: a distribution is a prior, an angle is turned into pixels when the source joins the scene
    let center = free([12.0, 13.0]).prior(Normal::diag([12.0, 13.0], [0.1, 0.1])).step(0.02);
    let morphology = Spergel::new(
        free(1.5).prior(Uniform::new(-0.5, 3.0)).step(0.05),
        free(arcsec(0.6)).positive().step(0.02),
    );
    let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
    let flux = free([15.0, 15.0, 15.0]).positive().step(0.02);
    scene.add(Source::new(center, flux, morphology).named("nucleus"))?;

    let fit = scene.fit([&observation], &Adam { max_iter: 500, e_rel: 1e-5, ..Adam::default() })?;
    println!("{} steps, converged: {}", fit.iterations, fit.converged());
    for (path, wanted) in [
        ("nucleus.center", vec![12.08, 12.95]),
        ("nucleus.spectrum", vec![12.0, 17.0, 20.0]),
        ("nucleus.morphology.nu", vec![0.5]),
        ("nucleus.morphology.size", vec![3.4]),
    ] {
        let found = scene.param(path)?.values();
        println!("{path:24} {found:6.3?}, truth {wanted:6.3?}");
        let close = found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 0.05 * b + 0.1);
        anyhow::ensure!(close, "{path} is {found:?}, not {wanted:?}");
    }
    Ok(())
}
