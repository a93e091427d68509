//! Normal densities, correlated and badly scaled.

use super::support::{Normal, assert_normal};
use scarlet_infer::sample::{Draws, LogDensity, MassMatrix, Nuts, Whitening};
use std::ops::ControlFlow;

fn nuts() -> Nuts {
    Nuts { chains: 4, draws: 800, warmup: 400, ..Nuts::default() }
}

fn drawn(nuts: &Nuts, normal: &Normal, whitening: &Whitening) -> Draws {
    nuts.sample(&|| Ok(normal.clone()), whitening).expect("a density that is finite everywhere")
}

#[test]
fn moments_are_right_with_either_mass_matrix() {
    let normal = Normal::chained(8, 0.9, [0.01, 100.0]);
    for mass_matrix in [MassMatrix::Diagonal, MassMatrix::LowRank] {
        let draws = drawn(&Nuts { mass_matrix, ..nuts() }, &normal, &Whitening::shift(&normal.mean));
        assert_normal(&draws, &normal.mean, &normal.covariance);
        assert_eq!(draws.statistics.divergences(), 0, "{mass_matrix:?}");
    }
}

#[test]
fn the_curvature_of_the_start_makes_it_cheap() {
    let normal = Normal::chained(8, 0.95, [1e-3, 1e3]);
    let mut density = normal.clone();
    let whitening = Whitening::at(&mut density, &normal.mean).expect("finite");
    let draws = drawn(&nuts(), &normal, &whitening);
    assert_normal(&draws, &normal.mean, &normal.covariance);
    let per_draw = draws.statistics.steps.sum() as f64 / draws.statistics.steps.len() as f64;
    assert!(per_draw < 9.0, "{per_draw} gradients for a draw");
}

#[test]
fn draws_do_not_depend_on_threads_and_chains_not_on_their_number() {
    let normal = Normal::chained(5, 0.7, [0.1, 10.0]);
    let whitening = Whitening::shift(&normal.mean);
    let few = Nuts { draws: 60, warmup: 50, ..nuts() };
    let one = drawn(&few, &normal, &whitening);
    for threads in [2, 3, 0] {
        assert_eq!(one, drawn(&Nuts { threads, ..few.clone() }, &normal, &whitening), "{threads} threads");
    }
    let alone = drawn(&Nuts { chains: 1, ..few.clone() }, &normal, &whitening);
    assert_eq!(alone.x.row_of_chain(0), one.x.row_of_chain(0));
    let other = drawn(&Nuts { seed: 2, ..few }, &normal, &whitening);
    assert_ne!(other.x, one.x);
}

/// The draws of one chain.
trait RowOfChain {
    fn row_of_chain(&self, chain: usize) -> ndarray::ArrayView2<'_, f64>;
}

impl RowOfChain for ndarray::Array3<f64> {
    fn row_of_chain(&self, chain: usize) -> ndarray::ArrayView2<'_, f64> {
        self.index_axis(ndarray::Axis(0), chain)
    }
}

/// A normal density that takes its time: who watches the draws sees them before all are done, on a busy machine too.
struct Slow(Normal);

impl LogDensity for Slow {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        std::thread::sleep(std::time::Duration::from_micros(50));
        self.0.log_density_and_gradient(x, gradient)
    }
}

#[test]
fn what_is_drawn_before_an_interrupt_is_kept() {
    let normal = Normal::chained(3, 0.5, [1.0, 2.0]);
    let whitening = Whitening::shift(&normal.mean);
    let few = Nuts { chains: 2, draws: 100, warmup: 40, ..nuts() };
    let whole = drawn(&few, &normal, &whitening);
    let mut last = None;
    let cut = few.sample_from(&|| Ok(Slow(normal.clone())), &whitening, &[], &mut |progress| {
        last = Some(*progress);
        if progress.done >= 160 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let cut = cut.expect("draws of the time before");
    let draws = cut.x.dim().1;
    assert!(cut.is_interrupted && !whole.is_interrupted && (40..100).contains(&draws), "{draws}");
    assert_eq!(cut.x, whole.x.slice(ndarray::s![.., ..draws, ..]));
    assert!(last.is_some_and(|p| p.total == 280 && !p.is_warmup));
}

#[test]
fn thinned_draws_are_every_nth() {
    let normal = Normal::chained(3, 0.5, [1.0, 2.0]);
    let whitening = Whitening::shift(&normal.mean);
    let whole = drawn(&Nuts { draws: 60, warmup: 30, ..nuts() }, &normal, &whitening);
    let thin = drawn(&Nuts { draws: 20, thin: 3, warmup: 30, ..nuts() }, &normal, &whitening);
    assert_eq!(thin.x, whole.x.slice(ndarray::s![.., 2..;3, ..]));
}
