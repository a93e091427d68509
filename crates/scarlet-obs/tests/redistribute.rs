//! Data shared out among sources: what adds up, and who gets what.

use ndarray::{Array2, Array3, s};
use scarlet_frame::{BBox, Frame, Psf};
use scarlet_model::{Component, Scene, Source};
use scarlet_obs::{Observation, ObservationPlan, Share, redistribute, render};
use scarlet_render::Workers;

fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        let mut sum = 0.0;
        for _ in 0..12 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            sum += (state >> 11) as f64 / (1_u64 << 53) as f64;
        }
        sum - 6.0
    }
}

/// Two observations of other channels and pixels than the model frame's, and three sources, one over the edge.
fn blend() -> (Scene, Vec<Observation>) {
    let wide = Frame::new([50, 60]).channels(["g", "r", "i"]).psf(Psf::moffat(&[4.0], 3.5).expect("a PSF"));
    let narrow = Frame::with_bbox(BBox::new([5, 10], [30, 35]))
        .channels(["i", "g"])
        .psf(Psf::gaussians(&[1.5, 1.9]).expect("a PSF"));
    let mut scene = Scene::new(Frame::enclosing([&wide]).expect("a frame")).expect("a scene");
    let disk = Array2::from_shape_fn((15, 15), |(y, x)| {
        (-((y as f64 - 7.0).powi(2) + (x as f64 - 7.0).powi(2)).sqrt() / 2.0).exp()
    });
    let dust = Component::new([0.3, 0.2, 0.1], Array2::ones((5, 5)));
    let sources = [
        Source::new([20.0, 25.0], [5.0, 8.0, 9.0], disk.clone()).attenuated(dust).named("galaxy"),
        Source::point([23.2, 30.4], [60.0, 40.0, 30.0]).named("star"),
        Source::new([1.0, 58.0], [4.0, 4.0, 4.0], disk).named("edge"),
    ];
    sources.into_iter().for_each(|s| drop(scene.add(s).expect("inside")));
    let mut draw = noise(7);
    let observe = |frame: &Frame| {
        let data = render(&scene, frame).expect("renderable").mapv(|v| v + 0.3 * draw());
        let mut weights = Array3::from_elem(frame.shape(), 1.0 / 0.09);
        weights.slice_mut(s![1, 15..18, 12..20]).fill(0.0);
        Observation::new(data, weights, frame.clone()).expect("valid")
    };
    let observations = [wide, narrow].iter().map(observe).collect();
    (scene, observations)
}

#[test]
fn parts_add_up_to_the_data_and_nothing_is_shared_twice() {
    let (scene, observations) = blend();
    for observation in &observations {
        let workers = Workers::default();
        let plan = ObservationPlan::<f64>::new(observation, scene.frame(), &workers).expect("a plan");
        let layout = scarlet_model::Layout::new(&scene).expect("a layout");
        let mut of_scene = scarlet_render::ScenePlan::<f64>::new(&scene, &layout);
        let whole = plan.render(of_scene.evaluate(layout.start_values(), &workers));
        let seen = BBox::new(observation.frame().bbox().origin(), observation.frame().bbox().shape());
        let (mut data, mut model) = (Array3::<f64>::zeros(whole.dim()), Array3::<f64>::zeros(whole.dim()));
        let mut names = Vec::new();
        let left = redistribute(&scene, observation, |share: Share<'_>| {
            let [rows, columns] = seen.slices_of(share.bbox).expect("inside");
            data.slice_mut(s![.., rows.clone(), columns.clone()]).zip_mut_with(&share.data, |a, b| *a += b);
            model.slice_mut(s![.., rows, columns]).zip_mut_with(&share.model, |a, b| *a += b);
            names.push(share.source.to_owned());
        });
        let left = left.expect("it fits");
        let expected = if names.len() == 3 { vec!["galaxy", "star", "edge"] } else { vec!["galaxy", "star"] };
        assert_eq!(names, expected);
        let peak = whole.iter().copied().fold(0.0, f64::max);
        for (at, value) in observation.data().indexed_iter() {
            assert!((data[at] + left[at] - value).abs() < 1e-9 * peak, "{at:?}");
            assert!((model[at] - whole[at]).abs() < 1e-9 * peak, "{at:?}: {} {}", model[at], whole[at]);
            assert!(left[at] == 0.0 || data[at] == 0.0, "{at:?}");
            if whole[at] > 1e-6 * peak {
                assert_eq!(left[at], 0.0, "{at:?}");
            }
        }
    }
}

#[test]
fn a_source_alone_in_its_pixels_gets_all_of_them() {
    let frame = Frame::new([40, 80]).channels(["g"]).psf(Psf::gaussian(1.5).expect("a PSF"));
    let mut scene = Scene::new(Frame::enclosing([&frame]).expect("a frame")).expect("a scene");
    scene.add(Source::point([20.0, 20.0], [50.0]).named("a")).expect("inside");
    scene.add(Source::point([20.0, 60.0], [90.0]).named("b")).expect("inside");
    let mut data = render(&scene, &frame).expect("renderable");
    // A companion of a that the model does not have goes to a.
    data[[0, 22, 22]] += 7.0;
    let observation = Observation::new(data.clone(), Array3::ones((1, 40, 80)), frame).expect("valid");
    let mut fluxes = Vec::new();
    redistribute(&scene, &observation, |share| fluxes.push(share.data.sum())).expect("it fits");
    assert!((fluxes[0] - 57.0).abs() < 0.01 && (fluxes[1] - 90.0).abs() < 0.01, "{fluxes:?}");
}

#[test]
fn the_same_light_twice_is_halved() {
    let frame = Frame::new([30, 30]).channels(["g"]).psf(Psf::gaussian(1.5).expect("a PSF"));
    let mut scene = Scene::new(Frame::enclosing([&frame]).expect("a frame")).expect("a scene");
    scene.add(Source::point([15.0, 15.0], [30.0])).expect("inside");
    scene.add(Source::point([15.0, 15.0], [10.0])).expect("inside");
    let data = render(&scene, &frame).expect("renderable");
    let observation = Observation::new(data, Array3::ones((1, 30, 30)), frame).expect("valid");
    let mut fluxes = Vec::new();
    redistribute(&scene, &observation, |share| fluxes.push(share.data.sum())).expect("it fits");
    assert!((fluxes[0] - 30.0).abs() < 1e-6 && (fluxes[1] - 10.0).abs() < 1e-6, "{fluxes:?}");
}
