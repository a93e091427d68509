//! What observations on any grid see of single sources: it adds up to what they see of all.

mod grid_support;

use grid_support::Grid;
use ndarray::{Array2, Array3, s};
use scarlet_frame::{BBox, Frame, Psf};
use scarlet_model::{Scene, Source};
use scarlet_obs::{Observation, View, catalog, redistribute, render};

fn scene() -> Scene {
    let model =
        Grid::new([161, 171], 0.05).frame().channels(["g", "r"]).psf(Psf::gaussian(0.9).expect("valid"));
    let mut scene = Scene::new(model).expect("valid");
    let disk = |n: usize, scale: f64| {
        let c = (n / 2) as f64;
        Array2::from_shape_fn((n, n), |(y, x)| (-(y as f64 - c).hypot(x as f64 - c) / scale).exp())
    };
    let sources = [
        Source::point([80.3, 84.6], [30.0, 50.0]).named("star"),
        Source::point([71.9, 60.2], [90.0, 20.0]).named("other star"),
        Source::new([95.0, 100.0], [2.0, 1.0], disk(31, 3.0)).named("disc"),
        Source::new([60.0, 110.0], [1.0, 3.0], disk(31, 2.0)).named("disc of the same size"),
        Source::new([3.0, 84.0], [1.0, 1.0], disk(41, 4.0)).named("over the edge"),
    ];
    sources.into_iter().for_each(|source| drop(scene.add(source).expect("inside")));
    scene
}

/// Turned, flipped, finer, coarser, distorted, hanging over, and on the model's own grid.
fn frames() -> Vec<Frame> {
    let psf = |sigma: f64| Psf::gaussian(sigma).expect("valid");
    let with = |grid: Grid, sigma: f64| grid.frame().channels(["r", "g"]).psf(psf(sigma));
    let own = Grid::new([161, 171], 0.05).frame().cropped(BBox::new([20, 30], [100, 90]));
    vec![
        with(Grid::new([61, 60], 0.17).turned(30.0), 1.4),
        with(Grid::new([61, 70], 0.13).turned(-100.0).flipped(), 1.3),
        with(Grid::new([200, 210], 0.03).turned(5.0), 2.6),
        with(Grid::new([30, 31], 0.28).off([6.0, 0.0]), 1.1),
        with(Grid::new([120, 118], 0.07).turned(75.0).bent(1.0), 1.6),
        own.channels(["g"]).psf(psf(1.8)),
    ]
}

fn noiseless(frame: Frame) -> Observation {
    let data = render(&scene(), &frame).expect("it is seen");
    let weights = Array3::from_elem(data.dim(), 4.0);
    Observation::new(data, weights, frame).expect("valid")
}

#[test]
fn parts_add_up_to_the_whole_on_every_grid() {
    let scene = scene();
    for frame in frames() {
        let observation = noiseless(frame);
        let mut view = View::new(&observation, scene.frame()).expect("a view");
        let mut sum = Array3::<f64>::zeros(observation.data().dim());
        for (name, _) in scene.sources() {
            let Some(seen) = view.source(&scene, name).expect("a source") else { continue };
            let [rows, columns] = observation.frame().bbox().slices_of(seen.bbox).expect("its own pixels");
            sum.slice_mut(s![.., rows, columns]).zip_mut_with(&seen.pixels, |a, b| *a += b);
        }
        let peak = observation.data().iter().copied().fold(0.0, f64::max);
        let off = (&sum - observation.data()).iter().fold(0.0_f64, |a, v| a.max(v.abs())) / peak;
        let shift = view.sight().whole_pixel_shift();
        println!("{shift:?}: largest difference {off:.1e} of the peak");
        assert!(off < if shift.is_some() { 1e-9 } else { 1e-5 }, "{off}");
    }
}

#[test]
fn a_box_that_is_seen_again_is_seen_the_same() {
    let scene = scene();
    let observation = noiseless(frames().remove(0));
    let mut view = View::new(&observation, scene.frame()).expect("a view");
    let names = ["disc", "disc of the same size", "star", "disc"];
    let seen: Vec<_> =
        names.iter().map(|n| view.source(&scene, n).expect("a source").expect("seen")).collect();
    assert_eq!(seen[0], seen[3]);
    let alone = View::new(&observation, scene.frame()).expect("a view").source(&scene, names[1]);
    let alone = alone.expect("a source").expect("seen");
    assert_eq!(alone.bbox, seen[1].bbox);
    let off = (&alone.pixels - &seen[1].pixels).iter().fold(0.0_f64, |a, v| a.max(v.abs()));
    let peak = alone.pixels.iter().copied().fold(0.0, f64::max);
    assert!(off < 1e-5 * peak, "{off} {peak}");
}

#[test]
fn data_are_shared_out_on_every_grid() {
    let scene = scene();
    for frame in frames() {
        let observation = noiseless(frame);
        let mut sum = Array3::<f64>::zeros(observation.data().dim());
        let left = redistribute(&scene, &observation, |share| {
            let [rows, columns] = observation.frame().bbox().slices_of(share.bbox).expect("its own pixels");
            sum.slice_mut(s![.., rows, columns]).zip_mut_with(&share.data, |a, b| *a += b);
            if ["star", "disc"].contains(&share.source) {
                let off = (&share.data - &share.model).iter().fold(0.0_f64, |a, v| a.max(v.abs()));
                assert!(off < 1e-4 * share.model.iter().copied().fold(0.0, f64::max), "{off}");
            }
        })
        .expect("it fits");
        let off = (&sum + &left - observation.data()).iter().fold(0.0_f64, |a, v| a.max(v.abs()));
        assert!(off < 1e-9, "{off}");
    }
}

#[test]
fn chi2_of_a_source_is_that_of_the_pixels_on_its_box() {
    let scene = scene();
    let observations: Vec<Observation> = frames().into_iter().map(noiseless).collect();
    let seen: Vec<&Observation> = observations.iter().collect();
    // one unit off in every pixel: chi2 per pixel is the weight, whatever the footprints
    let off: Vec<Array3<f64>> = observations.iter().map(|o| o.data() + 1.0).collect();
    let sources = catalog::measure_sources(&scene, &seen, &off).expect("measured");
    for source in &sources {
        assert!((source.chi2_per_pixel.expect("pixels") - 4.0).abs() < 1e-9, "{}", source.id);
    }
    // and where only the pixels of one box are off, the sources far from it are fine
    let mut rendered: Vec<Array3<f64>> = observations.iter().map(|o| o.data().clone()).collect();
    for (observation, rendered) in observations.iter().zip(&mut rendered) {
        let sight = scarlet_obs::Sight::new(observation, scene.frame()).expect("a sight");
        let origin = sight.pixels().origin();
        let disc = BBox::centered([95.0, 100.0], [31, 31]);
        for ((_, y, x), value) in rendered.indexed_iter_mut() {
            let at = [(origin[0] + y as i64) as f64, (origin[1] + x as i64) as f64];
            if disc.contains(sight.to_model(at).expect("on the sky")) {
                *value += 1.0;
            }
        }
    }
    let sources = catalog::measure_sources(&scene, &seen, &rendered).expect("measured");
    let chi2 =
        |id: &str| sources.iter().find(|s| s.id == id).and_then(|s| s.chi2_per_pixel).expect("some pixels");
    assert!((chi2("disc") - 4.0).abs() < 0.02, "{}", chi2("disc"));
    assert_eq!([chi2("disc of the same size"), chi2("other star"), chi2("over the edge")], [0.0; 3]);
}
