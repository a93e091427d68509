//! Parameters of observations: astrometry, flux scales, backgrounds.

mod common;

use common::differences::wave;
use ndarray::Array3;
use rand::{SeedableRng, rngs::ChaCha8Rng};
use rand_distr::{Distribution, StandardNormal};
use scarlet::frame::parse_header;
use scarlet::infer::Estimate;
use scarlet::model::Role;
use scarlet::obs::noise::CorrelatedNoise;
use scarlet::obs::{Astrometry, Background, render};
use scarlet::prelude::*;

/// Shift `[y, x]` in pixels, rotation in radians, logarithm of the scale.
type Motion = [f64; 4];

/// Of differences, in unconstrained values.
const STEP: f64 = 1e-5;

const STILL: Motion = [0.0; 4];

/// A grid: its pixels in seconds of arc, its angle in degrees, and whether it is flipped.
#[derive(Clone, Copy)]
struct Grid {
    shape: [usize; 2],
    pixel_arcsec: f64,
    angle_deg: f64,
    is_flipped: bool,
}

const FINE: Grid = Grid { shape: [70, 72], pixel_arcsec: 0.1, angle_deg: 0.0, is_flipped: false };
const COARSE: Grid = Grid { shape: [38, 39], pixel_arcsec: 0.17, angle_deg: 33.0, is_flipped: true };

impl Grid {
    /// The WCS with its middle at one place on the sky; where `motion` is not zero, that of an image in which everything
    /// appears moved by it.
    fn wcs(self, motion: Motion) -> Wcs {
        let [y, x, rotation, scale] = motion;
        let (sin, cos) = self.angle_deg.to_radians().sin_cos();
        let (pixel, flip) = (self.pixel_arcsec / 3600.0, if self.is_flipped { 1.0 } else { -1.0 });
        let own = [[flip * pixel * cos, pixel * sin], [-flip * pixel * sin, pixel * cos]];
        // q - m - shift turned back and shrunk is what the still image has there; rows and columns are x, y
        let (sin, cos) = rotation.sin_cos();
        let shrink = (-scale).exp();
        let back = [[shrink * cos, shrink * sin], [-shrink * sin, shrink * cos]];
        let cd = |i: usize, j: usize| own[i][0] * back[0][j] + own[i][1] * back[1][j];
        let [middle_y, middle_x] = self.shape.map(|n| 0.5 * (n as f64 + 1.0));
        let cards = format!(
            "CTYPE1  = 'RA---TAN'\nCTYPE2  = 'DEC--TAN'\nCRVAL1  = 150.1\nCRVAL2  = 2.2\nCRPIX1  = {}\nCRPIX2  = {}\n\
             CD1_1   = {}\nCD1_2   = {}\nCD2_1   = {}\nCD2_2   = {}\nRADESYS = 'ICRS'\n",
            middle_x + x,
            middle_y + y,
            cd(0, 0),
            cd(0, 1),
            cd(1, 0),
            cd(1, 1),
        );
        Wcs::from_header(&parse_header(&cards)).expect("a valid header")
    }

    fn frame(self, motion: Motion, channels: &[&str], sigma_px: f64) -> Frame {
        let psf = Psf::gaussian(sigma_px).expect("a width");
        Frame::new(self.shape).channels(channels.iter().copied()).psf(psf).wcs(self.wcs(motion))
    }
}

/// Stars and a galaxy, all of them free.
fn scene() -> Scene {
    let model = FINE.frame(STILL, &["f", "g", "r"], 0.8);
    let mut scene = Scene::new(model).expect("a frame");
    let stars = [[20.3, 24.1], [47.2, 50.6], [50.9, 18.4], [18.2, 52.7], [34.4, 37.8]];
    for (k, center) in stars.into_iter().enumerate() {
        let flux = [60.0, 40.0 + 10.0 * k as f64, 90.0 - 10.0 * k as f64];
        scene.add(Source::point(center, flux).named(format!("star{k}"))).expect("inside");
    }
    let disk = Gaussian::new(free(2.3).positive());
    let galaxy = Source::new(free([29.2, 21.3]).step(0.1), free([80.0, 90.0, 70.0]).positive(), disk);
    scene.add(galaxy.named("galaxy")).expect("inside");
    scene
}

/// Made-up data, unlike anything that is rendered.
fn waves(frame: Frame) -> Observation {
    let shape = frame.shape();
    let n = shape.iter().product();
    let cube = |values: Vec<f64>| Array3::from_shape_vec(shape, values).expect("as long as the frame");
    let weights = wave(n, 1.7).into_iter().map(|v| (1.0 + v).max(0.1)).collect();
    Observation::new(cube(wave(n, 0.61)), cube(weights), frame).expect("valid data")
}

