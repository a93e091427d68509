//! From any number of channels to red, green and blue.

use ndarray::{Array2, Array3, ArrayView3, s};

/// Weights `[3, channel]` of red, green and blue, for `n` channels from blue to red; each row sums to 1.
///
/// Up to six channels as scarlet maps them (its table is rounded to two digits, ours is exact: they differ by less
/// than 8e-4); more are mapped like six: red and blue rise linearly over one half of the channels, green is a tent.
/// There scarlet differs for seven, where it adds the last channel to all three colours.
#[must_use]
pub fn channel_weights(n: usize) -> Array2<f64> {
    let red: Vec<f64> = match n {
        0 => Vec::new(),
        1 => vec![1.0],
        2 => vec![0.0, 1.0],
        3 => vec![0.0, 0.0, 1.0],
        4 => vec![0.0, 0.0, 1.0, 3.0],
        5 => vec![0.0, 0.0, 0.0, 2.0, 3.0],
        _ => (0..n).map(|c| (c + 1).saturating_sub(n.div_ceil(2)) as f64).map(|w| w.max(0.0)).collect(),
    };
    let green: Vec<f64> = match n {
        0 => Vec::new(),
        1 => vec![1.0],
        2 => vec![1.0, 1.0],
        5 => vec![0.0, 1.0, 3.0, 1.0, 0.0],
        _ => (0..n).map(|c| c.min(n - 1 - c) as f64).collect(),
    };
    let blue: Vec<f64> = red.iter().rev().copied().collect();
    let mut weights = Array2::zeros((3, n));
    for (mut row, values) in weights.rows_mut().into_iter().zip([red, green, blue]) {
        let sum: f64 = values.iter().sum();
        row.iter_mut().zip(values).for_each(|(weight, value)| *weight = value / sum);
    }
    weights
}

/// The planes red, green and blue `[3, y, x]` of a cube.
///
/// A pixel is NaN in all three where a channel that counts for one of them is not finite.
///
/// # Panics
/// Where `weights` has not one column for each channel.
#[must_use]
pub fn mix(cube: ArrayView3<'_, f32>, weights: &Array2<f64>) -> Array3<f64> {
    let (channels, height, width) = cube.dim();
    assert_eq!(weights.ncols(), channels, "columns of weights, channels of the cube");
    let mut colours = Array3::<f64>::zeros((3, height, width));
    for ((colour, channel), &weight) in weights.indexed_iter().filter(|(_, weight)| **weight != 0.0) {
        let plane = cube.slice(s![channel, .., ..]);
        colours
            .slice_mut(s![colour, .., ..])
            .zip_mut_with(&plane, |sum, &value| *sum += weight * f64::from(value));
    }
    for mut pixel in colours.lanes_mut(ndarray::Axis(0)) {
        if pixel.iter().any(|value| !value.is_finite()) {
            pixel.fill(f64::NAN);
        }
    }
    colours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_has_weight_one_and_blue_mirrors_red() {
        for n in 1..40 {
            let weights = channel_weights(n);
            for row in weights.rows() {
                assert!((row.sum() - 1.0).abs() < 1e-14, "{n}: {weights}");
            }
            assert!((0..n).all(|c| weights[[0, c]] == weights[[2, n - 1 - c]]), "{n}");
            assert!(weights.columns().into_iter().all(|column| column.sum() > 0.0), "{n}: {weights}");
        }
    }

    #[test]
    fn a_bad_channel_makes_the_pixel_bad_only_where_it_counts() {
        let mut cube = Array3::<f32>::ones((3, 1, 2));
        cube[[1, 0, 1]] = f32::NAN;
        let mixed = mix(cube.view(), &channel_weights(3));
        assert_eq!(mixed.slice(s![.., 0, 0]).to_vec(), [1.0, 1.0, 1.0]);
        assert!(mixed.slice(s![.., 0, 1]).iter().all(|value| value.is_nan()));
    }
}
