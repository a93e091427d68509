//! Least squares with lower bounds, from sparse normal equations.

/// Sweeps at most.
const MAX_SWEEPS: usize = 2000;
/// Largest change of a sweep, in units of an unknown's standard error, at which it is done.
const TOLERANCE: f64 = 1e-6;

/// Normal equations A f = b of a weighted least-squares problem, the diagonal apart.
#[derive(Debug, Clone, Default)]
pub(super) struct NormalEquations {
    pub(super) diagonal: Vec<f64>,
    pub(super) right: Vec<f64>,
    /// For each unknown the others that it overlaps, with their element of A.
    pub(super) coupled: Vec<Vec<(usize, f64)>>,
}

impl NormalEquations {
    pub(super) fn new(unknowns: usize) -> Self {
        Self {
            diagonal: vec![0.0; unknowns],
            right: vec![0.0; unknowns],
            coupled: vec![Vec::new(); unknowns],
        }
    }

    /// Standard error of an unknown when all others are known; infinite where nothing measures it.
    pub(super) fn error(&self, i: usize) -> f64 {
        1.0 / self.diagonal[i].sqrt()
    }

    /// Moves `values` to the minimum subject to `values[i] >= least[i]`, one unknown after the other.
    ///
    /// Unknowns that nothing measures stay where they are. Converges because A is positive definite or, where
    /// sources are alike, semi-definite: then to one of the minima.
    pub(super) fn solve(&self, values: &mut [f64], least: &[f64]) {
        for _ in 0..MAX_SWEEPS {
            let mut largest: f64 = 0.0;
            for i in (0..values.len()).filter(|i| self.diagonal[*i] > 0.0) {
                let others: f64 = self.coupled[i].iter().map(|(j, a)| a * values[*j]).sum();
                let value = ((self.right[i] - others) / self.diagonal[i]).max(least[i]);
                largest = largest.max((value - values[i]).abs() / self.error(i));
                values[i] = value;
            }
            if largest < TOLERANCE {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equations() -> NormalEquations {
        let mut equations = NormalEquations::new(3);
        equations.diagonal = vec![4.0, 3.0, 0.0];
        equations.right = vec![2.0, 5.0, 1.0];
        equations.coupled = vec![vec![(1, 1.0)], vec![(0, 1.0)], Vec::new()];
        equations
    }

    #[test]
    fn solves_a_system_and_leaves_what_nothing_measures() {
        let mut values = vec![0.0, 0.0, 7.0];
        equations().solve(&mut values, &[f64::NEG_INFINITY; 3]);
        for (v, expected) in values.iter().zip([1.0 / 11.0, 18.0 / 11.0, 7.0]) {
            assert!((v - expected).abs() < 1e-6, "{values:?}");
        }
    }

    #[test]
    fn at_a_bound_the_others_are_best_given_it() {
        let mut values = vec![1.0, 1.0, 7.0];
        equations().solve(&mut values, &[0.5, 0.0, 0.0]);
        assert!((values[0] - 0.5).abs() < 1e-12 && (values[1] - 1.5).abs() < 1e-6, "{values:?}");
    }
}
