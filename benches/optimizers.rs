//! Optimisers beside each other, from one start and with nothing set: `cargo bench -p scarlet --bench optimizers`.
//!
//! Prints the table of `docs/steps.md`: chi2 per pixel after some steps on the HSC images and on a blend whose truth is
//! known, and for the latter the errors of the fluxes that fall into the image.

#[path = "../tests/common/mod.rs"]
mod common;

use ndarray::{Array2, Axis};
use scarlet::obs::init::Seed;
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

fn start(observation: &Observation, seeds: &[Seed]) -> Scene {
    let model = Frame::enclosing([observation.frame()]).expect("a frame");
    let channels = model.channel_names().len();
    let mut scene = Scene::new(model.clone()).expect("a scene");
    for shape in init::shapes(&[observation], &model, seeds).expect("seen") {
        scene.add(shape.source(channels, 1).expect("one layer")).expect("inside");
    }
    init::fit_fluxes(&mut scene, &[observation]).expect("fluxes");
    scene
}

/// chi2 per pixel, and the fitted scene.
fn fit(observation: &Observation, start: &Scene, optimizer: &dyn Optimizer) -> (f64, Scene) {
    let mut scene = start.clone();
    let mut posterior = Posterior::new(&scene, [observation]).expect("a valid scene");
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let fit = posterior.fit_with_boxes(&mut scene, &BoxRules::default(), optimizer, go_on).expect("a fit");
    posterior.log_likelihood(&fit.x);
    (posterior.chi2()[0] / posterior.pixels() as f64, scene)
}

/// Median over sources and channels of the relative errors of fluxes, and the largest where S/N is above 50.
fn errors(blend: &common::TrueBlend, scene: &Scene) -> [f64; 2] {
    let channels = scene.frame().channel_names().len();
    let mut fluxes = Array2::zeros((blend.truth.len(), channels));
    scarlet::obs::redistribute(scene, &blend.observation, |share| {
        let source: usize = share.source.parse().expect("sources are counted");
        share.model.outer_iter().enumerate().for_each(|(c, plane)| fluxes[[source, c]] = plane.sum());
    })
    .expect("the same grid");
    let (mut all, mut worst) = (Vec::new(), 0.0);
    for (s, truth) in blend.truth.iter().enumerate() {
        for (c, image) in truth.outer_iter().enumerate() {
            let weights = blend.observation.weights().index_axis(Axis(0), c);
            let snr = image.iter().zip(weights).map(|(t, w)| w * t * t).sum::<f64>().sqrt();
            let error = (fluxes[[s, c]] / image.sum() - 1.0).abs();
            worst = if snr > 50.0 { f64::max(worst, error) } else { worst };
            all.push(error);
        }
    }
    all.sort_by(f64::total_cmp);
    [0.5 * (all[all.len() / 2 - 1] + all[all.len() / 2]), worst]
}

fn main() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let data = std::env::var_os("SCARLET_DATA").map_or(beside.into(), PathBuf::from);
    let quickstart = common::quickstart_in(&data);
    let seeds = (0..7).map(|k| {
        let center = quickstart.scene.param(&format!("{k}.center")).expect("a centre").values();
        Seed { center: [center[0], center[1]], is_star: k == 0 }
    });
    let hsc = start(&quickstart.observation, &seeds.collect::<Vec<_>>());
    let blend = common::true_blend_in(&data);
    let both = blend.centers.iter().zip(&blend.is_star);
    let seeds: Vec<Seed> =
        both.map(|(center, is_star)| Seed { center: *center, is_star: *is_star }).collect();
    let of_blend = start(&blend.observation, &seeds);
    println!(
        "| optimiser | HSC, chi2 per pixel after 20, 50, 100, 200 steps | blend, the same | median flux error, the same | largest for S/N > 50, the same |"
    );
    println!("|---|---|---|---|---|");
    for (name, make) in CANDIDATES {
        let of_hsc = STEPS.map(|n| fit(&quickstart.observation, &hsc, &*make(n)).0);
        let fits = STEPS.map(|n| fit(&blend.observation, &of_blend, &*make(n)));
        let errors = fits.each_ref().map(|(_, scene)| errors(&blend, scene));
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
