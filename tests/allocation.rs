//! The loop of a fit allocates nothing, on one thread and on two.

mod common;
#[path = "../benches/harness/counting.rs"]
mod counting;

use common::blend::{blend, turned_blend, turned_varying_blend, varying_blend};
use counting::{Counting, allocations};
use scarlet::nn::{About, Architecture, Learned, PriorSettings, ScoreNet};
use scarlet::prelude::*;
use scarlet::render::expression::ExpressionImage;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of a whole fit of so many steps.
fn of_a_fit(posterior: &mut Posterior, steps: usize) -> usize {
    let adam = Adam { max_iter: steps, e_rel: 0.0, ..Adam::default() };
    let before = allocations();
    let fit = posterior.fit(&adam).expect("a finite start");
    let count = allocations() - before;
    assert_eq!(fit.iterations, steps);
    count
}

/// A ring by an expression: these allocate, and say so.
fn with_expression(mut scene: Scene) -> Scene {
    let ring =
        ExpressionImage::new("Ring", [9, 9], |p, grid| (-(grid.radius() - p["radius"]).square()).exp());
    let ring = ring.param("radius", free(3.0).positive());
    scene.add(Source::new([20.0, 20.0], free([1.0; 5]).positive(), ring)).expect("a source in the frame");
    scene
}

/// The same with a network as the prior of all images.
fn with_network(scene: &Scene) -> Scene {
    let sizes = Architecture { side: 16, patch: 4, features: 8, depth: 1, mix_patches: 9, mix_features: 7 };
    let learned = Learned::new(&ScoreNet::made_up(sizes, 0), &About::default(), PriorSettings::default());
    let learned = learned.expect("valid settings");
    let mut changed = Scene::new(scene.frame().clone()).expect("a frame");
    for (name, source) in scene.sources() {
        changed.add(learned.prior_of(source.clone().named(name))).expect("a source in the frame");
    }
    assert!(changed.params().iter().any(|(_, param)| param.prior_ref().is_some()));
    changed
}

/// Asserts that a longer fit allocates no more often than a short one.
fn assert_no_more(mut posterior: Posterior, what: &str) {
    of_a_fit(&mut posterior, 20);
    // Threads of the pool before this one may still be ending, which counts too: the least of three.
    let mut least = |steps| (0..3).map(|_| of_a_fit(&mut posterior, steps)).min().expect("three of them");
    let (short, long) = (least(20), least(100));
    println!("{what}: {short} allocations in 20 steps, {long} in 100");
    assert_eq!(long, short, "{what}: 80 steps more allocate");
}

/// One test only: the count is of the whole process.
#[test]
fn steps_of_a_fit_allocate_nothing() {
    let (scene, observation) = blend();
    let varying = varying_blend(&observation);
    let observations = [observation, turned_blend(), varying, turned_varying_blend()];
    for (precision, seen) in
        [Precision::Single, Precision::Double].into_iter().flat_map(|p| [(p, 1), (p, 2), (p, 4)])
    {
        for threads in [1, 2] {
            let builder = Posterior::builder().precision(precision).threads(threads);
            let posterior = builder.build(&scene, &observations[..seen]).expect("a valid scene");
            assert_no_more(posterior, &format!("{precision:?}, {seen} seen, {threads} threads"));
        }
    }
    for threads in [1, 2] {
        let builder = Posterior::builder().threads(threads);
        let posterior = builder.build(&with_network(&scene), &observations[..1]).expect("a valid scene");
        assert_no_more(posterior, &format!("a network, {threads} threads"));
    }
    let mut posterior = Posterior::new(&with_expression(scene), &observations[..1]).expect("a valid scene");
    let (short, long) = (of_a_fit(&mut posterior, 20), of_a_fit(&mut posterior, 220));
    println!("with an expression: {short} allocations in 20 steps, {long} in 220");
    assert!(long > short + 200, "the count does not work: {short} and {long}");
}
