//! The adjoint is the transpose, and the same twice is the same.

use crate::seen::{Seen, noise, turned};
use ndarray::Array2;
use scarlet_frame::{BBox, PsfSamples};
use scarlet_render::{Geometry, Matching, Resampling};

fn round(sigma: f64, n: usize) -> PsfSamples {
    let at = |i: usize| i as f64 - (n / 2) as f64;
    let mut image = Array2::from_shape_fn((n, n), |(y, x)| {
        (-(at(y).powi(2) + at(x).powi(2)) / (2.0 * sigma * sigma)).exp()
    });
    image /= image.sum();
    PsfSamples { image, per_px: 1.0, has_pixel: true }
}

fn cases() -> Vec<(&'static str, Geometry)> {
    let mut all = vec![
        ("rotation", turned([31, 40], 1.0, 33.0, false, [30.0, 31.0])),
        ("flip", turned([40, 30], 1.0, 0.0, true, [30.0, 31.0])),
        ("fine", turned([51, 61], 0.3, 12.0, false, [30.3, 31.0])),
        ("coarse", turned([15, 16], 4.0, 70.0, true, [30.0, 31.4])),
        ("shift", turned([40, 41], 1.0, 0.0, false, [30.31, 31.77])),
        ("edge", turned([50, 50], 1.1, 5.0, false, [5.0, 60.0])),
        ("one row", turned([1, 30], 1.0, 5.0, false, [30.0, 30.0])),
    ];
    let pixels = (0..30).flat_map(|y| (0..30).map(move |x| (f64::from(y), f64::from(x))));
    let bent = pixels.map(|(y, x)| [14.0 + y + 0.01 * x * x, 13.0 + x - 0.2 * y + 0.005 * x * y]).collect();
    all.push(("distortion", Geometry::new([30, 30], bent, [[1.0, 0.3], [-0.13, 1.07]])));
    all
}

#[test]
fn adjoint_is_the_transpose() {
    let model = BBox::new([-3, 7], [63, 66]);
    for (what, geometry) in cases() {
        for observed in [None, Some(round(1.8, 17))] {
            let sharp = observed.is_none();
            let matching = Matching { observed, model: Some(round(0.8, 11)) };
            let plan = Resampling::<f64>::new(model, &geometry, &[matching], 0.0).expect("it sees the model");
            let seen = Seen::new(model, geometry.shape(), plan);
            let (x, y) = (noise(model.len(), 0.1), noise(geometry.positions().len(), 0.7));
            let (ax, aty) = (seen.apply(&x), seen.back(&y));
            assert_eq!(aty, seen.back_alone(&y), "{what}");
            let left: f64 = ax.iter().zip(&y).map(|(a, b)| a * b).sum();
            let right: f64 = x.iter().zip(&aty).map(|(a, b)| a * b).sum();
            let scale: f64 = ax.iter().zip(&y).map(|(a, b)| (a * b).abs()).sum();
            println!("{what}, sharp {sharp}: {:.1e}", (left - right).abs() / scale);
            assert!((left - right).abs() < 1e-13 * scale, "{what}: {left} {right}");
            assert!(scale > 0.0);
        }
    }
}

#[test]
fn the_same_twice_is_the_same() {
    let model = BBox::new([-3, 7], [63, 66]);
    let geometry = turned([40, 41], 0.9, 33.0, false, [30.0, 31.0]);
    let matching = Matching { observed: Some(round(1.8, 17)), model: Some(round(0.8, 11)) };
    let plane: Vec<f32> = noise(model.len(), 0.3).iter().map(|v| *v as f32).collect();
    let image: Vec<f32> = noise(geometry.positions().len(), 0.7).iter().map(|v| *v as f32).collect();
    let run = || {
        let plan = Resampling::<f32>::new(model, &geometry, std::slice::from_ref(&matching), 0.0)
            .expect("it sees it");
        let seen = Seen::new(model, geometry.shape(), plan);
        (seen.apply(&plane), seen.back(&image))
    };
    assert_eq!(run(), run());
}

#[test]
fn without_psfs_it_is_the_fourier_sum() {
    // a wave that the model holds, seen far from its edges: where the positions say, with the area
    let model = BBox::new([0, 0], [64, 64]);
    let geometry = turned([12, 12], 1.3, 25.0, true, [32.0, 32.0]);
    let matching = Matching { observed: None, model: None };
    let plan = Resampling::<f64>::new(model, &geometry, &[matching], 0.0).expect("it sees the model");
    let sharp = |p: [f64; 2]| {
        let envelope = (-((p[0] - 31.0).powi(2) + (p[1] - 33.0).powi(2)) / 18.0).exp();
        (0.6 * p[0] - 0.9 * p[1]).cos() * envelope
    };
    let pixels = (0..64).flat_map(|y| (0..64).map(move |x| [f64::from(y), f64::from(x)]));
    let seen = Seen::new(model, [12, 12], plan).apply(&pixels.map(sharp).collect::<Vec<_>>());
    for (value, p) in seen.iter().zip(geometry.positions()) {
        assert!((value - 1.69 * sharp(*p)).abs() < 2e-5, "{value} {}", 1.69 * sharp(*p));
    }
}
