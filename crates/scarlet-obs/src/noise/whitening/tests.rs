use super::*;
use ndarray::{Array2, ArrayView1};

/// Correlation that falls off exponentially along both axes, not separably.
fn correlation() -> Correlation {
    let function = Array2::from_shape_fn((25, 25), |(y, x)| {
        let (dy, dx) = (y as f64 - 12.0, x as f64 - 12.0);
        (-(0.3 * dy * dy + 0.4 * dx * dx + 0.2 * dx * dy).sqrt() * 1.1).exp()
    });
    Correlation::from_function(0, function.view(), 1e-9).expect("noise has it")
}

fn wave(n: usize, step: f64) -> Vec<f64> {
    (0..n).map(|i| (step * i as f64 + 0.3).sin() + 0.1).collect()
}

/// Weights of which every seventh or so is 0, and those of a column.
fn weights(shape: (usize, usize)) -> Array2<f64> {
    Array2::from_shape_fn(shape, |(y, x)| if (3 * y + 5 * x) % 7 == 2 || x == 4 { 0.0 } else { 2.0 })
}

fn planes_of(
    whitening: &Whitening<f64>,
    weights: &Array2<f64>,
    residual: &[f64],
    planes: &mut Planes<f64>,
) -> f64 {
    let (ny, nx) = weights.dim();
    for y in 0..ny {
        for x in 0..nx {
            let counts = weights[[y, x]] > 0.0;
            whitening.row(planes, y)[x] = if counts { residual[y * nx + x] } else { 0.0 };
        }
    }
    whitening.whiten(planes)
}

/// chi2, half the log-determinant and C^-1 r of the pixels with weight, by the dense matrix.
fn dense(correlation: &Correlation, weights: &Array2<f64>, residual: &[f64]) -> (f64, f64, Vec<f64>) {
    let nx = weights.ncols();
    let known: Vec<usize> = weights.iter().enumerate().filter(|(_, w)| **w > 0.0).map(|(k, _)| k).collect();
    let n = known.len();
    let place = |k: usize| [(known[k] / nx) as i64, (known[k] % nx) as i64];
    let mut lower = Array2::<f64>::zeros((n, n));
    for i in 0..n {
        for j in 0..=i {
            let lag = [place(i)[0] - place(j)[0], place(i)[1] - place(j)[1]];
            let dot =
                |a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| (0..j).map(|k| a[k] * b[k]).sum::<f64>();
            let left = correlation.at(lag) - dot(lower.row(i), lower.row(j));
            lower[[i, j]] = if i == j { left.sqrt() } else { left / lower[[j, j]] };
        }
    }
    let mut white: Vec<f64> = known.iter().map(|k| residual[*k]).collect();
    for i in 0..n {
        white[i] = (white[i] - (0..i).map(|k| lower[[i, k]] * white[k]).sum::<f64>()) / lower[[i, i]];
    }
    let chi2 = white.iter().map(|v| v * v).sum();
    for i in (0..n).rev() {
        white[i] = (white[i] - (i + 1..n).map(|k| lower[[k, i]] * white[k]).sum::<f64>()) / lower[[i, i]];
    }
    let mut solved = vec![0.0; residual.len()];
    known.iter().zip(white).for_each(|(k, v)| solved[*k] = v);
    (chi2, lower.diag().mapv(f64::ln).sum(), solved)
}

#[test]
fn with_all_pixels_before_it_is_the_dense_gaussian() {
    for weights in [Array2::ones((6, 6)), weights((6, 6))] {
        let (correlation, residual) = (correlation(), wave(36, 0.7));
        let whitening = Whitening::<f64>::new(&correlation, 5, weights.view());
        let mut planes = whitening.planes();
        let chi2 = planes_of(&whitening, &weights, &residual, &mut planes);
        whitening.whiten_transposed(&mut planes);
        let (expected, log_det, solved) = dense(&correlation, &weights, &residual);
        approx::assert_relative_eq!(chi2, expected, max_relative = 1e-10);
        approx::assert_relative_eq!(whitening.log_det(), log_det, max_relative = 1e-10);
        for y in 0..6 {
            for (x, found) in whitening.row(&mut planes, y).iter().enumerate() {
                let counted = weights[[y, x]] > 0.0;
                assert!(!counted || (found - solved[6 * y + x]).abs() < 1e-10, "{y} {x}");
            }
        }
    }
}

