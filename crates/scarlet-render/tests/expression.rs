//! Images, spectra and priors as expressions: the battery of the traits, and what goes wrong is an error.

use scarlet_frame::{BBox, Frame, Psf};
use scarlet_model::{ModelError, Morphology, Scene, Site, Source, Spectrum, Transform, free};
use scarlet_render::expression::dfdx::prelude::*;
use scarlet_render::expression::{Expr, ExpressionImage, ExpressionPrior, ExpressionSpectrum};

fn frame() -> Frame {
    let psf = Psf::gaussian(0.7).expect("a positive width");
    Frame::new([40, 44]).channels(["g", "r", "i"]).psf(psf)
}

fn spiral() -> ExpressionImage {
    ExpressionImage::new("Spiral", [15, 17], |p, grid| {
        let (r, angle) = (grid.radius(), grid.angle());
        let phase = angle * 2.0 - (r + 1.0).ln() / p["pitch"];
        (1.0 + p["contrast"] * phase.cos()) * (-r / p["scale"]).exp() * p["pair"].at(0) + p["pair"].at(1)
    })
    .param("pitch", free(0.35).positive())
    .param("contrast", free(0.6).unit_interval())
    .param("scale", 3.0)
    .param("pair", free([1.5, 0.2]))
}

fn site(center: [f64; 2], shape: [usize; 2]) -> Site {
    Site { center, bbox: BBox::centered(center, shape) }
}

fn image(m: &dyn Morphology, params: &[f64], site: &Site) -> Vec<f64> {
    let mut out = vec![0.0; site.bbox.len()];
    m.evaluate(params, site, &mut out, &mut []);
    out
}

/// Gradient of the seeded image against central differences, for parameters and centre.
fn assert_morphology(m: &dyn Morphology, params: &[f64], site: &Site) {
    let seed: Vec<f64> = (0..site.bbox.len()).map(|k| ((k * 37 % 101) as f64 / 50.0) - 1.0).collect();
    let total = |params: &[f64], center: [f64; 2]| -> f64 {
        let image = image(m, params, &Site { center, ..*site });
        image.iter().zip(&seed).map(|(i, s)| i * s).sum()
    };
    let (mut grad, mut grad_center) = (vec![1.0; params.len()], [2.0; 2]);
    m.pull_back(params, site, &seed, &mut grad, &mut grad_center, &mut []);
    let h = 1e-5;
    let close = |what: String, found: f64, expected: f64| {
        let error = (found - expected).abs() / expected.abs().max(1.0);
        assert!(error < 1e-6, "{what}: {found}, differences give {expected}");
    };
    for k in 0..params.len() {
        let at = |d: f64| {
            let mut p = params.to_vec();
            p[k] += d;
            total(&p, site.center)
        };
        close(format!("parameter {k}"), grad[k] - 1.0, (at(h) - at(-h)) / (2.0 * h));
    }
    for k in 0..2 {
        let at = |d: f64| {
            let mut center = site.center;
            center[k] += d;
            total(params, center)
        };
        close(format!("centre {k}"), grad_center[k] - 2.0, (at(h) - at(-h)) / (2.0 * h));
    }
}

const PARAMS: [f64; 5] = [0.35, 0.6, 3.0, 1.5, 0.2];

#[test]
fn an_image_is_its_formula_at_each_pixel() {
    let gaussian = ExpressionImage::new("Gaussian", [5, 7], |p, grid| {
        let (y, x) = (grid.dy() / p["sigma"], grid.dx() / p["sigma"]);
        (-0.5 * (y * y + x * x)).exp()
    })
    .param("sigma", free(1.3));
    let site = Site { center: [10.2, 3.9], bbox: BBox::new([8, 1], [5, 7]) };
    for (k, value) in image(&gaussian, &[1.3], &site).into_iter().enumerate() {
        let (y, x) = ((8 + k / 7) as f64 - 10.2, (1 + k % 7) as f64 - 3.9);
        let expected = (-0.5 * (y * y + x * x) / (1.3 * 1.3)).exp();
        assert!((value - expected).abs() < 1e-14, "pixel {k}: {value} is not {expected}");
    }
}

#[test]
fn gradients_agree_with_differences() {
    assert_morphology(&spiral(), &PARAMS, &site([20.3, 19.8], [15, 17]));
    assert_morphology(&spiral().oversampled(3), &PARAMS, &site([20.3, 19.8], [6, 5]));
}

#[test]
fn oversampling_averages_over_the_pixel() {
    let slope =
        |n| ExpressionImage::new("Plane", [4, 6], |_, grid| grid.dy() * 2.0 - grid.dx()).oversampled(n);
    let at = site([3.2, 1.7], [4, 6]);
    let (one, four) = (image(&slope(1), &[], &at), image(&slope(4), &[], &at));
    for (a, b) in one.iter().zip(&four) {
        assert!((a - b).abs() < 1e-12, "the mean of a plane over a pixel is {b}, not its centre's {a}");
    }
    let square = ExpressionImage::new("Square", [3, 3], |_, grid| grid.dx().square()).oversampled(2);
    let found = image(&square, &[], &site([1.0, 1.0], [3, 3]));
    assert!((found[4] - 1.0 / 16.0).abs() < 1e-15);
}

