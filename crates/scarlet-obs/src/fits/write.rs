//! Writing FITS files: a primary header, images and binary tables.
//!
//! Source: FITS Standard 4.0, sections 3 (blocks), 4.4 (mandatory keywords) and 7 (extensions).

use super::cards::{FitsKey, RECORD, push_record, records};
use super::table::FitsColumn;
use crate::ObsError;
use ndarray::{ArrayBase, Data, Dimension};
use scarlet_frame::Card;
use scarlet_model::file::create_part;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Bytes of a FITS block.
const BLOCK: usize = 2880;

/// A type that images are written as: `f32` or `f64`.
pub trait StoredPixel: Copy + sealed::Sealed {
    /// The FITS code of the type.
    const BITPIX: i64;
    /// Appends the value, big-endian.
    fn push(self, out: &mut Vec<u8>);
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

impl StoredPixel for f32 {
    const BITPIX: i64 = -32;
    fn push(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

impl StoredPixel for f64 {
    const BITPIX: i64 = -64;
    fn push(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

/// A FITS file being written; it gets its name, replacing what was there, in [`FitsWriter::finish`].
///
/// Until then it is a hidden file beside it, which is removed where writing fails or is given up.
#[derive(Debug)]
pub struct FitsWriter {
    path: PathBuf,
    part: PathBuf,
    out: Option<BufWriter<File>>,
}

impl FitsWriter {
    /// Begins a file with a primary HDU that holds keywords only.
    ///
    /// # Errors
    /// [`ObsError::File`] where the folder cannot be written to, [`ObsError::FitsContent`] for a bad keyword.
    pub fn create(path: impl AsRef<Path>, keys: &[FitsKey]) -> Result<Self, ObsError> {
        let path = path.as_ref().to_path_buf();
        let (part, file) = create_part(&path).map_err(|e| ObsError::File {
            path: path.clone(),
            action: "write",
            kind: e.kind(),
        })?;
        let mut writer = Self { path, part, out: Some(BufWriter::new(file)) };
        let first = [
            FitsKey::new("SIMPLE", true, "conforms to FITS Standard 4.0"),
            FitsKey::new("BITPIX", 8_i64, "no data here"),
            FitsKey::new("NAXIS", 0_i64, ""),
            FitsKey::new("EXTEND", true, "extensions follow"),
        ];
        writer.header(first.iter().chain(keys))?;
        Ok(writer)
    }

    /// Appends an image extension of any number of axes, slowest first.
    ///
    /// - `wcs`: cards of a header, of which those that describe the file's layout are left out, so that a whole
    ///   header can be given; `keys` come after them.
    ///
    /// # Errors
    /// [`ObsError::File`] where writing fails, [`ObsError::FitsContent`] for a bad keyword.
    pub fn image<T, S, D>(
        &mut self,
        name: &str,
        data: &ArrayBase<S, D>,
        wcs: &[Card],
        keys: &[FitsKey],
    ) -> Result<(), ObsError>
    where
        T: StoredPixel,
        S: Data<Elem = T>,
        D: Dimension,
    {
        let mut all = vec![
            FitsKey::new("XTENSION", "IMAGE", "image extension"),
            FitsKey::new("BITPIX", T::BITPIX, "bits of a pixel, negative: real numbers"),
            FitsKey::new("NAXIS", data.ndim(), "number of axes"),
        ];
        for (axis, &length) in data.shape().iter().rev().enumerate() {
            all.push(FitsKey::new(&format!("NAXIS{}", axis + 1), length, ""));
        }
        all.extend([FitsKey::new("PCOUNT", 0_i64, ""), FitsKey::new("GCOUNT", 1_i64, "")]);
        all.push(FitsKey::new("EXTNAME", name, "name of this HDU"));
        all.extend(wcs.iter().filter(|card| !describes_layout(&card.keyword)).map(FitsKey::from_card));
        self.header(all.iter().chain(keys))?;
        let mut buffer = Vec::with_capacity(BLOCK);
        let mut written = 0;
        for &value in data {
            value.push(&mut buffer);
            if buffer.len() >= BLOCK {
                written += self.flush(&mut buffer)?;
            }
        }
        written += self.flush(&mut buffer)?;
        self.pad(written, 0)
    }

    /// Appends a binary table; all columns must have the same number of rows.
    ///
    /// # Errors
    /// [`ObsError::File`] where writing fails, [`ObsError::FitsContent`] for a bad keyword, a name that is there
    /// twice or a column of another length.
    pub fn table(&mut self, name: &str, columns: &[FitsColumn], keys: &[FitsKey]) -> Result<(), ObsError> {
        let rows = columns.first().map_or(0, |column| column.data.len());
        self.check_columns(columns, rows)?;
        let width: usize = columns.iter().map(|column| column.data.width()).sum();
        let mut all = vec![
            FitsKey::new("XTENSION", "BINTABLE", "binary table"),
            FitsKey::new("BITPIX", 8_i64, ""),
            FitsKey::new("NAXIS", 2_i64, ""),
            FitsKey::new("NAXIS1", width, "bytes of a row"),
            FitsKey::new("NAXIS2", rows, "rows"),
            FitsKey::new("PCOUNT", 0_i64, ""),
            FitsKey::new("GCOUNT", 1_i64, ""),
            FitsKey::new("TFIELDS", columns.len(), "columns"),
            FitsKey::new("EXTNAME", name, "name of this HDU"),
        ];
        all.extend(columns.iter().enumerate().flat_map(|(index, column)| column.keys(index + 1)));
        self.header(all.iter().chain(keys))?;
        let mut buffer = Vec::with_capacity(width);
        let mut written = 0;
        for row in 0..rows {
            columns.iter().for_each(|column| column.data.push(row, &mut buffer));
            written += self.flush(&mut buffer)?;
        }
        self.pad(written, 0)
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// [`ObsError::File`] where the last bytes cannot be written or the file cannot be renamed.
    pub fn finish(mut self) -> Result<(), ObsError> {
        let out = self.out.take().expect("taken only here");
        let done = out.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
        done.and_then(|()| fs::rename(&self.part, &self.path)).map_err(|error| self.failed(&error))
    }

    fn check_columns(&self, columns: &[FitsColumn], rows: usize) -> Result<(), ObsError> {
        for (index, column) in columns.iter().enumerate() {
            let same = |other: &FitsColumn| other.name.eq_ignore_ascii_case(&column.name);
            if column.data.len() != rows {
                return Err(self.refused(&column.name, "the column has another length than the first"));
            }
            if columns[..index].iter().any(same) {
                return Err(self.refused(&column.name, "two columns have that name"));
            }
        }
        if columns.len() > 999 {
            return Err(self.refused("TFIELDS", "a table has at most 999 columns"));
        }
        Ok(())
    }

    fn header<'a>(&mut self, keys: impl Iterator<Item = &'a FitsKey>) -> Result<(), ObsError> {
        let mut bytes = Vec::with_capacity(BLOCK);
        for key in keys {
            bytes.extend(records(key).map_err(|problem| self.refused(&key.keyword, problem))?);
        }
        push_record(&mut bytes, "END");
        debug_assert_eq!(bytes.len() % RECORD, 0);
        let written = self.flush(&mut bytes)?;
        self.pad(written, b' ')
    }

    /// Writes and empties the buffer; gives its length.
    fn flush(&mut self, buffer: &mut Vec<u8>) -> Result<usize, ObsError> {
        let result = self.out.as_mut().expect("open until finish").write_all(buffer);
        result.map_err(|error| self.failed(&error))?;
        let length = buffer.len();
        buffer.clear();
        Ok(length)
    }

    fn pad(&mut self, written: usize, with: u8) -> Result<(), ObsError> {
        self.flush(&mut vec![with; written.next_multiple_of(BLOCK) - written]).map(drop)
    }

    fn failed(&self, error: &io::Error) -> ObsError {
        ObsError::File { path: self.path.clone(), action: "write", kind: error.kind() }
    }

    fn refused(&self, name: &str, problem: &'static str) -> ObsError {
        ObsError::FitsContent { path: self.path.clone(), name: name.to_owned(), problem }
    }
}

impl Drop for FitsWriter {
    fn drop(&mut self) {
        drop(self.out.take());
        // Fails where the file has got its name, and there is nobody to tell about anything else.
        let _ = fs::remove_file(&self.part);
    }
}

/// Whether a keyword says how the file it came from is laid out, and so is wrong in another.
fn describes_layout(keyword: &str) -> bool {
    const EXACT: [&str; 22] = [
        "SIMPLE", "XTENSION", "BITPIX", "NAXIS", "EXTEND", "PCOUNT", "GCOUNT", "GROUPS", "TFIELDS", "THEAP",
        "END", "BSCALE", "BZERO", "BLANK", "DATAMIN", "DATAMAX", "EXTNAME", "EXTVER", "EXTLEVEL", "CHECKSUM",
        "DATASUM", "LONGSTRN",
    ];
    let numbered = |stem: &str| {
        keyword.strip_prefix(stem).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let table =
        ["NAXIS", "TTYPE", "TFORM", "TUNIT", "TSCAL", "TZERO", "TNULL", "TDIM", "TDISP", "TBCOL", "TCOMM"];
    EXACT.contains(&keyword) || table.into_iter().any(numbered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_header_can_be_given_as_wcs() {
        for keyword in ["NAXIS", "NAXIS2", "BZERO", "EXTNAME", "TFORM12", "CHECKSUM"] {
            assert!(describes_layout(keyword), "{keyword}");
        }
        for keyword in ["CRVAL1", "CD1_1", "PV2_1", "A_ORDER", "RADESYS", "EQUINOX", "TELESCOP", "NAXIST"] {
            assert!(!describes_layout(keyword), "{keyword}");
        }
    }
}
