//! Filters that whiten: what a pixel differs by from the best prediction from its neighbours, over the error of that.

use super::correlation::{Correlation, each_frequency, transformed};
use ndarray::{Array2, ArrayView1};

/// Farthest neighbours that a pixel is predicted from, along y and x.
pub(super) const FARTHEST: usize = 5;
/// Sizes of the Gaussian templates that a reach is judged with, in pixels.
const TEMPLATES_PX: [f64; 3] = [1.0, 2.0, 4.0];
/// How far errors of their fluxes may be from what is reported, and variances above the least.
const GOOD: f64 = 0.02;

/// The neighbours that are predicted from: rows above, and to the left in the same row.
pub(super) fn neighbours(reach: usize) -> Vec<[i64; 2]> {
    let m = reach as i64;
    let above = (-m..0).flat_map(|y| (-m..=m).map(move |x| [y, x]));
    above.chain((-m..0).map(|x| [0, x])).collect()
}

/// A pixel's whitening filter: the share of each neighbour, last that of the pixel itself, 1 / s.
///
/// With the Cholesky factor L of the correlation of the neighbours and then the pixel, it is the last row of L^-1; s,
/// the error of the best prediction, is the last element of L.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prediction {
    pub(super) filter: Vec<f64>,
}

impl Prediction {
    /// ln s.
    pub(super) fn log_error(&self) -> f64 {
        -self.filter.last().map_or(0.0, |f| f.ln())
    }
}

/// All neighbours of a pixel within a reach, and what any of them say about it.
#[derive(Debug, Clone)]
pub(super) struct Neighbourhood {
    lags: Vec<[i64; 2]>,
    /// The inverse of the correlation of the neighbours and then the pixel.
    precision: Array2<f64>,
}

impl Neighbourhood {
    pub(super) fn new(correlation: &Correlation, reach: usize) -> Self {
        let lags = neighbours(reach);
        let places: Vec<[i64; 2]> = lags.iter().copied().chain([[0, 0]]).collect();
        let lower = Lower::new(places.len(), |i, j| correlation.between(places[i], places[j]));
        let mut precision = Array2::zeros((places.len(), places.len()));
        for (k, mut column) in precision.columns_mut().into_iter().enumerate() {
            let mut unit = vec![0.0; places.len()];
            unit[k] = 1.0;
            lower.solve(&mut unit);
            column.assign(&ArrayView1::from(&unit));
        }
        Self { lags, precision }
    }

    /// Distances of the neighbours.
    pub(super) fn lags(&self) -> &[[i64; 2]] {
        &self.lags
    }

    /// The filter without some of the neighbours, whose shares are 0.
    ///
    /// With P the precision, r what remains and m what is missing, that of the rest alone is P_rr - P_rm P_mm^-1 P_mr, and
    /// the filter its last row over the root of the last element.
    pub(super) fn without(&self, missing: &[usize]) -> Prediction {
        let (precision, last) = (&self.precision, self.lags.len());
        let mut filter = precision.column(last).to_vec();
        if !missing.is_empty() {
            let lower = Lower::new(missing.len(), |i, j| precision[[missing[i], missing[j]]]);
            let mut shares: Vec<f64> = missing.iter().map(|m| filter[*m]).collect();
            lower.solve(&mut shares);
            for (m, share) in missing.iter().zip(shares) {
                filter.iter_mut().zip(precision.row(*m)).for_each(|(f, p)| *f -= share * p);
            }
        }
        let root = filter[last].sqrt();
        filter.iter_mut().for_each(|f| *f /= root);
        missing.iter().for_each(|m| filter[*m] = 0.0);
        Prediction { filter }
    }
}

/// The Cholesky factor of a positive definite matrix.
struct Lower {
    side: usize,
    elements: Vec<f64>,
}

impl Lower {
    fn new(side: usize, matrix: impl Fn(usize, usize) -> f64) -> Self {
        let mut elements = vec![0.0; side * side];
        for i in 0..side {
            let (above, row) = elements.split_at_mut(i * side);
            for j in 0..i {
                let other = &above[j * side..j * side + j];
                let known: f64 = row[..j].iter().zip(other).map(|(a, b)| a * b).sum();
                row[j] = (matrix(i, j) - known) / above[j * side + j];
            }
            let known: f64 = row[..i].iter().map(|a| a * a).sum();
            row[i] = (matrix(i, i) - known).max(f64::MIN_POSITIVE).sqrt();
        }
        Self { side, elements }
    }

    /// Solves for a vector in its place.
    fn solve(&self, vector: &mut [f64]) {
        let n = self.side;
        for i in 0..n {
            let row = &self.elements[i * n..=i * n + i];
            let known: f64 = row[..i].iter().zip(&*vector).map(|(a, b)| a * b).sum();
            vector[i] = (vector[i] - known) / row[i];
        }
        for i in (0..n).rev() {
            let row = &self.elements[i * n..=i * n + i];
            let value = vector[i] / row[i];
            vector[i] = value;
            vector[..i].iter_mut().zip(row).for_each(|(v, l)| *v -= value * l);
        }
    }
}

