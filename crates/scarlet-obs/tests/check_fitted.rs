//! Checks after a fit: nothing is said of the true scene, each planted fault is found.

mod check_support;

use check_support::{frame, loud, observe, only, scene, sources};
use ndarray::Array2;
use scarlet_frame::BBox;
use scarlet_model::{Scene, Sersic, Source};
use scarlet_obs::catalog::measure_sources;
use scarlet_obs::check::{self, Finding, Limits, Severity};
use scarlet_obs::{Observation, render};

const SHAPE: [usize; 2] = [64, 72];

/// What is said of `scene` as the outcome of a fit to an image of `truth`.
fn said(truth: &Scene, fitted: &Scene, seed: u64) -> Vec<Finding> {
    let frame = frame(SHAPE);
    let observation = observe(truth, &frame, seed);
    judged(fitted, &observation)
}

fn judged(fitted: &Scene, observation: &Observation) -> Vec<Finding> {
    let rendered = vec![render(fitted, observation.frame()).expect("renderable")];
    let measured = measure_sources(fitted, &[observation], &rendered).expect("measured");
    check::fitted(fitted, &[observation], &rendered, &measured).expect("it fits")
}

fn of(sources: Vec<Source>) -> Scene {
    scene(&frame(SHAPE), sources)
}

#[test]
fn nothing_is_said_of_the_truth() {
    for seed in 0..20 {
        let truth = of(sources(seed));
        let found = said(&truth, &truth, seed);
        assert_eq!(loud(&found), Vec::<String>::new(), "seed {seed}");
        assert!(found.is_empty(), "seed {seed}: {found:?}");
    }
}

#[test]
fn a_source_that_is_not_in_the_catalogue_is_found_where_it_is() {
    for seed in 0..5 {
        let known = sources(seed);
        let mut all = known.clone();
        all.push(Source::point([33.0, 38.0], [2.0, 2.5, 4.0]).named("missing"));
        let found = said(&of(all), &of(known), seed);
        let finding = only(&found, "undetected_source");
        let [y, x] = finding.position.expect("a place");
        assert!((y - 33.0).hypot(x - 38.0) < 1.5, "{finding}");
        assert!(finding.problem.contains("sigma") && finding.problem.contains("flux"), "{finding}");
    }
}

#[test]
fn a_faint_source_of_equal_signal_in_all_channels_adds_up() {
    for seed in 0..5 {
        let known = sources(seed);
        let mut all = known.clone();
        // Expected at 4.2 sigma in each of three channels: 7.3 together.
        all.push(Source::point([33.0, 38.0], [0.85, 1.25, 6.2]).named("missing"));
        let found = said(&of(all), &of(known), seed);
        let [y, x] = only(&found, "undetected_source").position.expect("a place");
        assert!((y - 33.0).hypot(x - 38.0) < 2.0, "({y}, {x})");
    }
}

#[test]
fn what_a_bad_psf_leaves_at_a_bright_star_is_no_new_source() {
    let star = |width: f64| {
        let profile = Sersic::new(0.5, width).shape_px([31, 31]);
        Source::new([30.0, 35.0], [900.0, 1200.0, 1500.0], profile).named("star")
    };
    let found = said(&of(vec![star(0.8)]), &of(vec![star(0.9)]), 1);
    let finding = only(&found, "residual_at_centre");
    assert_eq!((finding.severity, finding.subject.as_str()), (Severity::Note, "source star"));
    assert!(found.iter().all(|f| f.code != "undetected_source"), "{found:#?}");
    only(&found, "chi2_high");
}