#[test]
fn clones_are_independent_and_evaluations_repeat() {
    let mut first = spiral();
    let second: Box<dyn Morphology> = Box::new(first.clone());
    first.parameters_mut_value(0.9);
    let at = site([20.3, 19.8], [15, 17]);
    assert_eq!(image(&*second, &PARAMS, &at), image(&spiral(), &PARAMS, &at));
    assert_eq!(second.parameters()[0].1.values(), [0.35]);
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let m = second.clone();
            std::thread::spawn(move || image(&*m, &PARAMS, &site([20.3, 19.8], [15, 17])))
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().expect("no panic"), image(&*second, &PARAMS, &at));
    }
}

trait SetFirst {
    fn parameters_mut_value(&mut self, value: f64);
}

impl SetFirst for ExpressionImage {
    fn parameters_mut_value(&mut self, value: f64) {
        use scarlet_model::Parameters;
        self.parameters_mut()[0].1.values_mut()[0] = value;
    }
}

#[test]
fn it_moves_only_if_it_asks_for_coordinates() {
    let mut flat = ExpressionImage::new("Flat", [5, 5], |p, grid| {
        let [rows, columns] = grid.shape();
        grid.constant(&vec![1.0; rows * columns]) * p["height"]
    })
    .param("height", free(2.0));
    flat.attach(&frame()).expect("a valid image");
    assert!(!flat.moves());
    let mut spiral = spiral();
    spiral.attach(&frame()).expect("a valid image");
    assert!(spiral.moves());
}

#[test]
fn a_box_of_raw_tensors_works() {
    let raw = ExpressionImage::new("Raw", [9, 9], |p, grid| {
        let [rows, columns] = grid.shape();
        let y = grid.dy().into_tensor((rows, columns)).square();
        let x = grid.dx().into_tensor((rows, columns)).square();
        grid.dy().from_tensor(((y + x) * -0.5).exp()) * p["flux"]
    })
    .param("flux", free(2.0));
    assert_morphology(&raw, &[2.0], &site([20.3, 19.8], [9, 8]));
    assert_eq!(add(raw), None);
}

/// The message of the error that adding gives, if it gives one.
fn add(image: ExpressionImage) -> Option<String> {
    let mut scene = Scene::new(frame()).expect("a valid frame");
    let source = Source::new(free([20.0, 20.0]), free([1.0, 2.0, 3.0]).positive(), image).named("galaxy");
    scene.add(source).err().map(|e| e.to_string())
}

