//! How scenes behave: what is refused and in which words, and what stays when something else changes.

mod common;

use common::differences::{channel_list, image, observation, wave};
use ndarray::{Array2, Array3, Axis, array, s};
use scarlet::frame::{Card, Header};
use scarlet::infer::Stop;
use scarlet::model::prior::Normal;
use scarlet::model::profile::{Exponential, Gaussian};
use scarlet::model::{Density, Score};
use scarlet::obs::render;
use scarlet::prelude::*;

/// A dark scene on the pixels of `frame`, which has no PSF: what is rendered is the model.
fn bare(shape: [usize; 2], channels: usize) -> (Scene, Frame) {
    let frame = Frame::new(shape).channels((0..channels).map(|c| format!("c{c}")));
    (Scene::new(frame.clone()).expect("a valid frame"), frame)
}

/// Three sources with free fluxes: a star and two galaxies.
fn three(frame: &Frame) -> Scene {
    let mut scene = Scene::new(Frame::enclosing([frame]).expect("a frame")).expect("a valid frame");
    let galaxy = |center, flux| Source::extended(center, vec![(flux, image(7, 7))]);
    scene.add(Source::point([9.3, 10.6], [3.0, 4.0])).expect("a star");
    scene.add(galaxy([14.0, 6.0], vec![1.0, 2.0]).named("disk")).expect("a galaxy");
    scene.add(galaxy([5.0, 15.0], vec![3.0, 1.0])).expect("a galaxy");
    scene
}

/// Paths, values and whether they are free, of all parameters.
fn state(scene: &Scene) -> Vec<(String, Vec<f64>, bool)> {
    scene.params().into_iter().map(|(path, p)| (path, p.values().to_vec(), p.is_free())).collect()
}

fn message<T, E: std::fmt::Display>(result: Result<T, E>) -> String {
    result.err().expect("it must be refused").to_string()
}

#[test]
fn pixels_of_weight_zero_may_hold_anything() {
    let frame = channel_list([22, 22], 2);
    let scene = three(&frame);
    let seen = observation(frame.clone());
    let weights = seen.weights().clone();
    let mut fits = Vec::new();
    for ignored in [0.0, f64::NAN, f64::NEG_INFINITY, 1e300] {
        let mut data = seen.data().clone();
        ndarray::Zip::from(&mut data)
            .and(&weights)
            .for_each(|d, w| *d = if *w == 0.0 { ignored } else { *d });
        let observation =
            Observation::new(data, weights.clone(), frame.clone()).expect("weight 0 excuses all");
        fits.push(
            scene.clone().fit([&observation], &Adam { max_iter: 5, ..Adam::default() }).expect("a fit"),
        );
    }
    assert!(fits.iter().all(|fit| fit == &fits[0] && fit.loss.iter().all(|l| l.is_finite())));
}

#[test]
fn a_masked_pixel_is_one_of_weight_zero() {
    let frame = channel_list([6, 5], 1);
    let shape = frame.shape();
    let mut mask = Array3::from_elem(shape, false);
    mask[[0, 3, 2]] = true;
    let data = Array3::from_elem(shape, 1.0);
    let seen = Observation::new(data.clone(), Array3::ones(shape), frame.clone()).expect("data");
    let masked = seen.clone().masked(mask.view()).expect("something is left");
    assert_eq!(masked.pixels_with_weight(), 29);
    assert_eq!(masked.weights()[[0, 3, 2]], 0.0);
    let all = Array3::from_elem(shape, true);
    assert!(message(seen.named("hsc").masked(all.view())).starts_with("hsc: no pixel has a positive weight"));
}

#[test]
fn pixels_that_cannot_be_used_are_named() {
    let frame = channel_list([6, 5], 2);
    let attempt = |value: f64, weight: f64| {
        let (mut data, mut weights) = (Array3::zeros(frame.shape()), Array3::ones(frame.shape()));
        (data[[1, 4, 2]], weights[[1, 4, 2]]) = (value, weight);
        message(Observation::new(data, weights, frame.clone()))
    };
    let place = "observation, channel c1, pixel (y, x) = (4, 2)";
    assert_eq!(
        attempt(f64::NAN, 2.0),
        format!("{place}: the value is NaN; it must be finite, or its weight 0")
    );
    assert_eq!(attempt(1.0, -2.0), format!("{place}: the weight is -2; it must be 0 or positive and finite"));
    assert_eq!(
        attempt(1.0, f64::NAN),
        format!("{place}: the weight is NaN; it must be 0 or positive and finite")
    );
}

