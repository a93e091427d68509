//! Start values: closed forms on images without noise, errors, then scarlet2's arrays.

use approx::assert_relative_eq;
use ndarray::{Array2, Array3, Axis, Ix1, Ix2, Ix3, s};
use ndarray_npy::{NpzReader, ReadableElement};
use scarlet_frame::{BBox, Frame, Psf};
use scarlet_model::{Component, Scene, Source, free};
use scarlet_obs::init::{self, BoxSettings, IMAGE_RANGE};
use scarlet_obs::measure::Moments;
use scarlet_obs::{ObsError, Observation, render};
use std::fs::File;

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

fn spectrum_of(source: Source, frame: &Frame) -> Vec<f64> {
    let mut scene = Scene::new(model(frame)).expect("a scene");
    let name = scene.add(source).expect("inside");
    scene.param(&format!("{name}.spectrum")).expect("its spectrum").values().to_vec()
}

#[test]
fn a_star_alone_begins_with_its_flux() {
    let frame = frame(&["g", "r"]);
    let star = observe(&frame, vec![Source::point([20.0, 22.0], [30.0, 50.0])]);
    let flux = spectrum_of(init::point(&[&star], &model(&frame), [20.0, 22.0]).expect("seen"), &frame);
    assert_relative_eq!(flux[0], 30.0, max_relative = 1e-3);
    assert_relative_eq!(flux[1], 50.0, max_relative = 1e-3);
    let between = observe(&frame, vec![Source::point([20.4, 21.7], [30.0, 50.0])]);
    let flux = spectrum_of(init::point(&[&between], &model(&frame), [20.4, 21.7]).expect("seen"), &frame);
    assert_relative_eq!(flux[0], 30.0, max_relative = 0.05);
}