fn refused(image: ExpressionImage, parts: &[&str]) {
    let message = add(image).expect("it must be refused");
    for part in parts {
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
}

#[test]
fn what_cannot_work_is_refused_with_a_reason() {
    let new = |f: for<'t> fn(Expr<'t>, Expr<'t>) -> Expr<'t>| {
        ExpressionImage::new("Bad", [9, 9], move |p, grid| f(p["a"], grid.dy())).param("a", free(1.0))
    };
    assert_eq!(add(new(|a, dy| a * dy.square())), None);
    refused(new(|a, _| a), &["galaxy", "Bad", "1 values", "81 pixels"]);
    refused(new(|a, dy| a * dy.ln()), &["Bad", "pixel (0, 0)", "finite"]);
    refused(
        new(|a, dy| {
            (a - 1.0).abs().ln_1p().sqrt().sqrt() * dy + (a - 1.0).square().map(|x| (x, f64::NAN)) * dy
        }),
        &["gradient", "a is NaN"],
    );
    refused(new(|a, dy| a * dy + dy.constant(&[1.0, 2.0, 3.0])), &["81 and 3 values"]);
    refused(new(|a, dy| a.at(4) * dy), &["at(4)", "1 elements"]);
    refused(new(|a, dy| dy.from_tensor(dy.into_tensor((3, 3))) * a), &["into_tensor", "(3, 3)"]);
    let missing = ExpressionImage::new("Bad", [9, 9], |p, grid| p["b"] * grid.dx()).param("a", 1.0);
    refused(missing, &["no parameter is called b", "there are: a"]);
    refused(ExpressionImage::new("Bad", [0, 9], |_, grid| grid.dx()), &["at least 1"]);
}

#[test]
fn a_formula_for_one_shape_only_is_refused() {
    let fixed = ExpressionImage::new("Fixed", [9, 9], |_, grid| grid.constant(&[1.0; 81]));
    refused(fixed, &["81 values", "10 x 11", "Grid::shape"]);
}

#[test]
fn panics_of_dfdx_and_of_users_become_errors() {
    let twice = ExpressionImage::new("Twice", [9, 9], |_, grid| {
        let x = grid.dx().into_tensor((grid.dx().len(),));
        grid.dx().from_tensor(x.with_empty_tape() * x)
    });
    refused(twice, &["Twice", "used twice", "duplicate"]);
    let own = ExpressionImage::new("Own", [9, 9], |_, _| panic!("no such galaxy"));
    refused(own, &["Own", "no such galaxy"]);
    let shapes = ExpressionImage::new("Shapes", [9, 9], |_, grid| {
        let (a, b) = (grid.dx().into_tensor((81,)), grid.dy().at(0).into_tensor((1,)));
        grid.dx().from_tensor(a + b)
    });
    refused(shapes, &["Shapes", "panicked"]);
}

#[test]
fn an_image_fits_into_a_scene_and_what_is_free_is_named() {
    let mut scene = Scene::new(frame()).expect("a valid frame");
    let flux = ExpressionSpectrum::new("PowerLaw", |p, channels| {
        let waves: Vec<f64> = (0..channels.len()).map(|k| 0.5 + 0.2 * k as f64).collect();
        p["flux"] * p.constant(&waves).pow(p["slope"])
    })
    .param("flux", free(3.0).positive())
    .param("slope", free(-1.0));
    scene.add(Source::new(free([20.0, 20.0]), flux, spiral()).named("galaxy")).expect("a valid source");
    let free: Vec<String> =
        scene.params().into_iter().filter(|(_, p)| p.is_free()).map(|(path, _)| path).collect();
    let expected = [
        "center",
        "spectrum.flux",
        "spectrum.slope",
        "morphology.pitch",
        "morphology.contrast",
        "morphology.pair",
    ];
    assert_eq!(free, expected.map(|name| format!("galaxy.{name}")));
}

#[test]
fn a_spectrum_gives_each_channel_and_its_gradient() {
    let mut law = ExpressionSpectrum::new("PowerLaw", |p, _| {
        p["flux"] * (p.constant(&[0.48, 0.62, 0.77]) / 0.62).pow(p["slope"])
    })
    .param("flux", free(10.0).positive())
    .param("slope", free(-1.0));
    law.attach(&frame()).expect("three channels");
    let fluxes = |p: [f64; 2]| {
        let mut out = [0.0; 3];
        law.evaluate(&p, &mut out);
        out
    };
    assert!((fluxes([10.0, -1.0])[2] - 10.0 * 0.62 / 0.77).abs() < 1e-12);
    let (p, seed, mut grad) = ([10.0, -1.0], [0.3, -1.2, 2.0], [5.0, 5.0]);
    law.pull_back(&p, &seed, &mut grad);
    for k in 0..2 {
        let total = |d: f64| {
            let mut p = p;
            p[k] += d;
            fluxes(p).iter().zip(seed).map(|(f, s)| f * s).sum::<f64>()
        };
        let expected = (total(1e-5) - total(-1e-5)) / 2e-5;
        assert!((grad[k] - 5.0 - expected).abs() < 1e-6, "{}: {} is not {expected}", k, grad[k] - 5.0);
    }
}

#[test]
fn a_single_amplitude_goes_to_all_channels() {
    let mut grey = ExpressionSpectrum::new("Grey", |p, _| p["depth"].square()).param("depth", free(2.0));
    grey.attach(&frame()).expect("one for all");
    let (mut out, mut grad) = ([0.0; 3], [0.0]);
    grey.evaluate(&[2.0], &mut out);
    grey.pull_back(&[2.0], &[1.0, 2.0, 3.0], &mut grad);
    assert_eq!((out, grad), ([4.0; 3], [24.0]));
}

#[test]
fn a_spectrum_that_does_not_fit_is_refused() {
    let mut two = ExpressionSpectrum::new("Two", |p, _| p.constant(&[1.0, 2.0]));
    let error = two.attach(&frame()).expect_err("three channels");
    assert_eq!(
        error,
        ModelError::Parameter {
            parameter: "Two".to_owned(),
            problem: "it returns 2 values for 3 channels; return one for each".to_owned()
        }
    );
}

#[test]
fn a_prior_must_be_a_single_number() {
    let mut scene = Scene::new(frame()).expect("a valid frame");
    let with =
        |prior: ExpressionPrior| Source::new([20.0, 20.0], free([1.0, 2.0, 3.0]).prior(prior), spiral());
    scene.add(with(ExpressionPrior::new("Flat", |x| x.square().sum() * -0.5))).expect("a number");
    let positive = ExpressionPrior::new("Log", |x| -x.ln().square().sum()).on(Transform::Exp);
    let name = scene.add(with(positive)).expect("a number");
    let flux = scene.param(&format!("{name}.spectrum")).expect("it is there");
    assert_eq!(flux.transform_ref(), &Transform::Exp);
    let error = scene.add(with(ExpressionPrior::new("Vector", |x| -x))).expect_err("three numbers");
    assert!(error.to_string().contains("single number"), "{error}");
}
