//! Header parts that change positions and are not handled yet: refused by name, never left out silently.

use super::card::Card;
use super::keywords::bad;
use crate::FrameError;

/// Fails at the first card that says more about positions than is handled here.
pub(super) fn refuse_unhandled(header: &[Card]) -> Result<(), FrameError> {
    header.iter().filter(|card| !card.value.trim().is_empty()).try_for_each(refuse_card)
}

fn refuse_card(card: &Card) -> Result<(), FrameError> {
    let keyword = card.keyword.trim();
    let what = if is_lookup_table(keyword) {
        "the lookup-table distortion (D2IM, CPDIS) is"
    } else if matches!(keyword, "AMDX1" | "AMDY1") {
        "the plate solution of the Digitized Sky Survey (AMDX, AMDY) is"
    } else if is_indexed(keyword, "PS") && matches!(keyword.as_bytes()[2], b'1' | b'2') {
        "coordinates from tables (PS) are"
    } else if couples_more_axes(keyword) && card.number() != Some(0.0) {
        return Err(bad(keyword, "mixes the sky axes with a further axis; cut out one plane of the cube"));
    } else {
        return Ok(());
    };
    Err(bad(keyword, format!("{what} not handled yet; resample the image to a plain TAN grid first")))
}

fn is_lookup_table(keyword: &str) -> bool {
    let names = ["D2IMDIS", "D2IMARR", "CPDIS", "CQDIS"];
    names.iter().any(|name| keyword.starts_with(name)) || keyword == "AXISCORR"
}

/// `PS1_2` and the like, without the letter of an alternate WCS.
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