#[test]
fn start_values_outside_their_constraint_are_named() {
    let (mut scene, _) = bare([20, 20], 2);
    let source = Source::new([9.0, 9.0], free([1.0, -0.5]).positive(), image(5, 5)).named("galaxy");
    assert_eq!(
        message(scene.add(source)),
        "galaxy.spectrum: value -0.5 at element 1 is outside its constraint, greater than 0; \
         move the start value inside or change the constraint"
    );
    assert!(scene.is_empty());
    let infinite = Source::new([9.0, 9.0], free([1.0, f64::INFINITY]), image(5, 5)).named("galaxy");
    assert_eq!(message(scene.add(infinite)), "galaxy.spectrum: element 1 is inf; values must be finite");
}

#[test]
fn sources_outside_the_frame_are_refused() {
    let (mut scene, _) = bare([20, 20], 1);
    let away = Source::new([9.0, 70.0], [1.0], image(5, 5)).named("far");
    assert_eq!(
        message(scene.add(away)),
        "source far: its box [7..12, 68..73] is outside the frame [0..20, 0..20]; check its centre, it is (y, x)"
    );
    let part = Component::new([1.0], image(5, 5)).at([70.0, 9.0]).named("arm");
    let with_part = Source::new([9.0, 9.0], [1.0], image(5, 5)).named("near").plus(part);
    assert!(
        message(scene.add(with_part)).contains("near.arm"),
        "a part that adds nothing is refused as well"
    );
    scene.add(Source::new([0.0, 21.0], [1.0], image(5, 5))).expect("a corner of it is inside");
}

#[test]
fn adding_and_removing_leaves_the_others_alone() {
    let frame = channel_list([22, 22], 2);
    let mut scene = three(&frame);
    let before = state(&scene);
    assert_eq!(scene.sources().map(|(name, _)| name.to_owned()).collect::<Vec<_>>(), ["0", "disk", "2"]);
    let name = scene.add(Source::point([17.0, 17.0], [1.0, 1.0])).expect("a star");
    assert_eq!(name, "3");
    assert_eq!(state(&scene)[..before.len()], before);
    scene.remove("0").expect("it is there");
    let rest: Vec<_> = before.into_iter().filter(|(path, ..)| !path.starts_with("0.")).collect();
    assert_eq!(state(&scene)[..rest.len()], rest);
    scene.replace("disk", Source::point([6.0, 6.0], [2.0, 2.0])).expect("it is there");
    assert!(scene.param("disk.center").expect("a star has a centre").is_free());
    assert_eq!(scene.param("2.spectrum").expect("still there").values(), [3.0, 1.0]);
    assert_eq!(
        scene.add(Source::point([4.0, 4.0], [1.0, 1.0])).expect("a star"),
        "4",
        "no name is given twice"
    );
    assert_eq!(message(scene.remove("0")), "source 0: no source has this name");
}

#[test]
fn a_source_without_a_name_gets_one_that_is_free() {
    let (mut scene, _) = bare([20, 20], 1);
    let source = || Source::new([9.0, 9.0], [1.0], image(5, 5));
    scene.add(source().named("1")).expect("a valid name");
    assert_eq!(scene.add(source()).expect("there are other names"), "2");
    assert_eq!(
        message(scene.add(source().named("1"))),
        "source 1: a source of this name is there already; names must differ"
    );
    assert!(message(scene.add(source().named("a.b"))).contains("must not be empty nor hold '.'"));
    let twins = source().plus(Component::new([1.0], image(5, 5)).named("arm"));
    let twins = twins.plus(Component::new([1.0], image(5, 5)).named("arm")).named("galaxy");
    assert!(message(scene.add(twins)).contains("galaxy.arm.spectrum"), "paths must be unique");
}

