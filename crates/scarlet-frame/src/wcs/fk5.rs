//! FK5 of any equinox against ICRS.

use super::date::centuries_since_2000;
use super::rotation::{Matrix, about_x, about_y, about_z, multiply, transpose};

/// The rotation from ICRS to FK5 of `equinox`, a Julian year.
pub(super) fn from_icrs(equinox: f64) -> Matrix {
    if equinox == 2000.0 {
        return bias();
    }
    // the angles at J2000 hold the frame bias of the IAU 2006 system, which FK5 has not
    let precession = multiply(angles(centuries_since_2000(equinox)), transpose(angles(0.0)));
    multiply(precession, bias())
}

/// Frame bias between ICRS and FK5 at J2000: -19.9, 9.1 and -22.9 mas about x, y and z.
///
/// Source: Mignard and Froeschle 2000, A&A 354, 732, as given in Kaplan 2005, USNO Circular 179, section 3.5.
pub(super) fn bias() -> Matrix {
    let angle = |mas: f64| (mas / 3.6e6).to_radians();
    multiply(about_x(angle(19.9)), multiply(about_y(angle(9.1)), about_z(angle(-22.9))))
}

/// The rotation from GCRS to the mean equator and equinox, `t` Julian centuries after J2000.
///
/// Source: the four angles of Fukushima and Williams for IAU 2006 precession, Hilton et al. 2006, Celest. Mech. Dyn.
/// Astron. 94, 351, table 1.
fn angles(t: f64) -> Matrix {
    let polynomial = |terms: [f64; 6]| {
        (terms.into_iter().rev().fold(0.0, |sum, term| sum * t + term) / 3600.0).to_radians()
    };
    let gamma = polynomial([-0.052928, 10.556378, 0.4932044, -0.00031238, -0.000002788, 0.0000000260]);
    let phi = polynomial([84381.412819, -46.811016, 0.0511268, 0.00053289, -0.000000440, -0.0000000176]);
    let psi = polynomial([-0.041775, 5038.481484, 1.5584175, -0.00018522, -0.000026452, -0.0000000148]);
    let epsilon = polynomial([84381.406, -46.836769, -0.0001831, 0.00200340, -0.000000576, -0.0000000434]);
    multiply(about_x(-epsilon), multiply(about_z(-psi), multiply(about_x(phi), about_z(gamma))))
}
