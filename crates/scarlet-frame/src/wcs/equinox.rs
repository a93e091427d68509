//! The reference frame of a header's right ascension and declination, as a rotation from ICRS.

use super::keywords::{Keywords, bad};
use super::rotation::{IDENTITY, Matrix, multiply};
use crate::FrameError;

/// The rotation that takes ICRS unit vectors to those of the header's frame.
///
/// RADESYS and its defaults as in the FITS standard 4.0, section 8.3: without RADESYS it is FK5 where there
/// is an equinox from 1984 on, FK4 where there is an earlier one, and ICRS without an equinox.
pub(super) fn from_icrs(keywords: &Keywords) -> Result<Matrix, FrameError> {
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
        "ICRS" => Ok(IDENTITY),
        "FK5" => fk5(equinox?.unwrap_or(2000.0)),
        "FK4" | "FK4-NO-E" | "GAPPT" => {
            let problem = format!(
                "positions in {system} (said by the card, or by an equinox before 1984) are not handled yet; \
                 give the header in ICRS or FK5"
            );
            Err(bad("RADESYS", problem))
        }
        other => Err(bad("RADESYS", format!("{other:?} is no known frame; it must be ICRS or FK5"))),
    }
}

fn fk5(equinox: f64) -> Result<Matrix, FrameError> {
    if equinox == 2000.0 {
        return Ok(fk5_from_icrs());
    }
    let problem = format!(
        "FK5 of equinox {equinox} needs precession, which is not handled yet; give the header in FK5 of \
         equinox 2000 or in ICRS"
    );
    Err(bad("EQUINOX", problem))
}

/// Frame bias between ICRS and FK5 at J2000: -19.9, 9.1 and -22.9 mas about x, y and z.
///
/// Source: Mignard and Froeschle 2000, A&A 354, 732, as given in Kaplan 2005, USNO Circular 179, section 3.5.
fn fk5_from_icrs() -> Matrix {
    let angle = |mas: f64| (mas / 3.6e6).to_radians().sin_cos();
    let ((sx, cx), (sy, cy), (sz, cz)) = (angle(19.9), angle(9.1), angle(-22.9));
    let about_x = [[1.0, 0.0, 0.0], [0.0, cx, sx], [0.0, -sx, cx]];
    let about_y = [[cy, 0.0, -sy], [0.0, 1.0, 0.0], [sy, 0.0, cy]];
    let about_z = [[cz, sz, 0.0], [-sz, cz, 0.0], [0.0, 0.0, 1.0]];
    multiply(about_x, multiply(about_y, about_z))
}