#[test]
fn clones_share_nothing() {
    let frame = channel_list([22, 22], 2);
    let mut scene = three(&frame);
    let (before, copy) = (state(&scene), scene.clone());
    scene
        .edit("disk.spectrum", |_| free([7.0, 8.0]).positive().prior(Normal::new(1.0, 2.0)))
        .expect("it is there");
    scene.set_values(|_, values| values.iter_mut().for_each(|v| *v *= 0.5));
    scene.remove("0").expect("it is there");
    assert_eq!(state(&copy), before);
    assert!(copy.param("disk.spectrum").expect("it is there").prior_ref().is_none());
}

#[test]
fn edits_reach_what_they_name() {
    let frame = channel_list([22, 22], 2);
    let mut scene = three(&frame);
    scene.edit("0.center", |p| p.clone().freeze()).expect("it is there");
    assert!(!scene.param("0.center").expect("it is there").is_free());
    let steps = scene.edit_all("*.spectrum", |p| p.clone().step(relative(0.3))).expect("three spectra");
    assert_eq!(steps, 3);
    let before = state(&scene);
    assert_eq!(
        message(scene.edit("disc.spectrum", Param::clone)),
        "no parameter is called disc.spectrum; there are: 0.center, 0.spectrum, disk.center, disk.spectrum, \
         disk.morphology, 2.center, 2.spectrum, 2.morphology"
    );
    assert!(
        message(scene.edit_all("*.nu", Param::clone))
            .starts_with("no parameter is called *.nu; there are: 0.")
    );
    assert!(message(scene.param("disk")).starts_with("no parameter is called disk; "));
    let negative = scene.edit_all("*.spectrum", |_| free([1.0, -1.0]).positive());
    assert!(message(negative).starts_with("0.spectrum: value -1 at element 1"));
    assert_eq!(state(&scene), before, "a failed edit changes nothing");
}

#[test]
fn boxes_follow_an_edit_of_centre_size_or_image() {
    let (mut scene, frame) = bare([40, 40], 1);
    scene.add(Source::new([9.0, 9.0], [2.0], image(5, 5)).named("a")).expect("a galaxy");
    scene.add(Source::new([9.0, 9.0], [0.0], Gaussian::new(1.0)).named("b")).expect("a galaxy");
    let boxed = Source::new([9.0, 9.0], [0.0], Gaussian::new(1.0)).boxed(BBox::new([2, 2], [9, 9]));
    scene.add(boxed.named("c")).expect("a galaxy");
    scene.edit("a.center", |_| Param::from([30.0, 28.0])).expect("it is there");
    scene.edit("a.morphology", |_| Param::from(image(7, 3))).expect("any image will do");
    let model = render(&scene, &frame).expect("a model");
    let seen = model.slice(s![0, 27..34, 27..30]);
    assert!((&seen - &(2.0 * image(7, 3))).iter().all(|d| d.abs() < 1e-14));
    assert!((model.sum() - seen.sum()).abs() < 1e-12, "nothing is left where it was");
    let before = scene.source("b").and_then(|s| s.component().bbox()).expect("a box");
    scene.edit("*b.morphology.sigma", |_| Param::from(3.0)).expect_err("edit takes no patterns");
    scene.edit_all("*.sigma", |_| Param::from(3.0)).expect("two Gaussians");
    let after = |name: &str| scene.source(name).and_then(|s| s.component().bbox()).expect("a box");
    assert!(after("b").shape()[0] > 2 * before.shape()[0], "{before} to {}", after("b"));
    assert_eq!(after("c"), BBox::new([2, 2], [9, 9]), "a box that was asked for stays");
}

#[test]
fn a_box_of_another_shape_than_its_image_is_refused() {
    let (mut scene, _) = bare([40, 40], 1);
    let source = Source::new([9.0, 9.0], [2.0], image(5, 5)).boxed(BBox::new([2, 2], [9, 9])).named("a");
    let text = message(scene.add(source));
    assert!(text.contains("a.morphology") && text.contains("[5, 5]") && text.contains("[9, 9]"), "{text}");
}

/// A TAN header with this matrix in arcsec, around pixel (20, 15) counted from 0.
fn header(cd_arcsec: [[f64; 2]; 2]) -> Header {
    let number = |name: &str, value: f64| Card::new(name, format!("{value:?}"));
    let cd = cd_arcsec.map(|row| row.map(|v| v / 3600.0));
    vec![
        Card::new("CTYPE1", "RA---TAN"),
        Card::new("CTYPE2", "DEC--TAN"),
        number("CRPIX1", 16.0),
        number("CRPIX2", 21.0),
        number("CRVAL1", 150.0),
        number("CRVAL2", 60.0),
        number("CD1_1", cd[0][0]),
        number("CD1_2", cd[0][1]),
        number("CD2_1", cd[1][0]),
        number("CD2_2", cd[1][1]),
        Card::new("RADESYS", "ICRS"),
    ]
}

