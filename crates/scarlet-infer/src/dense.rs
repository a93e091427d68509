//! Triangular factors, row by row.

/// Partial sums of a dot product.
const LANES: usize = 8;

/// The dot product, in as many partial sums as a vector register takes.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (whole, rest) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f64 = whole.remainder().iter().zip(rest.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; LANES];
    for (a, b) in whole.zip(rest) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
    }
    sums.iter().sum::<f64>() + tail
}

/// The lower Cholesky factor of a symmetric matrix of `n` rows; none where it is not positive.
pub(crate) fn cholesky(mut matrix: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    for i in 0..n {
        for j in 0..=i {
            let known = dot(&matrix[i * n..][..j], &matrix[j * n..][..j]);
            let rest = matrix[i * n + j] - known;
            matrix[i * n + j] = match i == j {
                true if rest > 1e-10 => rest.sqrt(),
                true => return None,
                false => rest / matrix[j * n + j],
            };
        }
        matrix[i * n + i + 1..(i + 1) * n].fill(0.0);
    }
    Some(matrix)
}

/// The inverse of a lower factor.
pub(crate) fn inverse_of(factor: &[f64], n: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; n * n];
    for column in 0..n {
        let mut unit = vec![0.0; n];
        unit[column] = 1.0;
        solve(factor, &mut unit);
        (0..n).for_each(|row| inverse[row * n + column] = unit[row]);
    }
    inverse
}

/// Solves L b = b in place.
pub(crate) fn solve(factor: &[f64], b: &mut [f64]) {
    let n = b.len();
    for i in 0..n {
        let row = &factor[i * n..][..n];
        b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
    }
}

/// Solves L' b = b in place.
pub(crate) fn solve_transposed(factor: &[f64], b: &mut [f64]) {
    let n = b.len();
    for i in (0..n).rev() {
        let row = &factor[i * n..][..n];
        b[i] /= row[i];
        let value = b[i];
        b[..i].iter_mut().zip(row).for_each(|(b, l)| *b -= l * value);
    }
}
