//! The real pair of HST and HSC images: how far their WCS are apart, and what is left of sources when that is free.

mod common;

use common::data_folder;
use common::multires::{observations, scene};
use ndarray::{Array3, ArrayView2, Axis};
use scarlet::obs::Astrometry;
use scarlet::prelude::*;

/// Radius of the circle, in pixels of HSC, in which residuals are looked at.
const RADIUS_PX: f64 = 5.0;

/// Height of the dipole in a residual image around `at` `(y, x)`, relative to the peak of the data there: of the part of
/// the residual that a shift of the model would explain.
fn dipole(data: ArrayView2<'_, f64>, model: ArrayView2<'_, f64>, at: [f64; 2]) -> f64 {
    let (ny, nx) = data.dim();
    let (mut normal, mut right, mut slopes) = ([[0.0; 2]; 2], [0.0; 2], Vec::new());
    let mut peak = 0.0_f64;
    for y in 1..ny - 1 {
        for x in 1..nx - 1 {
            if (y as f64 - at[0]).hypot(x as f64 - at[1]) > RADIUS_PX {
                continue;
            }
            let along_y = 0.5 * (model[[y + 1, x]] - model[[y - 1, x]]);
            let along_x = 0.5 * (model[[y, x + 1]] - model[[y, x - 1]]);
            let residual = data[[y, x]] - model[[y, x]];
            normal[0][0] += along_y * along_y;
            normal[0][1] += along_y * along_x;
            normal[1][1] += along_x * along_x;
            right[0] += along_y * residual;
            right[1] += along_x * residual;
            slopes.push([along_y, along_x]);
            peak = peak.max(data[[y, x]]);
        }
    }
    let determinant = normal[0][0] * normal[1][1] - normal[0][1] * normal[0][1];
    let shift = [
        (normal[1][1] * right[0] - normal[0][1] * right[1]) / determinant,
        (normal[0][0] * right[1] - normal[0][1] * right[0]) / determinant,
    ];
    let height = |slope: &[f64; 2]| (shift[0] * slope[0] + shift[1] * slope[1]).abs();
    slopes.iter().map(height).fold(0.0, f64::max) / peak
}

/// The heights of the dipoles of the five brightest sources in the sum of all channels.
fn dipoles(scene: &Scene, observation: &Observation, rendered: &Array3<f64>) -> Vec<f64> {
    let (data, model) = (observation.data().sum_axis(Axis(0)), rendered.sum_axis(Axis(0)));
    let mut sources: Vec<([f64; 2], f64)> = scene
        .sources()
        .map(|(name, _)| {
            let param = |what: &str| scene.param(&format!("{name}.{what}")).expect("it has one");
            let center = param("center").values();
            let sky = scene.frame().to_sky([center[0], center[1]]).expect("on the sky");
            let light: f64 = param("morphology").values().iter().sum();
            let flux = light * param("spectrum").values()[1..].iter().sum::<f64>();
            (observation.frame().to_pixel(sky).expect("on the frame"), flux)
        })
        .collect();
    sources.sort_by(|a, b| b.1.total_cmp(&a.1));
    sources.iter().take(5).map(|(at, _)| dipole(data.view(), model.view(), *at)).collect()
}

#[test]
fn dipoles_of_the_brightest_shrink_when_the_shift_is_free() {
    let Some(folder) = data_folder() else { return };
    let [hst, fixed] = observations(&folder);
    let free_shift = fixed.clone().astrometry(Astrometry::within(0.5)).expect("valid");
    let mut left = Vec::new();
    for hsc in [fixed, free_shift] {
        let mut scene = scene(&folder, &hst);
        let mut posterior = Posterior::builder().threads(2).build(&scene, [&hst, &hsc]).expect("valid");
        let fit = posterior.fit(&Scaled { max_iter: 300, e_chi2: 0.0, ..Scaled::default() }).expect("a fit");
        posterior.store(&fit.x, &mut scene);
        let rendered = posterior.rendered();
        println!("{} steps, {:?}, chi2 {:.0?}", fit.iterations, fit.stop, posterior.chi2());
        for (observation, rendered) in [&hst, &hsc].into_iter().zip(&rendered) {
            let heights = dipoles(&scene, observation, rendered);
            println!("{}: dipoles {heights:.4?} of the peaks", observation.name());
            left.push(heights);
        }
        for estimate in posterior.estimates(&fit.x, &[&hst, &hsc]) {
            println!("{}: {:.4?} +- {:.4?} pixels", estimate.path, estimate.values, estimate.errors);
            assert!(estimate.errors.iter().all(|error| *error > 0.0 && *error < 0.1));
        }
    }
    left.iter_mut().for_each(|heights| heights.sort_by(f64::total_cmp));
    let [_, held, hst, hsc] = left.as_slice() else { panic!("two fits of two observations") };
    assert!(held[4] > 0.1 && hst[4] < 0.03, "{held:?} {hst:?}");
    // one of the five keeps a dipole of 4%: the test says so, and fails where it grows
    assert!(hsc[3] < 0.03 && hsc[4] < 0.06, "{hsc:?}");
}
