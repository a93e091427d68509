//! How to fit images whose noise is correlated: described by a function, or as measured in their empty sky.
//!
//! `cargo run --example correlated_noise`

use ndarray::Array3;
use rand::SeedableRng;
use rand_distr::{Distribution, Normal};
use scarlet::obs::noise::CorrelatedNoise;
use scarlet::prelude::*;

const SIDE: usize = 80;

/// Means of 2 x 2 pixels that overlap, as linear resampling by half a pixel makes them: neighbours have correlation 1/2.
fn shared_noise(rng: &mut rand::rngs::StdRng) -> anyhow::Result<Array3<f64>> {
    let noise = Normal::new(0.0, 1.0)?;
    let white = Array3::from_shape_simple_fn((1, SIDE + 1, SIDE + 1), || noise.sample(rng));
    let four = [[0, 0], [0, 1], [1, 0], [1, 1]];
    Ok(Array3::from_shape_fn((1, SIDE, SIDE), |(c, y, x)| {
        0.5 * four.iter().map(|[v, u]| white[[c, y + v, x + u]]).sum::<f64>()
    }))
}

fn main() -> anyhow::Result<()> {
    let frame = Frame::new([SIDE, SIDE]).psf(Psf::gaussian(1.6)?);
    let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
    scene.add(Source::new([40.2, 38.7], free([90.0]).positive(), Point::new()).named("star"))?;
    let clean = scarlet::obs::render(&scene, &frame)?;

    let function = Array3::from_shape_fn((1, 3, 3), |(_, y, x)| {
        0.5f64.powi(y.abs_diff(1) as i32 + x.abs_diff(1) as i32)
    });
    let given = CorrelatedNoise::from_function(function)?;
    let mut rng = rand::rngs::StdRng::seed_from_u64(5);
    let plain = Observation::new(&clean + &shared_noise(&mut rng)?, Array3::ones(clean.dim()), frame)?;
    let measured = CorrelatedNoise::measured(&plain, None)?;
    println!("correlation along x, as measured: {:.2} (truth 0.50)", measured.function(0, 1)[[1, 2]]);

    let mut errors = Vec::new();
    for (what, observation) in [
        ("independent", plain.clone()),
        ("as given", plain.clone().correlated(given)?),
        ("as measured", plain.correlated(measured)?),
    ] {
        let mut fitted = scene.clone();
        fitted.fit([&observation], &Scaled::default())?;
        let flux = fitted.param("star.spectrum")?.values()[0];
        let mut posterior = Posterior::new(&fitted, [&observation])?;
        let (x, step) = (posterior.start()?, 0.05);
        // The curvature along the logarithm of the flux gives its error.
        let mut at = |off: f64| posterior.log_likelihood(&[x[0] + off]);
        let curvature = (2.0 * at(0.0) - at(step) - at(-step)) / (step * step);
        let chi2 = posterior.chi2()[0] / posterior.pixels() as f64;
        errors.push(flux / curvature.sqrt());
        println!(
            "noise {what:11}: flux {flux:.1} ± {:.1} (truth 90.0), chi2 a pixel {chi2:.3}",
            errors[errors.len() - 1]
        );
    }
    anyhow::ensure!(errors[1] > 1.4 * errors[0] && (errors[2] / errors[1] - 1.0).abs() < 0.3);
    Ok(())
}
