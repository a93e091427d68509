//! Checks of images, weights and scenes: nothing is said of good ones, each planted fault is found.

mod check_support;

use check_support::{Noise, SIGMA, frame, loud, observe, only, scene, sources};
use ndarray::{Array3, Axis, s};
use scarlet_frame::{BBox, Frame, Psf};
use scarlet_model::{Scene, Source};
use scarlet_obs::Observation;
use scarlet_obs::check::{self, Finding, Severity};

const SHAPE: [usize; 2] = [64, 72];

fn good(seed: u64) -> (Scene, Observation) {
    let frame = frame(SHAPE);
    let scene = scene(&frame, sources(seed));
    let observation = observe(&scene, &frame, seed);
    (scene, observation)
}

/// The same observation with other data and weights.
fn changed(of: &Observation, change: impl FnOnce(&mut Array3<f64>, &mut Array3<f64>)) -> Observation {
    let (mut data, mut weights) = (of.data().clone(), of.weights().clone());
    change(&mut data, &mut weights);
    Observation::new(data, weights, of.frame().clone()).expect("valid").named("sky")
}

#[test]
fn good_images_and_scenes_give_no_warning() {
    for seed in 0..20 {
        let (scene, observation) = good(seed);
        let found = check::before_fit(&scene, &[&observation]).expect("it fits");
        assert_eq!(loud(&found), Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn weights_that_are_variances_or_deviations_are_found() {
    let (_, good) = good(1);
    for (change, what) in [
        ((|w| 1.0 / w) as fn(f64) -> f64, "look like variances"),
        (|w: f64| 1.0 / w.sqrt(), "look like standard deviations"),
        (|w: f64| w.sqrt(), "look like inverse standard deviations"),
    ] {
        let wrong = changed(&good, |_, weights| weights.mapv_inplace(change));
        let finding = only(&check::observation(&wrong), "weights_not_inverse_variances");
        assert_eq!(finding.severity, Severity::Error);
        assert!(finding.problem.contains(what), "{finding}");
    }
}

#[test]
fn noise_that_is_not_what_weights_say_is_found_where_it_is() {
    let (_, good) = good(2);
    let loud = changed(&good, |_, w| w.index_axis_mut(Axis(0), 1).mapv_inplace(|w| 4.0 * w));
    let finding = only(&check::observation(&loud), "noise_above_weights");
    assert_eq!(finding.subject, "observation sky, channel r");
    let ratio: f64 = finding
        .problem
        .split("scatter ")
        .nth(1)
        .and_then(|t| t.split(' ').next())
        .expect("a number")
        .parse()
        .expect("a number");
    assert!((ratio - 2.0).abs() < 0.25, "{finding}");
    let quiet = changed(&good, |_, w| w.index_axis_mut(Axis(0), 2).mapv_inplace(|w| 0.25 * w));
    assert_eq!(only(&check::observation(&quiet), "noise_below_weights").severity, Severity::Note);
}

#[test]
fn sky_that_was_left_or_taken_twice_is_found_with_its_level() {
    let (_, good) = good(3);
    for (level, code) in [(1.0, "background_left"), (-0.8, "background_oversubtracted")] {
        let wrong = changed(&good, |data, _| {
            let mut plane = data.index_axis_mut(Axis(0), 2);
            plane += level * SIGMA[2];
        });
        let found = check::observation(&wrong);
        let finding = only(&found, code);
        assert_eq!(finding.subject, "observation sky, channel i");
        let said = finding.problem.split(", ").nth(1).and_then(|t| t.split(' ').next()).expect("a level");
        let said: f64 = said.parse().expect("a number");
        assert!((said - level).abs() < 0.25, "{finding}");
    }
}

#[test]
fn masks_are_told_by_how_much_they_take() {
    let (_, good) = good(4);
    let mask = |rows: usize| changed(&good, |_, w| w.slice_mut(s![0, ..rows, ..]).fill(0.0));
    assert_eq!(only(&check::observation(&mask(64)), "channel_masked").severity, Severity::Error);
    let most = only(&check::observation(&mask(40)), "many_masked");
    assert!(most.severity == Severity::Warning && most.problem.contains("62%"), "{most}");
    let some = only(&check::observation(&mask(6)), "some_masked");
    assert!(some.severity == Severity::Note && some.problem.contains("9%"), "{some}");
    assert!(check::observation(&mask(2)).is_empty());
}

#[test]
fn channels_without_signal_are_found() {
    let (_, good) = good(5);
    for seed in 0..5 {
        let mut noise = Noise::new(seed);
        let dark = changed(&good, |data, _| {
            data.index_axis_mut(Axis(0), 0).mapv_inplace(|_| SIGMA[0] * noise.draw());
        });
        let finding = only(&check::observation(&dark), "no_signal");
        assert_eq!(finding.subject, "observation sky, channel g");
    }
    let constant = changed(&good, |data, _| data.index_axis_mut(Axis(0), 0).fill(0.0));
    assert_eq!(only(&check::observation(&constant), "channel_constant").severity, Severity::Error);
}

#[test]
fn sources_outside_on_masks_or_on_each_other_are_found() {
    let frame = frame(SHAPE);
    let blend = vec![
        Source::point([20.0, 30.0], [40.0; 3]).named("a"),
        Source::point([20.3, 30.4], [40.0; 3]).named("b"),
        Source::point([40.0, 30.0], [40.0; 3]).named("c"),
        Source::point([40.0, 30.02], [40.0; 3]).named("d"),
        Source::point([-2.0, 50.0], [40.0; 3]).named("out"),
        Source::point([50.0, 60.0], [40.0; 3]).named("masked"),
    ];
    let scene = scene(&frame, blend);
    let observation = observe(&scene, &frame, 1);
    let masked = changed(&observation, |_, w| {
        w.slice_mut(s![.., 50, 60]).fill(0.0);
        w.slice_mut(s![1, 40, 30]).fill(0.0);
    });
    let found = check::scene(&scene, &[&masked]).expect("it fits");
    let pairs: Vec<(&str, Severity)> = found
        .iter()
        .filter(|f| f.code == "sources_at_one_place")
        .map(|f| (f.subject.as_str(), f.severity))
        .collect();
    assert_eq!(pairs, [("sources a and b", Severity::Warning), ("sources c and d", Severity::Error)]);
    assert_eq!(only(&found, "source_outside").subject, "source out");
    assert_eq!(only(&found, "source_masked").subject, "source masked");
    let partly: Vec<&Finding> = found.iter().filter(|f| f.code == "source_partly_masked").collect();
    assert_eq!(partly.len(), 2);
    assert!(partly[0].problem.contains("1 of 3"), "{}", partly[0]);
}

#[test]
fn a_box_larger_than_the_frame_is_told() {
    let frame = frame([40, 40]);
    let source = Source::point([20.0, 20.0], [40.0; 3]).boxed(BBox::centered([20.0, 20.0], [41, 61]));
    let scene = scene(&frame, vec![source]);
    let observation = observe(&scene, &frame, 1);
    let found = check::scene(&scene, &[&observation]).expect("it fits");
    assert!(only(&found, "box_larger_than_frame").problem.contains("41 x 61"));
}

#[test]
fn observations_of_other_pixels_are_seen_where_they_are() {
    let wide = frame(SHAPE);
    let scene = scene(&wide, sources(1));
    let part = Frame::with_bbox(BBox::new([10, 10], [20, 20]))
        .channels(["g", "r", "i"])
        .psf(Psf::gaussian(1.6).expect("a PSF"));
    let observation = observe(&scene, &part, 1);
    let found = check::scene(&scene, &[&observation]).expect("it fits");
    assert_eq!(found.iter().filter(|f| f.code == "source_outside").count(), 3);
}

#[test]
fn wings_that_fill_an_image_are_no_sky() {
    let frame = frame([48, 48]);
    let galaxy = scarlet_model::Sersic::new(2.0, 12.0).shape_px([101, 101]);
    let scene = scene(&frame, vec![Source::new([20.0, 22.0], [400.0, 600.0, 2500.0], galaxy)]);
    let found = check::observation(&observe(&scene, &frame, 1));
    assert_eq!(loud(&found), Vec::<String>::new());
    assert_eq!(found.iter().filter(|f| f.code == "no_dark_sky").count(), 3, "{found:#?}");
}

/// Means of 2 x 2 pixels that overlap, brought back to the noise that the weights say: neighbours have correlation 1/2.
#[test]
fn noise_that_neighbours_share_is_found_unless_it_is_described() {
    let shape = (1, 80, 80);
    let mut noise = Noise::new(5);
    let white = Array3::from_shape_simple_fn((1, 81, 81), || noise.draw());
    let data = Array3::from_shape_fn(shape, |(c, y, x)| {
        [[0, 0], [0, 1], [1, 0], [1, 1]].iter().map(|[v, u]| 0.5 * white[[c, y + v, x + u]]).sum()
    });
    let frame = Frame::new([80, 80]).psf(Psf::gaussian(1.5).expect("a width"));
    let image = Observation::new(data, Array3::ones(shape), frame).expect("valid").named("coadd");
    let finding = only(&check::observation(&image), "noise_correlated");
    assert_eq!((finding.severity, finding.subject.as_str()), (Severity::Warning, "observation coadd"));
    let along_x = finding.problem.split("correlated: ").nth(1).and_then(|rest| rest.split(' ').next());
    let along_x: f64 = along_x.expect("a number").parse().expect("a number");
    assert!((along_x - 0.5).abs() < 0.06, "{finding}");
    let measured = scarlet_obs::noise::CorrelatedNoise::measured(&image, None).expect("empty sky");
    let described = image.correlated(measured).expect("one channel");
    assert!(check::observation(&described).iter().all(|f| !f.code.starts_with("noise")));
}
