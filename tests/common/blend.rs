//! A made-up blend in five bands, with noise: stars, free-form and parametric galaxies, a dusty one.

use super::differences::{image, wave};
use ndarray::{Array3, s};
use scarlet::frame::{PsfField, PsfLaw, VaryingPsf, parse_header};
use scarlet::model::profile::{Gaussian, Sersic};
use scarlet::obs::noise::CorrelatedNoise;
use scarlet::obs::{Astrometry, Background};
use scarlet::prelude::*;

/// Standard deviation of the noise.
const NOISE: f64 = 0.05;

/// The grid around one place on the sky at `[x, y]`, with north along the second axis, turned towards the first; in degrees.
fn wcs(pixel: [f64; 2], [along, across]: [f64; 2]) -> Wcs {
    let cards = format!(
        "CTYPE1  = 'RA---TAN'\nCTYPE2  = 'DEC--TAN'\nCRVAL1  = 150.1\nCRVAL2  = 2.2\nCRPIX1  = {}\nCRPIX2  = {}\n\
         CD1_1   = {}\nCD1_2   = {across}\nCD2_1   = {across}\nCD2_2   = {along}\n",
        pixel[0], pixel[1], -along,
    );
    Wcs::from_header(&parse_header(&cards)).expect("a valid header")
}

/// An observation on a turned and finer grid, with a shift, a rotation, a scale, a flux scale and a background of its
/// own, and with noise that is correlated; what it shows does not matter.
pub fn turned_blend() -> Observation {
    turned_through(|frame| frame.psf(Psf::gaussian(1.7).expect("a width"))).named("turned")
}

/// The same through a PSF that varies.
pub fn turned_varying_blend() -> Observation {
    turned_through(|frame| frame.varying_psf(varying_psf()).expect("positive")).named("turned and varying")
}

/// `observation` through a PSF that varies.
pub fn varying_blend(observation: &Observation) -> Observation {
    let frame = observation.frame().clone().varying_psf(varying_psf()).expect("positive");
    let (data, weights) = (observation.data().clone(), observation.weights().clone());
    Observation::new(data, weights, frame).expect("valid data").named("varying")
}

/// A PSF that is wider at larger x and y.
fn varying_psf() -> VaryingPsf {
    let widths = [1.5, 1.6, 1.7, 1.9].map(|sigma| Psf::gaussian(sigma).expect("a width").sampled(0));
    let mut images = Array3::zeros((4, 31, 31));
    for (image, mut padded) in widths.iter().zip(images.outer_iter_mut()) {
        let (n, from) = (image.nrows(), 15 - image.nrows() / 2);
        padded.slice_mut(s![from..from + n, from..from + n]).assign(image);
    }
    let field = PsfField::new(images, PsfLaw::Grid { y: vec![0.0, 58.0], x: vec![0.0, 48.0] });
    VaryingPsf::new(vec![field.expect("a field")]).expect("one field")
}

fn turned_through(psf: impl FnOnce(Frame) -> Frame) -> Observation {
    let frame = psf(Frame::new([32, 34]).channels(["g", "r"]).wcs(wcs([17.5, 16.5], [3.5e-5, 2e-5])));
    let data = Array3::from_shape_fn(frame.shape(), |(c, y, x)| ((7 * c + 3 * y + 5 * x) as f64).sin());
    let noise = Array3::from_shape_fn((2, 3, 3), |(_, y, x)| [0.3, 1.0, 0.3][y] * [0.3, 1.0, 0.3][x]);
    let noise = CorrelatedNoise::from_function(noise).expect("positive");
    let weights = Array3::from_elem(data.raw_dim(), 4.0);
    let observation = Observation::new(data, weights, frame).and_then(|o| o.correlated(noise));
    let astrometry = Astrometry::within(0.5).rotated_within(5e-3).scaled_within(3e-3);
    observation
        .and_then(|o| o.astrometry(astrometry))
        .and_then(|o| o.flux_scale(free(1.0).positive().prior(Normal::new(1.0, 0.05))))
        .and_then(|o| o.background(Background::plane(free(0.0), free([0.0, 0.0]))))
        .expect("valid parameters")
}

/// Scene and observation; the data are of the scene itself, from which the start values are then moved away.
pub fn blend() -> (Scene, Observation) {
    let frame = Frame::new([58, 48])
        .channels(["g", "r", "i", "z", "y"])
        .psf(Psf::moffat(&[4.0, 3.8, 3.5, 3.6, 3.9], 2.8).expect("valid widths"))
        .wcs(wcs([24.5, 29.5], [5.6e-5, 0.0]));
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
