//! What samplers refuse, in words.

use super::support::Normal;
use scarlet_infer::InferError;
use scarlet_infer::diagnostics::{Limits, findings, summary};
use scarlet_infer::sample::{ChainColumn, Chains, LogDensity, Nuts, SampleProgress, Whitening};
use std::ops::ControlFlow;
use std::time::Instant;

/// Finite at no place but the start.
struct Cliff;

impl LogDensity for Cliff {
    fn dim(&self) -> usize {
        1
    }

    fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient[0] = 1.0;
        if x[0] == 0.0 { 0.0 } else { f64::NEG_INFINITY }
    }
}

/// Finite nowhere.
struct Nowhere;

impl LogDensity for Nowhere {
    fn dim(&self) -> usize {
        1
    }

    fn log_density_and_gradient(&mut self, _: &[f64], gradient: &mut [f64]) -> f64 {
        gradient[0] = 0.0;
        f64::NEG_INFINITY
    }
}

#[test]
fn settings_are_checked() {
    for (nuts, setting) in [
        (Nuts { chains: 0, ..Nuts::default() }, "chains"),
        (Nuts { draws: 0, ..Nuts::default() }, "draws"),
        (Nuts { draws: 3, ..Nuts::default() }, "draws"),
        (Nuts { thin: 0, ..Nuts::default() }, "thin"),
        (Nuts { target_acceptance: 1.0, ..Nuts::default() }, "target_acceptance"),
        (Nuts { max_depth: 0, ..Nuts::default() }, "max_depth"),
    ] {
        let found = nuts.validate().expect_err(setting);
        assert!(matches!(found, InferError::Setting { setting: s, .. } if s == setting), "{found}");
    }
}

#[test]
fn a_density_that_is_zero_everywhere_is_refused() {
    let found = Nuts::default().sample(&|| Ok(Nowhere), &Whitening::shift(&[0.0])).expect_err("no start");
    assert!(matches!(found, InferError::Sampler { .. }), "{found}");
    let found = Whitening::at(&mut Nowhere, &[0.0]).expect_err("not finite");
    assert!(matches!(found, InferError::NotFiniteAtStart { .. }), "{found}");
}

#[test]
fn a_chain_that_only_diverges_is_given_up() {
    let found = Nuts::default()
        .sample_from(&|| Ok(Cliff), &Whitening::shift(&[0.0]), &vec![vec![0.0]; 4], &mut |_| {
            ControlFlow::Continue(())
        })
        .expect_err("it never moves");
    assert!(matches!(found, InferError::AlwaysDiverging { .. }), "{found}");
}

#[test]
fn an_interrupt_before_the_first_draws_says_so() {
    let normal = Normal::chained(2, 0.1, [1.0, 2.0]);
    let whitening = Whitening::shift(&normal.mean);
    let found = Nuts::default()
        .sample_from(&|| Ok(normal.clone()), &whitening, &[], &mut |_| ControlFlow::Break(()))
        .expect_err("nothing yet");
    assert!(matches!(found, InferError::NothingDrawn { warmup: 300, .. }), "{found}");
}

/// A density that takes its time.
struct Slow(Normal);

impl LogDensity for Slow {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        std::thread::sleep(std::time::Duration::from_millis(2));
        self.0.log_density_and_gradient(x, gradient)
    }
}

#[test]
fn an_interrupt_keeps_what_is_drawn_and_breaks_off_the_trajectory_under_way() {
    // trajectories of up to 1023 steps of 2 ms each
    let normal = Normal::chained(2, 0.1, [1.0, 1e6]);
    let whitening = Whitening::shift(&normal.mean);
    let make = || Ok(Slow(normal.clone()));
    let nuts = Nuts { chains: 2, threads: 2, warmup: 0, ..Nuts::default() };
    let mut drawn = None;
    let end = &mut |progress: &SampleProgress| match progress.done {
        0..20 => ControlFlow::Continue(()),
        _ => {
            drawn = drawn.or(Some(Instant::now()));
            ControlFlow::Break(())
        }
    };
    let draws = nuts.sample_from(&make, &whitening, &[], end).expect("there are some");
    let took = drawn.expect("it was ended").elapsed();
    assert!(took.as_secs_f64() < 1.0, "{took:?}");
    let (chains, count, _) = draws.x.dim();
    assert!(draws.is_interrupted && chains * count >= 8 && chains * count <= 30, "{chains} of {count}");
    assert!(!draws.statistics.is_diverging.iter().any(|d| *d), "the one that broke off does not count");
}

#[test]
fn findings_name_the_column_and_say_what_to_do() {
    let normal = Normal::chained(2, 0.1, [1.0, 2.0]);
    let nuts = Nuts { draws: 200, warmup: 100, ..Nuts::default() };
    let draws = nuts.sample(&|| Ok(normal.clone()), &Whitening::shift(&normal.mean)).expect("drawn");
    let column = |name: &str| ChainColumn { name: name.to_owned(), is_derived: false };
    let columns = vec![column("a"), column("b")];
    let good = Chains::new(columns.clone(), draws.x.clone(), draws.statistics.clone()).expect("they fit");
    let found = findings(&good, &summary(&good), &Limits::default());
    assert!(found.is_empty(), "{found:?}");

    let (mut x, mut statistics) = (draws.x.clone(), draws.statistics.clone());
    x.slice_mut(ndarray::s![2, .., 1]).mapv_inplace(|v| v + 9.0);
    statistics.is_diverging.slice_mut(ndarray::s![2, ..40]).fill(true);
    statistics.is_deepest.fill(true);
    let bad = Chains::new(columns, x, statistics).expect("they fit");
    let found = findings(&bad, &summary(&bad), &Limits::default());
    let codes: Vec<&str> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["rhat_high", "ess_low", "divergences", "tree_depth"]);
    assert!(found[0].subject == "b" && found[2].problem.contains("values of b"), "{found:?}");
}

#[test]
fn chains_of_the_wrong_shape_are_refused() {
    let normal = Normal::chained(2, 0.1, [1.0, 2.0]);
    let nuts = Nuts { draws: 10, warmup: 10, ..Nuts::default() };
    let draws = nuts.sample(&|| Ok(normal.clone()), &Whitening::shift(&normal.mean)).expect("drawn");
    let twice = vec![ChainColumn { name: "a".to_owned(), is_derived: false }; 2];
    assert!(Chains::new(twice.clone(), draws.x.clone(), draws.statistics.clone()).is_err());
    assert!(Chains::new(twice[..1].to_vec(), draws.x, draws.statistics).is_err());
}
