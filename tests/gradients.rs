//! The gradient of the log-posterior against central differences, for every kind of parameter.

mod common;

use common::differences::{assert_gradient, channel_list, frame, image, observation, unseen, wave};
use ndarray::{Array2, Array3};
use scarlet::model::prior::{Beta, Gamma, HalfNormal, LogNormal, Normal, Product, StudentT, Uniform};
use scarlet::model::profile::{
    DeVaucouleurs, Exponential, Gaussian, Moffat, Number, Profile, RadialLaw, Sersic, ShapeParameter, Spergel,
};
use scarlet::model::{Density, Morphology, Prior, Score, starlet};
use scarlet::obs::ObservationPlan;
use scarlet::prelude::*;
use scarlet::render::Workers;
use scarlet::render::expression::{ExpressionImage, ExpressionPrior, ExpressionSpectrum};

fn scene_in(frame: &Frame) -> Scene {
    Scene::new(Frame::enclosing([frame]).expect("a frame")).expect("a valid frame")
}

fn add(scene: &mut Scene, source: Source) {
    scene.add(source).expect("a valid source");
}

#[test]
fn of_spectra_and_simple_morphologies() {
    let frame = frame([24, 22]).channels([("g", 0), ("g", 1), ("r", 0), ("r", 1)]);
    let mut scene = scene_in(&frame);
    add(&mut scene, Source::point([9.3, 10.6], [3.0, 4.0, 5.0, 6.0]).named("star"));
    let still = StaticSpectrum::new(free([2.0, 3.0]).positive());
    add(&mut scene, Source::new([12.0, 7.0], still, free(image(7, 9)).unit_interval()).named("static"));
    let flash = TransientSpectrum::new([1], free([4.0, 5.0]));
    add(&mut scene, Source::new(free([6.4, 14.2]), flash, Point::new()).named("transient"));
    let coefficients = starlet::transform(image(13, 11).view(), 2);
    let morphology = Starlet::new(free(coefficients));
    add(&mut scene, Source::new([14.0, 12.0], free([1.0, -2.0, 0.5, 1.5]), morphology).named("starlet"));
    let law = ExpressionSpectrum::new("PowerLaw", |p, _| {
        p["flux"] * (p.constant(&[0.5, 0.5, 0.6, 0.6]) / 0.55).pow(p["slope"])
    });
    let law = law.param("flux", free(3.0).positive()).param("slope", free(-1.0));
    add(&mut scene, Source::new(free([4.4, 4.8]), law, Point::new()).named("power law"));
    assert_gradient(&scene, &[observation(frame)]);
}

#[test]
fn of_every_constraint() {
    let frame = channel_list([22, 22], 4);
    let mut scene = scene_in(&frame);
    let cases = [
        (Transform::Identity, [1.0, -2.0, 3.0, 0.4]),
        (Transform::Exp, [1.0, 2.0, 3.0, 0.4]),
        (Transform::Softplus, [1.0, 2.0, 3.0, 0.4]),
        (Transform::UnitInterval, [0.1, 0.2, 0.93, 0.4]),
        (Transform::Interval { low: -1.0, high: 3.0 }, [0.1, -0.2, 2.9, 0.4]),
        (Transform::GreaterThan(-1.0), [0.1, -0.2, 2.9, 0.4]),
        (Transform::LessThan(3.0), [0.1, -0.2, 2.9, 0.4]),
        (Transform::UnitDisk, [0.1, -0.2, 0.6, 0.7]),
        (Transform::Ordered, [-0.1, 0.2, 0.6, 1.7]),
        (Transform::Simplex, [0.1, 0.2, 0.3, 0.4]),
    ];
    for (k, (transform, flux)) in cases.into_iter().enumerate() {
        let at = [4.0 + 1.3 * k as f64, 17.6 - 1.4 * k as f64];
        add(&mut scene, Source::new(at, free(flux).transform(transform), Point::new()));
    }
    let stick = image(3, 4);
    let stick = free(&stick / stick.sum()).transform(Transform::Simplex);
    add(&mut scene, Source::new([15.0, 15.0], free([2.0, 3.0, 2.0, 1.0]).positive(), stick));
    assert_gradient(&scene, &[observation(frame)]);
}

/// A prior of a user, which the change of unit wraps.
#[derive(Debug)]
struct Laplace;

impl Score for Laplace {
    fn score(&self, x: &[f64], grad: &mut [f64]) {
        grad.iter_mut().zip(x).for_each(|(grad, x)| *grad -= x.signum());
    }
}

impl Density for Laplace {
    fn log_density(&self, x: &[f64]) -> f64 {
        -x.iter().map(|x| x.abs()).sum::<f64>()
    }
}

