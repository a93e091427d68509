//! What an evaluation with its pull-back costs, beside a copy of the image.

use crate::support::{noise, site, values};
use ndarray::Array2;
use scarlet_model::{Image, Monotonic, Morphology, Symmetric, Transform};
use std::time::Instant;

const SHAPE: [usize; 2] = [41, 41];

/// Shortest time of an evaluation and pull-back, in microseconds.
fn shortest_us(morphology: &dyn Morphology) -> f64 {
    let (params, site) = (values(morphology), site(SHAPE));
    let seed = noise(SHAPE, 5).into_raw_vec_and_offset().0;
    let (mut out, mut grad) = (vec![0.0; seed.len()], vec![0.0; params.len()]);
    let mut scratch = vec![0.0; morphology.scratch_len(SHAPE)];
    let mut shortest = f64::INFINITY;
    for _ in 0..300 {
        let start = Instant::now();
        for _ in 0..10 {
            morphology.evaluate(&params, &site, &mut out, &mut scratch);
            morphology.pull_back(&params, &site, &seed, &mut grad, &mut [0.0; 2], &mut scratch);
        }
        shortest = shortest.min(start.elapsed().as_secs_f64() * 1e5);
    }
    assert!(grad.iter().chain(&out).all(|v| v.is_finite()));
    shortest
}

/// Shortest time of the constraint to (0, 1) and its pull-back, in microseconds.
fn constraint_us(start: &Array2<f64>) -> f64 {
    let (x, mut y, mut grad) = (start.as_slice().expect("row order"), start.clone(), start.clone());
    let (y, grad) = (y.as_slice_mut().expect("row order"), grad.as_slice_mut().expect("row order"));
    let mut shortest = f64::INFINITY;
    for _ in 0..300 {
        let start = Instant::now();
        for _ in 0..10 {
            Transform::UnitInterval.forward(x, y);
            Transform::UnitInterval.pull_back(x, y, x, grad);
        }
        shortest = shortest.min(start.elapsed().as_secs_f64() * 1e5);
    }
    shortest
}

/// Prints; the bound is loose, since other tests run beside it.
#[test]
fn an_evaluation_takes_microseconds() {
    let start = noise(SHAPE, 1);
    let copy = shortest_us(&Image::new(start.clone()));
    let constrained = copy + constraint_us(&start);
    let symmetric = shortest_us(&Symmetric::new(start.clone()));
    let monotonic = shortest_us(&Monotonic::new(start.clone()));
    let both = shortest_us(&Monotonic::new(start).symmetric());
    println!(
        "41x41, evaluate and pull back, us: a copy {copy:.2}, with the constraint to (0, 1) {constrained:.2},"
    );
    println!("symmetric {symmetric:.2}, monotonic {monotonic:.2}, both {both:.2}");
    assert!(both < 1000.0, "{both} us");
}
