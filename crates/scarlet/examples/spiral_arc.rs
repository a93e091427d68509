//! How to write a morphology of one's own as a formula of pixels: a spiral galaxy, fitted to a noisy image.
//!
//! `cargo run --example spiral_arc`

use rand::SeedableRng;
use rand_distr::{Distribution, Normal};
use scarlet::prelude::*;
use scarlet::render::expression::ExpressionImage;

/// An exponential disk with two logarithmic arms; `p["name"]` is a parameter, `grid` knows where the pixels are.
fn spiral(tan_pitch: Param, phase: Param, contrast: Param, scale_px: Param) -> ExpressionImage {
    ExpressionImage::new("Spiral", [41, 41], |p, grid| {
        let r = (grid.radius().square() + 1.0).sqrt();
        let arms = ((grid.angle() - r.ln() / p["tan_pitch"] - p["phase"]) * 2.0).cos();
        (1.0 + p["contrast"] * arms) * (-r / p["scale"]).exp()
    })
    .param("tan_pitch", tan_pitch)
    .param("phase", phase)
    .param("contrast", contrast)
    .param("scale", scale_px)
}

fn main() -> anyhow::Result<()> {
    let frame = Frame::new([48, 48]).channels(["g", "r"]).psf(Psf::gaussian(1.0)?);

    // what is in the sky, and a noisy image of it
    let mut truth = Scene::new(Frame::enclosing([&frame])?)?;
    let shape = spiral(0.40.into(), 0.8.into(), 0.7.into(), 5.0.into());
    truth.add(Source::new([24.3, 23.6], [10.0, 6.0], shape))?;
    let (mut rng, noise) = (rand::rngs::StdRng::seed_from_u64(1), Normal::new(0.0, 0.05)?);
    let data = scarlet::obs::render(&truth, &frame)?.mapv(|v| v + noise.sample(&mut rng));
    let weights = data.mapv(|_| 1.0 / 0.05f64.powi(2));
    let observation = Observation::new(data, weights, frame.clone())?;

    // the same formula, its parameters now free and wrong
    let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
    let shape = spiral(
        free(0.45).positive().step(0.01),
        free(0.6).step(0.02),
        free(0.5).unit_interval().step(0.05),
        free(4.0).positive().step(0.01),
    );
    let center = free([24.0, 24.0]).step(0.02);
    scene.add(Source::new(center, free([8.0, 8.0]).positive().step(0.01), shape).named("spiral"))?;
    let fit = scene.fit([&observation], &Adam { max_iter: 400, e_rel: 1e-5, ..Adam::default() })?;

    println!("{} steps, from tan_pitch 0.45, phase 0.6, contrast 0.5, scale 4", fit.iterations);
    for (name, wanted) in [("tan_pitch", 0.4), ("phase", 0.8), ("contrast", 0.7), ("scale", 5.0)] {
        let found = scene.param(&format!("spiral.morphology.{name}"))?.values()[0];
        println!("{name:9} {found:6.3}, truth {wanted:.3}");
        anyhow::ensure!((found - wanted).abs() < 0.03 * wanted, "{name} is {found}, not {wanted}");
    }
    Ok(())
}