fn all_free(observation: Observation) -> Observation {
    let astrometry = Astrometry::default()
        .shift(free([0.3, -0.2]).interval(-1.0, 1.0).prior(Normal::new(0.0, 0.4)))
        .rotation(free(0.01))
        .scale(free(-0.004));
    let channels = observation.data().dim().0;
    let levels: Vec<f64> = (0..channels).map(|c| 0.1 - 0.04 * c as f64).collect();
    observation
        .astrometry(astrometry)
        .and_then(|o| o.flux_scale(free(1.1).positive().prior(Normal::new(1.0, 0.1))))
        .and_then(|o| o.background(Background::plane(free(levels), free([0.003, -0.002]))))
        .expect("valid parameters")
}

#[test]
fn gradients_are_those_of_differences_on_any_grid() {
    let aligned = all_free(waves(FINE.frame(STILL, &["f"], 1.3))).named("aligned");
    let turned = all_free(waves(COARSE.frame(STILL, &["r", "g"], 1.5))).named("turned");
    let flipped = Grid { angle_deg: -70.0, pixel_arcsec: 0.08, shape: [41, 30], is_flipped: false };
    let fine = all_free(waves(flipped.frame(STILL, &["g"], 1.9))).named("fine");
    let plain = waves(FINE.frame(STILL, &["g"], 1.3)).named("plain");
    let lit = waves(FINE.frame(STILL, &["f", "r"], 1.3))
        .named("lit")
        .flux_scale(free([0.9, 1.2]))
        .and_then(|o| o.background(Background::constant(free(0.2))))
        .expect("valid parameters");
    assert_eq!(assert_own_gradient(&[aligned, turned, plain, fine, lit], 1e-6), 3 * 6 + 2);
}

#[test]
fn so_are_those_with_correlated_noise() {
    let function = Array3::from_shape_fn((2, 3, 3), |(_, y, x)| [0.3, 1.0, 0.3][y] * [0.3, 1.0, 0.3][x]);
    let noise = CorrelatedNoise::from_function(function).expect("positive");
    let turned = all_free(waves(COARSE.frame(STILL, &["r", "g"], 1.5))).named("turned");
    let turned = turned.correlated(noise).expect("two channels");
    assert_eq!(assert_own_gradient(&[turned], 1e-5), 6);
}

/// Compares the derivatives by the observations' own parameters with differences; gives the number of parameters.
fn assert_own_gradient(observations: &[Observation], tolerance: f64) -> usize {
    let builder = Posterior::builder().precision(Precision::Double);
    let mut posterior = builder.build(&scene(), observations).expect("valid");
    let x = posterior.start().expect("inside");
    let mut gradient = vec![0.0; x.len()];
    posterior.value_and_gradient(&x, &mut gradient);
    let slots = posterior.layout().slots().to_vec();
    let own: Vec<_> = slots.iter().filter(|slot| slot.role == Role::Calibration).collect();
    for slot in &own {
        for k in slot.unconstrained.clone() {
            // interpolation is smooth to 1e-5 only where a pixel comes to other points of a grid: few do in short steps
            let mut at = |steps: f64| {
                let mut moved = x.clone();
                moved[k] += steps * STEP;
                posterior.value(&moved)
            };
            let expected = (at(1.0) - at(-1.0)) / (2.0 * STEP);
            let off = (gradient[k] - expected).abs() / expected.abs();
            println!("{} {k}: {off:.1e}", slot.path);
            assert!(off < tolerance, "{}: {} {expected}", slot.path, gradient[k]);
        }
    }
    own.len()
}

/// What is seen with `motion`, flux scale and background, with noise of `sigma`; the WCS does not know of the motion.
fn simulated(
    grid: Grid,
    motion: Motion,
    light: [f64; 4],
    channels: &[&str],
    sigma_px: f64,
    sigma: f64,
    seed: u64,
) -> Observation {
    let mut data = render(&scene(), &grid.frame(motion, channels, sigma_px)).expect("it is seen");
    let [factor, level, slope_y, slope_x] = light;
    let [top, left] = grid.shape.map(|n| 0.5 * (n as f64 - 1.0));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for ((_, y, x), value) in data.indexed_iter_mut() {
        let noise: f64 = StandardNormal.sample(&mut rng);
        let plane = level + slope_y * (y as f64 - top) + slope_x * (x as f64 - left);
        *value = factor * *value + plane + sigma * noise;
    }
    let weights = Array3::from_elem(data.raw_dim(), sigma.powi(-2));
    Observation::new(data, weights, grid.frame(STILL, channels, sigma_px)).expect("valid data")
}

