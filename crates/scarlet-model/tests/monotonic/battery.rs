//! Gradients against central differences, the adjoint identity, files, clones.

use crate::support::{difference, gradient, image, noise, values};
use scarlet_frame::Frame;
use scarlet_model::file::Kinds;
use scarlet_model::{Monotonic, Morphology, Scene, Source, Symmetric, free};

const SHAPES: [[usize; 2]; 9] = [[1, 1], [1, 5], [2, 1], [2, 7], [3, 3], [6, 6], [7, 4], [9, 9], [11, 8]];

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// All kinds on all shapes, their peaks in the middle and at an edge.
fn all() -> Vec<Box<dyn Morphology>> {
    let mut all: Vec<Box<dyn Morphology>> = Vec::new();
    for (k, shape) in SHAPES.into_iter().enumerate() {
        let start = noise(shape, k as u64);
        for peak in [[shape[0] / 2, shape[1] / 2], [0, shape[1] - 1], [shape[0] - 1, shape[1] / 3]] {
            all.push(Box::new(Monotonic::from_image(start.clone(), peak)));
            all.push(Box::new(Monotonic::from_image(start.clone(), peak).symmetric()));
            all.push(Box::new(Symmetric::about(start.clone(), peak)));
        }
    }
    all
}

#[test]
fn gradients_are_those_of_differences() {
    for (k, morphology) in all().iter().enumerate() {
        let shape = morphology.grid_shape().expect("a grid");
        let seed = noise(shape, 99 + k as u64).mapv(|v| v - 0.4).into_raw_vec_and_offset().0;
        let params = noise([1, values(&**morphology).len()], 7 + k as u64).into_raw_vec_and_offset().0;
        let grad = gradient(&**morphology, &params, &seed);
        for i in 0..params.len() {
            let h = 1e-5 * params[i];
            let at = |d: f64| {
                let mut moved = params.clone();
                moved[i] += d;
                dot(&seed, image(&**morphology, &moved).as_slice().expect("row order"))
            };
            let difference = (at(h) - at(-h)) / (2.0 * h);
            let tolerance = 1e-6 * (1.0 + difference.abs());
            assert!(
                (grad[i] - difference).abs() < tolerance,
                "{} {shape:?}, {i}: {} and {difference}",
                morphology.kind(),
                grad[i]
            );
        }
    }
}

#[test]
fn symmetric_images_are_linear_and_their_gradient_the_adjoint() {
    for shape in SHAPES {
        let symmetric = Symmetric::new(noise(shape, 1));
        let x = noise([1, values(&symmetric).len()], 2).into_raw_vec_and_offset().0;
        let y = noise(shape, 3).into_raw_vec_and_offset().0;
        let forward = dot(image(&symmetric, &x).as_slice().expect("row order"), &y);
        let back = dot(&x, &gradient(&symmetric, &x, &y));
        assert!((forward - back).abs() < 1e-12 * forward, "{shape:?}: {forward} and {back}");
    }
}

#[test]
fn pull_backs_add_to_what_is_there() {
    let monotonic = Monotonic::new(noise([5, 5], 1));
    let (params, shape) = (values(&monotonic), [5, 5]);
    let (mut out, mut scratch) = (vec![0.0; 25], vec![0.0; monotonic.scratch_len(shape)]);
    let mut grad = vec![2.0; 25];
    let site = crate::support::site(shape);
    monotonic.evaluate(&params, &site, &mut out, &mut scratch);
    monotonic.pull_back(&params, &site, &[1.0; 25], &mut grad, &mut [0.0; 2], &mut scratch);
    for (g, alone) in grad.iter().zip(gradient(&monotonic, &params, &[1.0; 25])) {
        assert_eq!(*g, 2.0 + alone);
    }
}

#[test]
fn scene_files_keep_them() {
    let mut scene = Scene::new(Frame::new([40, 40]).channels(["g"])).expect("a frame");
    let start = noise([7, 8], 4);
    let parts = [
        Source::new([20.0, 20.3], [1.0], Monotonic::new(free(start.clone()).step(0.1))).named("a"),
        Source::new([10.0, 12.0], [1.0], Monotonic::new(free(start.clone())).symmetric()).named("b"),
        Source::new([30.0, 12.0], [1.0], Symmetric::about(free(start.clone()).unit_interval(), [2, 3])),
        Source::monotonic([11.0, 30.0], vec![(vec![3.0], start.clone()), (vec![2.0], start)]).named("c"),
    ];
    for part in parts {
        scene.add(part).expect("inside");
    }
    let text = scene.to_json().expect("stored");
    let back = Scene::from_json(&text, &Kinds::default()).expect("read");
    assert_eq!(back.to_json().expect("stored"), text);
    for ((_, a), (_, b)) in scene.sources().zip(back.sources()) {
        let (a, b) = (a.component().morphology(), b.component().morphology());
        assert_eq!((a.kind(), a.settings()), (b.kind(), b.settings()));
        assert_eq!(difference(&image(a, &values(a)), &image(b, &values(b))), 0.0);
    }
    let torn = text.replace("\"peak\":[2,3]", "\"peak\":[7,3]");
    assert_ne!(torn, text);
    let error = Scene::from_json(&torn, &Kinds::default()).expect_err("outside").to_string();
    assert!(error.contains("peak is [7, 3]") && error.contains("[7, 8]"), "{error}");
}

#[test]
fn clones_are_independent() {
    let first = Monotonic::new(noise([5, 5], 1));
    let mut second = dyn_clone::clone_box(&first as &dyn Morphology);
    second.parameters_mut()[0].1.values_mut().fill(0.5);
    assert_ne!(values(&first), values(&*second));
}
