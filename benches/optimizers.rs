//! Optimisers beside each other, from one start and with nothing set: `cargo bench -p scarlet --bench optimizers`.
//!
//! Prints the table of `docs/steps.md`: chi2 per pixel after some steps on the HSC images and on a blend whose truth is
//! known, and for the latter the errors of the fluxes that fall into the image.

#[path = "../tests/common/mod.rs"]
mod common;

use common::deblend::{flux_errors, seeds_of, seeds_of_hsc, seen_fluxes, start};
use scarlet::prelude::*;
use std::ops::ControlFlow;
use std::path::PathBuf;

const STEPS: [usize; 4] = [20, 50, 100, 200];

type Make = fn(usize) -> Box<dyn Optimizer>;

fn scaled(max_iter: usize, momentum: f64, gain: f64) -> Box<dyn Optimizer> {
    Box::new(Scaled { max_iter, momentum, gain, e_chi2: 0.0, ..Scaled::default() })
}

const CANDIDATES: [(&str, Make); 6] = [
    ("Adam, default steps", |n| Box::new(Adam { max_iter: n, e_rel: 0.0, ..Adam::default() })),
    ("Yogi, default steps", |n| Box::new(Yogi { max_iter: n, e_rel: 0.0, ..Yogi::default() })),
    ("Scaled, gain 1, momentum 0.8", |n| scaled(n, 0.8, 1.0)),
    ("Scaled, gain 0.5, no momentum", |n| scaled(n, 0.0, 0.5)),
    ("Scaled, gain 0.5, momentum 0.9", |n| scaled(n, 0.9, 0.5)),
    ("Scaled, gain 0.5, momentum 0.8 (default)", |n| scaled(n, 0.8, 0.5)),
];

/// chi2 per pixel, and the fitted scene.
fn fit(observation: &Observation, start: &Scene, optimizer: &dyn Optimizer) -> (f64, Scene) {
    let mut scene = start.clone();
    let mut posterior = Posterior::new(&scene, [observation]).expect("a valid scene");
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let fit = posterior.fit_with_boxes(&mut scene, &BoxRules::default(), optimizer, go_on).expect("a fit");
    posterior.log_likelihood(&fit.x);
    (posterior.chi2()[0] / posterior.pixels() as f64, scene)
}

fn main() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let data = std::env::var_os("SCARLET_DATA").map_or(beside.into(), PathBuf::from);
    let quickstart = common::quickstart_in(&data);
    let hsc = start(&quickstart.observation, &seeds_of_hsc(&quickstart));
    let blend = common::true_blend_in(&data);
    let of_blend = start(&blend.observation, &seeds_of(&blend));
    println!(
        "| optimiser | HSC, chi2 per pixel after 20, 50, 100, 200 steps | blend, the same | median flux error, the same | largest for S/N > 50, the same |"
    );
    println!("|---|---|---|---|---|");
    for (name, make) in CANDIDATES {
        let of_hsc = STEPS.map(|n| fit(&quickstart.observation, &hsc, &*make(n)).0);
        let fits = STEPS.map(|n| fit(&blend.observation, &of_blend, &*make(n)));
        let fluxes = fits.each_ref().map(|(_, scene)| seen_fluxes(&blend.observation, scene));
        let errors = fluxes.map(|fluxes| flux_errors(&blend, &fluxes));
        let list = |values: [f64; 4]| values.map(|v| format!("{v:.3}")).join(", ");
        let (median, worst) = (errors.map(|e| e[0]), errors.map(|e| e[1]));
        println!(
            "| {name} | {} | {} | {} | {} |",
            list(of_hsc),
            list(fits.each_ref().map(|f| f.0)),
            list(median),
            list(worst)
        );
    }
}
