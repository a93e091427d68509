//! Start values: closed forms on images without noise, errors, then scarlet2's arrays.

use approx::assert_relative_eq;
use ndarray::{Array2, Array3, Ix1, Ix2, Ix3, s};
use ndarray_npy::{NpzReader, ReadableElement};
use scarlet_frame::{BBox, Frame, Psf};
use scarlet_model::profile::Sersic;
use scarlet_model::{Component, Scene, Source, free};
use scarlet_obs::init::{self, Seed};
use scarlet_obs::noise::CorrelatedNoise;
use scarlet_obs::{Background, ObsError, Observation, render};
use std::fs::File;
use std::ops::ControlFlow;

const WEIGHT: f64 = 100.0;

fn frame(channels: &[&str]) -> Frame {
    Frame::new([41, 45]).channels(channels.iter().copied()).psf(Psf::gaussian(1.7).expect("a PSF"))
}

fn model(of: &Frame) -> Frame {
    Frame::enclosing([of]).expect("a frame")
}

/// What an instrument with frame `frame` sees of `sources` without noise.
fn observe(frame: &Frame, sources: Vec<Source>) -> Observation {
    let mut scene = Scene::new(model(frame)).expect("a scene");
    for source in sources {
        scene.add(source).expect("inside");
    }
    let data = render(&scene, frame).expect("renderable");
    let weights = Array3::from_elem(data.dim(), WEIGHT);
    Observation::new(data, weights, frame.clone()).expect("valid").named("sky")
}

fn ellipse(covariance: [f64; 3], n: usize) -> Array2<f64> {
    let [yy, yx, xx] = covariance;
    let determinant = yy * xx - yx * yx;
    let half = (n / 2) as f64;
    Array2::from_shape_fn((n, n), |(y, x)| {
        let (dy, dx) = (y as f64 - half, x as f64 - half);
        (-0.5 * (xx * dy * dy - 2.0 * yx * dy * dx + yy * dx * dx) / determinant).exp()
    })
}

#[test]
fn layers_add_up_to_the_image_with_the_same_flux_in_each() {
    let (spectrum, image) = (vec![2.0, 5.0], ellipse([6.0, 2.0, 5.0], 25));
    for count in 1..=4 {
        let layers = init::layers(&spectrum, &image, count).expect("layers");
        assert_eq!(layers.len(), count);
        let mut sum = Array2::<f64>::zeros(image.dim());
        for (flux, layer) in &layers {
            assert_relative_eq!(flux[1] / flux[0], 2.5, max_relative = 1e-12);
            let shape = BBox::centered([12.0, 12.0], [layer.nrows(), layer.ncols()]);
            let [y, x] = BBox::new([0, 0], [25, 25]).slices_of(shape).expect("inside");
            sum.slice_mut(s![y, x]).scaled_add(flux[0], layer);
            assert_relative_eq!(flux[0] * layer.sum(), 2.0 * image.sum() / count as f64, max_relative = 1e-3);
        }
        assert!(layers.windows(2).all(|pair| pair[0].1.len() <= pair[1].1.len()));
        let worst = sum.iter().zip(&image).map(|(s, i)| (s - 2.0 * i).abs()).fold(0.0, f64::max);
        assert!(worst < 2e-5, "{worst}");
    }
    assert_eq!(init::layers(&spectrum, &image, 0), Err(ObsError::NoComponents));
}

#[test]
fn a_galaxy_alone_begins_with_its_shape_and_flux_also_behind_a_mask() {
    let frame = frame(&["g", "r"]);
    let disc = Source::new([20.0, 22.0], [30.0, 45.0], Sersic::new(1.0, 3.0).distortion([0.3, -0.2]));
    let whole = observe(&frame, vec![disc]);
    let mut mask = Array3::from_elem((2, 41, 45), false);
    mask.slice_mut(s![.., 22..26, 20..23]).fill(true);
    let masked = whole.clone().masked(mask.view()).expect("pixels are left");
    for observation in [whole, masked] {
        let model = model(&frame);
        let seed = Seed { center: [20.3, 21.8], is_star: false };
        let shape = init::shapes(&[&observation], &model, &[seed]).expect("seen").remove(0);
        let galaxy = shape.galaxy.clone().expect("a galaxy");
        println!("{:?}, radius {}, distortion {:?}", shape.center, galaxy.radius_px, galaxy.distortion);
        assert!((shape.center[0] - 20.0).hypot(shape.center[1] - 22.0) < 0.05, "{:?}", shape.center);
        assert_relative_eq!(galaxy.radius_px, 3.0, max_relative = 0.1);
        for (found, expected) in galaxy.distortion.iter().zip([0.3, -0.2]) {
            assert_relative_eq!(*found, expected, epsilon = 0.03);
        }
        let mut scene = Scene::new(model).expect("a scene");
        scene.add(shape.sersic(2).named("galaxy")).expect("inside");
        init::fit_fluxes(&mut scene, &[&observation]).expect("fluxes");
        let flux = scene.param("galaxy.spectrum").expect("fluxes").values().to_vec();
        assert_relative_eq!(flux[1] / flux[0], 1.5, max_relative = 1e-3);
    }
}

