//! The sampler that knows gradients only.

use super::support::{Normal, assert_normal, column};
use scarlet_infer::InferError;
use scarlet_infer::diagnostics::{mcse_mean, rank_rhat};
use scarlet_infer::sample::{Langevin, LogDensity, Whitening};
use std::ops::ControlFlow;

/// A density that says nothing of its value.
struct Mute<D>(D);

impl<D: LogDensity> LogDensity for Mute<D> {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.0.log_density_and_gradient(x, gradient);
        0.0
    }
}

fn whitening_of(normal: &Normal) -> Whitening {
    Whitening::at(&mut Mute(normal.clone()), &normal.mean).expect("finite")
}

#[test]
fn normal_densities_are_drawn_without_bias() {
    let normal = Normal::chained(4, 0.8, [0.1, 10.0]);
    let langevin = Langevin { step: 0.5, draws: 2000, ..Langevin::default() };
    let whitening = whitening_of(&normal);
    let draws =
        langevin.sample_from(&|| Ok(Mute(normal.clone())), &whitening, &mut |_| ControlFlow::Continue(()));
    assert_normal(&draws.expect("finite"), &normal.mean, &normal.covariance);
}

/// exp(-x^4 / 4) of one number: E[x^2] = 2 Gamma(3/4) / Gamma(1/4).
struct Quartic;

impl LogDensity for Quartic {
    fn dim(&self) -> usize {
        1
    }

    fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient[0] = -x[0].powi(3);
        0.0
    }
}

#[test]
fn the_bias_elsewhere_is_of_second_order_in_the_step() {
    let exact = 2.0 * 1.225_416_702_465_178 / 3.625_609_908_221_908;
    let bias = |step: f64| {
        let settings = Langevin { step, draws: 20_000, thin: 4, temperature: 1.0, ..Langevin::default() };
        let draws = settings
            .sample_from(&|| Ok(Quartic), &Whitening::shift(&[0.0]), &mut |_| ControlFlow::Continue(()))
            .expect("finite");
        let squares = column(&draws, 0).mapv(|v| v * v);
        (squares.sum() / squares.len() as f64 - exact, mcse_mean(squares.view()))
    };
    let ((coarse, e_coarse), (fine, e_fine)) = (bias(0.4), bias(0.1));
    // 16 times less, and so within the noise of the draws
    assert!(coarse.abs() > 4.0 * e_coarse, "{coarse} +- {e_coarse}");
    assert!(fine.abs() < coarse.abs() / 8.0 + 4.0 * e_fine, "{fine} +- {e_fine} beside {coarse}");
}

/// Two equal bumps at -3 and 3.
struct Bumps;

impl LogDensity for Bumps {
    fn dim(&self) -> usize {
        1
    }

    fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient[0] = -x[0] + 3.0 * (3.0 * x[0]).tanh();
        0.0
    }
}

#[test]
fn annealing_lets_chains_cross() {
    let settings = Langevin { chains: 16, temperature: 8.0, warmup: 100, draws: 50, ..Langevin::default() };
    // all chains begin at one of the bumps
    let whitening = Whitening::diagonal(&[3.0], vec![0.3]);
    let draws = settings.sample_from(&|| Ok(Bumps), &whitening, &mut |_| ControlFlow::Continue(()));
    let draws = draws.expect("finite");
    let left = (0..16).filter(|c| draws.x[[*c, 49, 0]] < 0.0).count();
    assert!((3..=13).contains(&left), "{left} of 16 chains at the other bump");
    assert!(rank_rhat(column(&draws, 0)) > 1.1);
}

#[test]
fn steps_that_make_no_sense_are_named() {
    let settings = Langevin { step: 2.5, ..Langevin::default() };
    let found = settings.validate().expect_err("too long");
    assert!(matches!(found, InferError::Setting { setting: "step", .. }), "{found}");
}
