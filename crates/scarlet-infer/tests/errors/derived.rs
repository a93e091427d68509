//! Errors of what is computed from parameters: by how these change with each of them, and the dense matrix of all.

use crate::dense::{columns, information, inverse};
use ndarray::{Array1, Array3, Axis};
use scarlet_frame::{Frame, Psf};
use scarlet_infer::{Posterior, Precision};
use scarlet_model::profile::Sersic;
use scarlet_model::{Scene, Source, free};
use scarlet_obs::catalog::LightShape;
use scarlet_obs::{Observation, render};
use scarlet_render::source_cube;

/// A galaxy and a star beside it.
fn scene() -> (Scene, Frame) {
    let frame = Frame::new([44, 48]).channels(["g", "r", "i"]).psf(Psf::gaussian(1.6).expect("a width"));
    let mut scene = Scene::new(Frame::enclosing([&frame]).expect("a frame")).expect("a scene");
    let galaxy = Sersic::new(free(1.3).positive(), free(3.0).positive()).distortion(free([0.25, -0.15]));
    scene
        .add(
            Source::new([21.3, 21.8], free([500.0, 700.0, 300.0]).positive(), galaxy.shape_px([35, 35]))
                .named("galaxy"),
        )
        .expect("inside");
    scene
        .add(Source::point([20.4, 27.1], free([300.0, 200.0, 100.0]).positive()).named("star"))
        .expect("inside");
    (scene, frame)
}

/// Fluxes, magnitudes, colours, half-light radius, concentration, g1 and g2 of the galaxy.
fn numbers(scene: &Scene) -> Vec<f64> {
    let (bbox, cube) = source_cube(scene, "galaxy").expect("a source");
    let center = scene.param("galaxy.center").expect("there").values();
    let inside = [0, 1].map(|k| center[k] - bbox.origin()[k] as f64);
    let flux: Vec<f64> = cube.axis_iter(Axis(0)).map(|plane| plane.sum()).collect();
    let mut all = flux.clone();
    all.extend(flux.iter().map(|f| -2.5 * f.log10()));
    all.extend(flux.windows(2).map(|f| -2.5 * (f[0] / f[1]).log10()));
    let shape = LightShape::of(cube.sum_axis(Axis(0)).view(), inside).expect("light");
    all.extend(shape.numbers());
    all
}

#[test]
fn errors_go_on_to_what_is_derived() {
    let (scene, frame) = scene();
    let data = render(&scene, &frame).expect("the same grid");
    let weights = Array3::from_elem(data.dim(), 4.0);
    let mut wanted: Vec<(String, usize, f64)> = Vec::new();
    for (path, param) in scene.params() {
        let step = match path.rsplit('.').next() {
            Some("center") => 1e-3,
            _ => 1e-4 * param.values().iter().fold(1.0, |most: f64, v| most.max(v.abs())),
        };
        wanted.extend(
            (0..if param.is_free() { param.values().len() } else { 0 }).map(|k| (path.clone(), k, step)),
        );
    }
    let named: Vec<(&str, usize, f64)> =
        wanted.iter().map(|(path, k, step)| (path.as_str(), *k, *step)).collect();
    let observation = Observation::new(data, weights.clone(), frame).expect("valid");
    let covariance = inverse(&information(&columns(&scene, &observation, &named), &weights));
    let slopes: Vec<Vec<f64>> = wanted
        .iter()
        .map(|(path, element, step)| {
            // radii are measured on pixels: steps of what they depend on are wide
            let step = if path.contains(".morphology.") { 2e3 * step } else { *step };
            let at = |step: f64| {
                let mut moved = scene.clone();
                moved.set_values(|own, values| {
                    if own == path {
                        values[*element] += step;
                    }
                });
                numbers(&moved)
            };
            let of_center = path == "galaxy.center";
            at(step)
                .iter()
                .zip(at(-step))
                .map(|(a, b)| if of_center { 0.0 } else { (a - b) / (2.0 * step) })
                .collect()
        })
        .collect();
    let own = numbers(&scene);
    let expected = (0..own.len()).map(|n| {
        let gradient: Array1<f64> = slopes.iter().map(|slopes| slopes[n]).collect();
        gradient.dot(&covariance.dot(&gradient)).sqrt()
    });
    let builder = Posterior::builder().precision(Precision::Double);
    let mut posterior = builder.build(&scene, [&observation]).expect("valid");
    let x = posterior.start().expect("inside");
    let errors = posterior.errors(&x, &scene, &[&observation]).expect("errors");
    let [galaxy, star] = [0, 1].map(|k| &errors.sources[k]);
    let mut found = galaxy.flux();
    found.extend(galaxy.magnitudes(&own[..3]));
    found.extend(galaxy.colours(&own[..3]));
    found
        .extend([galaxy.half_light_radius_px, galaxy.concentration].map(|error| error.expect("of a galaxy")));
    found.extend(galaxy.shear.expect("of a galaxy"));
    assert_eq!((star.half_light_radius_px, star.concentration, star.shear), (None, None, None));
    assert!(galaxy.magnitudes(&[1.0, 0.0, -1.0])[1..].iter().all(|error| error.is_nan()));
    let names = ["flux"; 3].into_iter().chain(["magnitude"; 3]).chain(["colour"; 2]);
    let names = names.chain(["radius", "concentration", "g1", "g2"]);
    for ((name, expected), found) in names.zip(expected).zip(found) {
        println!("{name}: error {expected:.5}, ours over it {:.4}", found / expected);
        let tolerance = if ["radius", "concentration"].contains(&name) { 0.05 } else { 0.02 };
        assert!((found / expected - 1.0).abs() < tolerance, "{name}: {found} {expected}");
    }
}

#[test]
fn sources_without_names_have_errors_of_their_own_positions() {
    let frame = Frame::new([40, 44]).channels(["g"]).psf(Psf::gaussian(1.6).expect("a width"));
    let mut scene = Scene::new(Frame::enclosing([&frame]).expect("a frame")).expect("a scene");
    for center in [[20.3, 12.1], [19.6, 30.8]] {
        scene.add(Source::point(center, [300.0])).expect("inside");
    }
    let data = render(&scene, &frame).expect("the same grid");
    let observation = Observation::new(data.clone(), Array3::ones(data.dim()), frame).expect("valid");
    let mut posterior = Posterior::new(&scene, [&observation]).expect("valid");
    let x = posterior.start().expect("inside");
    let errors = posterior.errors(&x, &scene, &[&observation]).expect("errors");
    for (source, (name, _)) in errors.sources.iter().zip(scene.sources()) {
        assert_eq!(source.id, name);
        assert!(source.center_covariance.is_some() && source.parameters.is_empty(), "{source:?}");
    }
}
