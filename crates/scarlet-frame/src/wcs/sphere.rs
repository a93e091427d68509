//! From ICRS unit vectors to those of the native sphere of a projection, and back.

use super::fk5;
use super::rotation::{Matrix, inverse, multiply, normalized, rotate, rotate_back, transpose};

/// Most rounds of the E-terms' inverse; each gains six digits.
const ROUNDS: usize = 4;

/// The map between ICRS and the native sphere.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sphere {
    /// A rotation, from ICRS.
    Rotated(Matrix),
    /// FK4, whose step to FK5 is no rotation.
    Fk4 {
        native_from_fk4: Matrix,
        icrs_from_mean: Matrix,
        mean_from_icrs: Matrix,
        /// In FK4 itself, not in FK4-NO-E.
        e_terms: Option<[f64; 3]>,
    },
}

impl Sphere {
    /// For a header in ICRS.
    pub(super) const fn of_icrs(native: Matrix) -> Self {
        Self::Rotated(native)
    }

    /// For a header in a frame that is rotated against ICRS.
    pub(super) fn rotated(native: Matrix, frame_from_icrs: Matrix) -> Self {
        Self::Rotated(multiply(native, frame_from_icrs))
    }

    /// For a header in FK4; `fk5_from_mean` leads from FK4 without E-terms to FK5 of J2000.
    pub(super) fn of_fk4(native: Matrix, fk5_from_mean: Matrix, e_terms: Option<[f64; 3]>) -> Self {
        let icrs_from_mean = multiply(transpose(fk5::bias()), fk5_from_mean);
        let mean_from_icrs = inverse(icrs_from_mean);
        Self::Fk4 { native_from_fk4: native, icrs_from_mean, mean_from_icrs, e_terms }
    }

    /// Native unit vector of an ICRS one.
    pub(super) fn to_native(&self, icrs: [f64; 3]) -> [f64; 3] {
        match self {
            Self::Rotated(matrix) => rotate(matrix, icrs),
            Self::Fk4 { native_from_fk4, mean_from_icrs, e_terms, .. } => {
                let mean = normalized(rotate(mean_from_icrs, icrs));
                let fk4 = e_terms.map_or(mean, |terms| with_e_terms(mean, terms));
                rotate(native_from_fk4, fk4)
            }
        }
    }

    /// ICRS unit vector of a native one.
    pub(super) fn to_icrs(&self, native: [f64; 3]) -> [f64; 3] {
        match self {
            Self::Rotated(matrix) => rotate_back(matrix, native),
            Self::Fk4 { native_from_fk4, icrs_from_mean, e_terms, .. } => {
                let fk4 = rotate_back(native_from_fk4, native);
                let mean = e_terms.map_or(fk4, |terms| without_e_terms(fk4, terms).0);
                normalized(rotate(icrs_from_mean, mean))
            }
        }
    }
}

/// `v - e + (e v) v` as a unit vector, and its length before (Explanatory Supplement 1992, eq. 3.531-1).
fn without_e_terms(v: [f64; 3], e: [f64; 3]) -> ([f64; 3], f64) {
    let along = dot(e, v);
    let mean = [0, 1, 2].map(|k| v[k] - e[k] + along * v[k]);
    (normalized(mean), dot(mean, mean).sqrt())
}

/// The inverse of [`without_e_terms`], by iteration on the length and the part along `v`.
fn with_e_terms(mean: [f64; 3], e: [f64; 3]) -> [f64; 3] {
    let mut v = mean;
    for _ in 0..ROUNDS {
        let (_, length) = without_e_terms(v, e);
        v = normalized([0, 1, 2].map(|k| length * mean[k] + e[k]));
    }
    v
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