#[test]
fn start_fluxes_are_positive_whatever_the_data() {
    let frame = frame(&["g", "r"]);
    let mut data = Array3::from_elem((2, 41, 45), -3.0);
    data.slice_mut(s![1, .., ..]).fill(0.0);
    let mut weights = Array3::from_elem((2, 41, 45), WEIGHT);
    weights.slice_mut(s![1, 15..25, 15..30]).fill(0.0);
    let dark = Observation::new(data, weights, frame.clone()).expect("valid");
    let model = model(&frame);
    let mut scene = Scene::new(model.clone()).expect("a scene");
    let seeds =
        [([20.0, 22.0], true), ([21.0, 20.0], false)].map(|(center, is_star)| Seed { center, is_star });
    for shape in init::shapes(&[&dark], &model, &seeds).expect("seen in g") {
        scene.add(shape.source(2, 3).expect("three layers")).expect("valid");
    }
    init::fit_fluxes(&mut scene, &[&dark]).expect("fluxes");
    for (path, param) in scene.params() {
        if path.ends_with("spectrum") {
            assert!(param.values().iter().all(|f| *f > 1e-6), "{path}: {:?}", param.values());
        }
    }
}

#[test]
fn what_cannot_be_started_is_named() {
    let frame = frame(&["g", "r"]);
    let sky = observe(&frame, vec![Source::point([20.0, 22.0], [30.0, 50.0])]);
    let model = model(&frame);
    let seed = |center: [f64; 2]| [Seed { center, is_star: true }];
    for outside in [[60.0, 3.0], [-4.0, 20.0], [f64::NAN, 2.0]] {
        let error = init::shapes(&[&sky], &model, &seed(outside)).expect_err("not in the image");
        assert!(matches!(error, ObsError::SourceUnseen { .. }), "{error}");
        assert!(init::check_seen(&[&sky], &model, outside).is_err());
        assert!(init::pixel_spectrum(&sky, outside, None).is_err());
    }
    let mut mask = Array3::from_elem((2, 41, 45), false);
    mask.slice_mut(s![.., 8..13, 8..13]).fill(true);
    let masked = sky.clone().masked(mask.view()).expect("pixels are left");
    let error = init::check_seen(&[&masked], &model, [10.0, 10.0]).expect_err("masked");
    assert!(error.to_string().contains("(y, x) = (10, 10)") && error.to_string().contains("sky"), "{error}");
    assert_eq!(init::check_seen(&[&masked], &model, [10.0, 12.0]), Ok(()));
    assert_eq!(init::shapes(&[], &model, &seed([20.0, 22.0])), Err(ObsError::NoObservations));
    let shape = init::shapes(&[&sky], &model, &seed([20.0, 22.0])).expect("seen").remove(0);
    assert!(shape.galaxy.is_none() && shape.source(2, 1).is_ok());
    let galaxy = [Seed { center: [20.0, 22.0], is_star: false }];
    let galaxy = init::shapes(&[&sky], &model, &galaxy).expect("seen").remove(0);
    assert_eq!(galaxy.source(2, 0).err(), Some(ObsError::NoComponents));
}

#[test]
fn each_channel_comes_from_the_observation_that_has_it() {
    let all = frame(&["g", "r", "i"]);
    let (gr, i) = (frame(&["g", "r"]), frame(&["i"]));
    let full = observe(&all, vec![Source::point([20.0, 22.0], [30.0, 50.0, 70.0])]);
    let part = |channels: &Frame, range: std::ops::Range<usize>| {
        let data = full.data().slice(s![range, .., ..]).to_owned();
        let weights = Array3::from_elem(data.dim(), WEIGHT);
        Observation::new(data, weights, channels.clone()).expect("valid")
    };
    let (first, second) = (part(&gr, 0..2), part(&i, 2..3));
    let model = model(&all);
    let seed = Seed { center: [20.3, 21.6], is_star: true };
    let shape = init::shapes(&[&second, &first], &model, &[seed]).expect("seen").remove(0);
    let mut scene = Scene::new(model).expect("a scene");
    scene.add(shape.source(3, 1).expect("a star")).expect("inside");
    init::fit_fluxes(&mut scene, &[&first, &second]).expect("fluxes");
    for (flux, truth) in scene.param("0.spectrum").expect("fluxes").values().iter().zip([30.0, 50.0, 70.0]) {
        assert_relative_eq!(*flux, truth, max_relative = 0.01);
    }
}

