//! Every constraint and every prior, by the moments of its draws: the log-determinants are right only if they fit.

use super::support::{assert_moments, column};
use scarlet_infer::sample::{Draws, LogDensity, Nuts, Whitening};
use scarlet_model::prior::{
    Beta, DiagonalNormal, FullNormal, Gamma, HalfNormal, LogNormal, Normal, StudentT, Uniform,
};
use scarlet_model::{Prior, Transform};
use std::f64::consts::PI;

/// A prior, or nothing, of constrained values.
#[derive(Debug, Clone)]
struct Constrained {
    transform: Transform,
    prior: Option<Prior>,
    values: Vec<f64>,
}

impl Constrained {
    fn new(transform: Transform, prior: Option<Prior>, values: usize) -> Self {
        Self { transform, prior, values: vec![0.0; values] }
    }
}

impl LogDensity for Constrained {
    fn dim(&self) -> usize {
        self.transform.unconstrained_len(self.values.len())
    }

    fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.transform.forward(x, &mut self.values);
        let mut slopes = vec![0.0; self.values.len()];
        let mut value = self.transform.log_det(x);
        if let Some(prior) = &self.prior {
            value += prior.log_density(&self.values).expect("a density");
            prior.as_score().score(&self.values, &mut slopes);
        }
        self.transform.pull_back(x, &self.values, &slopes, gradient);
        self.transform.log_det_gradient(x, gradient);
        value
    }
}

/// Draws of the constrained values.
fn drawn(density: &Constrained, start: &[f64]) -> Draws {
    let nuts = Nuts { chains: 4, draws: 1500, warmup: 300, target_acceptance: 0.9, ..Nuts::default() };
    let mut draws = nuts.sample(&|| Ok(density.clone()), &Whitening::shift(start)).expect("finite");
    let (chains, count, dim) = draws.x.dim();
    let mut values = ndarray::Array3::zeros((chains, count, density.values.len()));
    for c in 0..chains {
        for d in 0..count {
            let x: Vec<f64> = (0..dim).map(|k| draws.x[[c, d, k]]).collect();
            let mut own = density.values.clone();
            density.transform.forward(&x, &mut own);
            own.into_iter().enumerate().for_each(|(k, v)| values[[c, d, k]] = v);
        }
    }
    draws.x = values;
    draws
}

fn check(name: &str, transform: Transform, prior: impl Into<Prior>, mean: f64, sd: f64) {
    let density = Constrained::new(transform, Some(prior.into()), 2);
    let draws = drawn(&density, &[0.3, -0.3]);
    (0..2).for_each(|k| assert_moments(name, column(&draws, k), mean, sd, 4.5));
}

#[test]
fn elementwise_constraints_with_every_prior() {
    let half = (2.0 / PI).sqrt();
    let log_normal = (0.045_f64).exp();
    check("Normal", Transform::Identity, Normal::new(1.0, 2.0), 1.0, 2.0);
    check("Gamma by exp", Transform::Exp, Gamma::new(3.0, 2.0), 1.5, 3.0_f64.sqrt() / 2.0);
    check("Gamma by softplus", Transform::Softplus, Gamma::new(3.0, 2.0), 1.5, 3.0_f64.sqrt() / 2.0);
    check(
        "HalfNormal",
        Transform::Softplus,
        HalfNormal::new(2.0),
        2.0 * half,
        2.0 * (1.0 - half * half).sqrt(),
    );
    let sd = log_normal * ((0.09_f64).exp() - 1.0).sqrt();
    check("LogNormal", Transform::GreaterThan(0.0), LogNormal::new(0.0, 0.3), log_normal, sd);
    check("Beta", Transform::UnitInterval, Beta::new(2.0, 3.0), 0.4, 0.2);
    let interval = Transform::Interval { low: -1.0, high: 5.0 };
    check("Uniform", interval, Uniform::new(-1.0, 5.0), 2.0, 6.0 / 12.0_f64.sqrt());
    check("StudentT", Transform::Identity, StudentT::new(9.0, 1.0, 2.0), 1.0, 2.0 * (9.0_f64 / 7.0).sqrt());
    let below = Transform::LessThan(1.0);
    // minus a half-normal number, and 1
    check("Normal below 1", below, Normal::new(1.0, 2.0), 1.0 - 2.0 * half, 2.0 * (1.0 - half * half).sqrt());
}

#[test]
fn priors_of_several_values() {
    let diagonal = DiagonalNormal::new(vec![1.0, -2.0], vec![0.5, 3.0]);
    let draws = drawn(&Constrained::new(Transform::Identity, Some(diagonal.into()), 2), &[0.0; 2]);
    assert_moments("DiagonalNormal", column(&draws, 1), -2.0, 3.0, 4.5);
    let full = FullNormal::new(vec![1.0, -2.0], ndarray::array![[1.0, 0.6], [0.6, 4.0]]);
    let draws = drawn(&Constrained::new(Transform::Identity, Some(full.into()), 2), &[0.0; 2]);
    assert_moments("FullNormal", column(&draws, 1), -2.0, 2.0, 4.5);
    let sum = &column(&draws, 0) + &column(&draws, 1);
    assert_moments("FullNormal, sum", sum.view(), -1.0, (1.0 + 4.0 + 1.2_f64).sqrt(), 4.5);
}

#[test]
fn constraints_that_mix_values() {
    // flat in the disk: E[y] = 0, E[y^2] = 1/4
    let disk = drawn(&Constrained::new(Transform::UnitDisk, None, 2), &[0.1, 0.1]);
    (0..2).for_each(|k| assert_moments("disk", column(&disk, k), 0.0, 0.5, 4.5));
    // flat on the simplex of three: mean 1/3, variance 2 / (9 * 4)
    let simplex = drawn(&Constrained::new(Transform::Simplex, None, 3), &[0.1, 0.1]);
    (0..3).for_each(|k| {
        assert_moments("simplex", column(&simplex, k), 1.0 / 3.0, (1.0_f64 / 18.0).sqrt(), 4.5)
    });
    // the smaller and the larger of two normal numbers: -+1/sqrt(pi), variance 1 - 1/pi
    let ordered = Constrained::new(Transform::Ordered, Some(Normal::new(0.0, 1.0).into()), 2);
    let draws = drawn(&ordered, &[0.0, 0.0]);
    let sd = (1.0 - 1.0 / PI).sqrt();
    assert_moments("smaller", column(&draws, 0), -1.0 / PI.sqrt(), sd, 4.5);
    assert_moments("larger", column(&draws, 1), 1.0 / PI.sqrt(), sd, 4.5);
}
