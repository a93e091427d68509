//! The linear part of a WCS: pixels to degrees in the plane of the projection, and back.

use super::axes::Axes;
use super::keywords::{Keywords, bad};
use crate::FrameError;

/// Keywords of the two ways to write a matrix.
const CD: [[&str; 2]; 2] = [["CD1_1", "CD1_2"], ["CD2_1", "CD2_2"]];
const PC: [[&str; 2]; 2] = [["PC1_1", "PC1_2"], ["PC2_1", "PC2_2"]];
const CDELT: [&str; 2] = ["CDELT1", "CDELT2"];

/// `plane = matrix (pixel - reference)`; pixels 0-based `[x, y]`, plane `[lon, lat]` in degrees.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Linear {
    reference: [f64; 2],
    matrix: [[f64; 2]; 2],
    inverse: [[f64; 2]; 2],
}

impl Linear {
    /// Reads CRPIX and CD, PC with CDELT, or CROTA with CDELT (FITS WCS paper I, section 2.1.2).
    pub(super) fn new(keywords: &Keywords, axes: &Axes) -> Result<Self, FrameError> {
        let why = "it is the pixel that CRVAL belongs to";
        let reference = [keywords.required("CRPIX1", why)? - 1.0, keywords.required("CRPIX2", why)? - 1.0];
        let (raw, name) = matrix(keywords, axes)?;
        // rows in degrees, the row of the longitude first
        let row = |axis: usize| raw[axis].map(|value| value * axes.degrees_per_unit[axis]);
        let matrix = [row(axes.lon), row(axes.lat)];
        let inverse = invert(matrix).ok_or_else(|| {
            bad(name, format!("the matrix {raw:?} cannot be inverted; both pixel axes must move on the sky"))
        })?;
        Ok(Self { reference, matrix, inverse })
    }

    /// `[x, y]` of a 0-based pixel `[y, x]` counted from the reference pixel.
    pub(super) fn offset(&self, [y, x]: [f64; 2]) -> [f64; 2] {
        [x - self.reference[0], y - self.reference[1]]
    }

    /// 0-based pixel `[y, x]` of `[x, y]` counted from the reference pixel.
    pub(super) fn pixel(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [y + self.reference[1], x + self.reference[0]]
    }

    /// Plane position `[lon, lat]` in degrees of `[x, y]` counted from the reference pixel.
    pub(super) fn plane(&self, offset: [f64; 2]) -> [f64; 2] {
        apply(self.matrix, offset)
    }

    /// `[x, y]` counted from the reference pixel of a plane position `[lon, lat]` in degrees.
    pub(super) fn offset_of_plane(&self, plane: [f64; 2]) -> [f64; 2] {
        apply(self.inverse, plane)
    }

    /// Degrees per pixel: rows `[lon, lat]`, columns `[x, y]`.
    pub(super) fn matrix(&self) -> [[f64; 2]; 2] {
        self.matrix
    }
}

/// The matrix in the units of the axes, rows in the header's order, and the keywords that it came from.
fn matrix(keywords: &Keywords, axes: &Axes) -> Result<([[f64; 2]; 2], &'static str), FrameError> {
    let (has_cd, has_pc) = (keywords.any(CD.as_flattened()), keywords.any(PC.as_flattened()));
    if has_cd && has_pc {
        return Err(bad("CDi_j, PCi_j", "both are there, which FITS forbids; leave the right ones"));
    }
    if has_cd {
        return Ok((read(keywords, CD, [[0.0; 2]; 2])?, "CDi_j"));
    }
    let cdelt = cdelt(keywords, has_pc)?;
    if !has_pc {
        return Ok((rotated(cdelt, rotation(keywords, axes)?, axes), "CDELTi, CROTAi"));
    }
    for name in ["CROTA1", "CROTA2"] {
        if keywords.number(name)?.is_some_and(|angle| angle != 0.0) {
            return Err(bad(name, "cannot stand beside PCi_j; leave the right one"));
        }
    }
    let pc = read(keywords, PC, [[1.0, 0.0], [0.0, 1.0]])?;
    Ok(([pc[0].map(|v| v * cdelt[0]), pc[1].map(|v| v * cdelt[1])], "PCi_j, CDELTi"))
}

fn read(
    keywords: &Keywords,
    names: [[&str; 2]; 2],
    mut matrix: [[f64; 2]; 2],
) -> Result<[[f64; 2]; 2], FrameError> {
    for (row, names) in matrix.iter_mut().zip(names) {
        for (value, name) in row.iter_mut().zip(names) {
            *value = keywords.number(name)?.unwrap_or(*value);
        }
    }
    Ok(matrix)
}

/// CDELT; where PC is there and CDELT is not at all, FITS says 1.
fn cdelt(keywords: &Keywords, has_pc: bool) -> Result<[f64; 2], FrameError> {
    if has_pc && !keywords.any(&CDELT) {
        return Ok([1.0, 1.0]);
    }
    let why = "without CDi_j it is the size of a pixel";
    Ok([keywords.required("CDELT1", why)?, keywords.required("CDELT2", why)?])
}

/// CROTA of the latitude axis, in degrees.
fn rotation(keywords: &Keywords, axes: &Axes) -> Result<f64, FrameError> {
    let names = ["CROTA1", "CROTA2"];
    let (lon, lat) = (keywords.number(names[axes.lon])?, keywords.number(names[axes.lat])?);
    match (lon, lat) {
        (_, Some(angle)) => Ok(angle),
        (Some(angle), None) if angle != 0.0 => {
            let problem = format!("the rotation belongs to the declination axis; give {}", names[axes.lat]);
            Err(bad(names[axes.lon], problem))
        }
        _ => Ok(0.0),
    }
}

/// The matrix of CDELT and CROTA (FITS WCS paper II, section 6.1, the AIPS convention).
fn rotated(cdelt: [f64; 2], angle_deg: f64, axes: &Axes) -> [[f64; 2]; 2] {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    let (lon, lat) = (axes.lon, axes.lat);
    let mut matrix = [[0.0; 2]; 2];
    matrix[lon][lon] = cdelt[lon] * cos;
    matrix[lon][lat] = -cdelt[lat] * sin;
    matrix[lat][lon] = cdelt[lon] * sin;
    matrix[lat][lat] = cdelt[lat] * cos;
    matrix
}

fn apply(m: [[f64; 2]; 2], v: [f64; 2]) -> [f64; 2] {
    m.map(|row| row[0] * v[0] + row[1] * v[1])
}

/// The inverse, or `None` where the columns are parallel to rounding, zero, or too large or small for f64.
fn invert(m: [[f64; 2]; 2]) -> Option<[[f64; 2]; 2]> {
    let [[a, b], [c, d]] = m;
    let determinant = a * d - b * c;
    let size = a.hypot(c) * b.hypot(d);
    let regular = size.is_normal() && determinant.abs() > 1e-12 * size;
    let inverse = [[d, -b], [-c, a]].map(|row| row.map(|value| value / determinant));
    (regular && inverse.as_flattened().iter().all(|value| value.is_finite())).then_some(inverse)
}