#[test]
fn of_every_prior() {
    let frame = channel_list([22, 22], 2);
    let wcs = Wcs::tan(Sky::new(150.0, 2.0), [11.0, 11.0], arcsec(0.2)).expect("a valid WCS");
    let frame = frame.wcs(wcs);
    let mut scene = scene_in(&frame);
    let covariance = Array2::from_shape_vec((2, 2), vec![2.0, 0.3, 0.3, 0.5]).expect("2 x 2");
    let smooth = ExpressionPrior::new("Smooth", |x| -(x.square() + 0.01).sqrt().sum() / 0.1);
    let priors: [(Prior, [f64; 2]); 13] = [
        (Normal::new(1.0, 0.2).into(), [0.7, 1.2]),
        (Normal::diag([1.0, 2.0], [0.3, 0.1]).into(), [0.7, 1.8]),
        (Normal::full([1.0, 2.0], covariance).into(), [0.7, 1.8]),
        (LogNormal::new(0.3, 0.5).into(), [0.7, 1.8]),
        (Uniform::new(-1.0, 4.0).into(), [0.7, 1.8]),
        (Beta::new(2.0, 3.0).into(), [0.7, 0.2]),
        (Beta::new(2.0, 3.0).on(-1.0, 4.0).into(), [0.7, 1.8]),
        (Gamma::new(2.5, 1.5).into(), [0.7, 1.8]),
        (HalfNormal::new(0.6).into(), [0.7, 1.8]),
        (StudentT::new(3.0, 0.5, 0.3).into(), [0.7, 1.8]),
        (Product::new().and(Normal::new(0.0, 1.0)).and(Gamma::new(2.0, 1.0)).into(), [0.7, 1.8]),
        (smooth.into(), [0.7, 1.8]),
        (Prior::from(Laplace).scaled(0.2), [0.7, 1.8]),
    ];
    for (k, (prior, flux)) in priors.into_iter().enumerate() {
        let at = [3.0 + 1.3 * k as f64, 19.6 - 1.4 * k as f64];
        add(&mut scene, Source::new(at, free(flux).prior(prior), Point::new()));
    }
    let size = free(arcsec(0.4)).prior(LogNormal::new(-1.0, 0.3));
    let center = free([11.3, 12.6]).prior(Normal::diag([11.0, 12.0], [0.1, 0.2]));
    add(&mut scene, Source::new(center, free([20.0, 30.0]).positive(), Exponential::new(size)));
    assert_gradient(&scene, &[observation(frame)]);
}

/// Moffat's law, as a user would write it.
#[derive(Debug, Clone)]
struct Core;

impl RadialLaw for Core {
    const KIND: &'static str = "Core";
    const SHAPE: &'static [ShapeParameter] = &[ShapeParameter::new("beta", 1.0, f64::INFINITY)];

    fn brightness<N: Number>(&self, r2: N, shape: &[N]) -> N {
        (r2 + 1.0).powf(-shape[0])
    }
}

/// A galaxy of this profile alone, everything free, and the data of another.
fn assert_profile(name: &str, morphology: impl Morphology + 'static) {
    println!("{name}");
    let frame = channel_list([26, 25], 2);
    let mut scene = scene_in(&frame);
    let center = free([12.3, 11.6]).step(0.1);
    add(&mut scene, Source::new(center, free([80.0, 120.0]).positive(), morphology).named("galaxy"));
    assert_gradient(&scene, &[observation(frame)]);
}

#[test]
fn of_profiles() {
    let e = || free([0.25, -0.3]).transform(Transform::UnitDisk);
    let size = |size: f64| free(size).positive();
    assert_profile("Gaussian", Gaussian::new(size(2.1)).distortion(e()));
    assert_profile("round Gaussian", Gaussian::new(size(2.1)).distortion([0.0, 0.0]));
    assert_profile("Sersic", Sersic::new(free(2.3).interval(0.5, 6.0), size(3.1)).distortion(e()));
    let sampled = Sersic::new(free(1.3).interval(0.5, 6.0), size(3.1)).distortion(e()).point_sampled();
    assert_profile("sampled Sersic", sampled);
    assert_profile("Exponential", Exponential::new(size(2.7)).distortion(e()));
    assert_profile("de Vaucouleurs", DeVaucouleurs::new(size(2.7)).distortion(e()));
    assert_profile(
        "Moffat",
        Moffat::new(free(2.5).transform(Transform::GreaterThan(1.0)), size(3.4)).distortion(e()),
    );
    assert_profile(
        "Spergel",
        Spergel::new(free(0.6).prior(Uniform::new(-0.5, 3.0)), size(2.7)).distortion(e()),
    );
    let beta = free(2.5).transform(Transform::GreaterThan(1.0));
    assert_profile("a law of one's own", Profile::new(Core, [beta], size(2.2)).distortion(e()));
    let ring = ExpressionImage::new("Ring", [19, 19], |p, grid| {
        let off = (grid.radius() - p["radius"]) / p["width"];
        (-0.5 * off.square()).exp()
    });
    assert_profile("an expression", ring.param("radius", size(5.0)).param("width", size(1.5)));
}