#[test]
fn sky_positions_go_in_and_come_out() {
    let (sin, cos) = 0.5_f64.sin_cos();
    let scale = 0.2;
    let matrices = [
        [[-scale, 0.0], [0.0, scale]],
        [[scale, 0.0], [0.0, scale]],
        [[-scale * cos, scale * sin], [scale * sin, scale * cos]],
        [[scale * cos, -scale * sin], [scale * sin, scale * cos]],
        [[0.0, scale], [-scale, 0.0]],
    ];
    for cd in matrices {
        let frame = Frame::new([41, 31]).psf(Psf::gaussian(0.7).expect("a PSF"));
        let frame = frame.wcs(Wcs::from_header(&header(cd)).expect("a TAN header"));
        let mut scene = Scene::new(frame).expect("a valid frame");
        // 1.2 arcsec east and 0.6 north of the centre
        let (east, north) = (1.2, 0.6);
        let sky = Sky::new(150.0 + east / 3600.0 / 60.0_f64.to_radians().cos(), 60.0 + north / 3600.0);
        scene.add(Source::point(sky, [1.0]).named("star")).expect("inside");
        let center = scene.param("star.center").expect("it is there").values();
        let determinant = cd[0][0] * cd[1][1] - cd[0][1] * cd[1][0];
        let x = 15.0 + (cd[1][1] * east - cd[0][1] * north) / determinant;
        let y = 20.0 + (cd[0][0] * north - cd[1][0] * east) / determinant;
        assert!((center[0] - y).abs() < 1e-4 && (center[1] - x).abs() < 1e-4, "{center:?}, not {y}, {x}");
        let back = scene.frame().to_sky([center[0], center[1]]).expect("on the sky");
        assert!(back.separation(sky).arcsec() < 1e-8);
    }
    let (mut scene, _) = bare([20, 20], 1);
    let text = message(scene.add(Source::new(Sky::new(150.0, 60.0), [1.0], image(3, 3)).named("a")));
    assert_eq!(
        text,
        "source a: a sky position needs a WCS, and the frame has none; read one from a FITS header"
    );
}

#[test]
fn angles_take_their_constraint_prior_and_step_along() {
    let wcs = Wcs::tan(Sky::new(150.0, 2.0), [20.0, 20.0], arcsec(0.2)).expect("a valid WCS");
    let mut scene = Scene::new(Frame::new([41, 41]).wcs(wcs)).expect("a valid frame");
    let add = |scene: &mut Scene, name: &str, size: Param| {
        scene.add(Source::new([20.0, 20.0], [1.0], Exponential::new(size)).named(name)).expect("a galaxy");
    };
    add(&mut scene, "a", free(arcsec(0.6)).interval(0.2, 2.0).prior(Normal::new(0.5, 0.1)));
    add(&mut scene, "b", free(arcsec(0.6)).step(0.02));
    add(&mut scene, "c", free(arcsec(0.6)).unit_interval());
    let a = scene.param("a.morphology.size").expect("it is there");
    assert!((a.values()[0] - 3.0).abs() < 1e-6);
    let Transform::Interval { low, high } = *a.transform_ref() else { panic!("{a:?}") };
    assert!((low - 1.0).abs() < 1e-6 && (high - 10.0).abs() < 1e-6, "{low} to {high}");
    let density = a.prior_ref().and_then(|p| p.log_density(&[2.5])).expect("a density");
    assert!((density - Normal::new(2.5, 0.5).log_density(&[2.5])).abs() < 1e-6);
    let b = scene.param("b.morphology.size").expect("it is there");
    assert!(matches!(b.step_ref(), Some(Step::Absolute(step)) if (step - 0.1).abs() < 1e-6));
    let position = free(Sky::new(150.0, 2.0)).prior(Normal::new(150.0, 0.1));
    let text = message(scene.add(Source::point(position, [1.0]).named("d")));
    assert!(text.starts_with("d, sky position: priors and constraints"), "{text}");
    let c = scene.param("c.morphology.size").expect("it is there");
    let Transform::Interval { low, high } = *c.transform_ref() else { panic!("{c:?}") };
    assert!(low == 0.0 && (high - 5.0).abs() < 1e-6);
}

