//! A made-up blend in five bands, with noise: stars, free-form and parametric galaxies, a dusty one.

use super::differences::{image, wave};
use ndarray::Array3;
use scarlet::model::profile::{Gaussian, Sersic};
use scarlet::prelude::*;

/// Standard deviation of the noise.
const NOISE: f64 = 0.05;

/// Scene and observation; the data are of the scene itself, from which the start values are then moved away.
pub fn blend() -> (Scene, Observation) {
    let frame = Frame::new([58, 48])
        .channels(["g", "r", "i", "z", "y"])
        .psf(Psf::moffat(&[4.0, 3.8, 3.5, 3.6, 3.9], 2.8).expect("valid widths"));
    let mut scene = Scene::new(Frame::enclosing([&frame]).expect("a frame")).expect("a valid frame");
    let flux = |scale: f64| wave(5, 0.9).into_iter().map(|v| scale * (2.0 + v)).collect::<Vec<_>>();
    let free_flux = |scale: f64| free(flux(scale)).positive().step(relative(0.05));
    let star = Source::point([33.2, 14.1], flux(40.0)).named("star");
    let galaxy = Source::extended([36.0, 31.0], vec![(flux(0.4), image(25, 25)), (flux(0.2), image(11, 11))]);
    let sersic = Sersic::new(free(1.7).interval(0.5, 6.0), free(3.0).positive())
        .distortion(free([0.2, -0.3]).transform(Transform::UnitDisk));
    let disk = Source::new(free([14.7, 25.3]).step(0.1), free_flux(30.0), sersic).named("disk");
    let round = Source::new([47.0, 19.0], free_flux(20.0), Gaussian::new(free(2.0).positive()));
    let dust = Component::new(free_flux(0.2), free(image(7, 7)).unit_interval());
    for source in [star, galaxy, disk, round.attenuated(dust).named("dusty")] {
        scene.add(source).expect("a source in the frame");
    }
    let mut data = scarlet::obs::render(&scene, &frame).expect("a rendering");
    let noise = wave(data.len(), 1.37);
    data.iter_mut().zip(noise).for_each(|(d, n)| *d += NOISE * n);
    let weights = Array3::from_elem(data.raw_dim(), NOISE.powi(-2));
    let observation = Observation::new(data, weights, frame).expect("valid data").named("made up");
    let dimmer = |p: &Param| free(p.value() * 0.7).positive().step(relative(0.05));
    scene.edit_all("*.spectrum", dimmer).expect("there are spectra");
    (scene, observation)
}
