//! The real HSC blend from the start values that scarlet2 was timed on.

mod common;

use common::quickstart;
use scarlet::prelude::*;

/// scarlet2's chi2 per pixel after 200 steps from the same start.
const SCARLET2_CHI2: f64 = 1.51;
/// Fluxes of the two bright sources in i, and how far off they may be.
const FLUX_I: [f64; 2] = [322.0, 383.0];
const TOLERANCE: f64 = 0.02;

#[test]
fn hsc_is_fitted_at_least_as_well_as_by_scarlet2() {
    let Some(start) = quickstart() else { return };
    let mut scene = start.scene;
    // the steps that packaged sources have by default
    scene.edit_all("*.spectrum", |p| p.clone().step(relative(0.02))).expect("there are spectra");
    scene.edit_all("*.morphology", |p| p.clone().step(relative(1e-3))).expect("there are images");
    let mut posterior = Posterior::new(&scene, [&start.observation]).expect("a valid scene");
    let fit = posterior.fit(&Adam { max_iter: 200, ..Adam::default() }).expect("a finite start");
    posterior.store(&fit.x, &mut scene);
    posterior.log_likelihood(&fit.x);
    let chi2 = posterior.chi2()[0] / posterior.pixels() as f64;
    println!("chi2 per pixel {chi2:.3} after {} steps", fit.iterations);
    assert!(chi2 <= SCARLET2_CHI2, "{chi2}");
    let sources =
        scarlet::obs::catalog::measure_sources(&scene, &[&start.observation], &posterior.rendered());
    for (source, expected) in sources.expect("measured").iter().zip(FLUX_I) {
        println!("source {}: flux in i {:.1}, wanted {expected}", source.id, source.flux[2]);
        assert!((source.flux[2] / expected - 1.0).abs() < TOLERANCE, "source {}", source.id);
    }
}
