//! Large images made smaller for pictures.

use ndarray::{Array2, Array3, ArrayView2, ArrayView3, s};

/// The mean of the finite values in blocks of `factor` rows and columns; NaN where a block has none.
///
/// Blocks at the upper ends may hold fewer pixels.
#[must_use]
pub fn binned(cube: ArrayView3<'_, f32>, factor: usize) -> Array3<f32> {
    let factor = factor.max(1);
    let (channels, height, width) = cube.dim();
    let shape = (channels, height.div_ceil(factor), width.div_ceil(factor));
    Array3::from_shape_fn(shape, |(c, y, x)| {
        let (sum, count) = block(cube.slice(s![c, .., ..]), [y, x], factor);
        (sum / count) as f32
    })
}

/// The same of residuals in units of their noise: the sum of a block over the square root of its number of pixels,
/// which has the noise 1 again.
#[must_use]
pub fn binned_significance(plane: ArrayView2<'_, f32>, factor: usize) -> Array2<f32> {
    let factor = factor.max(1);
    let shape = (plane.nrows().div_ceil(factor), plane.ncols().div_ceil(factor));
    Array2::from_shape_fn(shape, |(y, x)| {
        let (sum, count) = block(plane, [y, x], factor);
        (sum / count.sqrt()) as f32
    })
}

/// Sum and number of the finite values of a block.
fn block(plane: ArrayView2<'_, f32>, [y, x]: [usize; 2], factor: usize) -> (f64, f64) {
    let (rows, columns) = (y * factor.., x * factor..);
    let (bottom, right) =
        ((rows.start + factor).min(plane.nrows()), (columns.start + factor).min(plane.ncols()));
    let values = plane.slice_move(s![rows.start..bottom, columns.start..right]);
    let finite = values.iter().filter(|value| value.is_finite());
    finite.fold((0.0, 0.0), |(sum, count), &value| (sum + f64::from(value), count + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn blocks_are_means_and_bad_pixels_do_not_count() {
        let cube = array![[[1.0_f32, 3.0, 5.0], [f32::NAN, 5.0, 7.0], [4.0, 8.0, f32::NAN]]];
        assert_eq!(binned(cube.view(), 1).iter().filter(|v| v.is_finite()).count(), 7);
        let half = binned(cube.view(), 2);
        assert_eq!(half.dim(), (1, 2, 2));
        assert_eq!((half[[0, 0, 0]], half[[0, 0, 1]], half[[0, 1, 0]]), (3.0, 6.0, 6.0));
        assert!(half[[0, 1, 1]].is_nan());
        let noise = binned_significance(cube.slice(s![0, .., ..]), 2);
        assert!((noise[[0, 0]] - 9.0 / 3.0_f32.sqrt()).abs() < 1e-6);
    }
}
