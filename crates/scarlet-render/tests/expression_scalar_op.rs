//! A function with its gradient as one dfdx operation, alone and inside a larger program.

use scarlet_frame::{Frame, Psf};
use scarlet_model::{Layout, ModelError, Scene, Source, free};
use scarlet_render::expression::dfdx::prelude::*;
use scarlet_render::expression::{Part, scalar_op};

/// -1/2 |A x - b|^2 for a small fixed A, b, and its gradient.
fn quadratic(x: &[f64], grad: &mut [f64]) -> f64 {
    let mut value = 0.0;
    for row in 0..4 {
        let a = |k: usize| ((row * 7 + k * 3) % 5) as f64 - 1.5;
        let residual = x.iter().enumerate().map(|(k, x)| a(k) * x).sum::<f64>() - row as f64;
        value -= 0.5 * residual * residual;
        grad.iter_mut().enumerate().for_each(|(k, g)| *g -= residual * a(k));
    }
    value
}

#[test]
fn a_larger_program_gets_the_gradient_through_it() {
    let dev = Cpu::default();
    let weight = dev.tensor([[0.3, 1.1, -0.2], [-0.7, 0.4, 0.9]]);
    let program = |latent: [f64; 2]| {
        let z = dev.tensor(latent);
        let x = z.leaky_trace().matmul(weight.clone()).tanh();
        let y = scalar_op(x.exp(), quadratic) * 0.5;
        (y.array(), y.backward().get(&z).array())
    };
    let at = [0.4, -1.3];
    let (_, grad) = program(at);
    for k in 0..2 {
        let shifted = |d: f64| {
            let mut z = at;
            z[k] += d;
            program(z).0
        };
        let expected = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
        assert!((grad[k] - expected).abs() < 1e-7, "{k}: {} is not {expected}", grad[k]);
    }
}

#[test]
fn it_follows_strides_and_works_without_a_tape() {
    let dev = Cpu::default();
    let x = dev.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let first = |x: &[f64], grad: &mut [f64]| {
        grad[1] = 1.0;
        x[1]
    };
    let y = scalar_op(x.leaky_trace().permute::<Rank2<3, 2>, _>(), first);
    assert_eq!(y.array(), 4.0);
    assert_eq!(y.backward().get(&x).array(), [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
    assert_eq!(scalar_op(x, first).array(), 2.0);
}

fn layout() -> Layout {
    let frame = Frame::new([20, 20]).channels(["r"]).psf(Psf::gaussian(0.7).expect("positive"));
    let mut scene = Scene::new(frame).expect("a valid frame");
    let image = ndarray::Array2::from_elem((2, 2), 0.5);
    scene.add(Source::new([10.0, 10.0], free([3.0]).positive(), free(image)).named("a")).expect("valid");
    Layout::new(&scene).expect("valid")
}

#[test]
fn a_part_replaces_one_parameter_and_holds_the_others() {
    let mut part = Part::new(&layout(), "a.morphology").expect("it is free");
    let dev = Cpu::default();
    let image = dev.tensor([[0.1, 0.2], [0.3, 0.4]]);
    let y = part.log_density(image.leaky_trace(), quadratic).expect("four values");
    let x = [3f64.ln(), 0.1, 0.2, 0.3, 0.4];
    let mut grad = [0.0; 5];
    assert_eq!(y.array(), quadratic(&x, &mut grad));
    assert_eq!(y.backward().get(&image).array(), [[grad[1], grad[2]], [grad[3], grad[4]]]);
    assert_eq!(part.x(), x);
}

#[test]
fn a_part_that_does_not_fit_is_an_error() {
    assert!(matches!(Part::new(&layout(), "a.center"), Err(ModelError::NoSuchPath { .. })));
    let mut part = Part::new(&layout(), "a.morphology").expect("it is free");
    let found = part.log_density(Cpu::default().tensor([1.0]), quadratic).err();
    assert_eq!(found, Some(ModelError::Shape { what: "a.morphology".to_owned(), expected: 4, found: 1 }));
}
