//! Gauss-Newton matrices from renderings, inverted as they are.

use ndarray::{Array2, Array3};
use scarlet_model::Scene;
use scarlet_obs::{Observation, render};

/// What `observation` sees of changes of the scene's values: two renderings for each, exact where light is linear in it.
pub(crate) fn columns(
    scene: &Scene,
    observation: &Observation,
    wanted: &[(&str, usize, f64)],
) -> Vec<Array3<f64>> {
    let seen = |path: &str, element: usize, step: f64| {
        let mut moved = scene.clone();
        moved.set_values(|own, values| {
            if own == path {
                values[element] += step;
            }
        });
        render(&moved, observation.frame()).expect("the same grid")
    };
    let column = |(path, element, step): &(&str, usize, f64)| {
        (seen(path, *element, *step) - seen(path, *element, -step)) / (2.0 * step)
    };
    wanted.iter().map(column).collect()
}

/// J' W J.
pub(crate) fn information(columns: &[Array3<f64>], weights: &Array3<f64>) -> Array2<f64> {
    Array2::from_shape_fn((columns.len(), columns.len()), |(i, j)| {
        let pixels = columns[i].iter().zip(&columns[j]).zip(weights);
        pixels.map(|((a, b), w)| a * b * w).sum()
    })
}

/// The inverse by Gauss-Jordan elimination.
pub(crate) fn inverse(matrix: &Array2<f64>) -> Array2<f64> {
    let n = matrix.nrows();
    let (mut left, mut right) = (matrix.clone(), Array2::<f64>::eye(n));
    for k in 0..n {
        let pivot = left[[k, k]];
        left.row_mut(k).mapv_inplace(|v| v / pivot);
        right.row_mut(k).mapv_inplace(|v| v / pivot);
        let (row, own) = (left.row(k).to_owned(), right.row(k).to_owned());
        for i in (0..n).filter(|i| *i != k) {
            let factor = left[[i, k]];
            left.row_mut(i).scaled_add(-factor, &row);
            right.row_mut(i).scaled_add(-factor, &own);
        }
    }
    right
}
