//! Cards of a FITS header: keyword and value, read from 80-character records.

use serde::{Deserialize, Serialize};

/// One card of a FITS header: keyword and value as text (quotes removed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Keyword, upper case.
    pub keyword: String,
    /// Value as written in the header, strings without their quotes.
    pub value: String,
}

/// The cards of a FITS header, in order.
pub type Header = Vec<Card>;

impl Card {
    /// The card `keyword = value`.
    #[must_use]
    pub fn new(keyword: impl Into<String>, value: impl Into<String>) -> Self {
        Self { keyword: keyword.into(), value: value.into() }
    }

    /// The value as a number; `None` where it is none, or not finite.
    ///
    /// Exponents may be written with `E` or, as FITS allows, with `D`.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        let text = self.value.trim();
        let number = text.parse().or_else(|_| text.replace(['D', 'd'], "E").parse::<f64>()).ok()?;
        number.is_finite().then_some(number)
    }

    /// A card with a number that reads back as the same number.
    pub(super) fn with_number(keyword: impl Into<String>, value: f64) -> Self {
        Self::new(keyword, format!("{value:?}").replace('e', "E"))
    }
}

/// The card in a header record of (at most) 80 characters, or `None` where the record holds no value.
///
/// Strings lose their quotes, trailing blanks and the doubling of inner quotes; other values are kept as
/// written, without the comment. `HIERARCH` keywords are told by their words (`ESO TEL ALT`). `COMMENT`,
/// `HISTORY`, `CONTINUE`, `END`, blank records and what is not a card give `None`.
///
/// Source: FITS standard 4.0, section 4.
///
/// ```
/// use scarlet_frame::{Card, parse_card};
/// let card = parse_card("CTYPE1  = 'RA---TAN'           / gnomonic");
/// assert_eq!(card, Some(Card::new("CTYPE1", "RA---TAN")));
/// assert_eq!(parse_card("CD1_1   = -1.0D-3 / degrees").and_then(|c| c.number()), Some(-1e-3));
/// assert_eq!(parse_card("COMMENT = this is not a value"), None);
/// ```
#[must_use]
pub fn parse_card(record: &str) -> Option<Card> {
    let (keyword, value) = match record.strip_prefix("HIERARCH ") {
        Some(rest) => rest.split_once('=')?,
        None => (record.get(..8)?, record.get(8..)?.strip_prefix('=')?),
    };
    let keyword = keyword.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase();
    if matches!(keyword.as_str(), "" | "COMMENT" | "HISTORY" | "CONTINUE" | "END") {
        return None;
    }
    Some(Card { keyword, value: parse_value(value.trim_start())? })
}

/// The cards of a header given as text: one record a line, or records of 80 characters without line ends.
///
/// Reading ends at the `END` record; records without a value are left out.
#[must_use]
pub fn parse_header(text: &str) -> Header {
    let records: Vec<String> = if text.contains('\n') {
        text.lines().map(str::to_owned).collect()
    } else {
        let characters: Vec<char> = text.chars().collect();
        characters.chunks(80).map(|record| record.iter().collect()).collect()
    };
    records.iter().take_while(|record| record.trim_end() != "END").filter_map(|r| parse_card(r)).collect()
}

/// What stands before the comment; `None` for a string that is not closed.
fn parse_value(text: &str) -> Option<String> {
    let Some(mut rest) = text.strip_prefix('\'') else {
        return Some(text.split('/').next().unwrap_or_default().trim().to_owned());
    };
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        let Some(more) = after.strip_prefix('\'') else { break };
        value.push('\'');
        rest = more;
    }
    value.truncate(value.trim_end().len());
    Some(value)
}
