//! Steps of Adam on flat weights.

use super::{Settings, State};

/// Kept of the mean of gradients and of their squares in a step, and what keeps the step finite.
///
/// Source: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1.
const FIRST: f64 = 0.9;
const SECOND: f64 = 0.999;
const EPSILON: f32 = 1e-8;

/// Takes one step against `gradient` and moves the average of the weights along.
pub(super) fn step(state: &mut State, settings: &Settings, gradient: &[f32]) {
    let length = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    let shorten = (settings.clip / length).min(1.0) as f32;
    let k = (state.step + 1) as f64;
    let rate = settings.rate_at(state.step);
    let scale = (rate * (1.0 - SECOND.powf(k)).sqrt() / (1.0 - FIRST.powf(k))) as f32;
    let keep = settings.average_at(state.step) as f32;
    let (first, second) = (FIRST as f32, SECOND as f32);
    let moments = state.first.iter_mut().zip(&mut state.second);
    let weights = state.weights.iter_mut().zip(&mut state.average);
    for ((g, (m, v)), (w, average)) in gradient.iter().zip(moments).zip(weights) {
        let g = g * shorten;
        *m = first * *m + (1.0 - first) * g;
        *v = second * *v + (1.0 - second) * g * g;
        *w -= scale * *m / (v.sqrt() + EPSILON);
        *average = keep * *average + (1.0 - keep) * *w;
    }
    state.step += 1;
}
