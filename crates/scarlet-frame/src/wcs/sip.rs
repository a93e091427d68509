//! The SIP distortion: polynomials in pixels around the reference pixel.

use super::keywords::{Keywords, bad};
use super::newton::{self, Forward};
use super::polynomial::Polynomial;
use crate::FrameError;

/// The convention has one digit for each power.
const MOST_ORDER: usize = 9;

/// Steps of the inverse below this many pixels are not followed further.
const FLOOR_PX: f64 = 1e-11;

/// `u + f(u, v)`, `v + g(u, v)` of the pixel `(u, v)` = `[x, y]` counted from the reference pixel.
///
/// The inverse is that of these polynomials; those of the header (`AP`, `BP`) are fits to it, and are not used.
///
/// Source: Shupe et al. 2005, ASP Conf. Ser. 347, 491, eqs. 1 to 4.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sip {
    f: Polynomial,
    g: Polynomial,
}

impl Sip {
    /// Reads `A_ORDER`, `A_p_q`, `B_ORDER` and `B_p_q`; every other SIP card must at least be a number.
    pub(super) fn read(keywords: &Keywords) -> Result<Self, FrameError> {
        for name in keywords.names().filter(|name| is_sip(name)) {
            keywords.number(name)?;
        }
        Ok(Self { f: polynomial(keywords, "A")?, g: polynomial(keywords, "B")? })
    }

    /// Where `[u, v]` is taken to, and the slopes there.
    pub(super) fn forward(&self, [u, v]: [f64; 2]) -> Forward {
        let (f, g) = (self.f.at([u, v]), self.g.at([u, v]));
        ([u + f.value, v + g.value], [[1.0 + f.by_u, f.by_v], [g.by_u, 1.0 + g.by_v]])
    }

    /// The `[u, v]` that is taken to `target`; `None` where the polynomials have no inverse.
    pub(super) fn inverse(&self, target: [f64; 2]) -> Option<[f64; 2]> {
        newton::invert(target, FLOOR_PX, |at| self.forward(at))
    }
}

/// `A_ORDER`, `AP_1_2`, ... but not `A_DMAX`, which is a remark.
pub(super) fn is_sip(keyword: &str) -> bool {
    let rest = ["AP_", "BP_", "A_", "B_"].iter().find_map(|prefix| keyword.strip_prefix(prefix));
    rest.is_some_and(|rest| {
        rest == "ORDER" || matches!(rest.as_bytes(), [p, b'_', q] if p.is_ascii_digit() && q.is_ascii_digit())
    })
}

fn polynomial(keywords: &Keywords, letter: &str) -> Result<Polynomial, FrameError> {
    let order = order(keywords, &format!("{letter}_ORDER"))?;
    let mut terms = Vec::new();
    for p in 0..=MOST_ORDER {
        for q in 0..=MOST_ORDER {
            let name = format!("{letter}_{p}_{q}");
            match keywords.number(&name)? {
                None | Some(0.0) => {}
                Some(value) if p + q <= order => terms.push((p, q, value)),
                Some(_) => {
                    let problem = format!("is a term beyond {letter}_ORDER = {order}; set the order right");
                    return Err(bad(name, problem));
                }
            }
        }
    }
    Ok(Polynomial::new(&terms))
}

fn order(keywords: &Keywords, name: &str) -> Result<usize, FrameError> {
    let why = "CTYPE says -SIP, and it is the order of that distortion; write plain TAN where there is none";
    let order = keywords.required(name, why)?;
    if order.fract() == 0.0 && (0.0..=MOST_ORDER as f64).contains(&order) {
        return Ok(order as usize);
    }
    Err(bad(name, format!("is {order}; the order of SIP is a whole number from 0 to {MOST_ORDER}")))
}
