//! Free-form images beside the dense matrix of all pixels.

use crate::dense::{columns, information, inverse};
use ndarray::{Array1, Array2, Array3, Axis};
use scarlet_frame::{Frame, Psf};
use scarlet_infer::sample::PosteriorStart;
use scarlet_infer::{Posterior, Precision};
use scarlet_model::prior::{NearImage, Score};
use scarlet_model::{Scene, Source};
use scarlet_obs::catalog::LightShape;
use scarlet_obs::{Observation, render};
use scarlet_render::source_cube;

const SIDE: usize = 15;
const NEAR: [f64; 2] = [0.5, 0.01];

fn image(width: f64) -> Array2<f64> {
    Array2::from_shape_fn((SIDE, SIDE), |(y, x)| {
        let r2 = (y as f64 - 7.0).powi(2) + (x as f64 - 7.2).powi(2);
        0.95 * (-0.5 * r2 / (width * width)).exp() + 0.02
    })
}

/// The prior of an image, found in the data or not.
fn near(width: f64, is_from_data: bool) -> NearImage {
    let near = NearImage::new(image(width), NEAR[0], NEAR[1]);
    if is_from_data { near.from_data() } else { near }
}

/// Two free-form galaxies so many pixels apart and a star beside them.
fn scene(apart: f64, is_from_data: bool) -> (Scene, Frame) {
    let frame = Frame::new([34, 38]).channels(["g", "r"]).psf(Psf::gaussian(1.6).expect("a width"));
    let mut scene = Scene::new(Frame::enclosing([&frame]).expect("a frame")).expect("a scene");
    for (name, x, width, flux) in [("a", 15.0, 2.4, [9.0, 4.0]), ("b", 15.0 + apart, 1.9, [5.0, 8.0])] {
        let source = Source::extended([17.0, x], vec![(flux.to_vec(), image(width))]);
        let with_prior = |p: &scarlet_model::Param| p.clone().prior(near(width, is_from_data));
        scene.add(source.edit_all("*morphology", with_prior).named(name)).expect("inside");
    }
    scene.add(Source::point([22.3, 18.4], [60.0, 70.0]).named("star")).expect("inside");
    (scene, frame)
}

fn source_flux(scene: &Scene, name: &str) -> Vec<f64> {
    let (_, cube) = source_cube(scene, name).expect("a source");
    cube.axis_iter(Axis(0)).map(|plane| plane.sum()).collect()
}

fn shape_slopes(scene: &Scene, name: &str) -> [Array2<f64>; 4] {
    let (bbox, cube) = source_cube(scene, name).expect("a source");
    let center = scene.param(&format!("{name}.center")).expect("there").values();
    let inside = [0, 1].map(|k| center[k] - bbox.origin()[k] as f64);
    LightShape::slopes(cube.sum_axis(Axis(0)).view(), inside)
}

