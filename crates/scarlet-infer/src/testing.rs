//! A small scene for tests.

use ndarray::{Array2, Array3};
use scarlet_frame::{Frame, Psf};
use scarlet_model::{Scene, Source};
use scarlet_obs::Observation;

/// Two galaxies and a star in two channels, and what is seen of them without noise.
pub(crate) fn scene_and_observation() -> (Scene, Observation) {
    let frame = Frame::new([40, 42]).channels(["g", "r"]).psf(Psf::gaussian(1.8).expect("a width"));
    let model = Frame::enclosing([&frame]).expect("a frame");
    let mut scene = Scene::new(model).expect("a scene");
    let image = |n: usize, width: f64| {
        Array2::from_shape_fn((n, n), |(y, x)| {
            let [dy, dx] = [y, x].map(|i| i as f64 - (n / 2) as f64);
            0.9 * (-0.5 * (dy * dy + dx * dx) / (width * width)).exp() + 1e-3
        })
    };
    for (center, n, width) in [([14.0, 15.0], 13, 3.0), ([22.0, 26.0], 21, 2.0)] {
        let layers = vec![(vec![20.0, 30.0], image(n, width))];
        scene.add(Source::extended(center, layers)).expect("inside");
    }
    scene.add(Source::point([30.2, 12.1], [300.0, 200.0])).expect("inside");
    let seen = scarlet_obs::render(&scene, &frame).expect("the same grid");
    (scene, Observation::new(seen, Array3::from_elem((2, 40, 42), 25.0), frame).expect("valid"))
}
