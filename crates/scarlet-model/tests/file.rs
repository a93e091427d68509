//! Scene files: what is written comes back, and what cannot be read is named.

use ndarray::Array2;
use scarlet_frame::{Frame, Psf, Sky, Wcs, arcsec};
use scarlet_model::file::{Kinds, load_observations};
use scarlet_model::prior::{Normal, Uniform};
use scarlet_model::profile::{Sersic, Spergel};
use scarlet_model::{
    Component, Point, Scene, Source, StaticSpectrum, Transform, TransientSpectrum, free, relative,
};

fn scene() -> Scene {
    let wcs = Wcs::tan(Sky::new(150.0, 2.0), [20.0, 20.0], arcsec(0.2)).expect("a WCS");
    let frame = Frame::new([40, 41])
        .channels([("g", 0), ("g", 1), ("r", 0)])
        .psf(Psf::gaussian(0.7).expect("a PSF"))
        .wcs(wcs);
    let mut scene = Scene::new(frame).expect("a frame");
    let image = Array2::from_shape_fn((7, 9), |(y, x)| 1.0 / (3.0 + (y * 9 + x) as f64));
    let galaxy =
        Source::new([20.0, 18.5], StaticSpectrum::new(free([1.0, 0.1 + 0.2]).positive()), image.clone())
            .named("galaxy")
            .plus(
                Component::new([1.0, 2.0, 3.0], free(image.clone()).unit_interval().step(relative(1e-3)))
                    .named("disk"),
            )
            .attenuated(Component::new([0.1, 0.2, 0.3], image).at([21.0, 19.0]));
    scene.add(galaxy).expect("inside");
    let center = free([12.0, 13.0]).prior(Normal::diag([12.0, 13.0], [0.1, 0.1]));
    let spergel = Spergel::new(free(1.5).prior(Uniform::new(-0.5, 3.0)), free(arcsec(0.6)).positive());
    scene
        .add(Source::new(center, free([1.0, 2.0, 3.0]).positive(), spergel).named("nucleus"))
        .expect("inside");
    let sersic = Sersic::new(free(1.5).interval(0.5, 6.0), 3.0)
        .distortion(free([0.1, 0.2]).transform(Transform::UnitDisk))
        .shape_px([15, 15])
        .point_sampled();
    scene.add(Source::new([30.0, 30.0], [1.0; 3], sersic)).expect("inside");
    let flux = free([5.0]).transform(Transform::Softplus).step(0.3);
    scene.add(Source::new([5.2, 6.1], TransientSpectrum::new(["1"], flux), Point::new())).expect("inside");
    scene
}

#[test]
fn a_scene_comes_back_to_the_last_bit() {
    let scene = scene();
    let text = scene.to_json().expect("it can be stored");
    let back = Scene::from_json(&text, &Kinds::default()).expect("it can be read");
    assert_eq!(back.to_json().expect("it can be stored"), text);
    assert_eq!(back.frame(), scene.frame());
    for ((path, a), (path_back, b)) in scene.params().into_iter().zip(back.params()) {
        assert_eq!(path, path_back);
        assert_eq!((a.value(), a.is_free(), a.transform_ref()), (b.value(), b.is_free(), b.transform_ref()));
        assert_eq!(a.step_ref(), b.step_ref());
        assert_eq!(a.prior_ref().map(|p| p.settings()), b.prior_ref().map(|p| p.settings()));
    }
    let boxes = |s: &Scene| s.sources().map(|(_, s)| s.component().outer_bbox()).collect::<Vec<_>>();
    assert_eq!(boxes(&scene), boxes(&back));
}

#[test]
fn names_go_on_where_they_were() {
    let mut scene = scene();
    scene.remove("3").expect("it is there");
    let mut back = Scene::from_json(&scene.to_json().expect("stored"), &Kinds::default()).expect("read");
    let name = back.add(Source::point([9.0, 9.0], [1.0, 1.0, 1.0])).expect("inside");
    assert_eq!(name, "4");
}

#[test]
fn files_are_written_whole_and_read_back() {
    let folder = std::env::temp_dir().join(format!("scarlet-file-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("scene.json");
    scene().save(&path).expect("written");
    assert_eq!(Scene::load(&path).expect("read").len(), 4);
    assert_eq!(std::fs::read_dir(&folder).expect("listed").count(), 1);
    std::fs::remove_dir_all(&folder).expect("removed");
    let error = Scene::load(&path).expect_err("it is gone").to_string();
    assert!(error.contains("scene.json"), "{error}");
}

#[test]
fn parameters_of_observations_are_kept_beside_the_scene() {
    let path = std::env::temp_dir().join(format!("scarlet-observed-{}.json", std::process::id()));
    let shift = free([0.1, -0.2]).interval(-1.0, 1.0).prior(Normal::new(0.0, 0.2));
    let own = [("shift".to_owned(), shift), ("scale".to_owned(), 0.5.into())];
    let observations = [("HST. 1".to_owned(), own.into_iter().collect())].into_iter().collect();
    scene().save_with(&path, &observations).expect("written");
    let text = std::fs::read_to_string(&path).expect("written");
    assert!(text.contains("\"version\":2"), "older readers would leave them out without a word");
    let back = load_observations(&path).expect("read");
    let shift = &back["HST. 1"]["shift"];
    assert_eq!((shift.values(), shift.is_free()), (&[0.1, -0.2][..], true));
    assert_eq!(*shift.transform_ref(), Transform::Interval { low: -1.0, high: 1.0 });
    assert!(shift.prior_ref().is_some() && !back["HST. 1"]["scale"].is_free());
    assert_eq!(
        Scene::load(&path).expect("read").to_json().expect("stored"),
        scene().to_json().expect("stored")
    );
    scene().save(&path).expect("written");
    assert!(std::fs::read_to_string(&path).expect("written").contains("\"version\":1"));
    assert!(load_observations(&path).expect("read").is_empty());
    std::fs::remove_file(&path).expect("removed");
}

#[test]
fn what_cannot_be_read_is_named() {
    let text = scene().to_json().expect("stored");
    let error = |text: &str| Scene::from_json(text, &Kinds::default()).expect_err("not valid").to_string();
    assert!(error("{").contains("line 1"));
    let newer = error(&text.replace("\"version\":1", "\"version\":3"));
    assert!(newer.contains("version") && newer.contains("it is 3"), "{newer}");
    let unknown = error(&text.replace("\"Spergel\"", "\"Wavy\""));
    assert!(
        unknown.contains("nucleus") && unknown.contains("Wavy") && unknown.contains("Sersic"),
        "{unknown}"
    );
    let torn = error(&text.replace("\"shape\":[7,9]", "\"shape\":[7,8]"));
    assert!(torn.contains("63 values") && torn.contains("galaxy"), "{torn}");
}