#[test]
fn layers_add_up() {
    let (mut scene, frame) = bare([20, 20], 2);
    let layers = vec![(vec![1.0, 2.0], image(5, 5)), (vec![0.5, 0.25], image(9, 7))];
    scene.add(Source::extended([10.0, 8.0], layers).named("galaxy")).expect("a galaxy");
    let free: Vec<String> =
        state(&scene).into_iter().filter(|(.., free)| *free).map(|(path, ..)| path).collect();
    assert_eq!(free, ["galaxy.spectrum", "galaxy.morphology", "galaxy.0.spectrum", "galaxy.0.morphology"]);
    let model = render(&scene, &frame).expect("a model");
    for (c, [inner, outer]) in [[1.0, 0.5], [2.0, 0.25]].into_iter().enumerate() {
        let mut expected = Array2::<f64>::zeros((20, 20));
        expected.slice_mut(s![6..15, 5..12]).scaled_add(outer, &image(9, 7));
        expected.slice_mut(s![8..13, 6..11]).scaled_add(inner, &image(5, 5));
        assert!((&expected - &model.index_axis(Axis(0), c)).iter().all(|d| d.abs() < 1e-14));
    }
}

#[test]
fn products_follow_their_formula() {
    let (mut scene, frame) = bare([20, 20], 1);
    let on = |size: usize, origin: usize, of: &Array2<f64>, outside: f64| {
        let mut plane = Array2::from_elem((20, 20), outside);
        plane.slice_mut(s![origin..origin + size, origin..origin + size]).assign(of);
        plane
    };
    let part = |flux: f64, size: usize| Component::new([flux], image(size, size));
    let dust = part(0.8, 5).plus(part(0.3, 3));
    let galaxy = Source::new([10.0, 10.0], [2.0], image(9, 9)).plus(part(1.5, 7).times(part(3.0, 5)));
    scene.add(galaxy.attenuated(dust).plus(part(0.5, 11)).times(part(2.0, 13))).expect("a galaxy");
    let box_of = |size: usize| 10 - size / 2;
    let light = on(9, box_of(9), &(2.0 * image(9, 9)), 0.0)
        + on(7, box_of(7), &(1.5 * image(7, 7)), 0.0) * on(5, box_of(5), &(3.0 * image(5, 5)), 1.0);
    let depth = on(5, box_of(5), &(0.8 * image(5, 5)), 0.0) + on(3, box_of(3), &(0.3 * image(3, 3)), 0.0);
    let dimmed = light * depth.mapv(|t: f64| (-t).exp()) + on(11, box_of(11), &(0.5 * image(11, 11)), 0.0);
    let expected = dimmed * on(13, box_of(13), &(2.0 * image(13, 13)), 1.0);
    let model = render(&scene, &frame).expect("a model");
    assert!((&expected - &model.index_axis(Axis(0), 0)).iter().all(|d| d.abs() < 1e-13));
}

#[test]
fn channels_and_boxes_are_parts_of_the_whole() {
    let full = channel_list([30, 28], 3);
    let mut scene = Scene::new(Frame::enclosing([&full]).expect("a frame")).expect("a valid frame");
    scene.add(Source::point([9.3, 10.6], [3.0, 4.0, 5.0])).expect("a star");
    scene.add(Source::new([16.0, 15.0], [3.0, 2.0, 1.0], image(15, 15))).expect("a galaxy");
    let whole = render(&scene, &full).expect("the whole");
    let part = Frame::with_bbox(BBox::new([4, 6], [20, 11])).channels(["c2", "c0"]);
    let part = part.psf(full.psf_ref().expect("a PSF").clone());
    let seen = render(&scene, &part).expect("a part");
    for (mine, theirs) in [(0, 2), (1, 0)] {
        let expected = whole.slice(s![theirs, 4..24, 6..17]);
        assert!((&expected - &seen.index_axis(Axis(0), mine)).iter().all(|d| d.abs() < 1e-12));
    }
    let unknown = part.channels(["c1", "u"]);
    assert_eq!(
        message(render(&scene, &unknown)),
        "rendering: channel u is not in the model frame, which has c0, c1, c2; add it to the scene, or leave it \
         out of the observation"
    );
}

