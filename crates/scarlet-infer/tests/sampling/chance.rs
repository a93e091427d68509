//! What noise does to R-hat: chains that are right pass, chains that are wrong do not.

use ndarray::{Array2, Array3};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use scarlet_infer::diagnostics::{Limits, findings, rhat_most, summary};
use scarlet_infer::sample::{ChainColumn, Chains, SampleStatistics};

/// Runs of each kind.
const RUNS: u64 = 20;

/// Chains `[chain, draw, column]` of normal numbers with correlation `memory` between one draw and the next, moved by
/// `moved` (chain, draw).
fn chains(
    [chains, draws, columns]: [usize; 3],
    memory: f64,
    seed: u64,
    moved: impl Fn(usize, usize) -> f64,
) -> Chains {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values = Array3::<f64>::zeros((chains, draws, columns));
    for c in 0..chains {
        for k in 0..columns {
            let mut x: f64 = StandardNormal.sample(&mut rng);
            for d in 0..draws {
                let new: f64 = StandardNormal.sample(&mut rng);
                x = memory * x + (1.0 - memory * memory).sqrt() * new;
                values[[c, d, k]] = x + moved(c, d);
            }
        }
    }
    let of = |k: usize| ChainColumn { name: format!("x{k}"), is_derived: false };
    let energy = Array2::from_shape_fn((chains, draws), |(c, d)| if (c + d) % 2 == 0 { 0.0 } else { 1.0 });
    let zeros = || Array2::<i64>::zeros((chains, draws));
    let never = || Array2::from_elem((chains, draws), false);
    let statistics = SampleStatistics {
        log_density: energy.clone(),
        acceptance: energy.clone(),
        step_size: energy.clone(),
        energy,
        tree_depth: zeros(),
        steps: zeros(),
        is_diverging: never(),
        is_deepest: never(),
    };
    Chains::new((0..columns).map(of).collect(), values, statistics).expect("they fit together")
}

/// Whether chains are called wrong, and whether an R-hat is above 1.01.
fn judged(chains: &Chains) -> [bool; 2] {
    let lines = summary(chains);
    let found = findings(chains, &lines, &Limits::default());
    [found.iter().any(|finding| finding.code == "rhat_high"), rhat_most(&lines) > 1.01]
}

#[test]
fn chains_of_one_density_are_seldom_called_wrong() {
    // one run in 100 is what the limit allows
    for (shape, memory) in
        [([4, 300, 68], 0.0), ([4, 300, 68], 0.5), ([2, 300, 20], 0.3), ([4, 1200, 9], 0.8)]
    {
        let all: Vec<[bool; 2]> =
            (0..RUNS).map(|seed| judged(&chains(shape, memory, seed, |_, _| 0.0))).collect();
        let [wrong, above] = [0, 1].map(|k| all.iter().filter(|of_run| of_run[k]).count());
        println!("{shape:?}, memory {memory}: {wrong} of {RUNS} called wrong, {above} above 1.01");
        assert!(wrong <= 1, "{shape:?}, {memory}: {wrong} of {RUNS} called wrong");
        assert!(
            memory == 0.0 || above > 4,
            "{shape:?}, {memory}: the plain limit would do: {above} of {RUNS}"
        );
    }
}

#[test]
fn chains_that_are_apart_are_called_wrong() {
    let one_apart = |c: usize, _: usize| if c == 0 { 0.6 } else { 0.0 };
    let drift = |_: usize, d: usize| d as f64 / 300.0;
    let stuck = |c: usize, _: usize| 20.0 * c as f64;
    for seed in 0..3 {
        assert!(judged(&chains([4, 300, 68], 0.0, seed, one_apart))[0]);
        assert!(judged(&chains([4, 300, 68], 0.5, seed, drift))[0]);
        assert!(judged(&chains([4, 300, 68], 0.0, seed, stuck))[0]);
        assert!(judged(&chains([2, 20, 1], 0.0, seed, stuck))[0]);
        // a memory of hundreds of draws
        assert!(judged(&chains([4, 300, 68], 0.998, seed, |_, _| 0.0))[0]);
    }
}