/// Errors of the fluxes, the colour and, of galaxies, the shape of each source, and numbers of parameters that the data decide,
/// from the dense matrix.
fn expected(scene: &Scene, observation: &Observation, is_from_data: bool) -> Vec<(Vec<f64>, f64)> {
    let mut wanted: Vec<(String, usize, f64)> = Vec::new();
    for name in ["a", "b", "star"] {
        wanted.extend((0..2).map(|c| (format!("{name}.spectrum"), c, 1.0)));
        match name {
            "star" => wanted.extend((0..2).map(|k| (format!("{name}.center"), k, 1e-4))),
            _ => wanted.extend((0..SIDE * SIDE).map(|k| (format!("{name}.morphology"), k, 0.01))),
        }
    }
    let named: Vec<(&str, usize, f64)> = wanted.iter().map(|(p, k, s)| (p.as_str(), *k, *s)).collect();
    let likelihood = information(&columns(scene, observation, &named), observation.weights());
    let mut matrix = likelihood.clone();
    let mut changes = Vec::new();
    for (name, width) in [("a.morphology", 2.4), ("b.morphology", 1.9)] {
        let first = wanted.iter().position(|(path, ..)| path == name).expect("an image");
        for own in near(width, is_from_data).loose_directions() {
            let mut change = Array1::zeros(wanted.len());
            own.iter().enumerate().for_each(|(k, v)| change[first + k] = *v);
            changes.push(change);
        }
    }
    for (k, (path, element, _)) in wanted.iter().enumerate().filter(|(_, (p, ..))| p.ends_with("morphology"))
    {
        let image = image(if path.starts_with('a') { 2.4 } else { 1.9 });
        let peak = image.iter().copied().fold(0.0, f64::max);
        let sigma = NEAR[0] * image.as_slice().expect("row order")[*element] + NEAR[1] * peak;
        matrix[[k, k]] += sigma.powi(-2);
    }
    let covariance = inverse(&matrix);
    let decided = covariance.dot(&likelihood);
    // fluxes and shapes that are fitted without free pixels: change of the parameters by each
    let scalars = wanted.iter().enumerate().filter(|(_, (path, ..))| !path.ends_with("morphology"));
    let mut all: Vec<Array1<f64>> =
        scalars.map(|(k, _)| Array1::from_shape_fn(wanted.len(), |l| f64::from(u8::from(k == l)))).collect();
    let first = all.len();
    all.extend(changes.iter().cloned());
    let rigid = Array2::from_shape_fn((all.len(), all.len()), |(k, l)| {
        all[k].dot(&likelihood.dot(&all[l])) + f64::from(u8::from(k == l && k >= first))
    });
    let rigid = inverse(&rigid);
    let precisions = &matrix - &likelihood;
    let of_expected = |gradient: &Array1<f64>| {
        let weighed = precisions.dot(&covariance.dot(gradient));
        let told: Vec<f64> = changes.iter().map(|change| change.dot(&weighed)).collect();
        let terms = told.iter().enumerate().flat_map(|(k, t)| {
            let rigid = &rigid;
            told.iter().enumerate().map(move |(l, u)| t * rigid[[first + k, first + l]] * u)
        });
        terms.sum::<f64>()
    };
    let of = |name: &str| {
        let values = |path: &str| scene.param(&format!("{name}.{path}")).expect("there").values().to_vec();
        let flux = |c: usize| -> Array1<f64> {
            let gradient = wanted.iter().map(|(path, element, _)| match path.strip_prefix(name) {
                Some(".spectrum") if *element == c && name == "star" => 1.0,
                Some(".spectrum") if *element == c => values("morphology").iter().sum(),
                Some(".morphology") => values("spectrum")[c],
                _ => 0.0,
            });
            gradient.collect()
        };
        // the spectrum scales all pixels alike, which changes no shape
        let of_shape = |slopes: &Array2<f64>| -> Array1<f64> {
            let amplitude: f64 = values("spectrum").iter().sum();
            let gradient = wanted.iter().map(|(path, element, _)| match path.strip_prefix(name) {
                Some(".morphology") => amplitude * slopes.as_slice().expect("row order")[*element],
                _ => 0.0,
            });
            gradient.collect()
        };
        let [g, r] = [flux(0), flux(1)];
        let measured = source_flux(scene, name);
        let colour = (&g / measured[0] - &r / measured[1]) * (2.5 / std::f64::consts::LN_10);
        let mut gradients = vec![g, r, colour];
        if name != "star" {
            gradients.extend(shape_slopes(scene, name).iter().map(of_shape));
        }
        let error =
            |gradient: &Array1<f64>| (gradient.dot(&covariance.dot(gradient)) + of_expected(gradient)).sqrt();
        let own = wanted.iter().enumerate().filter(|(_, (path, ..))| path.starts_with(&format!("{name}.")));
        (gradients.iter().map(error).collect(), own.map(|(k, _)| decided[[k, k]]).sum())
    };
    ["a", "b", "star"].map(of).to_vec()
}

