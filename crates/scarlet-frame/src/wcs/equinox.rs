//! The reference frame of a header's right ascension and declination.

use super::date;
use super::fk4;
use super::fk5;
use super::keywords::{Keywords, bad};
use super::rotation::Matrix;
use super::sphere::Sphere;
use crate::FrameError;

/// The map from ICRS to the native sphere, whose rotation from the header's own frame is `native`.
///
/// RADESYS and its defaults as in the FITS standard 4.0, section 8.3: without RADESYS it is FK5 where there
/// is an equinox from 1984 on, FK4 where there is an earlier one, and ICRS without an equinox. FK4 turns slowly
/// against distant sources: MJD-OBS, or DATE-OBS, says when its positions hold, and the equinox where neither is
/// there (FITS WCS paper II, section 3.1).
pub(super) fn sphere(keywords: &Keywords, native: Matrix) -> Result<Sphere, FrameError> {
    let equinox = keywords.number("EQUINOX");
    let system = match keywords.text("RADESYS") {
        Some(system) => system,
        None => match equinox.clone()? {
            None => "ICRS",
            Some(year) if year < 1984.0 => "FK4",
            Some(_) => "FK5",
        },
    };
    match system {
        "ICRS" => Ok(Sphere::of_icrs(native)),
        "FK5" => Ok(Sphere::rotated(native, fk5::from_icrs(year(equinox?, 2000.0)?))),
        "FK4" | "FK4-NO-E" => {
            let equinox = year(equinox?, 1950.0)?;
            let epoch = date::observed(keywords)?.unwrap_or_else(|| date::julian_of_besselian(equinox));
            let e_terms = (system == "FK4").then(|| fk4::e_terms(equinox));
            Ok(Sphere::of_fk4(native, fk4::to_fk5(equinox, epoch), e_terms))
        }
        "GAPPT" => {
            let problem = "apparent places (GAPPT) are not handled; give the header in ICRS, FK5 or FK4";
            Err(bad("RADESYS", problem))
        }
        other => Err(bad("RADESYS", format!("{other:?} is no known frame; it must be ICRS, FK5 or FK4"))),
    }
}

/// The equinox, where precession can be trusted.
fn year(equinox: Option<f64>, default: f64) -> Result<f64, FrameError> {
    let equinox = equinox.unwrap_or(default);
    if (1800.0..=2200.0).contains(&equinox) {
        return Ok(equinox);
    }
    Err(bad("EQUINOX", format!("is {equinox}; it must be a year from 1800 to 2200")))
}
