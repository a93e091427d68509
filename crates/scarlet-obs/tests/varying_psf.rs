//! PSFs that vary over an observation, against images where every star has its own.

use ndarray::{Array2, Array3, Axis};
use scarlet_frame::{BBox, Frame, Psf, PsfField, PsfLaw, Sky, VaryingPsf, Wcs, arcsec, degrees};
use scarlet_model::{Layout, Scene, Source};
use scarlet_obs::{Astrometry, Observation, ObservationPlan, View};
use scarlet_render::{ScenePlan, Workers};

const SIDE: usize = 41;
const SHAPE: [usize; 2] = [90, 101];
/// Stars: position `[y, x]` in the observation and flux.
const STARS: [([f64; 2], f64); 6] = [
    ([22.3, 20.6], 30.0),
    ([24.8, 79.7], 80.0),
    ([66.4, 22.2], 50.0),
    ([67.0, 78.0], 100.0),
    ([45.5, 50.25], 60.0),
    ([44.2, 90.4], 20.0),
];

/// A Gaussian by its widths along y and x and the product of them that is its covariance.
#[derive(Clone, Copy)]
struct Gaussian {
    sigma: f64,
    /// Ellipticity along x, and along the diagonal.
    e: [f64; 2],
}

impl Gaussian {
    fn at(self, [y, x]: [f64; 2]) -> f64 {
        let [e1, e2] = self.e;
        let v = self.sigma * self.sigma;
        let (yy, xx, yx) = (v * (1.0 - e1), v * (1.0 + e1), v * e2);
        let determinant = yy * xx - yx * yx;
        let chi2 = (xx * y * y - 2.0 * yx * y * x + yy * x * x) / determinant;
        (-0.5 * chi2).exp() / (std::f64::consts::TAU * determinant.sqrt())
    }
}

const fn round(sigma: f64) -> Gaussian {
    Gaussian { sigma, e: [0.0; 2] }
}

const fn along(e1: f64, e2: f64) -> Gaussian {
    Gaussian { sigma: 1.8, e: [e1, e2] }
}

/// Differences between two of these are added to the PSF at the middle, times 1, x, x^2, y, x y, y^2: it is 35% wider at
/// the right than at the left, and stretched along one diagonal above and along the other below.
fn terms() -> [Vec<(f64, Gaussian)>; 6] {
    [
        vec![(1.0, round(1.8))],
        vec![(0.5, round(2.1)), (-0.5, round(1.5))],
        vec![(0.05, round(2.0)), (-0.05, round(1.8))],
        vec![(0.6, along(0.0, 0.15)), (-0.6, along(0.0, -0.15))],
        vec![(0.4, along(0.15, 0.0)), (-0.4, along(-0.15, 0.0))],
        vec![(0.05, along(0.1, 0.0)), (-0.05, round(1.8))],
    ]
}

const ZERO: [f64; 2] = [44.5, 50.0];
const SCALE: [f64; 2] = [45.0, 50.0];

/// The PSF of a star at `place`, `off` from its centre.
fn psf([y, x]: [f64; 2], off: [f64; 2]) -> f64 {
    let (v, u) = ((y - ZERO[0]) / SCALE[0], (x - ZERO[1]) / SCALE[1]);
    let factors = [1.0, u, u * u, v, u * v, v * v];
    let term = |(factor, gaussians): (f64, &Vec<(f64, Gaussian)>)| -> f64 {
        factor * gaussians.iter().map(|(c, gaussian)| c * gaussian.at(off)).sum::<f64>()
    };
    factors.into_iter().zip(&terms()).map(term).sum()
}

