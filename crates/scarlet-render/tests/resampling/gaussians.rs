//! Sums of Gaussians seen through Gaussian PSFs, known in closed form on every grid.

use crate::seen::{Seen, turned};
use ndarray::Array2;
use scarlet_frame::{BBox, PsfSamples};
use scarlet_render::{Geometry, Matching, Pixel, Resampling};
use std::f64::consts::TAU;

type Matrix = [[f64; 2]; 2];

/// A source: flux, position, covariance, in pixels of the model.
type Blob = (f64, [f64; 2], Matrix);

const MODEL: [usize; 2] = [90, 96];
const MODEL_SIGMA: f64 = 1.0;

fn blobs() -> Vec<Blob> {
    vec![
        (10.0, [44.3, 47.8], [[0.0, 0.0], [0.0, 0.0]]),
        (30.0, [40.1, 52.6], [[4.0, 1.5], [1.5, 2.5]]),
        (-4.0, [50.0, 41.4], [[2.0, -0.8], [-0.8, 6.0]]),
    ]
}

fn gaussian([dy, dx]: [f64; 2], [[yy, yx], [_, xx]]: Matrix) -> f64 {
    let determinant = yy * xx - yx * yx;
    let square = (xx * dy * dy - 2.0 * yx * dy * dx + yy * dx * dx) / determinant;
    (-0.5 * square).exp() / (TAU * determinant.sqrt())
}

/// The blobs blurred with `blur`, at `position`.
fn sky(position: [f64; 2], blur: Matrix) -> f64 {
    let value = |(flux, center, own): &Blob| {
        let both = [0, 1].map(|i| [0, 1].map(|j| own[i][j] + blur[i][j]));
        flux * gaussian([position[0] - center[0], position[1] - center[1]], both)
    };
    blobs().iter().map(value).sum()
}

/// `a b a^T`
fn conjugated(a: Matrix, b: Matrix) -> Matrix {
    let product =
        |a: Matrix, b: Matrix| [0, 1].map(|i| [0, 1].map(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j]));
    let transposed = [[a[0][0], a[1][0]], [a[0][1], a[1][1]]];
    product(product(a, b), transposed)
}

/// Samples of a Gaussian with covariance `c` in pixels.
fn psf(c: Matrix, per_px: f64) -> PsfSamples {
    let half = (6.5 * c[0][0].max(c[1][1]).sqrt() * per_px).ceil() as usize;
    let at = |i: usize| (i as f64 - half as f64) / per_px;
    let mut image = Array2::from_shape_fn((2 * half + 1, 2 * half + 1), |(y, x)| gaussian([at(y), at(x)], c));
    image /= image.sum();
    PsfSamples { image, per_px, has_pixel: true }
}

fn model_plane<T: Pixel>() -> Vec<T> {
    let pixels = (0..MODEL[0]).flat_map(|y| (0..MODEL[1]).map(move |x| [y as f64, x as f64]));
    let blur = MODEL_SIGMA * MODEL_SIGMA;
    pixels.map(|p| T::of(sky(p, [[blur, 0.0], [0.0, blur]]))).collect()
}

/// Errors: largest pixel over the peak, flux, and position in pixels of the observation.
fn errors<T: Pixel>(geometry: &Geometry, of_psf: Matrix, per_px: f64) -> [f64; 3] {
    let blur = MODEL_SIGMA * MODEL_SIGMA;
    let matching =
        Matching { observed: Some(psf(of_psf, per_px)), model: Some(psf([[blur, 0.0], [0.0, blur]], 2.0)) };
    let model = BBox::new([0, 0], MODEL);
    let plan = Resampling::<T>::new(model, geometry, &[matching], 0.0).expect("it sees the model");
    let seen: Vec<f64> =
        Seen::new(model, geometry.shape(), plan).apply(&model_plane()).iter().map(|v| v.wide()).collect();
    let in_model = conjugated(geometry.jacobian(), of_psf);
    let places = geometry.positions().iter().zip(geometry.areas());
    let truth: Vec<f64> = places.map(|(p, area)| area * sky(*p, in_model)).collect();
    let peak = truth.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    let pixel = seen.iter().zip(&truth).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / peak;
    let moments = |image: &[f64]| {
        let nx = geometry.shape()[1];
        let sum: f64 = image.iter().sum();
        let y: f64 = image.iter().enumerate().map(|(i, v)| v * (i / nx) as f64).sum();
        let x: f64 = image.iter().enumerate().map(|(i, v)| v * (i % nx) as f64).sum();
        (sum, [y / sum, x / sum])
    };
    let ((flux, at), (true_flux, true_at)) = (moments(&seen), moments(&truth));
    [pixel, (flux / true_flux - 1.0).abs(), (at[0] - true_at[0]).hypot(at[1] - true_at[1])]
}

fn assert_small(what: &str, [pixel, flux, position]: [f64; 3]) {
    println!("{what}: pixel {pixel:.1e} of the peak, flux {flux:.1e}, position {position:.1e} px");
    assert!(pixel < 3e-5, "{what}: pixel {pixel}");
    assert!(flux < 1e-5, "{what}: flux {flux}");
    assert!(position < 1e-3, "{what}: position {position}");
}

/// A PSF in pixels of the observation wide enough for samples at the pixels of both grids, not round.
fn psf_for(scale: f64) -> Matrix {
    let sigma = (1.9_f64 / scale).max(1.6);
    [[sigma * sigma, 0.2 * sigma * sigma], [0.2 * sigma * sigma, 1.5 * sigma * sigma]]
}

