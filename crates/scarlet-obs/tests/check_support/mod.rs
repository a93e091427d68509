//! Simulated skies for the tests of checks.

use ndarray::{Array2, Array3, Axis};
use scarlet_frame::{Frame, Psf};
use scarlet_model::{Scene, Sersic, Source};
use scarlet_obs::check::Finding;
use scarlet_obs::{Observation, render};

/// Standard deviation of a pixel's noise in each channel.
pub(crate) const SIGMA: [f64; 3] = [0.03, 0.05, 0.2];

/// Standard Gaussian numbers, the same for the same seed.
#[derive(Debug)]
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        let mut noise = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF1);
        for _ in 0..20 {
            noise.uniform();
        }
        noise
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn draw(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Three channels of `shape` seen through Moffat PSFs, given as images.
pub(crate) fn frame(shape: [usize; 2]) -> Frame {
    let psf = Psf::moffat(&[4.0, 3.6, 4.4], 3.5).expect("a PSF");
    let planes: Vec<Array2<f64>> = (0..3).map(|c| inner(&psf.sampled(c))).collect();
    let views: Vec<_> = planes.iter().map(|p| p.view()).collect();
    let images = ndarray::stack(Axis(0), &views).expect("one shape");
    Frame::new(shape).channels(["g", "r", "i"]).psf(Psf::images(images).expect("a PSF"))
}

/// The central 27 x 27 pixels.
fn inner(image: &Array2<f64>) -> Array2<f64> {
    let c = image.nrows() / 2;
    let cut = image.slice(ndarray::s![c - 13..=c + 13, c - 13..=c + 13]).to_owned();
    let sum = cut.sum();
    cut / sum
}

/// A scene with these sources, in the model frame that encloses `frame`.
pub(crate) fn scene(frame: &Frame, sources: Vec<Source>) -> Scene {
    let mut scene = Scene::new(Frame::enclosing([frame]).expect("a frame")).expect("a scene");
    for source in sources {
        scene.add(source).expect("inside");
    }
    scene
}

/// Two galaxies and two stars of 15 to 60 flux units, 10 px and more apart, well inside 64 x 72 pixels.
pub(crate) fn sources(seed: u64) -> Vec<Source> {
    let mut noise = Noise::new(seed + 1000);
    let mut source = |k: usize| {
        let (y, x) = ([18.0, 20.0, 44.0, 42.0][k], [20.0, 50.0, 24.0, 53.0][k]);
        let center = [y + 3.0 * noise.uniform(), x + 3.0 * noise.uniform()];
        let flux = 15.0 + 45.0 * noise.uniform();
        let spectrum = [flux, flux * (1.0 + noise.uniform()), flux * (1.5 + noise.uniform())];
        if k.is_multiple_of(2) {
            let size = 1.5 + noise.uniform();
            let profile = Sersic::new(0.8 + 0.7 * noise.uniform(), size).shape_px([41, 41]);
            Source::new(center, spectrum, profile).named(format!("galaxy{k}"))
        } else {
            Source::point(center, spectrum).named(format!("star{k}"))
        }
    };
    (0..4).map(&mut source).collect()
}

/// What `frame` sees of `scene` with Gaussian noise of [`SIGMA`].
pub(crate) fn observe(scene: &Scene, frame: &Frame, seed: u64) -> Observation {
    let mut noise = Noise::new(seed);
    let mut data = render(scene, frame).expect("renderable");
    for ((c, ..), value) in data.indexed_iter_mut() {
        *value += SIGMA[c] * noise.draw();
    }
    let weights = Array3::from_shape_fn(frame.shape(), |(c, ..)| 1.0 / (SIGMA[c] * SIGMA[c]));
    Observation::new(data, weights, frame.clone()).expect("valid").named("sky")
}

/// The codes of all findings but notes.
pub(crate) fn loud(found: &[Finding]) -> Vec<String> {
    use scarlet_obs::check::Severity;
    found.iter().filter(|f| f.severity > Severity::Note).map(ToString::to_string).collect()
}

/// The one finding with this code.
pub(crate) fn only(found: &[Finding], code: &str) -> Finding {
    let with: Vec<_> = found.iter().filter(|f| f.code == code).collect();
    assert_eq!(with.len(), 1, "{code}: {found:#?}");
    with[0].clone()
}
