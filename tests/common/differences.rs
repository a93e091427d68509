//! Small scenes with made-up data, and the comparison of a gradient with central differences.

use ndarray::{Array2, Array3};
use scarlet::prelude::*;

/// Smooth numbers between -1 and 1 that do not repeat soon.
pub fn wave(n: usize, step: f64) -> Vec<f64> {
    (0..n).map(|i| (step * i as f64 + 0.3).sin()).collect()
}

/// An image with values between 0.1 and 0.9.
pub fn image(ny: usize, nx: usize) -> Array2<f64> {
    let values = wave(ny * nx, 0.77).into_iter().map(|v| 0.5 + 0.4 * v).collect();
    Array2::from_shape_vec((ny, nx), values).expect("as long as the image")
}

/// A frame with a Gaussian PSF.
pub fn frame(shape: [usize; 2]) -> Frame {
    Frame::new(shape).psf(Psf::gaussian(1.3).expect("a positive width"))
}

/// A frame with a Gaussian PSF and channels c0, c1, ...
pub fn channel_list(shape: [usize; 2], channels: usize) -> Frame {
    frame(shape).channels((0..channels).map(|c| format!("c{c}")))
}

/// Made-up data and weights, some of them 0 with data that are not finite.
pub fn observation(frame: Frame) -> Observation {
    let shape = frame.shape();
    let n = shape.iter().product();
    let mut data = wave(n, 0.61);
    let mut weights: Vec<f64> = wave(n, 1.7).into_iter().map(|v| 1.5 + v).collect();
    for k in (0..n).step_by(7) {
        weights[k] = 0.0;
        data[k] = if k % 2 == 0 { f64::NAN } else { f64::INFINITY };
    }
    let cube = |values| Array3::from_shape_vec(shape, values).expect("as long as the frame");
    Observation::new(cube(data), cube(weights), frame).expect("valid data")
}

/// Derivative of `f` along element `k` at `x`, by central differences of fourth order.
fn difference(x: &[f64], k: usize, f: &mut impl FnMut(&[f64]) -> f64) -> f64 {
    let h = 1e-3 * x[k].abs().clamp(0.3, 1.0);
    let mut at = |steps: f64| {
        let mut moved = x.to_vec();
        moved[k] += steps * h;
        f(&moved)
    };
    (8.0 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0))) / (12.0 * h)
}

/// Asserts that the gradients of the log-posterior and of the density that samplers see are right to 1e-6,
/// relative to the largest element of each parameter, and that no parameter is without effect.
pub fn assert_gradient(scene: &Scene, observations: &[Observation]) {
    let unseen = unseen(scene, observations);
    assert!(unseen.is_empty(), "without effect: {unseen:?}");
}

/// The same for observations that do not see all parameters; gives those without effect.
pub fn unseen(scene: &Scene, observations: &[Observation]) -> Vec<String> {
    let mut unseen = Vec::new();
    let builder = Posterior::builder().precision(Precision::Double);
    let mut posterior = builder.build(scene, observations).expect("a valid scene");
    let x = posterior.start().expect("start values inside their constraints");
    let mut gradients = [vec![0.0; x.len()], vec![0.0; x.len()]];
    posterior.value_and_gradient(&x, &mut gradients[0]);
    posterior.log_density_and_gradient(&x, &mut gradients[1]);
    let mut unused = vec![0.0; x.len()];
    let slots = posterior.layout().slots().to_vec();
    for slot in slots.iter().filter(|s| s.is_free()) {
        let mut worst = [0.0_f64; 2];
        let mut scale = [0.0_f64; 2];
        for k in slot.unconstrained.clone() {
            let expected = [
                difference(&x, k, &mut |x| posterior.value(x)),
                difference(&x, k, &mut |x| posterior.log_density_and_gradient(x, &mut unused)),
            ];
            for i in 0..2 {
                worst[i] = worst[i].max((gradients[i][k] - expected[i]).abs());
                scale[i] = scale[i].max(expected[i].abs());
            }
        }
        println!("{}: {:.0e} and {:.0e}", slot.path, worst[0] / scale[0], worst[1] / scale[1]);
        if scale[0] < 1e-9 {
            assert!(worst[0] < 1e-9, "{}: a gradient of {} without effect", slot.path, worst[0]);
            unseen.push(slot.path.clone());
            continue;
        }
        assert!(worst[0] < 1e-6 * scale[0], "{}: {} of {}", slot.path, worst[0], scale[0]);
        assert!(worst[1] < 1e-6 * scale[1], "{} in the density: {} of {}", slot.path, worst[1], scale[1]);
    }
    unseen
}