#[test]
fn a_box_that_cuts_a_galaxy_is_found() {
    let whole = Sersic::new(1.0, 5.0).shape_px([61, 61]);
    let cut = Sersic::new(1.0, 5.0).shape_px([13, 13]);
    let galaxy =
        |profile| of(vec![Source::new([30.0, 35.0], [150.0, 200.0, 300.0], profile).named("galaxy")]);
    let found = said(&galaxy(whole), &galaxy(cut), 1);
    let finding = only(&found, "flux_at_box_edge");
    assert!(finding.severity == Severity::Warning && finding.problem.contains("13 x 13"), "{finding}");
    only(&found, "chi2_high_at_border");
}

#[test]
fn a_box_that_cuts_a_galaxy_is_found_where_a_neighbour_has_the_rest() {
    let disk = Array2::from_shape_fn((41, 41), |(y, x)| {
        (-0.02 * ((y as f64 - 20.0).powi(2) + (x as f64 - 20.0).powi(2))).exp()
    });
    let inner = disk.slice(ndarray::s![14..27, 14..27]).to_owned();
    let mut outer = disk.clone();
    outer.slice_mut(ndarray::s![14..27, 14..27]).fill(0.0);
    let part = |image, name: &str| Source::new([30.0, 35.0], [6.0, 8.0, 10.0], image).named(name);
    let found = said(&of(vec![part(disk, "galaxy")]), &of(vec![part(inner, "cut"), part(outer, "rest")]), 1);
    let cut: Vec<_> = found.iter().filter(|f| f.code == "flux_at_box_edge").collect();
    assert_eq!((cut.len(), cut[0].subject.as_str()), (1, "source cut"), "{found:#?}");
    assert!(cut[0].severity == Severity::Warning && cut[0].advice.contains("neighbour"), "{}", cut[0]);
}

#[test]
fn sources_that_came_together_are_found() {
    let disk = Array2::from_shape_fn((21, 21), |(y, x)| {
        (-((y as f64 - 10.0).powi(2) + (x as f64 - 10.0).powi(2)).sqrt() / 2.0).exp()
    });
    let two = vec![
        Source::point([20.0, 30.0], [40.0; 3]).named("a"),
        Source::point([20.4, 30.5], [40.0; 3]).named("b"),
        Source::new([45.0, 30.0], [3.0; 3], disk.clone()).named("c"),
        Source::new([45.0, 32.0], [3.0; 3], disk).boxed(BBox::centered([45.0, 30.0], [21, 21])).named("d"),
    ];
    let truth = of(two);
    let found = said(&truth, &truth, 1);
    assert_eq!(only(&found, "sources_ended_together").subject, "sources a and b");
    assert_eq!(only(&found, "sources_alike").subject, "sources c and d");
}

#[test]
fn a_source_without_flux_is_found() {
    let mut blend = sources(2);
    blend.push(Source::point([33.0, 38.0], [0.02, 0.02, 0.02]).named("noise"));
    let truth = of(blend);
    let finding = only(&said(&truth, &truth, 1), "source_without_flux");
    assert_eq!(finding.subject, "source noise");
}

#[test]
fn only_the_brightest_peaks_are_told_one_by_one() {
    let known = sources(2);
    let mut all = known.clone();
    for k in 0..5 {
        all.push(Source::point([6.0, 8.0 + 13.0 * f64::from(k)], [3.0 + f64::from(k); 3]));
    }
    let (truth, fitted) = (of(all), of(known));
    let observation = observe(&truth, &frame(SHAPE), 1);
    let rendered = vec![render(&fitted, observation.frame()).expect("renderable")];
    let measured = measure_sources(&fitted, &[&observation], &rendered).expect("measured");
    let limits = Limits { peaks: 2, ..Limits::default() };
    let found = limits.fitted(&fitted, &[&observation], &rendered, &measured).expect("it fits");
    let told: Vec<&Finding> = found.iter().filter(|f| f.code == "undetected_source").collect();
    assert_eq!(told.len(), 2, "{found:#?}");
    assert!(told[0].position.is_some_and(|p| p[1] > 55.0), "{}", told[0]);
    assert!(only(&found, "undetected_sources").problem.starts_with("3 more"));
}
