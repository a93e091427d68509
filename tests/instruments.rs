//! Two instruments at once, from positions to fitted fluxes: start values and joint fits on simulated and real images.

mod common;

use common::instruments::{Comparison, PIXEL_ARCSEC, TwoInstruments, compare, fluxes, off, start};
use scarlet::prelude::*;

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
            for c in 0..4 {
                let tolerance = if c > 0 || is_in_space { 0.1 } else { 1.0 };
                assert!(found[c] > 0.0 && (found[c] / truth.flux[c] - 1.0).abs() < tolerance, "{s} {c}");
            }
        }
    }
}

#[test]
fn both_instruments_are_better_than_one_and_unbiased() {
    let Comparison { worst, ratios } = compare(&TwoInstruments::new(), 8);
    assert!(worst < 6.0, "{worst}");
    let [[space, space_flux], [ground, ground_flux]] = ratios;
    assert!(space < 1.05 && ground < 0.8 && space_flux < 1.05 && ground_flux < 1.0, "{ratios:?}");
}