#[test]
fn freedom_is_in_the_errors_of_fluxes() {
    for (apart, is_from_data) in [(8.0, false), (4.0, false), (8.0, true), (4.0, true)] {
        let (scene, frame) = scene(apart, is_from_data);
        let data = render(&scene, &frame).expect("the same grid");
        let weights = Array3::from_elem(data.dim(), 60.0);
        let observation = Observation::new(data, weights, frame).expect("valid");
        let builder = Posterior::builder().precision(Precision::Double);
        let mut posterior = builder.build(&scene, [&observation]).expect("valid");
        let x = posterior.start().expect("inside");
        let errors = posterior.errors(&x, &scene, &[&observation]).expect("errors");
        for (source, (errors, decided)) in
            errors.sources.iter().zip(expected(&scene, &observation, is_from_data))
        {
            let mut own = source.flux();
            own.extend(source.colours(&source_flux(&scene, &source.id)));
            own.extend(source.half_light_radius_px.into_iter().chain(source.concentration));
            own.extend(source.shear.into_iter().flatten());
            let ratios: Vec<f64> = own.iter().zip(&errors).map(|(a, b)| a / b).collect();
            assert_eq!(own.len(), errors.len());
            println!(
                "{apart} px apart, from data {is_from_data}, {}: errors {errors:.3?}, ours over them {ratios:.3?}; absorbed {decided:.1}, ours {:.1}",
                source.id, source.absorbed
            );
            assert!(ratios[..2].iter().all(|r| (0.93..1.03).contains(r)), "{ratios:?}");
            assert!(ratios[2..].iter().all(|r| (0.9..1.1).contains(r)), "{ratios:?}");
            assert!((0.85..1.25).contains(&(source.absorbed / decided)), "{} {decided}", source.absorbed);
        }
    }
}

#[test]
fn draws_are_as_wide_as_the_errors_and_of_thousands_of_pixels_refused() {
    let (mut scene, frame) = scene(6.0, false);
    let data = render(&scene, &frame).expect("the same grid");
    let weights = Array3::from_elem(data.dim(), 60.0);
    let observations = [Observation::new(data, weights, frame).expect("valid")];
    let builder = Posterior::builder().precision(Precision::Double);
    let free = builder.build(&scene, &observations).expect("valid").start().expect("inside");
    let start = PosteriorStart::new(builder, &scene, &observations, &free).expect("finite");
    let refused = start.laplace(1, 5).expect_err("too many values").to_string();
    assert!(refused.contains(&format!("there are {}", free.len())), "{refused}");

    scene.edit_all("*.morphology", |image| image.clone().freeze()).expect("images");
    let mut posterior = builder.build(&scene, &observations).expect("valid");
    let x = posterior.start().expect("inside");
    let errors = posterior.errors(&x, &scene, &[&observations[0]]).expect("errors");
    let start = PosteriorStart::new(builder, &scene, &observations, &x).expect("finite");
    let draws = start.measured(start.laplace(400, 5).expect("draws"), None).expect("measured");
    for source in &errors.sources {
        for (channel, error) in ["g", "r"].iter().zip(source.flux()) {
            let name = format!("{}.flux_{channel}", source.id);
            let column = draws.column(&name).expect("a column");
            let (n, mean) = (column.len() as f64, column.mean().expect("draws"));
            let sd = (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
            println!("{name}: draws {sd:.2}, error {error:.2}");
            assert!((0.85..1.15).contains(&(sd / error)), "{name}: {sd} {error}");
        }
    }
}

#[test]
fn pixels_without_light_or_prior_have_errors_that_are_numbers() {
    let (mut scene, frame) = scene(6.0, false);
    let without = |image: &scarlet_model::Param| {
        let dark = image.value().mapv(|v| if v < 0.1 { 1e-200 } else { v });
        scarlet_model::free(dark).positive()
    };
    scene.edit_all("*.morphology", without).expect("images");
    let data = render(&scene, &frame).expect("the same grid");
    let observation =
        Observation::new(data.clone(), Array3::from_elem(data.dim(), 60.0), frame).expect("valid");
    let mut posterior = Posterior::new(&scene, [&observation]).expect("valid");
    let x = posterior.start().expect("inside");
    let errors = posterior.errors(&x, &scene, &[&observation]).expect("errors");
    for source in &errors.sources {
        assert!(source.flux().iter().all(|error| *error > 0.0 && error.is_finite()), "{source:?}");
        assert!(!source.doubts.contains(&scarlet_infer::errors::Doubt::NotTold), "{source:?}");
    }
}