const MOTION: Motion = [0.3, -0.25, 3.5e-3, 1e-3];
const LIGHT: [f64; 4] = [1.04, 0.03, 4e-4, -3e-4];

/// A fine image with the right WCS, and a coarse one that is off by [`MOTION`] and [`LIGHT`].
fn pair(seed: u64) -> [Observation; 2] {
    let fine = simulated(FINE, STILL, [1.0, 0.0, 0.0, 0.0], &["f", "g"], 1.3, 0.03, 2 * seed);
    let coarse = simulated(COARSE, MOTION, LIGHT, &["g", "r"], 1.5, 0.03, 2 * seed + 1);
    let astrometry = Astrometry::within(0.5).rotated_within(5e-3).scaled_within(3e-3);
    let coarse = coarse
        .named("coarse")
        .astrometry(astrometry)
        .and_then(|o| o.flux_scale(free(1.0).positive().prior(Normal::new(1.0, 0.05))))
        .and_then(|o| o.background(Background::plane(free(0.0), free([0.0, 0.0]))))
        .expect("valid parameters");
    [fine.named("fine"), coarse]
}

/// The truth of a parameter at `path`.
fn truth(path: &str) -> Vec<f64> {
    match path.rsplit('.').next() {
        Some("shift") => MOTION[..2].to_vec(),
        Some("rotation") => vec![MOTION[2]],
        Some("scale") => vec![MOTION[3]],
        Some("flux_scale") => vec![LIGHT[0]; 2],
        Some("background") => vec![LIGHT[1]; 2],
        Some("background_slopes") => vec![LIGHT[2], LIGHT[3], LIGHT[2], LIGHT[3]],
        other => panic!("{other:?}"),
    }
}

#[test]
fn parameters_are_recovered_within_their_errors() {
    let mut pulls = Vec::new();
    for seed in 0..6 {
        let observations = pair(seed);
        let mut scene = scene();
        scene.edit_all("*.spectrum", |p| free(p.value() * 0.8).positive()).expect("spectra");
        let mut posterior = Posterior::new(&scene, &observations).expect("valid");
        let fit = posterior.fit(&Scaled::default()).expect("a fit");
        posterior.store(&fit.x, &mut scene);
        let references: Vec<&Observation> = observations.iter().collect();
        let estimates = posterior.estimates(&fit.x, &references);
        assert!(estimates.len() == 6 && fit.iterations < 200);
        println!("{} steps, {:?}, chi2 {:?}", fit.iterations, fit.stop, posterior.chi2());
        for Estimate { path, values, errors, is_marginal } in &estimates {
            assert!(*is_marginal);
            if seed == 0 {
                println!("{path}: {values:.5?} +- {errors:.5?}, truth {:?}", truth(path));
            }
            for ((value, error), truth) in values.iter().zip(errors).zip(truth(path)) {
                let pull = (value - truth) / error;
                assert!(pull.abs() < 4.5, "{path}: {value} +- {error}, {truth}");
                pulls.push(pull);
            }
        }
        let stored: Vec<Vec<f64>> = posterior.calibrations().map(|own| own.values()).collect();
        assert!(stored[0].is_empty());
        assert_eq!(stored[1], estimates.iter().flat_map(|e| e.values.clone()).collect::<Vec<f64>>());
    }
    let rms = (pulls.iter().map(|p| p * p).sum::<f64>() / pulls.len() as f64).sqrt();
    println!("rms of {} pulls: {rms:.2}", pulls.len());
    assert!((0.7..1.35).contains(&rms), "{rms}");
}

#[test]
fn images_are_brought_onto_one_another_before_a_fit() {
    let (scene, mut observations) = (scene(), pair(3));
    let seed = |(name, _): (&str, &Source)| {
        let center = scene.param(&format!("{name}.center")).expect("it has one").values();
        init::Seed { center: [center[0], center[1]], is_star: name != "galaxy" }
    };
    let seeds: Vec<init::Seed> = scene.sources().map(seed).collect();
    init::align(&mut observations, scene.frame(), &seeds).expect("seen");
    assert!(observations[0].calibration().is_empty());
    let found = observations[1].calibration().values();
    println!("found {:.5?}, true {MOTION:?}", &found[..4]);
    for (k, tolerance) in [0.03, 0.03, 1.5e-3, 1.5e-3].into_iter().enumerate() {
        assert!((found[k] - MOTION[k]).abs() < tolerance, "{k}: {found:?}");
    }
}