/// The same as a field of images with `per_px` samples along a pixel.
fn field(per_px: f64) -> VaryingPsf {
    let side = (SIDE as f64 * per_px) as usize / 2 * 2 + 1;
    let c = (side / 2) as f64;
    let image = |gaussians: &Vec<(f64, Gaussian)>| {
        Array2::from_shape_fn((side, side), |(y, x)| {
            let off = [(y as f64 - c) / per_px, (x as f64 - c) / per_px];
            gaussians.iter().map(|(factor, gaussian)| factor * gaussian.at(off)).sum::<f64>()
        })
    };
    let images: Vec<_> = terms().iter().map(image).collect();
    let views: Vec<_> = images.iter().map(|image| image.view()).collect();
    let basis = ndarray::stack(Axis(0), &views).expect("one shape");
    let law = PsfLaw::Polynomial { zero: ZERO, scale: SCALE, degree: 2 };
    let field = PsfField::new(basis, law).and_then(|field| field.sampled_at(per_px)).expect("a field");
    VaryingPsf::new(vec![field]).expect("one field")
}

/// What is seen of the stars, each through its own PSF.
fn truth() -> Array2<f64> {
    Array2::from_shape_fn((SHAPE[0], SHAPE[1]), |(y, x)| {
        let star = |(at, flux): &([f64; 2], f64)| flux * psf(*at, [y as f64 - at[0], x as f64 - at[1]]);
        STARS.iter().map(star).sum::<f64>()
    })
}

fn sky_of_image() -> Wcs {
    Wcs::tan(Sky::new(150.0, 2.0), [44.0, 50.0], arcsec(0.17)).expect("a WCS")
}

fn observed(data: Array3<f64>, per_px: f64) -> Observation {
    let frame = Frame::new(SHAPE).wcs(sky_of_image());
    let frame = frame.varying_psf(field(per_px)).expect("positive flux");
    let weights = Array3::ones((1, SHAPE[0], SHAPE[1]));
    Observation::new(data, weights, frame).expect("an observation")
}

fn constant(data: Array3<f64>) -> Observation {
    let varying = observed(data, 1.0);
    let psf = varying.frame().psf_ref().expect("that at the middle").clone();
    let frame = varying.frame().clone().psf(psf);
    Observation::new(varying.data().clone(), varying.weights().clone(), frame).expect("an observation")
}

/// A model frame: the image's own grid, or a finer one that is turned by 17 degrees.
fn model(is_turned: bool) -> Frame {
    let psf = Psf::gaussian(0.7).expect("a width");
    if !is_turned {
        return own_grid(psf);
    }
    let wcs = Wcs::tan_turned(Sky::new(150.0, 2.0), [95.0, 100.0], arcsec(0.11), degrees(17.0));
    Frame::with_bbox(BBox::new([0, 0], [191, 201])).wcs(wcs.expect("a WCS")).psf(psf)
}

/// A model frame of the image's own grid.
fn own_grid(psf: Psf) -> Frame {
    Frame::new(SHAPE).wcs(sky_of_image()).psf(psf)
}

fn scene(model: Frame) -> Scene {
    scene_of(model, 0..STARS.len())
}

fn scene_of(model: Frame, stars: std::ops::Range<usize>) -> Scene {
    let wcs = sky_of_image();
    let mut scene = Scene::new(model).expect("a scene");
    for (i, (at, flux)) in STARS.iter().enumerate().filter(|(i, _)| stars.contains(i)) {
        let there = scene.frame().to_pixel(wcs.to_sky(*at).expect("on the sky")).expect("in the model");
        scene.add(Source::point(there, [*flux]).named(format!("star {i}"))).expect("a star");
    }
    scene
}

fn rendered(scene: &Scene, observation: &Observation) -> Array2<f64> {
    let (layout, workers) = (Layout::new(scene).expect("a layout"), Workers::default());
    let plan = ObservationPlan::<f64>::new(observation, scene.frame(), &workers).expect("a plan");
    println!("{}", plan.renderer_name());
    let mut of_scene = ScenePlan::<f64>::new(scene, &layout);
    plan.render(of_scene.evaluate(layout.start_values(), &workers)).index_axis_move(Axis(0), 0)
}

fn largest(image: &Array2<f64>) -> f64 {
    image.iter().fold(0.0, |largest, v| largest.max(v.abs()))
}

