//! How to write a spectrum and a prior of one's own: black bodies, whose temperatures are believed to be solar.
//!
//! `cargo run --example own_prior`

use rand::SeedableRng;
use rand_distr::{Distribution, Normal};
use scarlet::prelude::*;
use scarlet::render::expression::{ExpressionPrior, ExpressionSpectrum};

const BANDS: [&str; 3] = ["g", "r", "i"];
const WAVELENGTH_UM: [f64; 3] = [0.48, 0.62, 0.77];

/// Planck's law, photons per unit frequency, relative to band r: 14.388 = h c / k in um kK.
fn black_body(flux: Param, temperature_kk: Param) -> ExpressionSpectrum {
    ExpressionSpectrum::new("BlackBody", |p, _bands| {
        let photons = (14.388 / (p.constant(&WAVELENGTH_UM) * p["kK"])).exp_m1().recip()
            / p.constant(&WAVELENGTH_UM.map(|um| um * um));
        p["flux"] * photons / photons.at(1)
    })
    .param("flux", flux)
    .param("kK", temperature_kk)
}

fn main() -> anyhow::Result<()> {
    let frame = Frame::new([32, 32]).channels(BANDS).psf(Psf::gaussian(1.2)?);
    let star = |spectrum| Source::new([16.2, 15.7], spectrum, Point::new()).named("star");
    let mut truth = Scene::new(Frame::enclosing([&frame])?)?;
    truth.add(star(black_body(20.0.into(), 7.0.into())))?;
    let (mut rng, noise) = (rand::rngs::StdRng::seed_from_u64(3), Normal::new(0.0, 0.2)?);
    let data = scarlet::obs::render(&truth, &frame)?.mapv(|v| v + noise.sample(&mut rng));
    let weights = data.mapv(|_| 1.0 / 0.2f64.powi(2));
    let observation = Observation::new(data, weights, frame.clone())?;

    // ln T is near that of the Sun, with the tails of Student's t with 3 degrees of freedom
    let solar = |width: f64| {
        ExpressionPrior::new("Solar", move |kk| {
            let off = ((kk / 5.77).ln() / width).square();
            (off / 3.0).ln_1p().sum() * -2.0 - kk.ln().sum()
        })
    };
    let temperature = free(4.0).positive().step(0.01);
    let mut found = Vec::new();
    for (what, kk) in [
        ("no prior", temperature.clone()),
        ("a wide prior", temperature.clone().prior(solar(0.2))),
        ("a narrow prior", temperature.prior(solar(0.01))),
    ] {
        let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
        scene.add(star(black_body(free(15.0).positive().step(0.01), kk)))?;
        scene.fit([&observation], &Adam { max_iter: 500, e_rel: 1e-6, ..Adam::default() })?;
        found.push(scene.param("star.spectrum.kK")?.values()[0]);
        println!("with {what:14} {:.2} kK (truth 7.00)", found[found.len() - 1]);
    }
    anyhow::ensure!((found[0] - 7.0).abs() < 1.0 && (found[2] - 5.77).abs() < (found[0] - 5.77).abs());
    Ok(())
}
