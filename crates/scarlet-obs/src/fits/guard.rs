//! What must hold for headers before cfitsio may read them.
//!
//! cfitsio divides by the sides of tiles of compressed images without a look at them: a side of 0 ends the process.
//! Source of the keywords: FITS Standard 4.0, section 10.1.

use super::cards::{RECORD, find, joined_cards};
use crate::ObsError;
use scarlet_frame::Card;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes of a block.
const BLOCK: usize = 2880;
/// More blocks than the header of any HDU has.
const MOST_BLOCKS: usize = 10_000;
/// More HDUs than are looked at.
const MOST_HDUS: usize = 100_000;

/// Checks the headers of all tile-compressed images of a file, as far as they can be followed.
///
/// A file that is compressed as a whole (`.gz`) is not looked into. What is no FITS file at all, or ends too early, is
/// left for cfitsio to name.
///
/// # Errors
/// [`ObsError::FitsCompression`] names the HDU and the keyword.
pub(super) fn check(path: &Path) -> Result<(), ObsError> {
    let Ok(mut file) = File::open(path) else { return Ok(()) };
    for number in 0..MOST_HDUS {
        let Some(header) = next_header(&mut file) else { return Ok(()) };
        if let Some(problem) = wrong(&header) {
            let name = find(&header, "EXTNAME").filter(|name| !name.is_empty());
            let hdu = name.map_or_else(|| format!("#{number}"), str::to_owned);
            return Err(ObsError::FitsCompression { path: path.to_path_buf(), hdu, problem });
        }
        let Some(bytes) = data_bytes(&header) else { return Ok(()) };
        let blocks = bytes.div_ceil(BLOCK as u64);
        let Ok(skip) = i64::try_from(blocks.saturating_mul(BLOCK as u64)) else { return Ok(()) };
        if file.seek(SeekFrom::Current(skip)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// The cards of the header that begins here; none at the end of the file, or of what is no header.
fn next_header(file: &mut File) -> Option<Vec<Card>> {
    let mut records = Vec::new();
    for _ in 0..MOST_BLOCKS {
        let mut block = [0; BLOCK];
        file.read_exact(&mut block).ok()?;
        if records.is_empty() && !(block.starts_with(b"SIMPLE") || block.starts_with(b"XTENSION")) {
            return None;
        }
        records.extend_from_slice(&block);
        let is_end = |record: &[u8]| record.trim_ascii_end() == b"END";
        if block.chunks(RECORD).any(is_end) {
            return Some(joined_cards(&records));
        }
    }
    None
}

/// Bytes of the data behind a header: |BITPIX| / 8 GCOUNT (PCOUNT + product of the axes).
fn data_bytes(header: &[Card]) -> Option<u64> {
    let number = |keyword: &str| find(header, keyword)?.trim().parse::<i64>().ok();
    let axes = number("NAXIS")?.clamp(0, 999);
    let width = number("BITPIX")?.unsigned_abs() / 8;
    if axes == 0 {
        return Some(0);
    }
    let is_grouped = find(header, "GROUPS") == Some("T") && number("NAXIS1") == Some(0);
    let mut pixels = 1_u64;
    for axis in (1 + i64::from(is_grouped))..=axes {
        let length = u64::try_from(number(&format!("NAXIS{axis}"))?).ok()?;
        pixels = pixels.checked_mul(length)?;
    }
    let extra = u64::try_from(number("PCOUNT").unwrap_or(0)).ok()?;
    let groups = u64::try_from(number("GCOUNT").unwrap_or(1)).ok()?;
    width.checked_mul(groups)?.checked_mul(pixels.checked_add(extra)?)
}

/// What is wrong with the header of a tile-compressed image, and with no other.
fn wrong(header: &[Card]) -> Option<String> {
    if find(header, "ZIMAGE") != Some("T") {
        return None;
    }
    let number = |keyword: &str| find(header, keyword).map(|text| text.trim().parse::<i64>());
    let axes = match number("ZNAXIS") {
        Some(Ok(axes)) if (0..=6).contains(&axes) => axes,
        _ => return Some("ZNAXIS is missing, or not a whole number from 0 to 6".to_owned()),
    };
    for axis in 1..=axes {
        let (side, tile) = (format!("ZNAXIS{axis}"), format!("ZTILE{axis}"));
        match number(&side) {
            Some(Ok(length)) if length >= 0 => {}
            _ => return Some(format!("{side} is missing or negative")),
        }
        match number(&tile) {
            None => {}
            Some(Ok(length)) if length > 0 => {}
            Some(_) => return Some(format!("{tile} is not a positive number")),
        }
    }
    for k in 1.. {
        let name = find(header, &format!("ZNAME{k}"))?;
        let is_size = matches!(name.trim(), "BLOCKSIZE" | "BYTEPIX");
        let value = format!("ZVAL{k}");
        if is_size && !matches!(number(&value), Some(Ok(size)) if (1..=1024).contains(&size)) {
            return Some(format!("{value}, the {}, is not a positive number", name.trim()));
        }
    }
    None
}

/// Whether a file begins as FITS files do.
pub(super) fn begins_as_fits(path: &Path) -> bool {
    let mut start = [0; 9];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && &start == b"SIMPLE  ="
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cards(cards: &[(&str, &str)]) -> Vec<Card> {
        cards.iter().map(|(keyword, value)| Card::new(*keyword, *value)).collect()
    }

    #[test]
    fn bytes_are_those_of_the_standard() {
        let image = [("BITPIX", "-32"), ("NAXIS", "2"), ("NAXIS1", "10"), ("NAXIS2", "7")];
        assert_eq!(data_bytes(&cards(&image)), Some(280));
        let table = [("BITPIX", "8"), ("NAXIS", "2"), ("NAXIS1", "24"), ("NAXIS2", "5"), ("PCOUNT", "1000")];
        assert_eq!(data_bytes(&cards(&table)), Some(1120));
        assert_eq!(data_bytes(&cards(&[("BITPIX", "8"), ("NAXIS", "0")])), Some(0));
        assert_eq!(data_bytes(&cards(&[("BITPIX", "8"), ("NAXIS", "1")])), None);
    }

    #[test]
    fn tiles_without_sides_are_named() {
        let good = [("ZIMAGE", "T"), ("ZNAXIS", "2"), ("ZNAXIS1", "9"), ("ZNAXIS2", "9"), ("ZTILE1", "9")];
        let with = |more: &(&'static str, &'static str)| wrong(&cards(&[&good[..], &[*more]].concat()));
        assert_eq!(with(&("ZTILE2", "1")), None);
        for bad in [("ZTILE2", "0"), ("ZTILE2", "-3"), ("ZTILE2", "x")] {
            assert!(with(&bad).is_some_and(|problem| problem.contains("ZTILE2")), "{bad:?}");
        }
        assert!(wrong(&cards(&[&good[..3], &[("ZTILE1", "9")]].concat())).is_some());
        let sized = [&good[..], &[("ZNAME1", "BLOCKSIZE"), ("ZVAL1", "0")]].concat();
        assert!(wrong(&cards(&sized)).is_some_and(|problem| problem.contains("ZVAL1")));
        assert_eq!(wrong(&cards(&[("ZTILE1", "0")])), None);
    }
}