#[test]
fn a_chain_with_gaps_is_the_dense_gaussian() {
    let function = Array2::from_shape_fn((1, 101), |(_, x)| 0.7f64.powf((x as f64 - 50.0).abs()));
    let correlation = Correlation::from_function(0, function.view(), 1e-9).expect("noise has it");
    let mut weights = Array2::ones((3, 50));
    [[0, 0], [0, 7], [1, 20], [1, 21], [1, 22], [2, 48]].iter().for_each(|at| weights[*at] = 0.0);
    let residual = wave(150, 1.3);
    let whitening = Whitening::<f64>::new(&correlation, 4, weights.view());
    let chi2 = planes_of(&whitening, &weights, &residual, &mut whitening.planes());
    let (expected, log_det, _) = dense(&correlation, &weights, &residual);
    approx::assert_relative_eq!(chi2, expected, max_relative = 1e-8);
    approx::assert_relative_eq!(whitening.log_det(), log_det, max_relative = 1e-8);
}

#[test]
fn white_noise_stays_as_it_is() {
    let white = Correlation::from_function(0, Array2::ones((1, 1)).view(), 1e-4).expect("white");
    let (weights, residual) = (weights((9, 37)), wave(333, 0.9));
    for reach in [0, 2] {
        let whitening = Whitening::<f64>::new(&white, reach, weights.view());
        let chi2 = planes_of(&whitening, &weights, &residual, &mut whitening.planes());
        let counted = residual.iter().zip(&weights).filter(|(_, w)| **w > 0.0);
        approx::assert_relative_eq!(chi2, counted.map(|(r, _)| r * r).sum::<f64>(), max_relative = 1e-13);
        assert!(whitening.log_det().abs() < 1e-12);
    }
}

/// The expectation of chi2 is the trace of W C W', exactly the number of pixels that count.
#[test]
fn chi2_is_one_a_pixel_for_every_reach_and_mask() {
    let correlation = correlation();
    for (reach, weights) in [(1, Array2::ones((9, 12))), (2, weights((9, 12))), (3, weights((12, 9)))] {
        let (ny, nx) = weights.dim();
        let whitening = Whitening::<f64>::new(&correlation, reach, weights.view());
        let mut planes = whitening.planes();
        let mut rows = Vec::new();
        for at in 0..ny * nx {
            let mut unit = vec![0.0; ny * nx];
            unit[at] = 1.0;
            planes_of(&whitening, &weights, &unit, &mut planes);
            whitening.whiten_transposed(&mut planes);
            let row: Vec<f64> = (0..ny).flat_map(|y| whitening.row(&mut planes, y).to_vec()).collect();
            rows.push(if weights[[at / nx, at % nx]] > 0.0 { row } else { vec![0.0; ny * nx] });
        }
        let lag = |p: usize, q: usize| [(p / nx) as i64 - (q / nx) as i64, (p % nx) as i64 - (q % nx) as i64];
        let trace: f64 = rows
            .iter()
            .enumerate()
            .map(|(p, row)| {
                let counted = row.iter().enumerate().filter(|(q, _)| weights[[q / nx, q % nx]] > 0.0);
                counted.map(|(q, v)| v * correlation.at(lag(p, q))).sum::<f64>()
            })
            .sum();
        let pixels = weights.iter().filter(|w| **w > 0.0).count() as f64;
        approx::assert_relative_eq!(trace, pixels, max_relative = 1e-12);
        // and what is told about pairs is symmetric
        assert!((rows[3][20] - rows[20][3]).abs() < 1e-13);
    }
}

#[test]
fn numbers_that_are_put_come_back_transposed() {
    let (correlation, weights) = (correlation(), weights((20, 40)));
    let whitening = Whitening::<f64>::new(&correlation, 3, weights.view());
    let (mut planes, residual, white) = (whitening.planes(), wave(800, 0.31), wave(800, 2.3));
    planes_of(&whitening, &weights, &residual, &mut planes);
    let mut left = 0.0;
    for y in 0..20 {
        for x in 0..40 {
            let at = whitening.place(y) + x;
            let odd = whitening.odd.iter().position(|(place, _)| *place == at);
            let whitened = odd.map_or(planes.white[at], |k| planes.of_odd[k]);
            left += whitened * white[40 * y + x];
        }
    }
    whitening.fill_white(&mut planes, |y, x| white[40 * y + x]);
    whitening.whiten_transposed(&mut planes);
    let mut right = 0.0;
    for y in 0..20 {
        for (x, v) in whitening.row(&mut planes, y).iter().enumerate() {
            right += if weights[[y, x]] > 0.0 { v * residual[40 * y + x] } else { 0.0 };
        }
    }
    approx::assert_relative_eq!(left, right, max_relative = 1e-12);
}
