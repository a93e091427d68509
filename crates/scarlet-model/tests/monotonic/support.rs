//! Images and evaluations that the tests share.

use ndarray::Array2;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use scarlet_frame::BBox;
use scarlet_model::{Morphology, Site};

/// Where the tests evaluate; images on a grid do not depend on the centre.
pub(crate) fn site(shape: [usize; 2]) -> Site {
    let center = [shape[0] as f64 / 2.0 + 0.3, shape[1] as f64 / 2.0 - 0.4];
    Site { center, bbox: BBox::new([0, 0], shape) }
}

/// The values of all parameters.
pub(crate) fn values(morphology: &dyn Morphology) -> Vec<f64> {
    morphology.parameters().iter().flat_map(|(_, p)| p.values().to_vec()).collect()
}

/// The image at `params`.
pub(crate) fn image(morphology: &dyn Morphology, params: &[f64]) -> Array2<f64> {
    let shape = morphology.grid_shape().expect("a grid");
    let mut out = vec![f64::NAN; shape[0] * shape[1]];
    let mut scratch = vec![f64::NAN; morphology.scratch_len(shape)];
    morphology.evaluate(params, &site(shape), &mut out, &mut scratch);
    Array2::from_shape_vec(shape, out).expect("as many pixels")
}

/// The gradient of `sum(seed * image)` at `params`, added to zeros.
pub(crate) fn gradient(morphology: &dyn Morphology, params: &[f64], seed: &[f64]) -> Vec<f64> {
    let shape = morphology.grid_shape().expect("a grid");
    let mut out = vec![f64::NAN; seed.len()];
    let mut scratch = vec![f64::NAN; morphology.scratch_len(shape)];
    let (mut grad, mut grad_center) = (vec![0.0; params.len()], [0.0; 2]);
    morphology.evaluate(params, &site(shape), &mut out, &mut scratch);
    morphology.pull_back(params, &site(shape), seed, &mut grad, &mut grad_center, &mut scratch);
    assert_eq!(grad_center, [0.0; 2]);
    grad
}

/// An image of random pixels in [0.05, 1).
pub(crate) fn noise([ny, nx]: [usize; 2], seed: u64) -> Array2<f64> {
    let mut rng = StdRng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((ny, nx), || rng.random_range(0.05..1.0))
}

/// An exponential disk with axis ratio `q` at 0.6 rad, 1 at `center`.
pub(crate) fn disk([ny, nx]: [usize; 2], center: [f64; 2], scale: f64, q: f64) -> Array2<f64> {
    let (sin, cos) = 0.6_f64.sin_cos();
    Array2::from_shape_fn((ny, nx), |(y, x)| {
        let (dy, dx) = (y as f64 - center[0], x as f64 - center[1]);
        let (u, v) = (cos * dx + sin * dy, cos * dy - sin * dx);
        (-(u * u + v * v / (q * q)).sqrt() / scale).exp()
    })
}

/// The largest difference between two images.
pub(crate) fn difference(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    assert_eq!(a.dim(), b.dim());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}