#[test]
fn transients_shine_in_their_epochs_only() {
    let frame = Frame::new([20, 20]).channels([("g", 0), ("g", 1), ("r", 0), ("r", 1)]);
    let mut scene = Scene::new(frame.clone()).expect("a valid frame");
    let host = Array2::ones((3, 3));
    scene.add(Source::new([6.0, 6.0], StaticSpectrum::new([2.0, 3.0]), host.clone())).expect("a galaxy");
    let flash = TransientSpectrum::new([1], free([5.0, 7.0]));
    scene.add(Source::new([14.0, 14.0], flash, host.clone()).named("sn")).expect("a transient");
    let model = render(&scene, &frame).expect("a model");
    assert_eq!(model.slice(s![.., 6, 6]), array![2.0, 2.0, 3.0, 3.0]);
    assert_eq!(model.slice(s![.., 14, 14]), array![0.0, 5.0, 0.0, 7.0]);
    assert_eq!(scene.param("sn.spectrum").expect("it is there").len(), 2);
    let never = Source::new([14.0, 14.0], TransientSpectrum::new([3], [5.0]), host).named("ghost");
    let text = message(scene.add(never));
    assert!(text.starts_with("ghost, transient spectrum: no channel of the frame has epoch 3"), "{text}");
}

#[test]
fn observations_must_lie_on_the_model() {
    let model = channel_list([20, 20], 1);
    let mut scene = Scene::new(Frame::enclosing([&model]).expect("a frame")).expect("a valid frame");
    scene.add(Source::point([9.0, 9.0], [1.0])).expect("a star");
    for bbox in [BBox::new([20, 0], [20, 20]), BBox::new([21, 0], [5, 5]), BBox::new([90, 90], [5, 5])] {
        for frame in [Frame::with_bbox(bbox), Frame::with_bbox(bbox).psf(Psf::gaussian(1.5).expect("a PSF"))]
        {
            let seen = observation(frame.channels(["c0"])).named("hst");
            let text = message(Posterior::new(&scene, [&seen]));
            let expected =
                format!("hst: its pixels {bbox} are not covered by the model frame's [0..20, 0..20]; ");
            assert!(text.starts_with(&expected), "{text}");
        }
    }
    let short = observation(model).fft_shape([16, 64]).named("hsc");
    let text = message(Posterior::new(&scene, [&short]));
    assert!(text.starts_with("hsc: FFTs of [16, 64]"), "{text}");
}

/// A density that is infinite beyond 2: what a wrong prior can do.
#[derive(Debug)]
struct Cliff;

impl Score for Cliff {
    fn score(&self, _: &[f64], grad: &mut [f64]) {
        grad.iter_mut().for_each(|g| *g += 1e6);
    }
}

impl Density for Cliff {
    fn log_density(&self, x: &[f64]) -> f64 {
        if x[0] > 2.0 { f64::INFINITY } else { 0.0 }
    }
}

#[test]
fn the_best_iterate_is_finite_whatever_the_loss_does() {
    let frame = channel_list([12, 12], 1);
    let mut scene = Scene::new(Frame::enclosing([&frame]).expect("a frame")).expect("a valid frame");
    let flux = free([1.0]).step(0.3).prior(Cliff);
    scene.add(Source::new([6.0, 6.0], flux, Point::new())).expect("a star");
    let fit = scene.fit([&observation(frame)], &Adam::default()).expect("a finite start");
    assert_eq!(fit.stop, Stop::NotFinite);
    assert!(fit.best_loss().is_finite() && fit.x[0] <= 2.0, "{} at {:?}", fit.best_loss(), fit.x);
}

#[test]
fn steps_must_be_positive() {
    let (mut scene, _) = bare([20, 20], 1);
    for step in [Step::Absolute(-0.1), Step::Relative(f64::NAN), Step::Absolute(0.0)] {
        let source = Source::new([9.0, 9.0], free(wave(1, 0.1)).step(step), image(5, 5)).named("a");
        let text = message(scene.add(source));
        assert!(text.starts_with("a.spectrum: its step is"), "{text}");
    }
}
