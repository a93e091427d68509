//! Two instruments at once, from positions to fitted fluxes: start values and joint fits on simulated and real images.

mod common;

use common::Arrays;
use common::instruments::fitted;
use common::instruments::{Comparison, PIXEL_ARCSEC, TwoInstruments, compare, fluxes, off, start};
use ndarray::{Array3, ArrayView1, ArrayView2, Axis};
use scarlet::obs::catalog;
use scarlet::obs::check::recentred;
use scarlet::obs::fits::{FitsImage, read_image};
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
    let Comparison { worst, ratios } = compare(&TwoInstruments::new(), 8);
    assert!(worst < 6.0, "{worst}");
    let [[space, space_flux], [ground, ground_flux]] = ratios;
    assert!(space < 1.05 && ground < 0.8 && space_flux < 1.05 && ground_flux < 1.0, "{ratios:?}");
}

/// Noise of a pixel, from differences of pixels of a row that are `apart`.
fn noise_of(image: ArrayView2<'_, f64>, apart: usize) -> f64 {
    let steps = |row: ArrayView1<'_, f64>| -> Vec<f64> {
        (apart..row.len()).map(|k| (row[k] - row[k - apart]).abs()).collect()
    };
    let mut steps: Vec<f64> = image.rows().into_iter().flat_map(steps).collect();
    steps.sort_by(f64::total_cmp);
    1.4826 * steps[steps.len() / 2] / std::f64::consts::SQRT_2
}

/// One of the real images, with its WCS, a centred PSF and weights from the noise.
///
/// Noise comes from pixels that are `apart`: far enough for it not to be correlated, near enough for light to be the same.
fn real(name: &str, channels: &[&str], apart: usize) -> Option<Observation> {
    let folder = common::data_folder()?.join("hst_hsc");
    let cube = |image: FitsImage<f64>| match image.data.ndim() {
        2 => image.plane().expect("a plane").insert_axis(Axis(0)),
        _ => image.cube().expect("a cube"),
    };
    let read = |file: &str| read_image::<f64>(folder.join(format!("{file}_{name}.fits")), "").expect("there");
    let image = read_image::<f64>(folder.join(format!("Cut_{name}1.fits")), "").expect("there");
    let wcs = Wcs::from_header(&image.header).expect("a WCS");
    let data = cube(image);
    let psf = recentred(&Psf::images(cube(read("PSF"))).expect("a PSF")).expect("a centre");
    let mut weights = Array3::zeros(data.dim());
    for (plane, mut weights) in data.outer_iter().zip(weights.outer_iter_mut()) {
        weights.fill(noise_of(plane, apart).powi(-2));
    }
    let (_, ny, nx) = data.dim();
    let frame = Frame::new([ny, nx]).channels(channels.iter().copied()).psf(psf).wcs(wcs);
    Some(Observation::new(data, weights, frame).expect("valid").named(name))
}

#[test]
fn the_real_pair_is_fitted_from_positions_alone() {
    let (Some(hst), Some(hsc)) = (real("HST", &["F814W"], 2), real("HSC", &["g", "r", "i", "z", "y"], 1))
    else {
        return;
    };
    let observations = [&hst, &hsc];
    let model = Frame::enclosing(observations.map(Observation::frame)).expect("a frame");
    let mut arrays = Arrays::open("scenes/multires_input.npz").expect("beside the images");
    let seed = |at: ArrayView1<'_, f64>| {
        let center = model.to_pixel(hst.frame().to_sky([at[0], at[1]]).expect("on the sky"));
        init::Seed { center: center.expect("on the frame"), is_star: false }
    };
    let seeds: Vec<init::Seed> = arrays.f64_2("catalog_hst").outer_iter().map(seed).collect();
    let channels = model.channel_names().len();
    let mut scene = Scene::new(model.clone()).expect("a scene");
    for shape in init::shapes(&observations, &model, &seeds).expect("seen") {
        scene.add(shape.source(channels, 1).expect("one layer")).expect("inside");
    }
    init::fit_fluxes(&mut scene, &observations).expect("fluxes");
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
