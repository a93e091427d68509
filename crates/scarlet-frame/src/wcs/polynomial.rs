//! Polynomials of two variables, with their slopes.

/// `sum c_pq u^p v^q` over `p + q` up to a degree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Polynomial {
    degree: usize,
    /// Row `p` after row `p - 1`; row `p` holds `q` from 0 to `degree - p`.
    terms: Vec<f64>,
}

/// A value with its slopes along `u` and `v`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Jet {
    pub(super) value: f64,
    pub(super) by_u: f64,
    pub(super) by_v: f64,
}

impl Polynomial {
    /// The polynomial of `terms`, each `(p, q, c_pq)`.
    pub(super) fn new(terms: &[(usize, usize, f64)]) -> Self {
        let degree = terms.iter().map(|(p, q, _)| p + q).max().unwrap_or(0);
        let mut dense = vec![0.0; (degree + 1) * (degree + 2) / 2];
        for &(p, q, value) in terms {
            // rows 0 to p - 1 hold degree + 1, degree, ... terms
            dense[p * (2 * degree + 3 - p) / 2 + q] += value;
        }
        Self { degree, terms: dense }
    }

    /// Value and slopes at `(u, v)`, by Horner's rule in both.
    pub(super) fn at(&self, [u, v]: [f64; 2]) -> Jet {
        let mut jet = Jet::default();
        let mut rest = self.terms.as_slice();
        for length in 1..=self.degree + 1 {
            let (before, row) = rest.split_at(rest.len() - length);
            rest = before;
            let (mut value, mut slope) = (0.0, 0.0);
            for &term in row.iter().rev() {
                slope = slope * v + value;
                value = value * v + term;
            }
            jet.by_u = jet.by_u * u + jet.value;
            jet.by_v = jet.by_v * u + slope;
            jet.value = jet.value * u + value;
        }
        jet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_slopes_are_those_of_the_sum() {
        let terms = [(0, 0, 0.5), (1, 0, -2.0), (0, 1, 3.0), (2, 1, 0.25), (0, 4, -1.5), (3, 0, 0.7)];
        let (u, v) = (1.3f64, -0.4f64);
        let sum = |f: fn(f64, f64, i32, i32) -> f64| -> f64 {
            terms.iter().map(|&(p, q, c)| c * f(u, v, p as i32, q as i32)).sum()
        };
        let jet = Polynomial::new(&terms).at([u, v]);
        approx::assert_relative_eq!(jet.value, sum(|u, v, p, q| u.powi(p) * v.powi(q)), epsilon = 1e-14);
        let by_u = sum(|u, v, p, q| f64::from(p) * u.powi(p - 1) * v.powi(q));
        let by_v = sum(|u, v, p, q| f64::from(q) * u.powi(p) * v.powi(q - 1));
        approx::assert_relative_eq!(jet.by_u, by_u, epsilon = 1e-14);
        approx::assert_relative_eq!(jet.by_v, by_v, epsilon = 1e-14);
        assert_eq!(Polynomial::new(&[]).at([3.0, 4.0]).value, 0.0);
    }
}
