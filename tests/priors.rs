//! Networks as priors on real and simulated images.

mod common;

use common::deblend::{seeds_of, seeds_of_hsc, start};
use common::{data_folder, quickstart, true_blend};
use scarlet::infer::Fit;
use scarlet::nn::{Learned, PriorSettings};
use scarlet::prelude::*;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The published network of galaxies in HSC's images.
fn published() -> Option<Arc<Learned>> {
    let path = data_folder()?.join("score_nets/eqx_hsc_ScoreNet32.eqx");
    Some(Learned::read(path, PriorSettings::default()).expect("the published weights"))
}

/// Start values, with the network as the prior of all galaxies.
fn with_prior(scene: &Scene, learned: &Arc<Learned>) -> Scene {
    let mut changed = Scene::new(scene.frame().clone()).expect("a frame");
    for (name, source) in scene.sources() {
        changed.add(learned.prior_of(source.clone().named(name))).expect("a source in the frame");
    }
    changed
}

fn fit(scene: &mut Scene, observation: &Observation, threads: usize) -> (Fit, f64) {
    let mut posterior =
        Posterior::builder().threads(threads).build(scene, [observation]).expect("a valid scene");
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let fit =
        posterior.fit_with_boxes(scene, &BoxRules::default(), &Scaled::default(), go_on).expect("a fit");
    posterior.log_likelihood(&fit.x);
    (fit, posterior.chi2()[0] / posterior.pixels() as f64)
}

#[test]
fn hsc_is_fitted_with_the_published_network() {
    let (Some(learned), Some(images)) = (published(), quickstart()) else { return };
    let observation = &images.observation;
    let begin = start(observation, &seeds_of_hsc(&images));
    let mut scene = with_prior(&begin, &learned);
    let (one, chi2) = fit(&mut scene, observation, 1);
    println!("chi2 per pixel {chi2:.3} after {} steps, {:?}, best {}", one.iterations, one.stop, one.best);
    assert!(chi2 < 1.25, "{chi2}");
    assert!(one.loss[one.best] < one.loss[0]);
    let (two, _) = fit(&mut with_prior(&begin, &learned), observation, 2);
    assert_eq!(one, two, "the number of threads makes no difference");
    let strangest = scene.params().into_iter().filter_map(|(path, param)| {
        let strangeness = param.prior_ref()?.as_score().strangeness(param.values())?;
        println!("{path} {:?}: leaves {strangeness:.3} of the noise", param.value().shape());
        Some(strangeness)
    });
    assert!(strangest.fold(0.0, f64::max) < 1.0);
}

#[test]
fn fluxes_of_a_simulated_blend_are_no_worse_with_it() {
    let (Some(learned), Some(blend)) = (published(), true_blend()) else { return };
    let mut scene = with_prior(&start(&blend.observation, &seeds_of(&blend)), &learned);
    let (_, chi2) = fit(&mut scene, &blend.observation, 1);
    let fluxes = common::deblend::seen_fluxes(&blend.observation, &scene);
    let [median, worst] = common::deblend::flux_errors(&blend, &fluxes);
    println!("chi2 per pixel {chi2:.3}, median flux error {median:.3}, largest of bright fluxes {worst:.3}");
    assert!(chi2 < 1.1 && median < 0.06 && worst < 0.2);
}