/// Sums, products and dust, nested, with centres of their own and shared ones, some beyond the edge.
fn compound(frame: &Frame) -> Scene {
    let mut scene = scene_in(frame);
    let flux = |a: f64, b: f64| free([a, b]).positive();
    let dust = Component::new(flux(0.6, 0.3), free(image(5, 7)).unit_interval());
    let clump = Component::new(flux(0.4, 0.2), Point::new()).at(free([10.4, 13.2]));
    let arm = Component::new(flux(2.0, 3.0), free(image(9, 6)))
        .at([8.0, 15.0])
        .times(Component::new(flux(1.5, 0.7), Gaussian::new(free(2.0).positive())));
    let galaxy = Source::new(free([11.2, 12.7]), flux(30.0, 20.0), Gaussian::new(free(2.5).positive()))
        .named("galaxy")
        .plus(Component::new(flux(5.0, 4.0), Point::new()).named("nucleus"))
        .attenuated(dust.plus(clump).named("dust"))
        .plus(arm.named("arm"))
        .times(Component::new(free([1.1, 0.9]), free(image(21, 23))).named("vignetting"));
    add(&mut scene, galaxy);
    let edge = Source::new(free([1.2, 21.4]), flux(12.0, 9.0), Exponential::new(free(2.0).positive()))
        .named("edge")
        .attenuated(Component::new(flux(0.5, 0.2), free(image(7, 7)).unit_interval()).at([0.0, 22.0]));
    add(
        &mut scene,
        edge.plus(Component::new(flux(2.0, 3.0), free(image(9, 9)).unit_interval()).named("halo")),
    );
    add(
        &mut scene,
        Source::new([22.0, 2.0], flux(2.0, 3.0), free(image(11, 11)).unit_interval()).named("corner"),
    );
    scene
}

#[test]
fn of_nested_components_also_beyond_the_edge() {
    let frame = channel_list([24, 23], 2);
    assert_gradient(&compound(&frame), &[observation(frame)]);
}

#[test]
fn of_several_observations_of_parts_of_the_frame() {
    let frame = channel_list([24, 23], 2);
    let scene = compound(&frame);
    let red = Frame::with_bbox(BBox::new([3, 5], [12, 14]))
        .channels(["c1"])
        .psf(Psf::gaussian(1.8).expect("a PSF"));
    let both = Frame::with_bbox(BBox::new([0, 9], [24, 10]))
        .channels(["c1", "c0"])
        .psf(Psf::moffat(&[2.5, 3.5], 2.8).expect("a PSF"));
    let sharp = Frame::with_bbox(BBox::new([6, 2], [9, 19])).channels(["c0"]);
    let all = [red, both, sharp, frame].map(observation);
    for alone in &all {
        let unseen = unseen(&scene, std::slice::from_ref(alone));
        println!("{}: does not see {unseen:?}", alone.frame().bbox());
        assert!(unseen.iter().all(|p| p.starts_with("edge.") || p.starts_with("corner.")));
    }
    assert_gradient(&scene, &all);
}

#[test]
fn rendering_and_its_adjoint_are_transposes() {
    let model = channel_list([24, 23], 3);
    let frames = [
        channel_list([24, 23], 3),
        Frame::with_bbox(BBox::new([3, 5], [12, 14]))
            .channels(["c2", "c0"])
            .psf(Psf::gaussian(1.8).expect("a PSF")),
        Frame::with_bbox(BBox::new([6, 2], [9, 19])).channels(["c1"]),
    ];
    let model = model.psf(Psf::gaussian(0.7).expect("a PSF"));
    for frame in frames {
        let shape = frame.shape();
        let y = Array3::from_shape_vec(shape, wave(shape.iter().product(), 0.41)).expect("as long");
        let observation = Observation::new(y.clone(), Array3::ones(shape), frame).expect("data");
        for observation in [observation.clone(), observation.fft_shape([96, 64])] {
            let mut plan =
                ObservationPlan::<f64>::new(&observation, &model, &Workers::default()).expect("in the frame");
            let [x, mut back] = [wave(3 * 24 * 23, 0.9), vec![0.0; 3 * 24 * 23]];
            // with weights 1 and a dark model, the gradient is the adjoint of the data
            plan.value_and_gradient(&vec![0.0; x.len()], &mut back, &Workers::default());
            let left: f64 = plan.render(&x).iter().zip(&y).map(|(a, b)| a * b).sum();
            let right: f64 = x.iter().zip(&back).map(|(a, b)| a * b).sum();
            assert!((left / right - 1.0).abs() < 1e-12, "{left} and {right}");
        }
    }
}
