//! The WCS cards of a header, looked up by keyword with errors that name it.

use super::card::{Card, Header};
use super::sip::is_sip;
use crate::FrameError;

/// Keywords of the celestial axes that say something here, in the order in which they are kept.
const KEPT: [&str; 23] = [
    "CTYPE1", "CTYPE2", "CUNIT1", "CUNIT2", "CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2", "CD1_1", "CD1_2",
    "CD2_1", "CD2_2", "PC1_1", "PC1_2", "PC2_1", "PC2_2", "CDELT1", "CDELT2", "CROTA1", "CROTA2", "LONPOLE",
    "LATPOLE", "RADESYS",
];

/// Error about `keyword`.
#[cold]
pub(super) fn bad(keyword: impl Into<String>, problem: impl Into<String>) -> FrameError {
    FrameError::WcsHeader { keyword: keyword.into(), problem: problem.into() }
}

/// The cards that the WCS is read from: only known keywords, spelled the modern way, each once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Keywords {
    cards: Header,
}

impl Keywords {
    /// Takes the WCS cards of the two image axes out of `header`.
    ///
    /// Old spellings (`RADECSYS`, `EPOCH`, `PC001001`) are renamed; blank values count as absent.
    pub(super) fn collect(header: &[Card]) -> Result<Self, FrameError> {
        let mut found = Self { cards: Vec::new() };
        for name in KEPT {
            found.take(header, name, &old_spellings(name))?;
        }
        found.take(header, "EQUINOX", &[])?;
        // EPOCH is often the date of the observation: it counts only where the standard needs an equinox
        if found.text("EQUINOX").is_none() && !matches!(found.text("RADESYS"), Some("ICRS")) {
            found.take(header, "EQUINOX", &["EPOCH".to_owned()])?;
        }
        if found.is_fk4()? {
            found.take(header, "MJD-OBS", &[])?;
            found.take(header, "DATE-OBS", &[])?;
        }
        for name in header.iter().map(|card| card.keyword.trim()) {
            if (is_sip(name) || is_parameter(name)) && found.card(name).is_none() {
                found.take(header, name, &[])?;
            }
        }
        Ok(found)
    }

    fn take(&mut self, header: &[Card], name: &str, others: &[String]) -> Result<(), FrameError> {
        let matches = |card: &&Card| {
            let keyword = card.keyword.trim();
            (keyword == name || others.iter().any(|other| other == keyword)) && !card.value.trim().is_empty()
        };
        let mut cards = header.iter().filter(matches);
        let Some(first) = cards.next() else { return Ok(()) };
        if !first.value.is_ascii() {
            return Err(bad(name, format!("{:?} has characters outside ASCII; rewrite it", first.value)));
        }
        if let Some(other) = cards.find(|card| card.value.trim() != first.value.trim()) {
            let problem = format!(
                "is there twice, as {:?} and as {:?}; leave the right one",
                first.value.trim(),
                other.value.trim()
            );
            return Err(bad(name, problem));
        }
        self.cards.push(Card::new(name, first.value.trim()));
        Ok(())
    }

    /// Whether positions are in FK4, with E-terms or without, by RADESYS or by an early equinox alone.
    fn is_fk4(&self) -> Result<bool, FrameError> {
        Ok(match self.text("RADESYS") {
            Some(system) => system.starts_with("FK4"),
            None => self.number("EQUINOX")?.is_some_and(|year| year < 1984.0),
        })
    }

    /// The cards themselves.
    pub(super) fn into_cards(self) -> Header {
        self.cards
    }

    /// Forgets the cards whose keyword `unused` picks.
    pub(super) fn forget(&mut self, unused: impl Fn(&str) -> bool) {
        self.cards.retain(|card| !unused(&card.keyword));
    }

    /// The keywords that are there.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.cards.iter().map(|card| card.keyword.as_str())
    }

    /// Whether any of the keywords is there.
    pub(super) fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.text(name).is_some())
    }

    /// The value as text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.card(name).map(|card| card.value.as_str())
    }

    /// The value as a finite number, if the card is there.
    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, FrameError> {
        let Some(card) = self.card(name) else { return Ok(None) };
        match card.number() {
            Some(value) => Ok(Some(value)),
            None => Err(bad(name, format!("{:?} is not a finite number", card.value))),
        }
    }

    /// The value as a finite number; `why` says why it must be there.
    pub(super) fn required(&self, name: &str, why: &str) -> Result<f64, FrameError> {
        self.number(name)?.ok_or_else(|| bad(name, format!("is missing; {why}")))
    }

    fn card(&self, name: &str) -> Option<&Card> {
        self.cards.iter().find(|card| card.keyword == name)
    }
}

/// `PV1_m` or `PV2_m`, without the letter of an alternate WCS.
pub(super) fn is_parameter(keyword: &str) -> bool {
    let index = ["PV1_", "PV2_"].iter().find_map(|prefix| keyword.strip_prefix(prefix));
    index.is_some_and(|index| !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()))
}

/// Spellings of `name` from before the FITS WCS papers.
fn old_spellings(name: &str) -> Vec<String> {
    let bytes = name.as_bytes();
    match name {
        "RADESYS" => vec!["RADECSYS".to_owned()],
        _ if bytes.len() == 5 && bytes[3] == b'_' => {
            vec![format!("{}00{}00{}", &name[..2], &name[2..3], &name[4..])]
        }
        _ => Vec::new(),
    }
}
