//! Two instruments at once, from positions to fitted fluxes: start values and joint fits on simulated and real images.

mod common;

use common::instruments::{Comparison, PIXEL_ARCSEC, TwoInstruments, compare, fitted, fluxes, off, start};
use common::pair;
use ndarray::Array3;
use scarlet::obs::catalog;
use scarlet::prelude::*;

/// chi2 per pixel of the real HST and HSC images at most, from positions alone and fitted.
const BEGUN: [f64; 2] = [1.9, 3.0];
const FITTED: [f64; 2] = [1.15, 1.15];

/// Standard error of a flux with everything else known, in every channel of the scene.
fn flux_errors(scene: &Scene, name: &str, observations: &[&Observation]) -> Vec<f64> {
    let mut information = vec![0.0; scene.frame().channel_names().len()];
    for observation in observations {
        let mut view = scarlet::obs::View::new(observation, scene.frame()).expect("a view");
        let Some(seen) = view.source(scene, name).expect("a source") else { continue };
        let [rows, columns] = observation.frame().bbox().slices_of(seen.bbox).expect("its own");
        let weights = observation.weights().slice(ndarray::s![.., rows, columns]);
        let channels = view.sight().channels().to_vec();
        for ((c, y, x), m) in seen.pixels.indexed_iter() {
            let flux = fluxes(scene, name)[channels[c]];
            information[channels[c]] += weights[[c, y, x]] * (m / flux).powi(2);
        }
    }
    information.into_iter().map(|i| 1.0 / i.sqrt()).collect()
}

#[test]
fn start_values_from_two_instruments_are_near_the_truth() {
    let sky = TwoInstruments::new();
    let all: Vec<usize> = (0..sky.sources.len()).collect();
    for seed in 0..3 {
        let observed = sky.observed(seed, 1.0);
        let observations = [&observed[0], &observed[1]];
        let scene = start(&sky, &all, &observations, 0.5 * PIXEL_ARCSEC[0]);
        let in_space = sky.seen_by(0);
        for (s, truth) in sky.sources.iter().enumerate() {
            let name = s.to_string();
            let [north, east] = off(&scene, truth, &name);
            let (found, errors) = (fluxes(&scene, &name), flux_errors(&scene, &name, &observations));
            let off_px = north.hypot(east) / PIXEL_ARCSEC[0];
            let pulls: Vec<f64> = (0..4).map(|c| (found[c] - truth.flux[c]) / errors[c]).collect();
            println!(
                "source {s}: off by {off_px:.3} px, fluxes {found:.1?} of {:.1?}, off by {pulls:.1?} errors",
                truth.flux
            );
            let is_in_space = in_space.contains(&s);
            assert!(off_px < if is_in_space { 0.1 } else { 1.0 }, "{s}: {off_px}");
            for (c, flux) in found.iter().enumerate() {
                let tolerance = if c > 0 || is_in_space { 0.1 } else { 1.0 };
                assert!(*flux > 0.0 && (flux / truth.flux[c] - 1.0).abs() < tolerance, "{s} {c}");
            }
        }
    }
}

#[test]
fn both_instruments_are_better_than_one_and_unbiased() {
    let Comparison { worst, position, flux, .. } = compare(&TwoInstruments::new(), 8);
    assert!(worst < 6.0, "{worst}");
    assert!(
        position[0] < 1.05 && position[1] < 0.8 && flux[0] < 1.05 && flux[1] < 1.0,
        "{position:?} {flux:?}"
    );
}

#[test]
fn the_real_pair_is_fitted_from_positions_alone() {
    let Some(mut pair) = pair::observations() else { return };
    let scene = pair::start(&mut pair);
    let observations = [&pair[0], &pair[1]];
    let chi2 = |scene: &Scene| {
        let mut posterior = Posterior::new(scene, observations).expect("valid");
        let x = posterior.start().expect("finite");
        posterior.log_likelihood(&x);
        let pixels = observations.map(|o| o.pixels_with_weight() as f64);
        let chi2 = posterior.chi2();
        [chi2[0] / pixels[0], chi2[1] / pixels[1]]
    };
    let begun = chi2(&scene);
    let (scene, fitted) = fitted(scene, &observations);
    println!("chi2 per pixel of HST and HSC: {begun:.3?} at the start, {fitted:.3?} fitted");
    assert!(begun[0] < BEGUN[0] && begun[1] < BEGUN[1] && fitted[0] < FITTED[0] && fitted[1] < FITTED[1]);
    let plan = |o: &Observation| scarlet::obs::render(&scene, o.frame()).expect("it is seen");
    let rendered: Vec<Array3<f64>> = observations.iter().map(|o| plan(o)).collect();
    let sources = catalog::measure_sources(&scene, &observations, &rendered).expect("measured");
    for source in &sources {
        println!(
            "source {}: fluxes {:.1?}, chi2 per pixel {:.2?}",
            source.id, source.flux, source.chi2_per_pixel
        );
        assert!(source.flux.iter().all(|f| f.is_finite() && *f > 0.0));
    }
    for finding in scarlet::obs::check::fitted(&scene, &observations, &rendered, &sources).expect("checked") {
        println!("{finding}");
    }
}