#[test]
fn every_scale_angle_and_sense_is_right() {
    for scale in [0.3, 0.5, 1.0, 1.7, 2.7, 4.0] {
        for (angle, flipped) in [(0.0, false), (0.0, true), (30.0, false), (137.0, true), (-90.0, false)] {
            let n = ((80.0 / scale) as usize).min(140);
            let geometry = turned([n, n + 3], scale, angle, flipped, [45.2, 47.1]);
            let what = format!("scale {scale}, {angle} deg, flipped {flipped}");
            let is_whole = n as f64 * scale > 75.0;
            let [pixel, flux, position] = errors::<f32>(&geometry, psf_for(scale), 1.0);
            // where the image is cut, the flux is what the pixels say
            assert_small(
                &what,
                [pixel, if is_whole { flux } else { 0.0 }, if is_whole { position } else { 0.0 }],
            );
        }
    }
}

#[test]
fn fine_psfs_make_undersampled_images_right() {
    // narrower than the pixels of the observation: only finer samples know it
    for (scale, sigma, per_px) in [(2.7, 0.7, 3.0), (4.0, 0.48, 5.0), (1.7, 1.1, 2.5)] {
        let n = (80.0 / scale) as usize;
        let geometry = turned([n, n], scale, 23.0, true, [45.2, 47.1]);
        let covariance = [[sigma * sigma, 0.0], [0.0, sigma * sigma]];
        assert_small(
            &format!("scale {scale}, sigma {sigma} px"),
            errors::<f32>(&geometry, covariance, per_px),
        );
        let coarse = errors::<f32>(&geometry, covariance, 1.0);
        assert!(coarse[0] > 1e-4, "{scale}: pixel samples cannot be enough, {}", coarse[0]);
    }
}

#[test]
fn pixels_are_averaged_where_the_psf_is_that_of_the_optics() {
    let (scale, sigma) = (2.0, 0.8_f64);
    let geometry = turned([40, 40], scale, 35.0, false, [45.2, 47.1]);
    let optics = [[sigma * sigma, 0.0], [0.0, sigma * sigma]];
    let blur = MODEL_SIGMA * MODEL_SIGMA;
    let model = BBox::new([0, 0], MODEL);
    let observed = PsfSamples { has_pixel: false, ..psf(optics, 4.0) };
    let matching = Matching { observed: Some(observed), model: Some(psf([[blur, 0.0], [0.0, blur]], 2.0)) };
    let plan = Resampling::<f64>::new(model, &geometry, &[matching], 0.0).expect("it sees the model");
    let seen = Seen::new(model, geometry.shape(), plan).apply(&model_plane());
    let in_model = conjugated(geometry.jacobian(), optics);
    // Gauss's points over each pixel
    let nodes = [(-0.6_f64.sqrt() / 2.0, 5.0 / 18.0), (0.0, 8.0 / 18.0), (0.6_f64.sqrt() / 2.0, 5.0 / 18.0)];
    let pieces: Vec<(f64, f64)> =
        (0..4).flat_map(|i| nodes.map(|(x, w)| ((f64::from(i) + 0.5 + x) / 4.0 - 0.5, w / 4.0))).collect();
    let [[a, b], [c, d]] = geometry.jacobian();
    let peak = seen.iter().fold(0.0_f64, |x, y| x.max(*y));
    for (value, p) in seen.iter().zip(geometry.positions()) {
        let terms = pieces.iter().flat_map(|&(y, v)| pieces.iter().map(move |&(x, w)| (y, x, v * w)));
        let mean: f64 =
            terms.map(|(y, x, w)| w * sky([p[0] + a * y + b * x, p[1] + c * y + d * x], in_model)).sum();
        assert!((value - scale * scale * mean).abs() < 2e-5 * peak, "{value} {}", scale * scale * mean);
    }
}

#[test]
fn distorted_maps_place_and_weigh_pixels() {
    let shape = [60, 64];
    let map = |y: f64, x: f64| {
        let (v, u) = (y - 30.0, x - 32.0);
        [45.0 + 1.2 * v - 0.3 * u + 2e-3 * u * u, 47.0 + 0.3 * v + 1.2 * u + 1e-3 * u * v]
    };
    let pixels = (0..shape[0]).flat_map(|y| (0..shape[1]).map(move |x| map(y as f64, x as f64)));
    let geometry = Geometry::new(shape, pixels.collect(), [[1.2, -0.3], [0.3, 1.2]]);
    assert_small("distorted", errors::<f32>(&geometry, [[2.2, 0.0], [0.0, 2.2]], 1.0));
}

#[test]
fn models_may_end_within_the_image_and_images_within_the_model() {
    let whole = turned([70, 70], 1.0, 20.0, false, [45.2, 47.1]);
    let beyond = turned([150, 150], 1.0, 20.0, false, [45.2, 47.1]);
    let part = turned([20, 24], 1.0, 20.0, false, [45.2, 47.1]);
    let corner = turned([60, 60], 1.3, -50.0, true, [10.0, 90.0]);
    for (what, geometry) in [("whole", whole), ("beyond", beyond), ("part", part), ("corner", corner)] {
        let [pixel, _, _] = errors::<f64>(&geometry, [[3.6, 0.0], [0.0, 3.6]], 1.0);
        println!("{what}: {pixel:.1e}");
        // the corner sees only wings, and not those of what is beyond reach, 2e-4 of the PSF's flux
        let limit = if what == "corner" { 3e-4 } else { 3e-5 };
        assert!(pixel < limit, "{what}: {pixel}");
    }
    let away = turned([10, 10], 1.0, 0.0, false, [500.0, 0.0]);
    let matching = Matching { observed: None, model: None };
    assert!(Resampling::<f32>::new(BBox::new([0, 0], MODEL), &away, &[matching], 0.0).is_none());
}