fn blank() -> Array3<f64> {
    Array3::zeros((1, SHAPE[0], SHAPE[1]))
}

/// What is seen of the stars, each rendered alone through one PSF, that at its place.
fn one_by_one(is_turned: bool, per_px: f64) -> Array2<f64> {
    let field = field(per_px);
    let star = |(i, (at, _)): (usize, &([f64; 2], f64))| {
        let frame = Frame::new(SHAPE).wcs(sky_of_image()).psf(field.at(*at).expect("a PSF"));
        // through kernels that are not cut
        let observation = Observation::new(blank(), blank() + 1.0, frame).expect("an observation");
        let observation = observation.fft_shape([180, 180]);
        rendered(&scene_of(model(is_turned), i..i + 1), &observation)
    };
    STARS.iter().enumerate().map(star).reduce(|sum, star| sum + star).expect("stars")
}

#[test]
fn every_star_has_its_own_psf_on_any_grid() {
    let truth = truth();
    let flux = truth.sum();
    for is_turned in [false, true] {
        for per_px in [1.0, 1.6] {
            let seen = rendered(&scene(model(is_turned)), &observed(blank(), per_px));
            let off = |from: &Array2<f64>| largest(&(&seen - from)) / largest(&truth);
            let (alone, drawn) = (off(&one_by_one(is_turned, per_px)), off(&truth));
            let light = seen.sum() / flux - 1.0;
            println!(
                "turned {is_turned}, {per_px} samples: {alone:.1e} of the peak off stars rendered one by one, {drawn:.1e} \
                 off the formula, flux {light:.1e}"
            );
            // on the image's own grid a star between pixels of the model is as good as that samples its PSF
            assert!(alone < 1e-4 && drawn < if is_turned { 1e-4 } else { 5e-4 } && light.abs() < 1e-5);
        }
        let seen = rendered(&scene(model(is_turned)), &constant(blank()));
        let off = largest(&(&seen - &truth)) / largest(&truth);
        println!("turned {is_turned}, one PSF: {off:.1e} of the peak");
        assert!(off > 0.05);
    }
}

#[test]
fn stars_between_pixels_are_as_good_as_these_sample_the_models_psf() {
    let truth = truth();
    for (sigma, limit) in [(0.7, 5e-4), (0.8, 1e-4)] {
        let model = own_grid(Psf::gaussian(sigma).expect("a width"));
        let seen = rendered(&scene(model), &observed(blank(), 1.6));
        let off = largest(&(&seen - &truth)) / largest(&truth);
        println!("a model's PSF of sigma {sigma} px: {off:.1e} of the peak off the formula");
        assert!(off < limit, "{sigma}: {off}");
    }
}

#[test]
fn gradients_are_exact() {
    for is_turned in [false, true] {
        let (scene, workers) = (scene(model(is_turned)), Workers::default());
        let data = truth().insert_axis(Axis(0)) * 1.1;
        let mut plan =
            ObservationPlan::<f64>::new(&observed(data, 1.0), scene.frame(), &workers).expect("a plan");
        let n = scene.frame().bbox().len();
        let cube: Vec<f64> = (0..n).map(|i| 1.0 + (0.37 * i as f64).sin()).collect();
        let step: Vec<f64> = (0..n).map(|i| (0.11 * (i * i % 1013) as f64).cos()).collect();
        let mut gradient = vec![0.0; n];
        plan.value_and_gradient(&cube, &mut gradient, &workers);
        let mut at = |sign: f64| {
            let moved: Vec<f64> = cube.iter().zip(&step).map(|(v, d)| v + sign * d).collect();
            plan.log_likelihood(&moved, &workers)
        };
        // log L is quadratic, so that differences are exact
        let difference = 0.5 * (at(1.0) - at(-1.0));
        let product: f64 = gradient.iter().zip(&step).map(|(g, d)| g * d).sum();
        assert!((difference - product).abs() < 1e-9 * difference.abs(), "{difference} {product}");
    }
}

