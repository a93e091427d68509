//! Fits that begin with steps far longer than what is left of the errors.

use scarlet::infer::Stop;
use scarlet::model::profile::Exponential;
use scarlet::obs::render;
use scarlet::prelude::*;

/// A galaxy of flux 100 whose size may change by `step` in a step.
fn scene(center: [f64; 2], radius: f64, step: f64) -> (Scene, Frame) {
    let frame = Frame::new([41, 41]).channels(["r"]).psf(Psf::gaussian(1.6).expect("a width"));
    let mut scene = Scene::new(Frame::enclosing([&frame]).expect("a frame")).expect("a valid frame");
    let shape = Exponential::new(free(radius).interval(0.5, 9.0).step(step));
    let source = Source::new(free(center.to_vec()).step(step), free(vec![100.0]).positive(), shape);
    scene.add(source).expect("inside");
    (scene, frame)
}

#[test]
fn a_loss_that_goes_up_and_down_has_not_converged() {
    let (truth, frame) = scene([20.2, 19.7], 3.0, 0.1);
    let data = render(&truth, &frame).expect("a model");
    let sigma: f64 = 1e-4;
    let weights = data.mapv(|_| sigma.powi(-2));
    let observation = Observation::new(data, weights, frame).expect("valid");
    let (mut found, _) = scene([20.3, 19.8], 3.05, 0.3);
    let fit = found.fit([&observation], &Scaled::default()).expect("a fit");
    let radius = found.param("0.morphology.size").expect("it has one").values()[0];
    assert!(
        fit.stop != Stop::Converged || fit.best_loss() < 1.0,
        "{:?} {} {radius}",
        fit.stop,
        fit.best_loss()
    );
    assert!((radius - 3.0).abs() < 1e-3, "{radius} after {} steps", fit.iterations);
}