#[test]
fn what_is_rendered_after_a_fit_has_the_values_of_the_fit() {
    let [_, coarse] = pair(1);
    let values = [0.3, -0.25, 3.5e-3, 1e-3, 1.04, 1.04, 0.03, 0.03, 4e-4, -3e-4, 4e-4, -3e-4];
    let fixed = coarse.calibrated(&values);
    let mut posterior =
        Posterior::builder().precision(Precision::Double).build(&scene(), [&fixed]).expect("valid");
    let start = posterior.start().expect("inside");
    posterior.value(&start);
    let seen = posterior.rendered().remove(0);
    let clean = simulated(COARSE, MOTION, LIGHT, &["g", "r"], 1.5, 1e-9, 0);
    let largest = clean.data().iter().copied().fold(0.0, f64::max);
    let off = seen.iter().zip(clean.data()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("off by {:.1e} of the peak", off / largest);
    assert!(off < 2e-5 * largest, "{off} of {largest}");
}

#[test]
fn threads_make_no_difference_and_others_keep_their_bits() {
    let observations = pair(2);
    let bits = |threads: usize, observations: &[Observation]| {
        let builder = Posterior::builder().threads(threads);
        let mut posterior = builder.build(&scene(), observations).expect("valid");
        let fit = posterior.fit(&Scaled { max_iter: 20, ..Scaled::default() }).expect("a fit");
        fit.x.iter().chain(&fit.loss).map(|v| v.to_bits()).collect::<Vec<u64>>()
    };
    let one = bits(1, &observations);
    for threads in [2, 3, 1] {
        assert!(bits(threads, &observations) == one, "{threads} threads");
    }
    let plain =
        observations.map(|o| Observation::new(o.data().clone(), o.weights().clone(), o.frame().clone()));
    let [fine, coarse] = plain.map(|o| o.expect("valid data"));
    let still = coarse.clone().astrometry(Astrometry::default()).expect("nothing is free");
    assert!(bits(1, &[fine.clone(), coarse]) == bits(1, &[fine, still]));
}

#[test]
fn mistakes_are_named() {
    let observation = waves(COARSE.frame(STILL, &["r", "g"], 1.5)).named("HSC");
    let message = |astrometry: Astrometry| match observation.clone().astrometry(astrometry) {
        Ok(_) => panic!("no error"),
        Err(error) => error.to_string(),
    };
    let text = message(Astrometry::default().shift(free([0.0, 0.0, 0.0])));
    assert!(text.contains("observations.HSC.shift") && text.contains("give 2"), "{text}");
    let text = message(Astrometry::default().scale(free(0.1).positive()));
    assert!(text.contains("observations.HSC.scale") && text.contains("interval"), "{text}");
    let text = observation.clone().flux_scale([1.0, 2.0, 3.0]).expect_err("three").to_string();
    assert!(text.contains("observations.HSC.flux_scale") && text.contains("give 2"), "{text}");
    let text = observation.clone().flux_scale(free(-1.0)).expect_err("negative").to_string();
    assert!(text.contains("positive"), "{text}");
    let outside = observation.clone().astrometry(Astrometry::default().shift(free([9.0, 0.0])));
    let text = Posterior::new(&scene(), [&outside.expect("checked later")]).expect_err("outside").to_string();
    assert!(text.contains("observations.HSC.shift") && text.contains("between -3 and 3"), "{text}");
    let twice = observation.astrometry(Astrometry::within(0.5)).expect("valid");
    let text = Posterior::new(&scene(), [&twice, &twice]).expect_err("the same name").to_string();
    assert!(text.contains("observations.HSC.shift") && text.contains("different names"), "{text}");
}

#[test]
fn places_that_are_not_finite_have_no_density() {
    let [fine, coarse] = pair(3);
    let mut posterior = Posterior::new(&scene(), [&fine, &coarse]).expect("valid");
    let mut x = posterior.start().expect("inside");
    let shift = posterior.layout().slots().iter().find(|slot| slot.path == "observations.coarse.shift");
    let at = shift.expect("it is free").unconstrained.start;
    let before = posterior.value(&x);
    x[at] = f64::NAN;
    assert!(!posterior.value(&x).is_finite());
    x[at] = 700.0;
    assert!(posterior.value(&x).is_finite());
    x[at] = 0.0;
    assert_eq!(posterior.value(&x), before);
}