/// The least reach whose filter is as good as all pixels together, or the farthest; of what was measured its own.
pub(super) fn reach(correlation: &Correlation) -> usize {
    let most = farthest(correlation);
    match correlation {
        Correlation::Distance(torus) => {
            (0..most).find(|reach| is_good(correlation, torus, *reach)).unwrap_or(most)
        }
        Correlation::Measured(_) => most,
    }
}

/// The farthest that the correlation is known for.
pub(super) fn farthest(correlation: &Correlation) -> usize {
    match correlation {
        Correlation::Distance(torus) => {
            [torus.nrows(), torus.ncols()].map(|n| (n - 1) / 2).into_iter().fold(FARTHEST, usize::min)
        }
        Correlation::Measured(windows) => windows.reach,
    }
}

/// Whether fluxes of templates have the errors that the filter says, and nearly the least that are possible.
fn is_good(correlation: &Correlation, torus: &Array2<f64>, reach: usize) -> bool {
    let neighbourhood = Neighbourhood::new(correlation, reach);
    let (lags, filter) = (neighbourhood.lags(), neighbourhood.without(&[]).filter);
    let (ny, nx) = torus.dim();
    let mut plane = Array2::zeros((ny, nx));
    for ([y, x], share) in lags.iter().chain(&[[0, 0]]).zip(filter) {
        plane[[y.rem_euclid(ny as i64) as usize, x.rem_euclid(nx as i64) as usize]] = share;
    }
    let precision = each_frequency(&plane, |v| v.norm_sqr());
    let spectrum = transformed(torus);
    TEMPLATES_PX.iter().all(|size| {
        let (mut said, mut true_variance, mut best) = (0.0, 0.0, 0.0);
        for (((y, x), p), s) in precision.indexed_iter().zip(&spectrum) {
            let template = template(*size, [y, x], [ny, nx]);
            said += template * p;
            true_variance += template * p * p * s;
            best += template / s;
        }
        let (error, variance) = ((true_variance / said).sqrt(), true_variance * best / (said * said));
        (error - 1.0).abs() < GOOD && variance < 1.0 + GOOD
    })
}

/// Power of a Gaussian template at a frequency of a torus.
fn template(size_px: f64, at: [usize; 2], sides: [usize; 2]) -> f64 {
    let square = |k: usize| {
        let turns = at[k].min(sides[k] - at[k]) as f64 / sides[k] as f64;
        (std::f64::consts::TAU * turns * size_px).powi(2)
    };
    (-square(0) - square(1)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn along_x(a: f64) -> Correlation {
        let function = Array2::from_shape_fn((1, 61), |(_, x)| a.powf((x as f64 - 30.0).abs()));
        Correlation::from_function(0, function.view(), 1e-9).expect("noise has it")
    }

    #[test]
    fn a_chain_is_predicted_from_its_last_link() {
        let found = Neighbourhood::new(&along_x(0.6), 2).without(&[]);
        let s = (1.0f64 - 0.36).sqrt();
        let mut expected = vec![0.0; 13];
        (expected[11], expected[12]) = (-0.6 / s, 1.0 / s);
        for (f, e) in found.filter.iter().zip(expected) {
            assert!((f - e).abs() < 1e-8, "{found:?}");
        }
        assert!((found.log_error() - s.ln()).abs() < 1e-9);
    }

    #[test]
    fn without_the_last_link_the_one_before_predicts() {
        let found = Neighbourhood::new(&along_x(0.6), 2).without(&[3, 11]);
        let s = (1.0f64 - 0.36 * 0.36).sqrt();
        let expected = [(3, 0.0), (10, -0.36 / s), (11, 0.0), (12, 1.0 / s)];
        assert!(expected.iter().all(|(k, e)| (found.filter[*k] - e).abs() < 1e-8), "{found:?}");
        let alone = Neighbourhood::new(&along_x(0.6), 2).without(&(0..12).collect::<Vec<_>>());
        assert!((alone.filter[12] - 1.0).abs() < 1e-8, "{alone:?}");
    }

    #[test]
    fn the_reach_is_what_the_correlation_asks_for() {
        let gaussian = |size: f64| {
            let function = Array2::from_shape_fn((21, 21), |(y, x)| {
                let r2 = (y as f64 - 10.0).powi(2) + (x as f64 - 10.0).powi(2);
                if r2 == 0.0 { 1.0 } else { (-r2 / (4.0 * size * size)).exp() }
            });
            reach(&Correlation::from_function(0, function.view(), 1e-4).expect("noise has it"))
        };
        assert_eq!([0.05, 0.4, 1.0].map(gaussian), [0, 2, 5]);
        assert_eq!(reach(&along_x(0.6)), 1);
    }
}
