//! Several FITS files at once, and single images of one.

use super::read::{FitsImage, FitsMask, FitsPixel, FitsReader};
use super::spec::{FitsLocation, HduSelector};
use crate::ObsError;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// FITS files that are opened once and read from many times.
#[derive(Debug, Default)]
pub struct FitsFiles {
    open: BTreeMap<PathBuf, FitsReader>,
}

impl FitsFiles {
    /// With no file open yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The reader of a file, opened where it is not yet.
    ///
    /// # Errors
    /// As [`FitsReader::open`].
    pub fn reader(&mut self, path: &Path) -> Result<&mut FitsReader, ObsError> {
        if !self.open.contains_key(path) {
            self.open.insert(path.to_path_buf(), FitsReader::open(path)?);
        }
        Ok(self.open.get_mut(path).expect("inserted above"))
    }

    /// Reads an image.
    ///
    /// # Errors
    /// As [`FitsReader::open`] and [`FitsReader::image`].
    pub fn image<T: FitsPixel>(&mut self, place: &FitsLocation) -> Result<FitsImage<T>, ObsError> {
        self.reader(&place.path)?.image(&place.hdu)
    }

    /// Reads a mask.
    ///
    /// # Errors
    /// As [`FitsReader::open`] and [`FitsReader::mask`].
    pub fn mask(&mut self, place: &FitsLocation) -> Result<FitsMask, ObsError> {
        self.reader(&place.path)?.mask(&place.hdu)
    }
}

/// Reads one image: `hdu` is a name, `name,version`, a number from 0, or empty for the first image.
///
/// # Errors
/// As [`FitsReader::open`] and [`FitsReader::image`].
pub fn read_image<T: FitsPixel>(path: impl AsRef<Path>, hdu: &str) -> Result<FitsImage<T>, ObsError> {
    FitsReader::open(path)?.image(&HduSelector::parse(hdu))
}

/// Reads one mask; `hdu` as for [`read_image`].
///
/// # Errors
/// As [`FitsReader::open`] and [`FitsReader::mask`].
pub fn read_mask(path: impl AsRef<Path>, hdu: &str) -> Result<FitsMask, ObsError> {
    FitsReader::open(path)?.mask(&HduSelector::parse(hdu))
}
