//! The TPV distortion: SCAMP's polynomials in the plane of the gnomonic projection.

use super::axes::Axes;
use super::distortion::Said;
use super::keywords::{Keywords, bad};
use super::newton::{self, Forward};
use super::polynomial::Polynomial;
use crate::FrameError;

/// Indices of the powers 1, 3, 5 and 7 of the radius.
const RADIAL: [usize; 4] = [3, 11, 23, 39];

/// Steps of the inverse below this many degrees are not followed further.
const FLOOR_DEG: f64 = 1e-15;

/// The longitude and latitude polynomials of a plane position `[lon, lat]` in degrees.
///
/// `PV1_m` makes the longitude, `PV2_m` the latitude. Their terms are, with x the axis' own coordinate, y the other one and r their
/// distance from 0, in the order of m: 1, x, y, r, x^2, xy, y^2, x^3, x^2 y, x y^2, y^3, r^3, x^4, ..., y^4, x^5, ...,
/// y^5, r^5, x^6, ..., y^6, x^7, ..., y^7, r^7.
///
/// Source: the TPV convention in the registry of FITS conventions (2011).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tpv {
    lon: AxisTerms,
    lat: AxisTerms,
}

/// What one axis becomes.
#[derive(Debug, Clone, PartialEq)]
struct AxisTerms {
    /// In the axis' own coordinate and the other one.
    smooth: Polynomial,
    /// Factors of r, r^3, r^5 and r^7.
    radial: [f64; 4],
}

impl Tpv {
    /// Reads the `PVi_m` of both axes.
    pub(super) fn read(keywords: &Keywords, axes: &Axes) -> Result<Self, FrameError> {
        if axes.lon != 0 {
            let problem =
                "the terms of TPV have a meaning only where right ascension is axis 1 and declination axis 2";
            return Err(bad("CTYPE1, CTYPE2", problem));
        }
        let why = match axes.said {
            Said::Tpv => {
                "programs differ on the linear term of TPV where it is not there; write 1.0 if that is meant"
            }
            _ => {
                "PVi_m beside TAN are read as SCAMP's polynomial (TPV), which has this term; remove them if they are \
                 not that"
            }
        };
        Ok(Self { lon: AxisTerms::read(keywords, 1, why)?, lat: AxisTerms::read(keywords, 2, why)? })
    }

    /// Where `[lon, lat]` is taken to, and the slopes there.
    pub(super) fn forward(&self, [lon, lat]: [f64; 2]) -> Forward {
        let (new_lon, [lon_lon, lon_lat]) = self.lon.at([lon, lat]);
        let (new_lat, [lat_lat, lat_lon]) = self.lat.at([lat, lon]);
        ([new_lon, new_lat], [[lon_lon, lon_lat], [lat_lon, lat_lat]])
    }

    /// The `[lon, lat]` that is taken to `target`; `None` where the polynomials have no inverse.
    pub(super) fn inverse(&self, target: [f64; 2]) -> Option<[f64; 2]> {
        newton::invert(target, FLOOR_DEG, |at| self.forward(at))
    }
}

impl AxisTerms {
    fn read(keywords: &Keywords, axis: usize, why: &str) -> Result<Self, FrameError> {
        keywords.required(&format!("PV{axis}_1"), why)?;
        let prefix = format!("PV{axis}_");
        let (mut terms, mut radial) = (Vec::new(), [0.0; 4]);
        for name in keywords.names() {
            let Some(index) = name.strip_prefix(&prefix) else { continue };
            let value = keywords.number(name)?.unwrap_or(0.0);
            let index = index.parse().ok().filter(|index| *index <= RADIAL[3]);
            let index = index.ok_or_else(|| bad(name, "is beyond order 7, where TPV ends at PVi_39"))?;
            match RADIAL.iter().position(|radial| *radial == index) {
                Some(k) => radial[k] = value,
                None if value != 0.0 => {
                    let [own, other] = powers(index);
                    terms.push((own, other, value));
                }
                None => {}
            }
        }
        Ok(Self { smooth: Polynomial::new(&terms), radial })
    }

    /// Value, and slopes along the axis itself and the other one.
    fn at(&self, [own, other]: [f64; 2]) -> (f64, [f64; 2]) {
        let jet = self.smooth.at([own, other]);
        if self.radial == [0.0; 4] {
            return (jet.value, [jet.by_u, jet.by_v]);
        }
        let r2 = own * own + other * other;
        let r = r2.sqrt();
        let [a, b, c, d] = self.radial;
        let value = r * (a + r2 * (b + r2 * (c + r2 * d)));
        let slope = a + r2 * (3.0 * b + r2 * (5.0 * c + r2 * 7.0 * d));
        // the tip of the cone has no slope
        let direction = if r > 0.0 { [own / r, other / r] } else { [0.0, 0.0] };
        (jet.value + value, [jet.by_u + slope * direction[0], jet.by_v + slope * direction[1]])
    }
}

/// Powers of the own and the other coordinate of term `index`, which is none of [`RADIAL`].
fn powers(index: usize) -> [usize; 2] {
    let mut place = index - RADIAL.iter().filter(|radial| **radial < index).count();
    let mut order = 0;
    while place > order {
        place -= order + 1;
        order += 1;
    }
    [order - place, place]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_stand_where_the_convention_has_them() {
        let known = [
            (0, [0, 0]),
            (1, [1, 0]),
            (2, [0, 1]),
            (4, [2, 0]),
            (5, [1, 1]),
            (6, [0, 2]),
            (7, [3, 0]),
            (10, [0, 3]),
            (12, [4, 0]),
            (16, [0, 4]),
            (17, [5, 0]),
            (22, [0, 5]),
            (24, [6, 0]),
            (30, [0, 6]),
            (31, [7, 0]),
            (38, [0, 7]),
        ];
        for (index, expected) in known {
            assert_eq!(powers(index), expected, "PV{index}");
        }
    }
}