/// Two blended stars and a galaxy of two layers with a fixed halo and dust in front.
fn crowded(fluxes: [[f64; 2]; 4]) -> Vec<Source> {
    let galaxy = Source::new([24.0, 25.0], free(fluxes[2]).positive(), ellipse([2.0, 0.5, 3.0], 15))
        .plus(Component::new(free(fluxes[3]), ellipse([9.0, 0.0, 9.0], 25)))
        .plus(Component::new([0.2, 0.1], ellipse([20.0, 0.0, 20.0], 35)))
        .attenuated(Component::new([0.5, 0.2], ellipse([4.0, 0.0, 1.0], 11)));
    vec![Source::point([20.0, 20.0], fluxes[0]), Source::point([22.0, 22.5], fluxes[1]), galaxy]
}

#[test]
fn fluxes_of_a_blend_are_exact_without_noise() {
    let truth = [[30.0, 50.0], [10.0, 80.0], [2.0, 1.0], [0.3, -0.1]];
    let frame = frame(&["g", "r"]);
    let sky = observe(&frame, crowded(truth));
    let mut mask = Array3::from_elem((2, 41, 45), false);
    mask.slice_mut(s![1, 10..22, 24..26]).fill(true);
    let sky = sky.masked(mask.view()).expect("pixels are left");
    let mut scene = Scene::new(model(&frame)).expect("a scene");
    for source in crowded([[1.0; 2]; 4]) {
        scene.add(source).expect("inside");
    }
    init::fit_fluxes(&mut scene, &[&sky]).expect("fluxes");
    for (path, truth) in ["0.spectrum", "1.spectrum", "2.spectrum", "2.0.spectrum"].iter().zip(truth) {
        let found = scene.param(path).expect("there").values();
        for (found, truth) in found.iter().zip(truth) {
            assert!((found - truth).abs() < 2e-3 * truth.abs().max(1.0), "{path}: {found} for {truth}");
        }
    }
    assert_eq!(scene.param("2.1.spectrum").expect("the halo").values(), [0.2, 0.1]);
    assert_eq!(scene.param("2.2.spectrum").expect("the dust").values(), [0.5, 0.2]);
}

