//! Values and errors of the observations' own parameters after a fit.

use crate::Posterior;
use scarlet_model::{Role, Slot, Transform};
use scarlet_obs::Observation;

/// Relative step of the derivatives of what is seen, in unconstrained values.
const STEP: f64 = 1e-2;
/// Parameters of more values than this are images, which are held.
const FEW: usize = 32;
/// Share of the information about a value beyond what others tell below which nothing is known of it.
const SINGULAR: f64 = 1e-12;
/// With more values than this together, all sources are held.
const MOST: usize = 600;

/// A free parameter of an observation, with errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Its path: `observations.HST.shift`.
    pub path: String,
    /// Its values.
    pub values: Vec<f64>,
    /// Their standard deviations.
    pub errors: Vec<f64>,
    /// Whether the errors have in them that centres and spectra of sources are not known for sure either.
    pub is_marginal: bool,
}

impl Posterior {
    /// The free parameters of `observations`, those that it was made from, at `x`, with their errors.
    ///
    /// Errors are those of the Gauss-Newton approximation at `x`, from J' W J and the curvature of the observations'
    /// priors, J the derivatives of what all observations see: inverted, so that they have in them what is not known of the
    /// observations' other parameters and of centres and spectra of sources (parameters of up to 32 values that are not
    /// shapes). Held at their values, and so missing in the errors, are images and shapes of sources, the priors of
    /// sources, and correlations of the noise. With more than 600 values together the sources are held altogether:
    /// [`Estimate::is_marginal`].
    ///
    /// # Cost
    /// Two evaluations for each of these values, and as many images of the observations in memory as there are values.
    ///
    /// # Panics
    /// `x` is not [`Posterior::dim`] long.
    pub fn estimates(&mut self, x: &[f64], observations: &[&Observation]) -> Vec<Estimate> {
        let slots = self.layout().slots().to_vec();
        let is_own = |slot: &&Slot| slot.is_free() && slot.role == Role::Calibration;
        let is_few = |slot: &&Slot| {
            let is_source = matches!(slot.role, Role::Center | Role::Light) && slot.values.len() <= FEW;
            slot.is_free() && is_source && is_elementwise(slot)
        };
        let own: Vec<usize> =
            slots.iter().filter(is_own).flat_map(|slot| slot.unconstrained.clone()).collect();
        if own.is_empty() {
            return Vec::new();
        }
        let others = slots.iter().filter(is_few).flat_map(|slot| slot.unconstrained.clone());
        let mut all: Vec<usize> = own.iter().copied().chain(others).collect();
        let is_marginal = all.len() <= MOST;
        if !is_marginal {
            all.truncate(own.len());
        }
        let mut information = self.information_along(x, &all, observations);
        self.precisions_of_priors(x);
        let precisions = self.gradient_of_values().to_vec();
        let slopes = self.slopes(x);
        for slot in slots.iter().filter(is_own) {
            for (at, value) in slot.unconstrained.clone().zip(slot.values.clone()) {
                let row = all.iter().position(|k| *k == at).unwrap_or_default();
                information[row][row] += slopes[value].powi(2) * precisions[value];
            }
        }
        let variances = diagonal_of_inverse(information, own.len());
        let estimate = |slot: &Slot| {
            let error = |(at, value): (usize, usize)| {
                let row = own.iter().position(|k| *k == at).unwrap_or_default();
                slopes[value].abs() * variances[row].sqrt()
            };
            Estimate {
                path: slot.path.clone(),
                values: self.values()[slot.values.clone()].to_vec(),
                errors: slot.unconstrained.clone().zip(slot.values.clone()).map(error).collect(),
                is_marginal,
            }
        };
        slots.iter().filter(is_own).map(estimate).collect()
    }

