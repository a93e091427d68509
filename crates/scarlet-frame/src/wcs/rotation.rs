//! The rotation between the sky and the native sphere of a projection.

use super::axes::Axes;
use super::keywords::{Keywords, bad};
use crate::FrameError;

/// A rotation of unit vectors, by rows.
pub(super) type Matrix = [[f64; 3]; 3];

/// The rotation from celestial unit vectors to those of the native sphere.
///
/// Source: Calabretta and Greisen 2002, A&A 395, 1077 (FITS WCS paper II), section 2.4 and eq. 5.
pub(super) fn native_from_celestial(keywords: &Keywords, axes: &Axes) -> Result<Matrix, FrameError> {
    let [lon, lat] = axes.reference(keywords)?;
    let lonpole = keywords.number("LONPOLE")?;
    let latpole = keywords.number("LATPOLE")?;
    // the native latitude of the reference point is 90 deg for zenithal projections, 0 for the others
    let zenithal = axes.projection.is_zenithal();
    let default = if lat >= if zenithal { 90.0 } else { 0.0 } { 0.0 } else { 180.0 };
    let phi_deg = lonpole.unwrap_or(default);
    let (alpha, delta, phi) = (lon.to_radians(), lat.to_radians(), phi_deg.to_radians());
    if zenithal {
        return Ok(euler(alpha, delta, phi));
    }
    let pole = celestial_pole(lon, lat, phi_deg, latpole.unwrap_or(90.0));
    let [alpha, delta] = pole.ok_or_else(|| {
        let problem = format!(
            "with {phi_deg} deg no single pole fits a reference point at declination {lat} deg; use 0 or 180"
        );
        bad("LONPOLE", problem)
    })?;
    Ok(euler(alpha, delta, phi))
}

/// Where the native pole is on the sky, radians, for a reference point at native (0, 0).
///
/// All arguments in degrees. Of two solutions it is the one nearer to `latpole` (paper II, eqs. 8 to 10). `None`
/// where there is none, and where LATPOLE alone decides (LONPOLE 90: astropy and the paper differ).
fn celestial_pole(alpha_0: f64, delta_0: f64, phi_p: f64, latpole: f64) -> Option<[f64; 2]> {
    let (sin_phi, cos_phi) = exact_sin_cos(phi_p);
    let (sin_0, cos_0) = exact_sin_cos(delta_0);
    // cos^2(delta_0) - sin^2(phi_p), of which the root is the sine of the arc cosine in eq. 8
    let square = (cos_0 - sin_phi) * (cos_0 + sin_phi);
    if square < -1e-15 || cos_phi == 0.0 {
        return None;
    }
    let middle = 0f64.atan2(cos_phi);
    let half = square.max(0.0).sqrt().atan2(sin_0);
    let delta_p = nearest_latitude([middle - half, middle + half], latpole.to_radians())?;
    let (sin_p, cos_p) = delta_p.sin_cos();
    let alpha_0 = alpha_0.to_radians();
    let alpha_p = if cos_0 == 0.0 {
        alpha_0
    } else if cos_p.abs() < 1e-15 {
        let phi = phi_p.to_radians();
        if sin_p > 0.0 { alpha_0 + phi - std::f64::consts::PI } else { alpha_0 - phi }
    } else {
        alpha_0 - (sin_phi / cos_0).atan2(-sin_p * sin_0 / (cos_p * cos_0))
    };
    Some([alpha_p, delta_p])
}

/// The one of two angles, from -pi to 2 pi, that is a latitude and nearest to `wanted`; radians.
fn nearest_latitude(angles: [f64; 2], wanted: f64) -> Option<f64> {
    use std::f64::consts::{FRAC_PI_2, PI, TAU};
    let limit = FRAC_PI_2 + 1e-12;
    let wrap = |angle: f64| if angle > PI { angle - TAU } else { angle };
    let valid = angles.map(wrap).into_iter().filter(|angle| angle.abs() <= limit);
    let nearest = valid.min_by(|a, b| (a - wanted).abs().total_cmp(&(b - wanted).abs()));
    nearest.map(|angle| angle.clamp(-FRAC_PI_2, FRAC_PI_2))
}

/// Sine and cosine of degrees, exact at multiples of 90.
fn exact_sin_cos(degrees: f64) -> (f64, f64) {
    match degrees.rem_euclid(360.0) {
        0.0 => (0.0, 1.0),
        90.0 => (1.0, 0.0),
        180.0 => (0.0, -1.0),
        270.0 => (-1.0, 0.0),
        _ => degrees.to_radians().sin_cos(),
    }
}

/// The rotation to a sphere whose pole is at `(alpha, delta)` and which has the celestial pole at longitude `phi`.
fn euler(alpha: f64, delta: f64, phi: f64) -> Matrix {
    let ((sin_a, cos_a), (sin_d, cos_d), (sin_p, cos_p)) = (alpha.sin_cos(), delta.sin_cos(), phi.sin_cos());
    [
        [-sin_a * sin_p - cos_a * cos_p * sin_d, cos_a * sin_p - sin_a * cos_p * sin_d, cos_p * cos_d],
        [sin_a * cos_p - cos_a * sin_p * sin_d, -cos_a * cos_p - sin_a * sin_p * sin_d, sin_p * cos_d],
        [cos_a * cos_d, sin_a * cos_d, sin_d],
    ]
}

/// `a b`.
pub(super) fn multiply(a: Matrix, b: Matrix) -> Matrix {
    a.map(|row| [0, 1, 2].map(|k| row[0] * b[0][k] + row[1] * b[1][k] + row[2] * b[2][k]))
}

/// `m v`.
pub(super) fn rotate(m: &Matrix, v: [f64; 3]) -> [f64; 3] {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// `m' v`: the inverse of [`rotate`].
pub(super) fn rotate_back(m: &Matrix, v: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|k| m[0][k] * v[0] + m[1][k] * v[1] + m[2][k] * v[2])
}

/// The transpose: the inverse of a rotation.
pub(super) fn transpose(m: Matrix) -> Matrix {
    [0, 1, 2].map(|k| m.map(|row| row[k]))
}

/// The inverse of a matrix that is nearly a rotation.
pub(super) fn inverse(m: Matrix) -> Matrix {
    let [a, b, c] = m;
    let columns = [cross(b, c), cross(c, a), cross(a, b)];
    let determinant = a[0] * columns[0][0] + a[1] * columns[0][1] + a[2] * columns[0][2];
    transpose(columns.map(|column| column.map(|v| v / determinant)))
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// `v` with length 1.
pub(super) fn normalized(v: [f64; 3]) -> [f64; 3] {
    let length = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
    v.map(|value| value / length)
}

/// The rotation of the axes by `angle` radians about the first one.
pub(super) fn about_x(angle: f64) -> Matrix {
    let (sin, cos) = angle.sin_cos();
    [[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]]
}

/// The rotation of the axes by `angle` radians about the second one.
pub(super) fn about_y(angle: f64) -> Matrix {
    let (sin, cos) = angle.sin_cos();
    [[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]]
}

/// The rotation of the axes by `angle` radians about the third one.
pub(super) fn about_z(angle: f64) -> Matrix {
    let (sin, cos) = angle.sin_cos();
    [[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]]
}
