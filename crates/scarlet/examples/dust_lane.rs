//! How to put dust into a galaxy: a lane, written as a formula, multiplies the light below it by exp(-depth).
//!
//! `cargo run --example dust_lane`

use rand::SeedableRng;
use rand_distr::{Distribution, Normal};
use scarlet::prelude::*;
use scarlet::render::expression::{ExpressionImage, ExpressionSpectrum};

const BANDS: [&str; 3] = ["g", "r", "i"];
const WAVELENGTH_UM: [f64; 3] = [0.48, 0.62, 0.77];

/// Optical depth: a Gaussian ridge through the centre times a reddening law that is a power of the wavelength.
fn lane(depth: Param, slope: Param, tilt: Param) -> Component {
    let law = ExpressionSpectrum::new("Reddening", |p, _bands| {
        p["depth"] * (p.constant(&WAVELENGTH_UM) / WAVELENGTH_UM[1]).pow(-p["slope"])
    });
    let ridge = ExpressionImage::new("Lane", [31, 31], |p, grid| {
        let across = grid.dy() * p["tilt"].cos() - grid.dx() * p["tilt"].sin();
        (-(across / p["width"]).square() / 2.0 - (grid.radius() / 12.0).powi(4)).exp()
    });
    let law = law.param("depth", depth).param("slope", slope);
    Component::new(law, ridge.param("tilt", tilt).param("width", 2.0)).named("dust")
}

fn galaxy(flux: Param, dust: Component) -> Source {
    let light = ExpressionImage::new("Disk", [41, 41], |p, grid| (-(grid.radius() / p["scale"])).exp());
    Source::new([24.0, 24.0], flux, light.param("scale", 6.0)).attenuated(dust).named("galaxy")
}

fn main() -> anyhow::Result<()> {
    let frame = Frame::new([48, 48]).channels(BANDS).psf(Psf::gaussian(1.0)?);
    let mut truth = Scene::new(Frame::enclosing([&frame])?)?;
    truth.add(galaxy([8.0, 10.0, 12.0].into(), lane(1.2.into(), 1.3.into(), 0.5.into())))?;
    let (mut rng, noise) = (rand::rngs::StdRng::seed_from_u64(1), Normal::new(0.0, 0.05)?);
    let data = scarlet::obs::render(&truth, &frame)?.mapv(|v| v + noise.sample(&mut rng));
    let weights = data.mapv(|_| 1.0 / 0.05f64.powi(2));
    let observation = Observation::new(data, weights, frame.clone())?;

    let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
    let dust = lane(free(0.5).positive().step(0.03), free(1.0).step(0.03), free(0.3).step(0.02));
    scene.add(galaxy(free([5.0, 5.0, 5.0]).positive().step(0.02), dust))?;
    scene.fit([&observation], &Adam { max_iter: 400, e_rel: 1e-5, ..Adam::default() })?;

    for (path, wanted) in [("spectrum.depth", 1.2), ("spectrum.slope", 1.3), ("morphology.tilt", 0.5)] {
        let found = scene.param(&format!("galaxy.dust.{path}"))?.values()[0];
        println!("{path:16} {found:5.3}, truth {wanted}");
        anyhow::ensure!((found - wanted).abs() < 0.05 * wanted, "{path} is {found}, not {wanted}");
    }
    println!("fluxes without dust {:.2?}, truth 8, 10, 12", scene.param("galaxy.spectrum")?.values());
    Ok(())
}
