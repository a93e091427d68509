//! Which parametrisation fits a blend best: prints chi2 and errors of all candidates.

use crate::blend::{Blend, Galaxies};
use crate::families::{Drawn, Family};
use crate::support;
use scarlet_model::Monotonic;

const STEP: f64 = 0.1;
const FLUX_STEP: f64 = 0.02;

/// Adam on a vector.
struct Adam {
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Adam {
    fn new(n: usize) -> Self {
        Self { first: vec![0.0; n], second: vec![0.0; n] }
    }

    fn step(&mut self, k: i32, step: f64, x: &mut [f64], gradient: &[f64]) {
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((x, g), (m, v)) in x.iter_mut().zip(gradient).zip(moments) {
            *m = 0.9 * *m + 0.1 * g;
            *v = 0.999 * *v + 0.001 * g * g;
            let root = (*v / (1.0 - 0.999_f64.powi(k))).sqrt() + 1e-8;
            *x -= step * *m / (1.0 - 0.9_f64.powi(k)) / root;
        }
    }
}

/// chi2 per pixel and error after so many steps.
fn fit(family: Family, blend: &Blend, steps: &[i32]) -> Vec<[f64; 2]> {
    let mut now = Galaxies::start();
    let mut drawn = now.images.clone().map(|image| Drawn::new(family, &image));
    let mut adam = [0, 1].map(|k| (Adam::new(drawn[k].x.len()), Adam::new(3)));
    let mut found = Vec::new();
    for k in 1.. {
        now.images = drawn.each_mut().map(Drawn::image);
        let (chi2, gradient) = blend.chi2(&now);
        if steps.contains(&(k - 1)) {
            found.push([chi2, blend.error(&now)]);
        }
        if found.len() == steps.len() {
            break;
        }
        for (s, (pixels, fluxes)) in adam.iter_mut().enumerate() {
            let by_value = drawn[s].gradient(&gradient.images[s]);
            pixels.step(k, STEP, &mut drawn[s].x, &by_value);
            fluxes.step(k, FLUX_STEP, &mut now.log_flux[s], &gradient.log_flux[s]);
            drawn[s].finish_step();
        }
    }
    found
}

#[test]
fn the_second_power_is_monotonic() {
    let start = Galaxies::start().images[0].clone();
    let mut by_hand = Drawn::new(Family::Power(2), &start);
    assert!(support::difference(&by_hand.image(), &Monotonic::new(start).image()) < 1e-12);
}

#[test]
fn convergence_is_that_of_free_images_and_errors_are_smaller() {
    let mut families = vec![Family::Free, Family::Projected, Family::Factors];
    families.extend([1, 2, 4, 8].map(Family::Power));
    families.push(Family::Minimum);
    println!("chi2 per pixel and relative error after 100 and 200 steps of {STEP}");
    for ratio in [30.0, 200.0, 1000.0] {
        let blend = Blend::new(ratio);
        let results: Vec<_> = families.iter().map(|family| fit(*family, &blend, &[100, 200])).collect();
        println!("S/N {ratio}:");
        for (family, found) in families.iter().zip(&results) {
            let [[chi2, error], [later, later_error]] = found[..] else { panic!("two results") };
            println!("  {family:12?} {chi2:7.4} {error:.4}   {later:7.4} {later_error:.4}");
        }
        let of = |family| &results[families.iter().position(|f| *f == family).expect("it was fitted")];
        for other in [of(Family::Free), of(Family::Projected)] {
            let ours = of(Family::Power(2));
            assert!(ours[0][0] < 1.05 * other[0][0], "S/N {ratio}, chi2: {ours:?}, {other:?}");
            assert!(ours[0][1] < 0.95 * other[0][1], "S/N {ratio}, error: {ours:?}, {other:?}");
        }
    }
}
