//! From images to parameters and back, on other grids, and what is refused.

use crate::support::{difference, disk, image, noise, values};
use ndarray::{Array1, Array2, s};
use scarlet_frame::{BBox, Frame};
use scarlet_model::prior::Normal;
use scarlet_model::{Monotonic, Morphology, Parameters, Scene, Source, Step, Symmetric, Transform, free};

#[test]
fn the_image_of_two_pixels_by_hand() {
    let ends = Monotonic::from_image(ndarray::array![[1.0, 1.0, 1.0]], [0, 0]);
    let found = image(&ends, &[2.0, 1.0, 3.0]);
    let first = 1.0 / (1.0_f64 + 0.25).sqrt();
    let second = 1.0 / (1.0 / 9.0 + 1.0 / (first * first)).sqrt();
    assert!(difference(&found, &ndarray::array![[2.0, first, second]]) < 1e-15);
}

#[test]
fn monotonic_images_are_kept() {
    for shape in [[41, 41], [20, 31], [1, 9], [2, 8], [1, 1], [1, 2]] {
        let peak = shape.map(|n| n / 2);
        let at = peak.map(|c| c as f64);
        for q in [1.0, 0.3] {
            let wanted = disk(shape, at, 4.0, q);
            let found = Monotonic::from_image(wanted.clone(), peak);
            let change = difference(&wanted, &found.image());
            assert!(change < 1e-6, "{shape:?}, axis ratio {q}: changed by {change}");
            assert!(difference(&found.image(), &found.clone().symmetric().image()) < 1e-6);
            let start = Monotonic::new(wanted.clone());
            assert_eq!(start.peak(), peak);
            assert!(difference(&wanted, &start.image()) < 0.02);
        }
    }
    let flat = Array2::<f64>::ones((41, 41));
    assert!(difference(&flat, &Monotonic::from_image(flat.clone(), [20, 20]).image()) < 1e-6);
}

#[test]
fn a_thin_disk_at_an_angle_is_kept() {
    let thin = Array2::from_shape_fn((31, 31), |(y, x)| {
        let (dy, dx) = (y as f64 - 15.0, x as f64 - 15.0);
        let (u, v) = ((dy + dx) / 8.0, (dy - dx) / 1.2);
        (-0.5 * (u * u + v * v)).exp()
    });
    assert!(difference(&thin, &Monotonic::from_image(thin.clone(), [15, 15]).image()) < 1e-6);
}

#[test]
fn a_second_peak_is_cut_down() {
    let blend = disk([21, 21], [10.0, 10.0], 3.0, 0.8) + 0.7 * disk([21, 21], [10.0, 17.0], 2.0, 0.8);
    let alone = Monotonic::new(blend.clone()).image();
    assert!(blend[[10, 17]] > 0.7 && alone[[10, 17]] < blend[[10, 14]]);
    assert!((alone[[10, 10]] - blend[[10, 10]]).abs() < 1e-12);
    let turned = Monotonic::new(blend.clone()).symmetric().image();
    assert_eq!(turned[[10, 17]], turned[[10, 3]]);
}

#[test]
fn the_peak_is_the_brightest_pixel_in_the_middle() {
    let off = disk([11, 12], [5.4, 6.7], 2.0, 1.0);
    assert_eq!(Monotonic::new(off).peak(), [5, 7]);
    assert_eq!(Monotonic::new(Array2::<f64>::ones((11, 12))).peak(), [5, 6]);
    let mut far = Array2::<f64>::ones((11, 12));
    far[[0, 0]] = 9.0;
    assert_eq!(Monotonic::new(far).peak(), [5, 6]);
}

#[test]
fn freedom_and_step_stay_and_the_constraint_is_that_of_ceilings() {
    let param = |m: &dyn Morphology| m.parameters()[0].1.clone();
    let start = noise([5, 5], 3);
    let free_one = param(&Monotonic::new(free(start.clone()).unit_interval().step(0.07)).symmetric());
    assert!(free_one.is_free() && *free_one.transform_ref() == Transform::Exp);
    assert_eq!(free_one.step_ref(), Some(Step::Absolute(0.07)));
    let soft = param(&Monotonic::new(free(start.clone()).transform(Transform::Softplus)));
    assert_eq!(*soft.transform_ref(), Transform::Softplus);
    assert!(!param(&Monotonic::new(start.clone())).is_free());
    let half = param(&Symmetric::new(free(start).unit_interval()));
    assert!(half.is_free() && half.len() == 13 && *half.transform_ref() == Transform::UnitInterval);
}

