//! Header records of 80 bytes: to cards and back.
//!
//! Source: FITS Standard 4.0, section 4; CONTINUE strings section 4.2.1.2; HIERARCH from the ESO convention.

use scarlet_frame::{Card, Header, parse_card};

/// Bytes of one header record.
pub(super) const RECORD: usize = 80;

/// A value of a FITS keyword, as it will be written.
#[derive(Debug, Clone, PartialEq)]
pub enum FitsValue {
    /// A logical, `T` or `F`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A real number; one that is not finite becomes the text `NaN`, `inf` or `-inf`.
    Real(f64),
    /// A text; characters outside printable ASCII become `?`.
    Text(String),
}

impl From<bool> for FitsValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for FitsValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<usize> for FitsValue {
    fn from(value: usize) -> Self {
        i64::try_from(value).map_or(Self::Real(value as f64), Self::Int)
    }
}

impl From<f64> for FitsValue {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for FitsValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for FitsValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// A keyword to write into a FITS header, with its value and a comment.
#[derive(Debug, Clone, PartialEq)]
pub struct FitsKey {
    /// Up to 8 of `A-Z 0-9 _ -`; anything longer, or with spaces, is written as `HIERARCH`.
    pub keyword: String,
    /// Its value.
    pub value: FitsValue,
    /// A comment, may be empty; cut where the record ends.
    pub comment: String,
}

impl FitsKey {
    /// A keyword with its value and a comment.
    pub fn new(keyword: &str, value: impl Into<FitsValue>, comment: &str) -> Self {
        Self { keyword: keyword.to_uppercase(), value: value.into(), comment: comment.to_owned() }
    }

    /// The keyword of a card; the value's kind is read off its text.
    #[must_use]
    pub fn from_card(card: &Card) -> Self {
        Self::new(&card.keyword, kind_of(&card.value), "")
    }
}

/// The cards of header records of 80 bytes, with CONTINUE strings joined.
///
/// What holds no value is left out, and so is all that follows END.
pub(super) fn joined_cards(records: &[u8]) -> Header {
    let mut cards = Header::new();
    for record in records.chunks(RECORD) {
        let record = String::from_utf8_lossy(record);
        if record.trim_end_matches([' ', '\0']) == "END" {
            break;
        }
        match record.strip_prefix("CONTINUE") {
            Some(rest) => extend_last(&mut cards, rest.trim_start()),
            None => cards.extend(parse_card(&record)),
        }
    }
    cards
}

/// The value of the first card of that keyword.
pub(super) fn find<'a>(header: &'a [Card], keyword: &str) -> Option<&'a str> {
    header.iter().find(|card| card.keyword == keyword).map(|card| card.value.as_str())
}

fn extend_last(cards: &mut Header, quoted: &str) {
    let more = parse_card(&format!("CONTIN  = {quoted}"));
    if let (Some(last), Some(more)) = (cards.last_mut(), more)
        && last.value.ends_with('&')
    {
        last.value.pop();
        last.value.push_str(&more.value);
    }
}

fn kind_of(text: &str) -> FitsValue {
    match text {
        "T" => FitsValue::Bool(true),
        "F" => FitsValue::Bool(false),
        _ => {
            if let Ok(value) = text.parse() {
                return FitsValue::Int(value);
            }
            let is_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
            match text.replace(['D', 'd'], "E").parse::<f64>() {
                Ok(value) if is_number && value.is_finite() => FitsValue::Real(value),
                _ => FitsValue::from(text),
            }
        }
    }
}

/// The records of a keyword: one, or several where a text needs CONTINUE.
///
/// The error says what is wrong with the keyword.
pub(super) fn records(key: &FitsKey) -> Result<Vec<u8>, &'static str> {
    let head = head(&key.keyword)?;
    let value = match &key.value {
        FitsValue::Bool(value) => format!("{:>20}", if *value { "T" } else { "F" }),
        FitsValue::Int(value) => format!("{value:>20}"),
        FitsValue::Real(value) if value.is_finite() => format!("{:>20}", real(*value)),
        FitsValue::Real(value) => format!("'{:<8}'", value.to_string()),
        FitsValue::Text(text) => return text_records(&head, text, &key.comment),
    };
    let mut out = Vec::new();
    push_record(&mut out, &with_comment(format!("{head}{value}"), &key.comment));
    Ok(out)
}

/// Appends `text` as one record: padded with blanks or cut to 80 bytes, which must be ASCII.
pub(super) fn push_record(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let used = bytes.len().min(RECORD);
    out.extend_from_slice(&bytes[..used]);
    out.resize(out.len() + RECORD - used, b' ');
}

