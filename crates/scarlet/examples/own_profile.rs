//! How to write a radial profile of one's own: Moffat's law by hand, one formula over a generic number type.
//!
//! `cargo run --example own_profile`

use scarlet::model::profile::{Number, RadialLaw, ShapeParameter};
use scarlet::prelude::*;

/// f(r^2) = (1 + r^2)^-beta, r in units of `size`, here the core radius.
#[derive(Debug, Clone)]
struct CoreMoffat;

impl RadialLaw for CoreMoffat {
    const KIND: &'static str = "CoreMoffat";
    const SHAPE: &'static [ShapeParameter] = &[ShapeParameter::new("beta", 1.0, 20.0)];

    fn brightness<N: Number>(&self, r2: N, shape: &[N]) -> N {
        (r2 + 1.0).powf(-shape[0])
    }
}

fn main() -> anyhow::Result<()> {
    let frame = Frame::new([41, 41]).channels(["i"]).psf(Psf::gaussian(1.3)?);

    // the built-in Moffat profile, by its full width at half maximum, is the truth
    let (beta, core) = (2.5_f64, 2.2);
    let fwhm = 2.0 * core * (2.0_f64.powf(1.0 / beta) - 1.0).sqrt();
    let mut truth = Scene::new(Frame::enclosing([&frame])?)?;
    truth.add(Source::new([20.2, 19.7], [40.0], Moffat::new(beta, fwhm).shape_px([41, 41])))?;
    let data = scarlet::obs::render(&truth, &frame)?;
    let weights = data.mapv(|_| 1e4);
    let observation = Observation::new(data, weights, frame.clone())?;

    // normalisation, pixel integration and all derivatives come with the formula
    let mut scene = Scene::new(Frame::enclosing([&frame])?)?;
    let beta_free = free(3.5).interval(1.1, 10.0).step(0.02);
    let profile = Profile::new(CoreMoffat, [beta_free], free(3.0).positive().step(0.01)).shape_px([41, 41]);
    let center = free([20.0, 20.0]).step(0.01);
    scene.add(Source::new(center, free([30.0]).positive().step(0.01), profile).named("star"))?;
    scene.fit([&observation], &Adam { max_iter: 1500, e_rel: 1e-6, ..Adam::default() })?;

    for (name, wanted) in [("beta", beta), ("size", core)] {
        let found = scene.param(&format!("star.morphology.{name}"))?.values()[0];
        println!("{name:4} {found:.4}, truth {wanted:.4}");
        anyhow::ensure!((found - wanted).abs() < 0.02 * wanted, "{name} is {found}, not {wanted}");
    }
    Ok(())
}
