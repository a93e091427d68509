//! Kernels that match the model frame's PSF to an observation's.
//!
//! The difference kernel is FFT(observed) / FFT(model), back in pixels. Its value hardly depends on the length
//! of the transforms as long as these hold both PSFs (3e-8 of its peak on the HSC images between 96 x 64 and
//! 256 x 256), because the model PSF is a Gaussian whose transform has no zeros. It decays fast outside the
//! observed PSF's stamp, where it only says how that stamp was cut, so it is cut too where less than [`TAIL`] of
//! its absolute sum is left outside, and brought back to its sum. This keeps the transforms of every step short.
//!
//! What that does to the fitted HSC scene, against an uncut kernel on 256 x 256 (`tests/parity.rs` measures it):
//! rendered image 1e-5 of its peak and at worst 0.7% of a pixel's noise, log-likelihood 6e-6. With scarlet2's 96 x
//! 64, where light wraps around, it is 4e-7, 0.03% and 2e-8.

use ndarray::{Array2, s};
use scarlet_render::{RealFft2, Window, good_length};

/// Share of the kernel's absolute sum that may be cut off.
pub const TAIL: f64 = 2e-4;

/// The same for kernels that are put together where the PSF varies, so that each star keeps 1e-4 of its peak.
const TAIL_OF_COMPONENTS: f64 = 3e-5;

/// The kernel that turns images seen through `model` into images seen through `observed`, cut at [`TAIL`].
///
/// Both are `[y, x]` with their centre at `n / 2`; so is the kernel.
#[must_use]
pub fn difference(observed: &Array2<f64>, model: &Array2<f64>) -> Array2<f64> {
    let shape = [0, 1].map(|k| good_length(observed.shape()[k] + 2 * model.shape()[k]));
    cut(&difference_on(observed, model, shape), TAIL)
}

/// The kernels of `base`, as [`difference`] makes them, and of `images` that are added to it times factors up to 1 and add
/// up to 0: all cut where less than 3e-5 of the absolute sum of the first is left outside of each.
pub(crate) fn differences(
    base: &Array2<f64>,
    images: &[Array2<f64>],
    model: &Array2<f64>,
) -> Vec<Array2<f64>> {
    let shape = [0, 1].map(|k| good_length(base.shape()[k] + 2 * model.shape()[k]));
    let whole: Vec<_> =
        std::iter::once(base).chain(images).map(|image| difference_on(image, model, shape)).collect();
    let outside = TAIL_OF_COMPONENTS * absolute_sum(&whole[0]);
    let half =
        whole.iter().map(|kernel| half_with(kernel, absolute_sum(kernel) - outside)).max().unwrap_or(0);
    let mut kernels: Vec<_> = whole.iter().map(|kernel| inside(kernel, half)).collect();
    let scale = whole[0].sum() / kernels[0].sum();
    kernels[0] *= scale;
    let unit = &kernels[0] / kernels[0].sum();
    for kernel in &mut kernels[1..] {
        let light = kernel.sum();
        kernel.scaled_add(-light, &unit);
    }
    kernels
}

/// The kernel of [`difference`] on a grid of `shape`, not cut; its centre is at `shape / 2`.
#[must_use]
pub fn difference_on(observed: &Array2<f64>, model: &Array2<f64>, shape: [usize; 2]) -> Array2<f64> {
    let fft = RealFft2::<f64>::new(shape);
    let mut over = fft.workspace();
    let mut under = fft.workspace();
    fft.forward_rows(&wrapped(observed, shape), Window::whole(shape), &mut over);
    fft.forward_rows(&wrapped(model, shape), Window::whole(shape), &mut under);
    fft.forward_columns(&mut under);
    let scale = 1.0 / (shape[0] * shape[1]) as f64;
    fft.each_column(&mut over, |k, column| {
        let divisor = &under.spectrum[k * shape[0]..(k + 1) * shape[0]];
        for (v, d) in column.iter_mut().zip(divisor) {
            *v = *v / *d * scale;
        }
    });
    let mut kernel = vec![0.0; shape[0] * shape[1]];
    fft.inverse_rows(&mut kernel, Window::whole(shape), &mut over);
    let [cy, cx] = shape.map(|n| n / 2);
    Array2::from_shape_fn((shape[0], shape[1]), |(y, x)| {
        kernel[(y + shape[0] - cy) % shape[0] * shape[1] + (x + shape[1] - cx) % shape[1]]
    })
}

/// `image` with its centre on the first pixel of a periodic grid.
pub(crate) fn wrapped(image: &Array2<f64>, [ny, nx]: [usize; 2]) -> Vec<f64> {
    let mut grid = vec![0.0; ny * nx];
    let (cy, cx) = (image.nrows() / 2, image.ncols() / 2);
    for ((y, x), value) in image.indexed_iter() {
        let row = (y as i64 - cy as i64).rem_euclid(ny as i64) as usize;
        let column = (x as i64 - cx as i64).rem_euclid(nx as i64) as usize;
        grid[row * nx + column] += value;
    }
    grid
}

/// The smallest central square that leaves no more than `tail` of the absolute sum outside, with the same sum.
pub(crate) fn cut(kernel: &Array2<f64>, tail: f64) -> Array2<f64> {
    let image = inside(kernel, half_with(kernel, (1.0 - tail) * absolute_sum(kernel)));
    let scale = kernel.sum() / image.sum();
    image * scale
}

/// The central square of `2 half + 1` pixels.
fn inside(kernel: &Array2<f64>, half: usize) -> Array2<f64> {
    let (cy, cx) = (kernel.nrows() / 2, kernel.ncols() / 2);
    kernel.slice(s![cy - half..=cy + half, cx - half..=cx + half]).to_owned()
}

fn absolute_sum(kernel: &Array2<f64>) -> f64 {
    kernel.iter().map(|v| v.abs()).sum()
}

/// Half a side of the smallest central square that holds at least `least` of the absolute sum.
fn half_with(kernel: &Array2<f64>, least: f64) -> usize {
    let (cy, cx) = (kernel.nrows() / 2, kernel.ncols() / 2);
    let widest = cy.min(cx).min(kernel.nrows() - 1 - cy).min(kernel.ncols() - 1 - cx);
    let enough = |half: &usize| absolute_sum(&inside(kernel, *half)) >= least;
    (0..=widest).find(enough).unwrap_or(widest)
}
