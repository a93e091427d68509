//! Derivatives by the places of pixels against finite differences.

use crate::seen::{Seen, noise, turned};
use ndarray::Array2;
use scarlet_frame::{BBox, PsfSamples};
use scarlet_render::{Matching, OutOfSlack, Renderer, Resampling};

const SHAPE: [usize; 2] = [21, 24];

fn plan(model: BBox) -> Resampling<f64> {
    let image = Array2::from_shape_fn((15, 15), |(y, x)| {
        (-((y as f64 - 7.0).powi(2) + (x as f64 - 7.0).powi(2)) / 4.5).exp()
    });
    let observed = PsfSamples { image: &image / image.sum(), per_px: 1.0, has_pixel: true };
    let matching = Matching { observed: Some(observed), model: None };
    let geometry = turned(SHAPE, 1.2, 31.0, false, [20.0, 19.5]);
    Resampling::new(model, &geometry, &[matching], 1.0).expect("it sees the model")
}

/// Places after a shift, a rotation about the middle and a scale: positions and areas.
fn moved([y, x, angle, scale]: [f64; 4]) -> (Vec<[f64; 2]>, Vec<f64>) {
    let geometry = turned(SHAPE, 1.2, 31.0, false, [20.0, 19.5]);
    let (sin, cos) = angle.sin_cos();
    let turn = |p: &[f64; 2]| {
        let (v, u) = (p[0] - 20.0, p[1] - 19.5);
        [20.0 + y + scale * (cos * v + sin * u), 19.5 + x + scale * (cos * u - sin * v)]
    };
    let areas = geometry.areas().iter().map(|a| a * scale * scale).collect();
    (geometry.positions().iter().map(turn).collect(), areas)
}

#[test]
fn slopes_are_finite_differences() {
    let model = BBox::new([0, 0], [40, 40]);
    let (plane, weights) = (noise(model.len(), 0.1), noise(SHAPE[0] * SHAPE[1], 0.4));
    let start = [0.21, -0.13, 0.01, 1.004];
    // sum(weights * seen^2) / 2, so that what is given back depends on what is seen
    let value = |at: [f64; 4]| {
        let mut plan = plan(model);
        let (positions, areas) = moved(at);
        plan.place(&positions, &areas).expect("within the slack");
        let seen = Seen::new(model, SHAPE, plan).apply(&plane);
        seen.iter().zip(&weights).map(|(s, w)| 0.5 * w * s * s).sum::<f64>()
    };
    let mut plan = plan(model);
    let (positions, areas) = moved(start);
    plan.place(&positions, &areas).expect("within the slack");
    let seen = Seen::new(model, SHAPE, plan);
    let Renderer::Resampling(plan) = &seen.renderer else { panic!("a resampling") };
    let mut slopes = vec![[0.0; 3]; SHAPE[0].next_multiple_of(2) * SHAPE[1]];
    let mut adjoint = vec![0.0; model.len()];
    let weigh = |y: usize, pair: &mut [f64]| {
        let first = pair.to_vec();
        pair.fill(0.0);
        seen.part(y, pair, |i, v| *v = weights[i]);
        pair.iter_mut().zip(first).for_each(|(v, s)| *v *= s);
    };
    let planes = (plane.as_slice(), adjoint.as_mut_slice());
    let mut work = plan.workspace();
    plan.each_pair_back_and_slopes(0, planes, seen.window, weigh, &mut slopes, &mut work);
    let mut found = [0.0; 4];
    for y in (0..SHAPE[0]).step_by(2) {
        let mut own: Vec<f64> = (0..2 * SHAPE[1]).map(|k| (y * SHAPE[1] + k) as f64).collect();
        seen.part(y, &mut own, |i, v| {
            let [by_y, by_x, by_area] = slopes[*v as usize];
            let (v, u) = ((positions[i][0] - 20.21) / start[3], (positions[i][1] - 19.37) / start[3]);
            let along_turn = start[3] * (by_y * u - by_x * v);
            let along_scale = by_y * v + by_x * u + by_area * 2.0 / start[3];
            found = [found[0] + by_y, found[1] + by_x, found[2] + along_turn, found[3] + along_scale];
        });
    }
    for k in 0..4 {
        let step = |h: f64| {
            let mut at = start;
            at[k] += h;
            value(at)
        };
        // short, since where a position sees another point of the grid there is a small jump
        let h = 2e-6;
        let numeric = (8.0 * (step(h) - step(-h)) - (step(2.0 * h) - step(-2.0 * h))) / (12.0 * h);
        println!("parameter {k}: {} and {numeric}", found[k]);
        approx::assert_relative_eq!(found[k], numeric, max_relative = 1e-6, epsilon = 1e-6);
    }
    // the adjoint is that of the same image
    let mut image = vec![0.0; SHAPE[0] * SHAPE[1]];
    seen.apply(&plane).iter().zip(&weights).zip(&mut image).for_each(|((s, w), v)| *v = s * w);
    assert!(seen.back(&image).iter().zip(&adjoint).all(|(a, b)| (a - b).abs() < 1e-12));
}

#[test]
fn places_beyond_the_slack_are_refused() {
    let mut plan = plan(BBox::new([-40, -40], [120, 120]));
    let (positions, areas) = moved([0.0, 60.0, 0.0, 1.0]);
    let error = plan.place(&positions, &areas).expect_err("far out");
    let OutOfSlack { pixel, position } = error;
    assert_eq!(position, positions[pixel]);
}
