//! How to fit two instruments together: a sharp one in one band and a deep, turned one in three others.
//!
//! `cargo run --release -p scarlet --example two_instruments`; with `SCARLET_DATA`, HST and HSC, too.

use ndarray::{Array3, Axis};
use rand::SeedableRng;
use rand_distr::{Distribution, Normal};
use scarlet::obs::check::{recentred, sky_noise};
use scarlet::obs::{SightSummary, catalog::measure_sources, fits::read_image, init::Seed};
use scarlet::prelude::*;

/// Fits galaxies at sky positions to all observations together and prints their fluxes; chi2 per pixel of each.
fn fit(observations: &[Observation], positions: &[Sky]) -> anyhow::Result<(Vec<f64>, Vec<Vec<f64>>)> {
    // all that any sees, on the pixels of the finest
    let model = Frame::enclosing(observations.iter().map(Observation::frame))?;
    for observation in observations {
        println!("{}: {}", observation.name(), SightSummary::new(observation, &model)?.renderer);
    }
    let seen: Vec<&Observation> = observations.iter().collect();
    let seed = |sky: &Sky| Ok(Seed { center: model.to_pixel(*sky)?, is_star: false });
    let seeds: Vec<Seed> = positions.iter().map(seed).collect::<anyhow::Result<_>>()?;
    let mut scene = Scene::new(model.clone())?;
    for shape in init::shapes(&seen, &model, &seeds)? {
        scene.add(shape.source(model.channel_names().len(), 1)?)?;
    }
    init::fit_fluxes(&mut scene, &seen)?;
    let fit = scene.fit(seen.iter().copied(), &Scaled::default())?;
    let render = |o: &&Observation| scarlet::obs::render(&scene, o.frame());
    let rendered: Vec<Array3<f64>> = seen.iter().map(render).collect::<Result<_, _>>()?;
    let chi2 = |(o, r): (&&Observation, &Array3<f64>)| {
        ((o.data() - r).mapv(|v| v * v) * o.weights()).sum() / o.pixels_with_weight() as f64
    };
    let chi2: Vec<f64> = seen.iter().zip(&rendered).map(chi2).collect();
    println!("{} steps, chi2 per pixel {chi2:.3?}", fit.iterations);
    let sources = measure_sources(&scene, &seen, &rendered)?;
    Ok((chi2, sources.into_iter().map(|source| source.flux).collect()))
}

/// Two galaxies, in all bands of all instruments.
fn sky(frames: &[Frame], positions: &[Sky]) -> anyhow::Result<Scene> {
    let mut truth = Scene::new(Frame::enclosing(frames)?)?;
    let size = truth.frame().angle_to_px(arcsec(0.35))?;
    let side = (14.0 * size) as usize | 1;
    for (k, sky) in positions.iter().enumerate() {
        let flux = vec![300.0 + 200.0 * k as f64; truth.frame().channel_names().len()];
        let center = truth.frame().to_pixel(*sky)?;
        truth.add(Source::new(center, flux, Sersic::new(1.0, size).shape_px([side; 2])))?;
    }
    Ok(truth)
}

/// What an instrument sees of them, with noise.
fn simulated(truth: &Scene, frame: Frame, sigma: f64, seed: u64) -> anyhow::Result<Observation> {
    let (mut rng, noise) = (rand::rngs::StdRng::seed_from_u64(seed), Normal::new(0.0, sigma)?);
    let data = scarlet::obs::render(truth, &frame)?.mapv(|v| v + noise.sample(&mut rng));
    Ok(Observation::new(data.clone(), data.mapv(|_| sigma.powi(-2)), frame)?)
}

/// An image with its WCS, PSF and the noise measured in it.
fn read(folder: &std::path::Path, name: &str, channels: &[&str]) -> anyhow::Result<Observation> {
    let image = read_image::<f64>(folder.join(format!("Cut_{name}1.fits")), "0")?;
    let psf = Psf::images(read_image::<f64>(folder.join(format!("PSF_{name}.fits")), "0")?.cube()?)?;
    let (data, wcs) = (image.cube()?, Wcs::from_header(&image.header)?);
    let mut weights = Array3::ones(data.dim());
    for (mut plane, data) in weights.axis_iter_mut(Axis(0)).zip(data.outer_iter()) {
        let sigma = sky_noise(data, plane.view()).ok_or_else(|| anyhow::anyhow!("no sky"))?;
        plane.fill(sigma.powi(-2));
    }
    let (_, ny, nx) = data.dim();
    let frame = Frame::new([ny, nx]).channels(channels.iter().copied()).psf(recentred(&psf)?).wcs(wcs);
    Ok(Observation::new(data, weights, frame)?.named(name))
}

fn main() -> anyhow::Result<()> {
    let center = Sky::new(150.1, 2.2);
    let positions = [Sky::new(150.1003, 2.2002), Sky::new(150.0998, 2.1999)];
    let sharp = Frame::new([121, 121]).channels(["F814W"]).psf(Psf::gaussian(0.9)?);
    let sharp = sharp.wcs(Wcs::tan(center, [60.0, 60.0], arcsec(0.06))?);
    let deep = Frame::new([45, 45]).channels(["g", "r", "i"]).psf(Psf::gaussian(1.8)?);
    let deep = deep.wcs(Wcs::tan_turned(center, [22.0, 22.0], arcsec(0.168), degrees(30.0))?);
    let truth = sky(&[sharp.clone(), deep.clone()], &positions)?;
    let observations =
        [simulated(&truth, sharp, 0.3, 1)?.named("sharp"), simulated(&truth, deep, 0.3, 2)?.named("deep")];
    let (chi2, fluxes) = fit(&observations, &positions)?;
    for (flux, wanted) in fluxes.iter().zip([300.0, 500.0]) {
        println!("fluxes {flux:.1?}, truth {wanted}");
        anyhow::ensure!(flux.iter().all(|f| (f / wanted - 1.0).abs() < 0.06), "{flux:?} is not {wanted}");
    }
    anyhow::ensure!(chi2.iter().all(|chi2| (0.9..1.1).contains(chi2)), "chi2 per pixel {chi2:?}");

    let Some(data) = std::env::var_os("SCARLET_DATA").map(std::path::PathBuf::from) else { return Ok(()) };
    let pair = data.join("hst_hsc");
    let (hst, hsc) = (read(&pair, "HST", &["F814W"])?, read(&pair, "HSC", &["g", "r", "i", "z", "y"])?);
    let pixels =
        [[115.0, 162.4], [117.4, 170.8], [181.1, 142.7], [116.6, 41.2], [111.8, 142.2], [96.9, 44.5]];
    let pixels = pixels.into_iter().chain([[107.8, 46.4], [138.6, 177.3], [149.5, 179.4]]);
    let positions = pixels.map(|at| hst.frame().to_sky(at)).collect::<Result<Vec<_>, _>>()?;
    fit(&[hst, hsc], &positions)?;
    Ok(())
}
