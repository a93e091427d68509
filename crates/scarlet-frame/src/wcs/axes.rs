//! What the two image axes are: longitude and latitude, their projection and units.

use super::distortion::Said;
use super::keywords::{Keywords, bad};
use super::plane::Projection;
use crate::FrameError;

/// Which image axis (0 or 1) is right ascension and which declination, in which units, the projection and distortion.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axes {
    pub(super) lon: usize,
    pub(super) lat: usize,
    pub(super) projection: Projection,
    pub(super) said: Said,
    pub(super) degrees_per_unit: [f64; 2],
}

const CTYPE: [&str; 2] = ["CTYPE1", "CTYPE2"];

impl Axes {
    /// Reads CTYPE and CUNIT.
    pub(super) fn new(keywords: &Keywords) -> Result<Self, FrameError> {
        let first = Axis::parse(keywords, CTYPE[0])?;
        let second = Axis::parse(keywords, CTYPE[1])?;
        let (lon, lat) = match (first.is_longitude, second.is_longitude) {
            (true, false) => (0, 1),
            (false, true) => (1, 0),
            _ => {
                let problem = "one image axis must be right ascension and the other declination";
                return Err(bad("CTYPE1, CTYPE2", problem));
            }
        };
        if (first.projection, first.said) != (second.projection, second.said) {
            let problem = format!(
                "the axes have different projections, {} and {}; they must be the same",
                first.said.code(first.projection),
                second.said.code(second.projection)
            );
            return Err(bad("CTYPE1, CTYPE2", problem));
        }
        let degrees_per_unit = [unit(keywords, "CUNIT1")?, unit(keywords, "CUNIT2")?];
        Ok(Self { lon, lat, projection: first.projection, said: first.said, degrees_per_unit })
    }

    /// CRVAL as `[longitude, latitude]` in degrees.
    pub(super) fn reference(&self, keywords: &Keywords) -> Result<[f64; 2], FrameError> {
        let names = ["CRVAL1", "CRVAL2"];
        let read = |axis: usize| -> Result<f64, FrameError> {
            let why = "it is the sky position of the reference pixel";
            Ok(keywords.required(names[axis], why)? * self.degrees_per_unit[axis])
        };
        let [lon, lat] = [read(self.lon)?, read(self.lat)?];
        if !(-90.0..=90.0).contains(&lat) {
            let problem = format!("is a declination of {lat} deg; it must be from -90 to 90 deg");
            return Err(bad(names[self.lat], problem));
        }
        if lon.abs() > 1e6 {
            let problem = format!("is a right ascension of {lon} deg; it must be from 0 to 360 deg");
            return Err(bad(names[self.lon], problem));
        }
        Ok([lon, lat])
    }
}

/// One CTYPE.
struct Axis {
    is_longitude: bool,
    projection: Projection,
    said: Said,
}

impl Axis {
    fn parse(keywords: &Keywords, name: &str) -> Result<Self, FrameError> {
        let ctype = keywords.text(name).ok_or_else(|| {
            bad(name, "is missing or blank; give the projection, as in 'RA---TAN' and 'DEC--TAN'")
        })?;
        let (kind, code) = split(ctype);
        let is_longitude = match kind {
            "RA" => true,
            "DEC" => false,
            _ => return Err(bad(name, not_equatorial(ctype, kind))),
        };
        let projection = Projection::from_ctype(ctype, code).map_err(|problem| bad(name, problem))?;
        Ok(Self { is_longitude, projection, said: Said::from_code(code) })
    }
}

/// `RA---TAN-SIP` into `RA` and `TAN-SIP`: the code begins at the sixth character.
fn split(ctype: &str) -> (&str, &str) {
    match (ctype.get(..5), ctype.get(5..)) {
        (Some(kind), Some(code)) if kind.ends_with('-') => (kind.trim_end_matches('-'), code),
        _ => (ctype, ""),
    }
}

fn not_equatorial(ctype: &str, kind: &str) -> String {
    let system = match kind {
        "GLON" | "GLAT" => "galactic",
        "ELON" | "ELAT" => "ecliptic",
        "SLON" | "SLAT" => "supergalactic",
        "HLON" | "HLAT" => "helioecliptic",
        "HPLN" | "HPLT" | "HGLN" | "HGLT" | "CRLN" | "CRLT" => "solar",
        _ => {
            return format!(
                "{ctype:?} is no celestial axis that is known here; image axes 1 and 2 must be right ascension \
                 and declination, as in 'RA---TAN' and 'DEC--TAN'"
            );
        }
    };
    format!(
        "{ctype:?} are {system} coordinates, which are not handled yet; write the header in right ascension and \
         declination, for instance by reprojecting the image"
    )
}

fn unit(keywords: &Keywords, name: &str) -> Result<f64, FrameError> {
    match keywords.text(name).unwrap_or("deg") {
        "deg" | "degree" | "degrees" => Ok(1.0),
        "arcmin" => Ok(1.0 / 60.0),
        "arcsec" => Ok(1.0 / 3600.0),
        "mas" => Ok(1.0 / 3.6e6),
        "rad" => Ok(1f64.to_degrees()),
        other => Err(bad(name, format!("{other:?} is no angle; it must be deg, arcmin, arcsec, mas or rad"))),
    }
}
