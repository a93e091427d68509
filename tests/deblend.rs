//! The default way from positions to fluxes, on real data and on a blend whose truth is known.

mod common;

use common::deblend::{flux_errors, seeds_of, seeds_of_hsc, seen_fluxes, start};
use common::{quickstart, true_blend};
use ndarray::Array2;
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use scarlet::infer::Stop;
use scarlet::obs::init::Seed;
use scarlet::prelude::*;
use std::ops::ControlFlow;

/// What a fit with defaults comes to.
struct Outcome {
    chi2: f64,
    /// Flux of each source and channel that falls into the image, seen through the PSF.
    fluxes: Array2<f64>,
    fit: Fit,
}

fn deblend(observation: &Observation, seeds: &[Seed]) -> Outcome {
    let mut scene = start(observation, seeds);
    let mut posterior = Posterior::new(&scene, [observation]).expect("a valid scene");
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let fit = posterior.fit_with_boxes(&mut scene, &BoxRules::default(), &Scaled::default(), go_on);
    let fit = fit.expect("a finite start");
    posterior.log_likelihood(&fit.x);
    let chi2 = posterior.chi2()[0] / posterior.pixels() as f64;
    let fluxes = seen_fluxes(observation, &scene);
    Outcome { chi2, fluxes, fit }
}

fn hsc() -> Option<(Observation, Vec<Seed>)> {
    let start = quickstart()?;
    let seeds = seeds_of_hsc(&start);
    Some((start.observation, seeds))
}

#[test]
fn hsc_needs_no_settings() {
    let Some((observation, seeds)) = hsc() else { return };
    let outcome = deblend(&observation, &seeds);
    println!("HSC: chi2 per pixel {:.4} after {} steps", outcome.chi2, outcome.fit.iterations);
    assert!(outcome.chi2 <= 1.17 && outcome.fit.iterations <= 200);
    assert_eq!(outcome.fit.stop, Stop::Converged);
}

#[test]
fn fluxes_of_a_blend_are_those_of_its_truth() {
    let Some(blend) = true_blend() else { return };
    let outcome = deblend(&blend.observation, &seeds_of(&blend));
    let [median, worst] = flux_errors(&blend, &outcome.fluxes);
    println!(
        "blend: chi2 per pixel {:.4}, flux errors: median {median:.4}, worst bright {worst:.4}",
        outcome.chi2
    );
    assert!(outcome.chi2 <= 1.03 && median <= 0.04 && worst <= 0.15);
}

/// Largest minus smallest, over the mean.
fn spread(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let (low, high) = values.clone().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
    let (sum, count) = values.fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
    (high - low) / (sum / count)
}

/// Standard deviation over the mean.
fn scatter(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let (sum, count) = values.clone().fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
    let mean = sum / count;
    (values.map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt() / mean
}

#[test]
fn positions_that_are_half_a_pixel_off_hardly_matter() {
    let cases = [
        hsc().map(|(o, s)| ("HSC", o, s)),
        true_blend().map(|b| ("blend", b.observation.clone(), seeds_of(&b))),
    ];
    for (name, observation, seeds) in cases.into_iter().flatten() {
        let outcomes: Vec<Outcome> = (0..20)
            .map(|k| {
                let mut rng = ChaCha8Rng::seed_from_u64(k);
                let off = |seed: &Seed| {
                    let center = seed.center.map(|c| c + rng.random_range(-0.5..0.5));
                    Seed { center, ..*seed }
                };
                deblend(&observation, &seeds.iter().map(off).collect::<Vec<_>>())
            })
            .collect();
        let chi2 = scatter(outcomes.iter().map(|o| o.chi2));
        let total = outcomes[0].fluxes.sum_axis(ndarray::Axis(1));
        let brightest = total.iter().copied().fold(0.0, f64::max);
        let bright = (0..seeds.len()).filter(|s| total[*s] > 0.3 * brightest);
        let fluxes =
            bright.map(|s| scatter(outcomes.iter().map(|o| o.fluxes.row(s).sum()))).fold(0.0, f64::max);
        let range = spread(outcomes.iter().map(|o| o.chi2));
        println!("{name}: scatter of chi2 {chi2:.4} (range {range:.4}), of bright fluxes {fluxes:.4}");
        assert!(chi2 < 0.01 && fluxes < 0.01);
    }
}
