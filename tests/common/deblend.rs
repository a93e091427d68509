//! The default way from positions to start values, and fluxes beside a truth.

use super::{Quickstart, TrueBlend};
use ndarray::{Array2, Axis};
use scarlet::obs::init::Seed;
use scarlet::prelude::*;

/// The positions of HSC; the first source is a star.
pub fn seeds_of_hsc(start: &Quickstart) -> Vec<Seed> {
    let seed = |k: usize| {
        let center = start.scene.param(&format!("{k}.center")).expect("a centre").values();
        Seed { center: [center[0], center[1]], is_star: k == 0 }
    };
    (0..7).map(seed).collect()
}

/// The positions of a blend.
pub fn seeds_of(blend: &TrueBlend) -> Vec<Seed> {
    let both = blend.centers.iter().zip(&blend.is_star);
    both.map(|(center, is_star)| Seed { center: *center, is_star: *is_star }).collect()
}

/// A scene with start values, galaxies as images of one layer.
pub fn start(observation: &Observation, seeds: &[Seed]) -> Scene {
    let mut scene = shapes(observation, seeds);
    init::fit_fluxes(&mut scene, &[observation]).expect("fluxes");
    scene
}

/// The same before the fluxes of all sources together.
pub fn shapes(observation: &Observation, seeds: &[Seed]) -> Scene {
    let model = Frame::enclosing([observation.frame()]).expect("a frame");
    let channels = model.channel_names().len();
    let mut scene = Scene::new(model.clone()).expect("a scene");
    for shape in init::shapes(&[observation], &model, seeds).expect("seen") {
        scene.add(shape.source(channels, 1).expect("one layer")).expect("inside");
    }
    scene
}

/// Flux of each source and channel that falls into the image, seen through the PSF.
pub fn seen_fluxes(observation: &Observation, scene: &Scene) -> Array2<f64> {
    let mut fluxes = Array2::zeros((scene.len(), scene.frame().channel_names().len()));
    scarlet::obs::redistribute(scene, observation, |share| {
        let source: usize = share.source.parse().expect("sources are counted");
        share.model.outer_iter().enumerate().for_each(|(c, plane)| fluxes[[source, c]] = plane.sum());
    })
    .expect("the same grid");
    fluxes
}

/// Median over sources and channels of the relative errors of fluxes, and the largest where S/N is above 50.
pub fn flux_errors(blend: &TrueBlend, fluxes: &Array2<f64>) -> [f64; 2] {
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