fn get<T: ReadableElement, D: ndarray::Dimension>(
    file: &mut NpzReader<File>,
    name: &str,
) -> ndarray::Array<T, D> {
    file.by_name(name).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// scarlet2's arrays, HSC as it saw them, and the model frame.
fn hsc() -> Option<(NpzReader<File>, Observation, Frame)> {
    let Some(folder) = std::env::var_os("SCARLET_DATA").map(std::path::PathBuf::from) else {
        println!("SCARLET_DATA is not set: scarlet2's start values are not compared with");
        return None;
    };
    let open =
        |path: &str| NpzReader::new(File::open(folder.join(path)).expect("a file")).expect("an archive");
    let mut scene = open("scenes/quickstart.npz");
    let mut cube = |name: &str| get::<f32, Ix3>(&mut scene, name).mapv(f64::from);
    let psf = Psf::images(cube("psf")).expect("a PSF");
    let frame = Frame::new([58, 48]).channels(["g", "r", "i", "z", "y"]).psf(psf);
    let observation = Observation::new(cube("data"), cube("weights"), frame.clone()).expect("valid");
    Some((open("../reference/scarlet2/init_hsc35.npz"), observation, model(&frame)))
}

#[test]
fn pixel_spectra_agree_with_scarlet2() {
    let Some((mut file, observation, model)) = hsc() else { return };
    let centers = get::<f64, Ix2>(&mut file, "catalog_yx");
    for (k, center) in centers.rows().into_iter().enumerate() {
        let center = [center[0], center[1]];
        for (name, matched_to) in [("pixel_spectrum", None), ("pixel_spectrum_psfcorr", Some(&model))] {
            let theirs = get::<f64, Ix1>(&mut file, &format!("s{k}_{name}"));
            let ours = init::pixel_spectrum(&observation, center, matched_to).expect("inside");
            for (a, b) in ours.iter().zip(&theirs) {
                assert_relative_eq!(*a, *b, max_relative = 1e-6);
            }
        }
    }
}

#[test]
fn start_values_end_where_they_are_told_to() {
    let frame = frame(&["g", "r"]);
    let sky = observe(&frame, vec![Source::point([20.0, 22.0], [30.0, 50.0])]);
    let model = model(&frame);
    let seed = [Seed { center: [20.4, 21.7], is_star: true }];
    let mut asked = 0;
    let mut after = |most: usize| {
        asked = 0;
        let mut watch = || {
            asked += 1;
            if asked > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let shape = init::shapes_with(&[&sky], &model, &seed, &mut watch).expect("seen").remove(0);
        let mut scene = Scene::new(model.clone()).expect("a scene");
        scene.add(shape.source(2, 1).expect("a star").named("star")).expect("inside");
        init::fit_fluxes_with(&mut scene, &[&sky], &mut watch).expect("fluxes");
        (shape.center, scene.param("star.spectrum").expect("fluxes").values().to_vec())
    };
    let (center, fluxes) = after(0);
    assert_eq!(center, [20.4, 21.7]);
    // the first channel is measured, the second is as bright
    assert!(fluxes[0] > 20.0 && fluxes[1] == fluxes[0], "{fluxes:?}");
    let (center, fluxes) = after(usize::MAX);
    assert!((center[0] - 20.0).hypot(center[1] - 22.0) < 0.02, "{center:?}");
    assert_relative_eq!(fluxes[1] / fluxes[0], 5.0 / 3.0, max_relative = 1e-3);
}

#[test]
fn sky_and_flux_scale_of_an_observation_are_not_taken_for_light() {
    let frame = frame(&["g"]);
    let plain = observe(&frame, vec![Source::point([20.0, 22.0], [30.0])]);
    let (sky, scale) = (0.4, 1.25);
    let noise = |y: usize, x: usize| 0.05 * (((y * 37 + x * 101) % 23) as f64 / 11.0 - 1.0);
    let data = Array3::from_shape_fn(plain.data().dim(), |(c, y, x)| {
        scale * plain.data()[[c, y, x]] + sky + noise(y, x)
    });
    let observation = Observation::new(data, plain.weights().clone(), frame.clone()).expect("valid");
    let levels = init::sky_levels(&observation);
    assert!((levels[0] - sky).abs() < 0.01, "{levels:?}");
    let observation = observation.background(Background::constant(levels)).expect("one channel");
    let observation = observation.flux_scale(scale).expect("one channel");
    let model = model(&frame);
    let seed = [Seed { center: [20.4, 21.7], is_star: true }];
    let shape = init::shapes(&[&observation], &model, &seed).expect("seen").remove(0);
    let mut scene = Scene::new(model).expect("a scene");
    scene.add(shape.source(1, 1).expect("a star").named("star")).expect("inside");
    init::fit_fluxes(&mut scene, &[&observation]).expect("fluxes");
    let flux = scene.param("star.spectrum").expect("fluxes").values()[0];
    assert!((flux / 30.0 - 1.0).abs() < 0.02, "{flux}");
}

/// Two observations that disagree: a star is as bright in each as it is there, so that what both say of it together tells how
/// much each counts.
#[test]
fn correlated_noise_makes_an_observation_count_less() {
    let frame = frame(&["g"]);
    let seen = |flux: f64| observe(&frame, vec![Source::point([20.0, 22.0], [flux])]);
    // alike along both axes, 0.5 at a pixel's distance: as PSFs are wide beside that, fluxes are less certain
    let along = |lag: i64| 0.5_f64.powi(lag.unsigned_abs() as i32);
    let rho = Array3::from_shape_fn((1, 17, 17), |(_, y, x)| along(y as i64 - 8) * along(x as i64 - 8));
    let noise = CorrelatedNoise::from_function(rho).expect("noise has it");
    let correlated = seen(40.0).correlated(noise).expect("one channel");
    // sum of rho(lag) exp(-lag^2 / 4 sigma^2) along an axis, twice
    let sum: f64 = (-8..=8_i64).map(|k| along(k) * (-((k * k) as f64) / (4.0 * 1.7 * 1.7)).exp()).sum();
    let expected = 1.0 / (sum * sum);
    let mut scene = Scene::new(model(&frame)).expect("a scene");
    scene.add(Source::point([20.0, 22.0], free([1.0]).positive()).named("star")).expect("inside");
    init::fit_fluxes(&mut scene, &[&seen(20.0), &correlated]).expect("fluxes");
    let flux = scene.param("star.spectrum").expect("fluxes").values()[0];
    let counts = (flux - 20.0) / (40.0 - flux);
    println!("the observation with correlated noise counts {counts:.4}, {expected:.4} expected");
    assert_relative_eq!(counts, expected, max_relative = 0.02);
}
