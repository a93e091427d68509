//! What noise does to R-hat: chains that are right pass, chains that are wrong do not.

use ndarray::{Array2, Array3};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use scarlet_infer::diagnostics::{Limits, findings, rhat_most, summary};
use scarlet_infer::sample::{ChainColumn, Chains, SampleStatistics};

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

fn is_called_wrong(chains: &Chains) -> bool {
    let lines = summary(chains);
    findings(chains, &lines, &Limits::default()).iter().any(|finding| finding.code == "rhat_high")
}

/// How many of `runs` runs are called wrong, and how many have an R-hat above 1.01.
fn called_wrong(runs: u64, shape: [usize; 3], memory: f64) -> [usize; 2] {
    let all: Vec<Chains> = (0..runs).map(|seed| chains(shape, memory, seed, |_, _| 0.0)).collect();
    let above = all.iter().filter(|chains| rhat_most(&summary(chains)) > 1.01).count();
    [all.iter().filter(|chains| is_called_wrong(chains)).count(), above]
}

#[test]
fn chains_of_one_density_are_seldom_called_wrong() {
    // 1 in 100 is what the limit is for
    for (shape, memory) in [([4, 300, 68], 0.0), ([4, 300, 68], 0.5), ([2, 100, 20], 0.3), ([4, 400, 5], 0.8)]
    {
        let [wrong, above] = called_wrong(30, shape, memory);
        println!("{shape:?}, memory {memory}: {wrong} of 30 called wrong, {above} above 1.01");
        assert!(wrong <= 2 && above > 2 * wrong, "{shape:?}, {memory}: {wrong} and {above} of 30");
    }
}

#[test]
fn chains_that_are_apart_are_called_wrong() {
    let one_apart = |c: usize, _: usize| if c == 0 { 0.6 } else { 0.0 };
    let drift = |_: usize, d: usize| d as f64 / 300.0;
    let stuck = |c: usize, _: usize| 20.0 * c as f64;
    for seed in 0..5 {
        assert!(is_called_wrong(&chains([4, 300, 68], 0.0, seed, one_apart)));
        assert!(is_called_wrong(&chains([4, 300, 68], 0.5, seed, drift)));
        assert!(is_called_wrong(&chains([4, 300, 68], 0.0, seed, stuck)));
        assert!(is_called_wrong(&chains([2, 20, 1], 0.0, seed, stuck)));
        // a memory of hundreds of draws
        assert!(is_called_wrong(&chains([4, 300, 68], 0.998, seed, |_, _| 0.0)));
    }
}
