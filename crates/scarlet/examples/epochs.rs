//! How to fit many exposures with a transient: each with its own rotation, shift and PSF, the galaxy tied over all.
//!
//! `cargo run --release --example epochs`

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use scarlet::obs::{catalog::measure_sources, render};
use scarlet::prelude::*;

const EPOCHS: usize = 8;
const SIGMA: f64 = 1.0;

/// A light curve that rises and falls.
fn brightness(epoch: usize) -> f64 {
    400.0 * (-0.5 * ((epoch as f64 - 3.5) / 1.2).powi(2)).exp()
}

fn main() -> anyhow::Result<()> {
    let mut rng = rand::rngs::StdRng::seed_from_u64(4);
    let place = Sky::new(150.1, 2.2);
    let mut frames = Vec::new();
    for epoch in 0..EPOCHS {
        let at = [24.0 + rng.random_range(-2.0..2.0), 24.0 + rng.random_range(-2.0..2.0)];
        let turned = degrees(rng.random_range(0.0..360.0));
        let psf = Psf::moffat(&[rng.random_range(3.5..5.0)], 3.5)?;
        let wcs = Wcs::tan_turned(place, at, arcsec(0.2), turned)?;
        frames.push(Frame::new([49, 49]).channels([("r", epoch)]).psf(psf).wcs(wcs));
    }
    // one channel for each epoch; a static source has one flux for the band, a transient one for each epoch
    let model = Frame::enclosing(&frames)?;
    let size = model.angle_to_px(arcsec(0.6))?;
    let shape = || Sersic::new(1.2, size).shape_px([81, 81]);
    let (center, beside) = (model.to_pixel(place)?, model.to_pixel(Sky::new(150.1001, 2.2001))?);
    let mut truth = Scene::new(model.clone())?;
    truth.add(Source::new(center, StaticSpectrum::new([2000.0]), shape()).named("galaxy"))?;
    let curve: Vec<f64> = (0..EPOCHS).map(brightness).collect();
    truth.add(Source::transient(beside, 0..EPOCHS, curve.clone()).named("supernova"))?;
    let mut observations = Vec::new();
    for frame in &frames {
        let data = render(&truth, frame)?.mapv(|v| {
            let noise: f64 = StandardNormal.sample(&mut rng);
            v + SIGMA * noise
        });
        observations.push(Observation::new(data.clone(), data.mapv(|_| SIGMA.powi(-2)), frame.clone())?);
    }

    let mut scene = Scene::new(model)?;
    let flux = StaticSpectrum::new(free([1500.0]).positive().step(relative(0.02)));
    scene.add(Source::new(center, flux, shape()).named("galaxy"))?;
    scene.add(Source::transient(beside, 0..EPOCHS, vec![100.0; EPOCHS]).named("supernova"))?;
    let seen: Vec<&Observation> = observations.iter().collect();
    let fit = scene.fit(seen.iter().copied(), &Scaled::default())?;
    let rendered = frames.iter().map(|frame| render(&scene, frame)).collect::<Result<Vec<_>, _>>()?;
    let sources = measure_sources(&scene, &seen, &rendered)?;
    println!("{} steps; galaxy {:.1}, truth 2000", fit.iterations, sources[0].flux[0]);
    anyhow::ensure!((sources[0].flux[0] - 2000.0).abs() < 40.0, "galaxy {:?}", sources[0].flux);
    for ((epoch, flux), wanted) in sources[1].flux.iter().enumerate().zip(&curve) {
        println!("epoch {epoch}: supernova {flux:6.1}, truth {wanted:6.1}");
        anyhow::ensure!((flux - wanted).abs() < 30.0, "epoch {epoch}: {flux}, not {wanted}");
    }
    Ok(())
}
