//! Images that do not change when they are turned by 180 degrees, as one value for each pair of pixels.
//!
//! A pixel p and its partner 2 c - p share a value; c is the peak. Values are in the row order of the first pixel of
//! each pair; a pixel whose partner is outside the grid, as on one side of a grid of even length, has its own.

use super::pixel_grid::PixelGrid;

/// Calls `f` with every pixel and the value that it takes, both counted from 0; the first pixel of a pair first.
#[inline(always)]
fn for_each_pixel(grid: &PixelGrid, mut f: impl FnMut(usize, usize)) {
    let PixelGrid { shape: [ny, nx], peak: [cy, cx] } = *grid;
    let middle = grid.peak_index();
    for pixel in 0..=middle {
        f(pixel, pixel);
    }
    let mut values = middle + 1;
    let paired = (2 * cx + 1).saturating_sub(nx)..nx.min(2 * cx + 1);
    for y in cy..ny {
        let start = if y == cy { cx + 1 } else { 0 };
        let [first, last] = if y <= 2 * cy { [paired.start.max(start), paired.end] } else { [nx, nx] };
        let row = y * nx;
        let alone = [row + start..row + first, row + last..row + nx];
        for (own, pixel) in alone[0].clone().enumerate() {
            f(pixel, values + own);
        }
        for pixel in row + first..row + last {
            f(pixel, 2 * middle - pixel);
        }
        values += alone[0].len();
        for (own, pixel) in alone[1].clone().enumerate() {
            f(pixel, values + own);
        }
        values += alone[1].len();
    }
}

/// Number of values of an image on `grid`: half of its pixels and the peak, where the peak is in the middle.
pub(super) fn values_len(grid: &PixelGrid) -> usize {
    let PixelGrid { shape: [ny, nx], peak: [cy, cx] } = *grid;
    let paired = |n: usize, c: usize| n.min(2 * c + 1) - (2 * c + 1).saturating_sub(n);
    ny * nx - paired(ny, cy) * paired(nx, cx) / 2
}

/// Writes the image that `values` stand for.
pub(super) fn expand(grid: &PixelGrid, values: &[f64], image: &mut [f64]) {
    for_each_pixel(grid, |pixel, value| image[pixel] = values[value]);
}

/// The adjoint of [`expand`]: adds every pixel to the value that it takes.
pub(super) fn fold(grid: &PixelGrid, image: &[f64], values: &mut [f64]) {
    for_each_pixel(grid, |pixel, value| values[value] += image[pixel]);
}

/// The values of the symmetric image nearest to `image`: the mean of every pair.
pub(super) fn means(grid: &PixelGrid, image: &[f64]) -> Vec<f64> {
    let mut values = vec![0.0; values_len(grid)];
    for_each_pixel(grid, |pixel, value| {
        let is_second = value < pixel && value < grid.peak_index() && pixel > grid.peak_index();
        values[value] = if is_second { 0.5 * (values[value] + image[pixel]) } else { image[pixel] };
    });
    values
}
