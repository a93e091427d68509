//! Header parts that change positions and are not handled yet: refused by name, never left out silently.

use super::card::Card;
use super::keywords::bad;
use crate::FrameError;

/// What to do about a distortion.
const ADVICE: &str = "resample the image to a plain TAN grid first";

/// Fails at the first card that says more about positions than is handled here.
pub(super) fn refuse_unhandled(header: &[Card]) -> Result<(), FrameError> {
    header.iter().filter(|card| !card.value.trim().is_empty()).try_for_each(refuse_card)
}

fn refuse_card(card: &Card) -> Result<(), FrameError> {
    let keyword = card.keyword.trim();
    let what = if is_sip(keyword) {
        (!keyword.ends_with("_ORDER") || card.number() != Some(0.0)).then_some("the SIP distortion")
    } else if is_lookup_table(keyword) {
        Some("the lookup-table distortion (D2IM, CPDIS)")
    } else if matches!(keyword, "AMDX1" | "AMDY1") {
        Some("the plate solution of the Digitized Sky Survey (AMDX, AMDY)")
    } else if is_indexed(keyword, "PV") || is_indexed(keyword, "PS") {
        return refuse_parameter(card, keyword);
    } else if couples_more_axes(keyword) && card.number() != Some(0.0) {
        return Err(bad(keyword, "mixes the sky axes with a further axis; cut out one plane of the cube"));
    } else {
        None
    };
    match what {
        Some(what) => Err(bad(keyword, format!("{what} is not handled yet; {ADVICE}"))),
        None => Ok(()),
    }
}

/// PVi_m and PSi_m: parameters of SCAMP's polynomial, of slant projections, of tables.
fn refuse_parameter(card: &Card, keyword: &str) -> Result<(), FrameError> {
    // zero is the default of the two parameters of SIN, and TAN has no such parameters but SCAMP's
    let is_plain_sin = matches!(keyword, "PV2_1" | "PV2_2") && card.number() == Some(0.0);
    // axes beyond the sky's may have what they want
    if is_plain_sin || !matches!(keyword.as_bytes().get(2), Some(b'1' | b'2')) {
        return Ok(());
    }
    let problem = format!(
        "projection parameters (SCAMP's TAN with PV, TPV, slant SIN, tables) are not handled yet; {ADVICE}"
    );
    Err(bad(keyword, problem))
}

/// `A_ORDER`, `AP_1_2`, ... but not `A_DMAX`, which is a remark.
fn is_sip(keyword: &str) -> bool {
    let rest = ["AP_", "BP_", "A_", "B_"].iter().find_map(|prefix| keyword.strip_prefix(prefix));
    rest.is_some_and(|rest| {
        rest == "ORDER" || matches!(rest.as_bytes(), [p, b'_', q] if p.is_ascii_digit() && q.is_ascii_digit())
    })
}

fn is_lookup_table(keyword: &str) -> bool {
    let names = ["D2IMDIS", "D2IMARR", "CPDIS", "CQDIS"];
    names.iter().any(|name| keyword.starts_with(name)) || keyword == "AXISCORR"
}

/// `PV1_2` and the like, without the letter of an alternate WCS.
fn is_indexed(keyword: &str, prefix: &str) -> bool {
    keyword.strip_prefix(prefix).and_then(|rest| rest.split_once('_')).is_some_and(|(axis, index)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits(axis) && digits(index)
    })
}

/// `CD1_3`, `PC3_2` and the like: elements between a sky axis and another one.
fn couples_more_axes(keyword: &str) -> bool {
    if !is_indexed(keyword, "CD") && !is_indexed(keyword, "PC") {
        return false;
    }
    let axes = keyword[2..].split_once('_');
    let is_sky = |axis: &str| matches!(axis, "1" | "2");
    axes.is_some_and(|(row, column)| is_sky(row) != is_sky(column))
}