/// Grows by two pixels above and to the left, then shrinks again.
#[test]
fn they_follow_a_box_that_changes() {
    let start = disk([9, 9], [4.0, 4.0], 2.0, 0.7);
    let kinds: [Box<dyn Morphology>; 4] = [
        Box::new(Monotonic::new(free(start.clone()).step(0.1))),
        Box::new(Monotonic::new(free(start.clone()).step(0.1)).symmetric()),
        Box::new(Symmetric::new(free(start.clone()).positive().step(0.1))),
        Box::new(scarlet_model::Image::new(free(start).positive().step(0.1))),
    ];
    for small in kinds {
        let before = image(&*small, &values(&*small));
        let mut padded = Array2::from_elem((11, 11), 1e-3);
        padded.slice_mut(s![2.., 2..]).assign(&before);
        let large = small.on_grid(&padded, [-2, -2]).expect("it holds the peak");
        assert_eq!(large.grid_shape(), Some([11, 11]));
        let after = image(&*large, &values(&*large));
        assert!(difference(&before, &after.slice(s![2.., 2..]).to_owned()) < 1e-6, "{}", small.kind());
        let cut = after.slice(s![2.., 2..]).to_owned();
        let back = large.on_grid(&cut, [2, 2]).expect("it holds the peak");
        assert!(difference(&before, &image(&*back, &values(&*back))) < 1e-6, "{}", small.kind());
        let (was, is) = (small.parameters()[0].1.clone(), back.parameters()[0].1.clone());
        assert_eq!((was.is_free(), was.step_ref()), (is.is_free(), is.step_ref()));
        assert_eq!(was.transform_ref(), is.transform_ref());
        let missed = small.on_grid(&before.slice(s![5.., ..]).to_owned(), [5, 0]);
        assert_eq!(missed.is_none(), small.kind() != "Image", "a grid without the peak");
    }
}

#[test]
fn growing_keeps_the_ceilings_of_the_pixels_that_stay() {
    let small = Monotonic::new(disk([9, 9], [4.0, 4.0], 2.0, 0.7));
    let mut padded = Array2::from_elem((13, 13), 1e-3);
    padded.slice_mut(s![2..11, 2..11]).assign(&small.image());
    let large = small.on_grid(&padded, [-2, -2]).expect("it holds the peak");
    let ceilings = Array2::from_shape_vec((13, 13), values(&*large)).expect("as many");
    let kept = ceilings.slice(s![2..11, 2..11]).to_owned();
    let before = Array2::from_shape_vec((9, 9), values(&small)).expect("as many");
    assert!(kept.iter().zip(&before).all(|(a, b)| (a / b - 1.0).abs() < 1e-9));
}

#[test]
fn centres_between_pixels_do_not_matter() {
    let mut scene = Scene::new(Frame::new([40, 40]).channels(["g"])).expect("a frame");
    let start = disk([8, 9], [4.0, 4.0], 2.0, 0.7);
    let mut at = |center: [f64; 2]| {
        let name = scene.add(Source::new(center, [1.0], Monotonic::new(start.clone()))).expect("inside");
        scene.source(&name).expect("there").component().bbox()
    };
    assert_eq!(at([20.0, 20.0]), Some(BBox::centered([20.0, 20.0], [8, 9])));
    assert_eq!(at([20.4, 20.9]), Some(BBox::centered([20.0, 20.0], [8, 9])));
}

#[test]
fn what_makes_no_image_is_refused() {
    let error = |morphology: Box<dyn Morphology>| {
        let mut scene = Scene::new(Frame::new([40, 40]).channels(["g"])).expect("a frame");
        scene.add(Source::new([20.0, 20.0], [1.0], morphology).named("a")).expect_err("not valid").to_string()
    };
    let zeros = error(Box::new(Monotonic::new(free(Array2::<f64>::zeros((5, 5))))));
    assert!(zeros.contains('a') && zeros.contains("positive at its peak, pixel [2, 2]"), "{zeros}");
    let mut hole = Array2::<f64>::ones((5, 5));
    hole[[1, 1]] = f64::NAN;
    let nan = error(Box::new(Monotonic::new(free(hole))));
    assert!(nan.contains("NaN"), "{nan}");
    let outside = error(Box::new(Monotonic::from_image(Array2::<f64>::ones((5, 5)), [5, 0]).symmetric()));
    assert!(outside.contains("peak is [5, 0]") && outside.contains("[5, 5]"), "{outside}");
    let line = Monotonic::new(free(Array1::<f64>::ones(5)));
    assert_eq!(line.image().dim(), (0, 0));
    assert!(error(Box::new(line)).contains("two axes"));
    assert!(error(Box::new(Symmetric::new(Array2::<f64>::ones((0, 3))))).contains("[0, 3]"));
    let mut edited = Symmetric::new(free(Array2::<f64>::ones((3, 3))));
    *edited.parameters_mut()[0].1 = free(vec![1.0; 9]).prior(Normal::new(0.0, 1.0));
    assert!(error(Box::new(edited)).contains("needs 5"));
}