    /// J' W J along some of the unconstrained values.
    fn information_along(
        &mut self,
        x: &[f64],
        along: &[usize],
        observations: &[&Observation],
    ) -> Vec<Vec<f64>> {
        let roots: Vec<f64> =
            observations.iter().flat_map(|o| o.weights().iter().map(|w| w.sqrt())).collect();
        let mut at = |k: usize, step: f64| {
            let mut moved = x.to_vec();
            moved[k] += step;
            self.value(&moved);
            self.rendered()
                .into_iter()
                .flat_map(|cube| cube.into_raw_vec_and_offset().0)
                .collect::<Vec<f64>>()
        };
        let columns: Vec<Vec<f64>> = along
            .iter()
            .map(|k| {
                let (ahead, behind) = (at(*k, STEP), at(*k, -STEP));
                let pairs = ahead.iter().zip(&behind).zip(&roots);
                pairs.map(|((a, b), root)| root * (a - b) / (2.0 * STEP)).collect()
            })
            .collect();
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum();
        columns.iter().map(|a| columns.iter().map(|b| product(a, b)).collect()).collect()
    }

    /// Derivatives of all values by their unconstrained ones, where each depends on one only.
    fn slopes(&mut self, x: &[f64]) -> Vec<f64> {
        self.value(x);
        let mut slopes = vec![0.0; self.values().len()];
        for slot in self.layout().slots().iter().filter(|slot| slot.is_free() && is_elementwise(slot)) {
            let (values, ones) = (&self.values()[slot.values.clone()], vec![1.0; slot.values.len()]);
            let own = &mut slopes[slot.values.clone()];
            slot.transform.pull_back(&x[slot.unconstrained.clone()], values, &ones, own);
        }
        slopes
    }
}

/// Whether each value depends on one unconstrained value only.
pub(crate) const fn is_elementwise(slot: &Slot) -> bool {
    !matches!(slot.transform, Transform::UnitDisk | Transform::Ordered | Transform::Simplex)
}

/// The first `n` elements on the diagonal of the inverse of a symmetric matrix; infinite where it is singular.
fn diagonal_of_inverse(mut matrix: Vec<Vec<f64>>, n: usize) -> Vec<f64> {
    let size = matrix.len();
    // scaled to ones on the diagonal, then Cholesky
    let scales: Vec<f64> = (0..size).map(|k| matrix[k][k].max(f64::MIN_POSITIVE).sqrt()).collect();
    for row in 0..size {
        for column in 0..=row {
            let product = |k: usize| matrix[row][k] * matrix[column][k];
            let sum =
                matrix[row][column] / (scales[row] * scales[column]) - (0..column).map(product).sum::<f64>();
            matrix[row][column] = match sum {
                _ if row > column => sum / matrix[column][column],
                sum if sum > SINGULAR => sum.sqrt(),
                _ => f64::INFINITY,
            };
        }
    }
    (0..n)
        .map(|wanted| {
            let (mut column, mut variance) = (vec![0.0; size], 0.0);
            for row in wanted..size {
                let known: f64 = (wanted..row).map(|k| matrix[row][k] * column[k]).sum();
                column[row] = (f64::from(u8::from(row == wanted)) - known) / matrix[row][row];
                variance += column[row] * column[row];
            }
            let is_told = matrix[wanted][wanted].is_finite();
            if is_told { variance / (scales[wanted] * scales[wanted]) } else { f64::INFINITY }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::diagonal_of_inverse;

    #[test]
    fn variances_are_those_of_the_inverse() {
        let matrix = vec![vec![4.0, 1.0, 0.5], vec![1.0, 3.0, -0.2], vec![0.5, -0.2, 2.0]];
        let determinant = 4.0 * (6.0 - 0.04) - (2.0 + 0.1) + 0.5 * (-0.2 - 1.5);
        let found = diagonal_of_inverse(matrix, 2);
        assert!((found[0] - (6.0 - 0.04) / determinant).abs() < 1e-14);
        assert!((found[1] - (8.0 - 0.25) / determinant).abs() < 1e-14);
        let empty = diagonal_of_inverse(vec![vec![0.0, 0.0], vec![0.0, 2.0]], 2);
        assert!(empty[0].is_infinite() && (empty[1] - 0.5).abs() < 1e-15);
    }
}