#[test]
fn derivatives_by_the_astrometry_are_those_of_differences() {
    let (scene, workers) = (scene(model(true)), Workers::default());
    let observation = observed(truth().insert_axis(Axis(0)) * 1.1, 1.0);
    let astrometry = Astrometry::within(0.5).rotated_within(5e-3).scaled_within(3e-3);
    let observation = observation.astrometry(astrometry).expect("valid");
    let mut plan = ObservationPlan::<f64>::new(&observation, scene.frame(), &workers).expect("a plan");
    let layout = Layout::new(&scene).expect("a layout");
    let cube = ScenePlan::<f64>::new(&scene, &layout).evaluate(layout.start_values(), &workers).to_vec();
    let values = [0.1, -0.15, 1e-3, -1e-3];
    plan.calibrate(&values);
    plan.value_and_gradient(&cube, &mut vec![0.0; cube.len()], &workers);
    let mut gradient = [0.0; 4];
    plan.add_gradient(&mut gradient);
    // interpolation is smooth to 1e-5 only where a pixel comes to other points of a grid: few do in short steps
    for (k, (step, own)) in [1e-6, 1e-6, 1e-8, 1e-8].into_iter().zip(gradient).enumerate() {
        let mut at = |sign: f64| {
            let mut moved = values;
            moved[k] += sign * step;
            plan.calibrate(&moved);
            plan.log_likelihood(&cube, &workers)
        };
        let difference = (at(1.0) - at(-1.0)) / (2.0 * step);
        println!("parameter {k}: {own:.6} and {difference:.6} from differences");
        assert!((difference - own).abs() < 1e-5 * difference.abs());
    }
}

#[test]
fn a_field_that_does_not_vary_is_one_psf() {
    let basis = field(1.0).field(0).at([30.0, 30.0]).image.insert_axis(Axis(0));
    let law = PsfLaw::Polynomial { zero: ZERO, scale: SCALE, degree: 0 };
    let level = VaryingPsf::new(vec![PsfField::new(basis, law).expect("valid")]).expect("one");
    for is_turned in [false, true] {
        let scene = scene(model(is_turned));
        let observe = |frame: Frame| Observation::new(blank(), blank() + 1.0, frame).expect("valid");
        let frame = || Frame::new(SHAPE).wcs(sky_of_image());
        let varying = frame().varying_psf(level.clone()).expect("valid");
        let psf = varying.psf_ref().expect("that at the middle").clone();
        assert_eq!(rendered(&scene, &observe(varying)), rendered(&scene, &observe(frame().psf(psf))));
    }
}

#[test]
fn fluxes_are_right_all_over_the_field_and_wrong_through_one_psf() {
    let data = truth().insert_axis(Axis(0));
    for is_turned in [false, true] {
        let scene = scene(model(is_turned));
        let worst = |observation: &Observation| {
            let mut view = View::new(observation, scene.frame()).expect("a view");
            let mut worst = 0.0_f64;
            let mut sum = blank();
            for i in 0..STARS.len() {
                let seen = view.source(&scene, &format!("star {i}")).expect("it is there").expect("inside");
                let [rows, columns] = observation.frame().bbox().slices_of(seen.bbox).expect("inside");
                let window = ndarray::s![.., rows, columns];
                let own = data.slice(window);
                let flux = (&own * &seen.pixels).sum() / (&seen.pixels * &seen.pixels).sum();
                worst = worst.max((flux - 1.0).abs());
                let mut sum = sum.slice_mut(window);
                sum += &seen.pixels;
            }
            let whole = rendered(&scene, observation);
            let off = largest(&(sum.index_axis_move(Axis(0), 0) - &whole)) / largest(&whole);
            assert!(off < 2e-5, "views add up to what is seen but for {off}");
            worst
        };
        let (own, one) = (worst(&observed(data.clone(), 1.0)), worst(&constant(data.clone())));
        println!("turned {is_turned}: fluxes off by {own:.1e}, through one PSF {one:.1e}");
        assert!(own < 1e-3 && one > 0.02);
    }
}