/// `text` with everything outside printable ASCII replaced by `?`.
pub(super) fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

fn head(keyword: &str) -> Result<String, &'static str> {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "_-".contains(c);
    if keyword.is_empty() || !keyword.chars().all(|c| plain(c) || c == ' ') {
        return Err("a keyword has letters, digits, `_` and `-` only");
    }
    if keyword.len() <= 8 && keyword.chars().all(plain) {
        return Ok(format!("{keyword:<8}= "));
    }
    if keyword.len() > 40 {
        return Err("a keyword has at most 40 letters");
    }
    Ok(format!("HIERARCH {keyword} = "))
}

fn real(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-4..1e15).contains(&size) { format!("{value:?}") } else { format!("{value:E}") }
}

fn with_comment(record: String, comment: &str) -> String {
    if comment.is_empty() { record } else { format!("{record} / {}", ascii(comment)) }
}

fn text_records(head: &str, text: &str, comment: &str) -> Result<Vec<u8>, &'static str> {
    let quoted = ascii(text).replace('\'', "''");
    let mut out = Vec::new();
    if head.len() + quoted.len() + 2 <= RECORD {
        push_record(&mut out, &with_comment(format!("{head}'{quoted:<8}'"), comment));
        return Ok(out);
    }
    let mut rest = quoted.as_str();
    let mut start = head;
    while !rest.is_empty() {
        let room = RECORD - start.len() - 3;
        let (part, more) = split_text(rest, room);
        let sign = if more.is_empty() { "" } else { "&" };
        push_record(&mut out, &format!("{start}'{part}{sign}'"));
        (rest, start) = (more, "CONTINUE  ");
    }
    Ok(out)
}

/// Cuts after `room` bytes, but not between the two quotes that stand for one.
fn split_text(text: &str, room: usize) -> (&str, &str) {
    if text.len() <= room {
        return (text, "");
    }
    let quotes = text[..room].bytes().rev().take_while(|&b| b == b'\'').count();
    text.split_at(room - quotes % 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_end_and_a_lone_continue_is_harmless() {
        let mut bytes = Vec::new();
        let records = ["CONTINUE  'x'", "A       = 1", "CONTINUE  'y'", "COMMENT no", "END", "B       = 2"];
        records.iter().for_each(|record| push_record(&mut bytes, record));
        assert_eq!(joined_cards(&bytes), [Card { keyword: "A".into(), value: "1".into() }]);
    }

    #[test]
    fn long_texts_survive_a_round_trip_with_quotes_at_the_cut() {
        for length in 50..220 {
            let text: String = (0..length).map(|k| if k % 7 < 4 { '\'' } else { 'x' }).collect();
            let text = text + "end";
            let records =
                records(&FitsKey::new("LONGTEXT", text.as_str(), "dropped")).expect("valid keyword");
            assert_eq!(records.len() % RECORD, 0);
            assert_eq!(joined_cards(&records)[0].value, text);
        }
    }

    #[test]
    fn numbers_survive_a_round_trip_bit_for_bit() {
        for value in [0.0, 1.0, -4.666666666666667e-5, 150.11629999999997, 1e300, f64::MIN_POSITIVE] {
            let records = records(&FitsKey::new("VALUE", value, "")).expect("valid keyword");
            let text = &joined_cards(&records)[0].value;
            assert_eq!(text.parse::<f64>().expect("a number"), value);
            assert_eq!(kind_of(text), FitsValue::Real(value));
        }
    }

    #[test]
    fn the_kind_of_a_card_is_read_off_its_text() {
        assert_eq!(kind_of("T"), FitsValue::Bool(true));
        assert_eq!(kind_of("-12"), FitsValue::Int(-12));
        assert_eq!(kind_of("1.5D2"), FitsValue::Real(150.0));
        for text in ["RA---TAN", "deg", "nan", "inf", "ICRS", "", "2015-01-01", "-"] {
            assert_eq!(kind_of(text), FitsValue::from(text));
        }
    }

    #[test]
    fn keywords_that_fits_cannot_hold_are_refused() {
        assert!(records(&FitsKey::new("", 1.0, "")).is_err());
        assert!(records(&FitsKey::new("A=B", 1.0, "")).is_err());
        assert!(records(&FitsKey::new(&"LONG ".repeat(12), 1.0, "")).is_err());
        let long = records(&FitsKey::new("much longer", 2.5, "")).expect("HIERARCH");
        assert_eq!(joined_cards(&long)[0], Card { keyword: "MUCH LONGER".into(), value: "2.5".into() });
    }
}
