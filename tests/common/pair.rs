//! The real pair of HST and HSC images from positions alone: their headers' WCS, noise from the pixels, no start values.

use super::Arrays;
use ndarray::{Array3, ArrayView1, ArrayView2, Axis};
use scarlet::infer::Estimate;
use scarlet::obs::check::recentred;
use scarlet::obs::fits::{FitsImage, read_image};
use scarlet::prelude::*;
use std::ops::ControlFlow;

/// Noise of a pixel, from differences of pixels of a row that are `apart`.
fn noise_of(image: ArrayView2<'_, f64>, apart: usize) -> f64 {
    let steps = |row: ArrayView1<'_, f64>| -> Vec<f64> {
        (apart..row.len()).map(|k| (row[k] - row[k - apart]).abs()).collect()
    };
    let mut steps: Vec<f64> = image.rows().into_iter().flat_map(steps).collect();
    steps.sort_by(f64::total_cmp);
    1.4826 * steps[steps.len() / 2] / std::f64::consts::SQRT_2
}

/// One of the images, with its WCS, a centred PSF and weights from the noise.
///
/// Noise comes from pixels that are `apart`: far enough for it not to be correlated, near enough for light to be the same.
fn read(name: &str, channels: &[&str], apart: usize) -> Option<Observation> {
    let folder = super::data_folder()?.join("hst_hsc");
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

/// HST and HSC; none where there are no real data.
pub fn observations() -> Option<[Observation; 2]> {
    Some([read("HST", &["F814W"], 2)?, read("HSC", &["g", "r", "i", "z", "y"], 1)?])
}

/// Nine free-form galaxies with start values from positions in HST alone, the images brought onto one another where they
/// may be.
pub fn start(observations: &mut [Observation; 2]) -> Scene {
    let model = Frame::enclosing(observations.iter().map(Observation::frame)).expect("a frame");
    let mut arrays = Arrays::open("scenes/multires_input.npz").expect("beside the images");
    let seed = |at: ArrayView1<'_, f64>| {
        let center = model.to_pixel(observations[0].frame().to_sky([at[0], at[1]]).expect("on the sky"));
        init::Seed { center: center.expect("on the frame"), is_star: false }
    };
    let seeds: Vec<init::Seed> = arrays.f64_2("catalog_hst").outer_iter().map(seed).collect();
    init::align(observations, &model, &seeds).expect("seen");
    let seen: Vec<&Observation> = observations.iter().collect();
    let channels = model.channel_names().len();
    let mut scene = Scene::new(model.clone()).expect("a scene");
    for shape in init::shapes(&seen, &model, &seeds).expect("seen") {
        scene.add(shape.source(channels, 1).expect("one layer")).expect("inside");
    }
    init::fit_fluxes(&mut scene, &seen).expect("fluxes");
    scene
}

/// Radius of the circle, in pixels of the observation, in which residuals are looked at.
const RADIUS_PX: f64 = 5.0;

/// The part of a residual image that a shift of the model would explain.
#[derive(Debug, Clone, Copy)]
pub struct Dipole {
    /// Its height relative to the peak of the data.
    pub height: f64,
    /// What noise makes of it, a standard deviation.
    pub noise: f64,
}

/// The dipole around `at` `(y, x)`, noise of a pixel `sigma`.
fn dipole(data: ArrayView2<'_, f64>, model: ArrayView2<'_, f64>, at: [f64; 2], sigma: f64) -> Dipole {
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
    let inverse = [normal[1][1], -normal[0][1], normal[0][0]].map(|v| v / determinant);
    let along = |[y, x]: [f64; 2], [to_y, to_x]: [f64; 2]| {
        inverse[0] * y * to_y + inverse[1] * (y * to_x + x * to_y) + inverse[2] * x * to_x
    };
    let largest = |of: &dyn Fn(&[f64; 2]) -> f64| slopes.iter().map(of).fold(0.0, f64::max);
    let height = largest(&|slope| along(*slope, right).abs());
    let noise = sigma * largest(&|slope| along(*slope, *slope).sqrt());
    Dipole { height: height / peak, noise: noise / peak }
}

