//! Observations that are evaluated together are seen as they are alone.

use ndarray::Array3;
use scarlet_frame::{Frame, Psf, Sky, Wcs, arcsec};
use scarlet_obs::{JointPlan, Observation, ObservationPlan, PixelImage};
use scarlet_render::Workers;

const CENTER: Sky = Sky { ra_deg: 150.1, dec_deg: 2.2 };

fn model() -> Frame {
    let wcs = Wcs::tan(CENTER, [40.0, 40.0], arcsec(0.2)).expect("valid");
    Frame::new([81, 81]).channels(["g", "r", "i"]).psf(Psf::gaussian(0.7).expect("valid")).wcs(wcs)
}

/// Pixels of 0.21 arcsec around a position of the model.
fn epoch(middle: [f64; 2], side: usize, channels: &[&str], sigma_px: f64) -> Observation {
    let sky = model().to_sky(middle).expect("near the middle");
    let half = 0.5 * (side - 1) as f64;
    let wcs = Wcs::tan(sky, [half, half + 0.3], arcsec(0.21)).expect("valid");
    let frame = Frame::new([side, side]).channels(channels.iter().copied()).wcs(wcs);
    observed(frame.psf(Psf::gaussian(sigma_px).expect("valid")))
}

fn observed(frame: Frame) -> Observation {
    let shape = frame.shape();
    let data = Array3::from_shape_fn(shape, |(c, y, x)| ((c + 3 * y + x * x) as f64 * 0.7).sin());
    Observation::new(data, Array3::from_elem(shape, 2.0), frame).expect("valid")
}

/// Three that read the same, one of them without two channels, one of them twice, small ones, and an aligned one.
fn epochs() -> Vec<Observation> {
    let all = ["g", "r", "i"];
    vec![
        epoch([40.0, 40.3], 50, &all, 1.6),
        observed(model().psf(Psf::gaussian(2.0).expect("valid"))),
        epoch([41.2, 38.3], 51, &["r"], 2.1),
        epoch([8.0, 70.3], 10, &all, 1.5),
        epoch([40.0, 40.3], 50, &all, 1.6),
        epoch([38.7, 42.3], 47, &["i", "g"], 1.9),
        epoch([70.0, 8.3], 11, &all, 1.5),
    ]
}

/// Those and so many more that read the same that threads share them out, some of them without a channel.
fn many() -> Vec<Observation> {
    let all = ["i", "r", "g"];
    let more = (0..13_u8).map(|k| {
        let moved = f64::from(k % 5);
        let middle = [39.3 + 0.4 * moved, 40.6 - 0.3 * moved];
        epoch(middle, 46 + usize::from(k % 3), &all[..1 + usize::from(k % 3)], 1.5 + 0.05 * moved)
    });
    epochs().into_iter().chain(more).collect()
}

fn cube() -> Vec<f64> {
    (0..3 * 81 * 81).map(|i| 1.0 + (0.37 * f64::from(i)).sin()).collect()
}

#[test]
fn sharing_transforms_changes_rounding_alone() {
    for epochs in [epochs(), many()] {
        compare(&epochs);
    }
}

fn compare(epochs: &[Observation]) {
    let (cube, workers) = (cube(), Workers::default());
    let mut joint =
        JointPlan::<f64>::new(&epochs.iter().collect::<Vec<_>>(), &model(), &workers).expect("seen");
    let mut together = vec![0.0; cube.len()];
    let value = joint.value_and_gradient(&cube, &mut together, &workers);
    assert_eq!(joint.log_likelihood(&cube, &workers), value);
    let (mut apart, mut sum) = (vec![0.0; cube.len()], 0.0);
    let (mut image, mut image_apart) = (vec![0.0; cube.len()], vec![0.0; cube.len()]);
    joint.pull_back(&cube, &mut image, PixelImage::WeightedModel, &workers);
    for (observation, seen) in epochs.iter().zip(joint.render(&cube)) {
        let mut plan = ObservationPlan::<f64>::new(observation, &model(), &workers).expect("seen");
        sum += plan.value_and_gradient(&cube, &mut apart, &workers);
        plan.pull_back(&cube, &mut image_apart, PixelImage::WeightedModel, &workers);
        let off = (&seen - &plan.render(&cube)).iter().fold(0.0_f64, |a, v| a.max(v.abs()));
        assert!(off < 5e-5, "{off}: other periods, other rounding of what is left out");
    }
    approx::assert_relative_eq!(value, sum, max_relative = 1e-5);
    for (a, b) in together.iter().zip(&apart).chain(image.iter().zip(&image_apart)) {
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }
}

#[test]
fn gradients_of_groups_are_finite_differences() {
    for epochs in [epochs(), many()] {
        differentiate(&epochs);
    }
}

fn differentiate(epochs: &[Observation]) {
    let (cube, workers) = (cube(), Workers::default());
    let mut joint =
        JointPlan::<f64>::new(&epochs.iter().collect::<Vec<_>>(), &model(), &workers).expect("seen");
    let mut gradient = vec![0.0; cube.len()];
    joint.value_and_gradient(&cube, &mut gradient, &workers);
    for pixel in [40 * 81 + 40, 81 * 81 + 30 * 81 + 45, 2 * 81 * 81 + 70 * 81 + 9, 8 * 81 + 70] {
        let mut step = |h: f64| {
            let mut moved = cube.clone();
            moved[pixel] += h;
            joint.log_likelihood(&moved, &workers)
        };
        let numeric = (step(0.01) - step(-0.01)) / 0.02;
        approx::assert_relative_eq!(gradient[pixel], numeric, max_relative = 1e-6, epsilon = 1e-6);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for epochs in [epochs(), many()] {
        repeat(&epochs);
    }
}

fn repeat(epochs: &[Observation]) {
    let cube: Vec<f32> = cube().iter().map(|v| *v as f32).collect();
    let run = |threads: usize| {
        let workers = Workers::new(threads);
        let epochs: Vec<_> = epochs.iter().collect();
        let mut joint = JointPlan::<f32>::new(&epochs, &model(), &workers).expect("seen");
        let mut gradient = vec![0.0; cube.len()];
        let value = joint.value_and_gradient(&cube, &mut gradient, &workers);
        (value.to_bits(), gradient, joint.chi2())
    };
    let alone = run(1);
    for threads in [2, 3, 1] {
        assert!(run(threads) == alone, "{threads} threads");
    }
}