#[test]
fn a_star_has_the_width_of_the_model_in_any_box() {
    let frame = frame(&["g", "r"]);
    let star = observe(&frame, vec![Source::point([20.0, 22.0], [300.0, 500.0])]);
    let (spectrum, image) = init::from_moments(&star, &model(&frame), [20.0, 22.0]).expect("seen");
    let variance = Moments::of(image.view(), 2).second_px2();
    // A Gaussian PSF of sigma 0.7 integrated over pixels has a variance of 0.49 + 1 / 12.
    assert_relative_eq!(variance[0], 0.49 + 1.0 / 12.0, max_relative = 0.03);
    assert_relative_eq!(variance[2], variance[0], max_relative = 1e-3);
    assert_relative_eq!(spectrum[1] * image.sum(), 500.0, max_relative = 0.02);
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
fn a_gaussian_galaxy_begins_with_its_shape_also_behind_a_mask() {
    let frame = frame(&["g", "r"]);
    let image = ellipse([4.0, 1.0, 3.0], 31);
    let whole = observe(&frame, vec![Source::new([20.0, 22.0], [9.0, 14.0], image)]);
    let mut mask = Array3::from_elem((2, 41, 45), false);
    mask.slice_mut(s![.., 22..26, 20..23]).fill(true);
    let masked = whole.clone().masked(mask.view()).expect("pixels are left");
    for observation in [whole, masked] {
        let (spectrum, image) = init::from_moments(&observation, &model(&frame), [20.0, 22.0]).expect("seen");
        let found = Moments::of(image.view(), 2).second_px2();
        for (found, expected) in found.iter().zip([4.0, 1.0, 3.0]) {
            assert_relative_eq!(*found, expected, epsilon = 0.1);
        }
        assert_relative_eq!(spectrum[1] / spectrum[0], 14.0 / 9.0, max_relative = 1e-3);
        assert_relative_eq!(spectrum[0], 9.0, max_relative = 0.03);
        let peak = image.iter().copied().fold(0.0, f64::max);
        assert!(peak > 0.999 && peak <= IMAGE_RANGE[1] && image.iter().all(|v| *v >= IMAGE_RANGE[0]));
    }
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
fn start_fluxes_are_positive_whatever_the_data() {
    let frame = frame(&["g", "r"]);
    let mut data = Array3::from_elem((2, 41, 45), -3.0);
    data.slice_mut(s![1, .., ..]).fill(0.0);
    let mut weights = Array3::from_elem((2, 41, 45), WEIGHT);
    weights.slice_mut(s![1, 15..25, 15..30]).fill(0.0);
    let dark = Observation::new(data, weights, frame.clone()).expect("valid");
    let model = model(&frame);
    let mut scene = Scene::new(model.clone()).expect("a scene");
    scene.add(init::point(&[&dark], &model, [20.0, 22.0]).expect("seen in g")).expect("valid");
    scene.add(init::extended(&[&dark], &model, [21.0, 20.0], 3).expect("seen in g")).expect("valid");
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
    for outside in [[60.0, 3.0], [-4.0, 20.0], [f64::NAN, 2.0]] {
        let error = init::point(&[&sky], &model, outside).expect_err("not in the image");
        assert!(matches!(error, ObsError::SourceUnseen { .. }), "{error}");
        assert!(init::pixel_spectrum(&sky, outside, None).is_err());
    }
    let mut mask = Array3::from_elem((2, 41, 45), false);
    mask.slice_mut(s![.., 8..13, 8..13]).fill(true);
    let masked = sky.clone().masked(mask.view()).expect("pixels are left");
    let error = init::extended(&[&masked], &model, [10.0, 10.0], 1).expect_err("masked");
    assert!(error.to_string().contains("(y, x) = (10, 10)") && error.to_string().contains("sky"), "{error}");
    assert!(init::extended(&[&masked], &model, [10.0, 12.0], 1).is_ok());
    let wider = model.clone().channels(["g", "r", "z"]);
    let error = init::point(&[&sky], &wider, [20.0, 22.0]).expect_err("nobody has z");
    assert_eq!(error, ObsError::ChannelUnobserved { channel: "z".into() });
    assert_eq!(init::point(&[], &model, [20.0, 22.0]).expect_err("nothing"), ObsError::NoObservations);
    assert_eq!(init::extended(&[&sky], &model, [20.0, 22.0], 0).expect_err("none"), ObsError::NoComponents);
}

#[test]
fn each_channel_comes_from_the_observation_that_has_it() {
    let all = frame(&["g", "r", "i"]);
    let source = || vec![Source::point([20.0, 22.0], [30.0, 50.0, 70.0])];
    let (gr, i) = (frame(&["g", "r"]), frame(&["i"]));
    let full = observe(&all, source());
    let part = |channels: &Frame, range: std::ops::Range<usize>| {
        let data = full.data().slice(s![range, .., ..]).to_owned();
        let weights = Array3::from_elem(data.dim(), WEIGHT);
        Observation::new(data, weights, channels.clone()).expect("valid")
    };
    let (first, second) = (part(&gr, 0..2), part(&i, 2..3));
    let model = model(&all);
    let source = init::extended(&[&second, &first], &model, [20.0, 22.0], 1).expect("seen");
    let mut scene = Scene::new(model).expect("a scene");
    scene.add(source).expect("inside");
    init::fit_fluxes(&mut scene, &[&first, &second]).expect("fluxes");
    let image: f64 = scene.param("0.morphology").expect("an image").values().iter().sum();
    for (flux, truth) in scene.param("0.spectrum").expect("fluxes").values().iter().zip([30.0, 50.0, 70.0]) {
        assert_relative_eq!(flux * image, truth, max_relative = 0.02);
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

#[test]
fn a_compact_image_is_the_model_psf_with_a_peak_of_one() {
    let model = model(&frame(&["g"]));
    let image = init::compact(&model);
    assert_eq!(image.dim(), (11, 11));
    assert_eq!(image[[5, 5]], IMAGE_RANGE[1]);
    let psf = model.psf_ref().expect("a PSF").sampled(0);
    assert_relative_eq!(image[[5, 6]], psf[[5, 6]] / psf[[5, 5]], max_relative = 1e-12);
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
fn boxes_and_moments_agree_with_scarlet2() {
    let Some((mut file, observation, model)) = hsc() else { return };
    let centers = get::<f64, Ix2>(&mut file, "catalog_yx");
    let origins = [[28, 9], [24, 19], [42, 14], [10, 20], [46, 32], [18, 17], [0, 29]];
    let psf = observation.frame().psf_ref().expect("a PSF");
    let of_model = Moments::of(model.psf_ref().expect("a PSF").sampled(0).view(), 2);
    let kernels: Vec<Moments> =
        (0..5).map(|c| Moments::of(psf.sampled(c).view(), 2).deconvolved(&of_model)).collect();
    for (k, center) in centers.rows().into_iter().enumerate() {
        let center = [center[0], center[1]];
        let (bbox, moments) =
            init::best_box(&observation, center, &model, &BoxSettings::default()).expect("inside");
        let side = if k == 1 { 25 } else { 11 };
        assert_eq!(bbox, BBox::new(origins[k], [side, side]), "source {k}");
        // Theirs are deconvolved with the whole PSF.
        let theirs = get::<f64, Ix2>(&mut file, &format!("s{k}_best_box_moments"));
        for (c, theirs) in theirs.axis_iter(Axis(1)).enumerate() {
            let ours = moments[c].deconvolved(&kernels[c]);
            let scale = 30.0 * theirs[0].abs();
            for ((powers, ours), theirs) in ours.iter().zip(&theirs) {
                assert!((ours - theirs).abs() < 1e-6 * scale, "{k} {c} {powers:?}: {ours}, there {theirs}");
            }
        }
    }
}

#[test]
fn cutting_the_psf_with_the_box_changes_a_bright_galaxy_little() {
    let Some((mut file, observation, model)) = hsc() else { return };
    let (spectrum, image) = init::from_moments(&observation, &model, [36.0, 31.0]).expect("inside");
    let theirs = get::<f64, Ix2>(&mut file, "s1_fgm_morph");
    let worst = image.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let their_spectrum = get::<f64, Ix1>(&mut file, "s1_fgm_spectrum");
    println!(
        "largest difference of the image: {worst:.1e}; spectra {spectrum:.3?}, there {their_spectrum:.3}"
    );
    assert!(worst > 1e-3 && worst < 0.08, "{worst}");
}

#[test]
fn sources_too_compact_for_scarlet2_begin_as_compact_ones() {
    let Some((mut file, observation, model)) = hsc() else { return };
    // Source 0 is a star: negative second moments in both axes there, and a Gaussian of sigma 1.9 px from them.
    let theirs = get::<f64, Ix2>(&mut file, "s0_fgm_morph");
    let (_, image) = init::from_moments(&observation, &model, [33.0, 14.0]).expect("inside");
    let width = |image: &Array2<f64>| Moments::of(image.view(), 2).size_px();
    println!("size of the star's start image: {:.2} px, there {:.2} px", width(&image), width(&theirs));
    assert!(width(&theirs) > 1.7 && width(&image) < 1.3);
    // Sources 2 and 4 have no start image there.
    for center in [[47.0, 19.0], [51.0, 37.0]] {
        let (spectrum, image) = init::from_moments(&observation, &model, center).expect("inside");
        assert!(spectrum.iter().all(|f| *f > 0.0) && width(&image).is_finite());
    }
}
