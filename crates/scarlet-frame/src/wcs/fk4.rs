//! FK4 of any equinox against FK5 of J2000.

use super::date;
use super::rotation::{Matrix, about_y, about_z, multiply};

/// From FK4 B1950 without E-terms to FK5 J2000, at the epoch 1950.
///
/// Source: Murray 1989, A&A 218, 325, eq. 28.
const FK5_FROM_B1950: Matrix = [
    [0.999_925_679_495_687_7, -0.011_181_483_220_466_2, -0.004_859_003_815_359_2],
    [0.011_181_483_239_171_7, 0.999_937_484_893_313_5, -0.000_027_162_594_714_2],
    [0.004_859_003_772_314_3, -0.000_027_170_293_744_0, 0.999_988_194_602_374_2],
];

/// Its change per Julian century, in units of 1e-6, for sources that do not move (Murray 1989, eq. 29).
const PER_CENTURY: Matrix = [
    [-0.0026455262, -1.1539918689, 2.1111346190],
    [1.1540628161, -0.0129042997, 0.0236021478],
    [-2.1112979048, -0.0056024448, 0.0102587734],
];

/// From FK4 without E-terms of `equinox` (Besselian) to FK5 J2000, at `epoch` (Julian).
///
/// Rotations to 2e-6: those who want unit vectors must normalise.
pub(super) fn to_fk5(equinox: f64, epoch: f64) -> Matrix {
    let centuries = (epoch - 1950.0) / 100.0;
    let mut matrix = FK5_FROM_B1950;
    for (row, change) in matrix.iter_mut().zip(PER_CENTURY) {
        for (value, change) in row.iter_mut().zip(change) {
            *value += 1e-6 * change * centuries;
        }
    }
    multiply(matrix, precession(equinox, 1950.0))
}

/// Newcomb's precession between two Besselian years.
///
/// Source: Explanatory Supplement to the Astronomical Almanac (1992), eqs. 3.214-2 and 3.214-3.
fn precession(from: f64, to: f64) -> Matrix {
    // thousands of tropical years
    let start = (from - 1850.0) / 1000.0;
    let t = (to - from) / 1000.0;
    let radians = |arcsec: f64| (arcsec / 3600.0).to_radians();
    let linear = 23035.545 + start * (139.720 + 0.060 * start);
    let zeta = t * (linear + t * (30.240 - 0.27 * start + 17.995 * t));
    let z = t * (linear + t * (109.480 + 0.39 * start + 18.325 * t));
    let theta = t * (20051.12 + start * (-85.29 - 0.37 * start) + t * (-42.65 - 0.37 * start - 41.8 * t));
    multiply(about_z(radians(-z)), multiply(about_y(radians(theta)), about_z(radians(-zeta))))
}

/// The E-terms of aberration, which FK4 positions hold, at `equinox` (Besselian): a vector of 0.34 arcsec.
///
/// Source: Explanatory Supplement to the Astronomical Almanac (1992), section 3.531, with the constant of aberration
/// of J2000, 0.0056932 deg; the obliquity is that of Lieske et al. 1977, A&A 58, 1.
pub(super) fn e_terms(equinox: f64) -> [f64; 3] {
    let t = (date::day_of_besselian(equinox) - date::day_of_besselian(1950.0)) / 36525.0;
    let size = 0.005_693_2f64.to_radians() * (0.01673011 + t * (-0.00004193 - 0.000000126 * t));
    let arcsec = |value: f64| (value / 3600.0).to_radians();
    let perigee = arcsec(1_015_489.951 + t * (6190.67 + t * (1.65 + 0.012 * t)));
    let t = date::centuries_since_2000(date::julian_of_besselian(equinox));
    let obliquity = arcsec(84381.448 + t * (-46.8150 + t * (-0.00059 + 0.001813 * t)));
    let (sin, cos) = perigee.sin_cos();
    [size * sin, -size * cos * obliquity.cos(), -size * cos * obliquity.sin()]
}