/// The dipoles of the five sources that are brightest in such a circle, in the sum of an observation's channels.
pub fn dipoles(scene: &Scene, observation: &Observation, rendered: &Array3<f64>) -> Vec<(String, Dipole)> {
    let (data, model) = (observation.data().sum_axis(Axis(0)), rendered.sum_axis(Axis(0)));
    let sigma = observation.weights().outer_iter().map(|w| w[[0, 0]].recip()).sum::<f64>().sqrt();
    let mut view = scarlet::obs::View::new(observation, scene.frame()).expect("a view");
    let mut sources: Vec<(String, [f64; 2], f64)> = scene
        .sources()
        .filter_map(|(name, _)| {
            let center = scene.param(&format!("{name}.center")).expect("it has one").values();
            let at = view.sight().to_observation([center[0], center[1]]).expect("on the sky");
            let seen = view.source(scene, name).expect("a source")?;
            let [y0, x0] = seen.bbox.origin().map(|v| v as f64);
            let in_circle = |((_, y, x), value): ((usize, usize, usize), &f64)| {
                let is_inside = (y0 + y as f64 - at[0]).hypot(x0 + x as f64 - at[1]) <= RADIUS_PX;
                is_inside.then_some(*value)
            };
            let light = seen.pixels.indexed_iter().filter_map(in_circle).sum::<f64>();
            Some((name.to_owned(), at, light))
        })
        .collect();
    sources.sort_by(|a, b| b.2.total_cmp(&a.2));
    let of = |(name, at, _): (String, [f64; 2], f64)| (name, dipole(data.view(), model.view(), at, sigma));
    sources.into_iter().take(5).map(of).collect()
}

/// What a fit of both comes to.
pub struct PairFit {
    pub fit: Fit,
    /// Per pixel, of HST and HSC.
    pub chi2: [f64; 2],
    /// Of the five brightest sources in each.
    pub dipoles: [Vec<(String, Dipole)>; 2],
    /// The free parameters of both.
    pub estimates: Vec<Estimate>,
}

/// Fits both with the default optimiser and boxes from positions alone, and prints what comes out.
pub fn fit(observations: &mut [Observation; 2]) -> PairFit {
    let mut scene = start(observations);
    let begun = observations[1].calibration().values();
    let mut posterior = Posterior::builder().threads(2).build(&scene, &*observations).expect("valid");
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let optimizer = Scaled::default();
    let fit = posterior.fit_with_boxes(&mut scene, &BoxRules::default(), &optimizer, go_on).expect("a fit");
    posterior.log_likelihood(&fit.x);
    let rendered = posterior.rendered();
    let chi2 = [0, 1].map(|k| posterior.chi2()[k] / observations[k].pixels_with_weight() as f64);
    let seen: Vec<&Observation> = observations.iter().collect();
    let estimates = posterior.estimates(&fit.x, &seen);
    for (observation, own) in observations.iter_mut().zip(posterior.calibrations()) {
        *observation = observation.clone().calibrated(&own.values());
    }
    println!("{} steps, {:?}, chi2 per pixel of HST and HSC {chi2:.4?}", fit.iterations, fit.stop);
    let dipoles = [0, 1].map(|k| dipoles(&scene, &observations[k], &rendered[k]));
    for (observation, dipoles) in observations.iter().zip(&dipoles) {
        for (name, Dipole { height, noise }) in dipoles {
            let image = observation.name();
            println!("{image}, source {name}: dipole {height:.4} of the peak, noise {noise:.4}");
        }
    }
    for estimate in &estimates {
        let Estimate { path, values, errors, .. } = estimate;
        println!("{path}: {begun:.4?} before the fit, {values:.4?} +- {errors:.4?} pixels fitted");
    }
    PairFit { fit, chi2, dipoles, estimates }
}
