//! Reading images and masks.

use super::cards::{find, joined_cards};
use super::guard;
use super::raw::{self, Handle, RawPixel};
use super::spec::HduSelector;
use crate::ObsError;
use ndarray::{Array2, Array3, ArrayD, Axis, Ix2, Ix3, IxDyn};
use scarlet_frame::Header;
use std::path::{Path, PathBuf};

/// Pixels read with one call of cfitsio.
const CHUNK: usize = 1 << 20;
/// Bytes of a record, of which FITS files have whole numbers.
const RECORD: u64 = 2880;

/// A type that pixels are read as: `f32` or `f64`.
pub trait FitsPixel: sealed::Pixel {}
impl FitsPixel for f32 {}
impl FitsPixel for f64 {}

mod sealed {
    #[expect(private_bounds, reason = "sealed: nobody else can name or implement it")]
    pub trait Pixel: super::RawPixel + 'static {}
    impl Pixel for f32 {}
    impl Pixel for f64 {}
}

/// What an HDU holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HduKind {
    /// An image; lengths of the axes, slowest first.
    Image {
        /// Lengths of the axes, slowest first.
        shape: Vec<usize>,
    },
    /// A table.
    Table,
    /// A header without data.
    Empty,
}

/// One HDU of a file: name, version, header and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FitsHdu {
    /// `EXTNAME`, `PRIMARY` for a primary HDU without one, empty where there is none.
    pub name: String,
    /// `EXTVER`, 1 where it is not given.
    pub version: i64,
    /// What it holds.
    pub kind: HduKind,
    /// Its cards; for a tile-compressed image those of the plain image.
    pub header: Header,
    compressed: bool,
}

/// An image and the header it came with.
#[derive(Debug, Clone, PartialEq)]
pub struct FitsImage<T> {
    /// Pixel values, scaled; undefined pixels are NaN. Leading axes of length 1 beyond the third are dropped.
    pub data: ArrayD<T>,
    /// The cards of its HDU.
    pub header: Header,
    /// File and HDU, for messages.
    origin: Origin,
}

/// A mask: bit planes and the header they came with.
#[derive(Debug, Clone, PartialEq)]
pub struct FitsMask {
    /// The bits of each pixel; those above the stored integer's width are 0, also for negative integers.
    pub bits: ArrayD<u64>,
    /// The cards of its HDU.
    pub header: Header,
    /// File and HDU, for messages.
    origin: Origin,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Origin {
    path: PathBuf,
    hdu: String,
}

impl Origin {
    fn axes(&self, shape: &[usize], wanted: &'static str) -> ObsError {
        ObsError::ImageAxes { path: self.path.clone(), hdu: self.hdu.clone(), shape: shape.to_vec(), wanted }
    }

    pub(super) fn failed(&self, status: i32) -> ObsError {
        if matches!(status, raw::END_OF_FILE | raw::READ_ERROR) {
            return ObsError::FitsTruncated { path: self.path.clone(), hdu: self.hdu.clone() };
        }
        let message = raw::message(status);
        ObsError::FitsRead { path: self.path.clone(), hdu: self.hdu.clone(), status, message }
    }
}

fn plane<T: Clone>(data: &ArrayD<T>, origin: &Origin) -> Result<Array2<T>, ObsError> {
    let mut view = data.view();
    while view.ndim() > 2 && view.len_of(Axis(0)) == 1 {
        view = view.index_axis_move(Axis(0), 0);
    }
    let shape = view.shape().to_vec();
    view.to_owned().into_dimensionality::<Ix2>().map_err(|_| origin.axes(&shape, "an image [y, x]"))
}

fn cube<T: Clone>(data: &ArrayD<T>, origin: &Origin) -> Result<Array3<T>, ObsError> {
    let shape = data.shape().to_vec();
    let view = data.view();
    let view = if view.ndim() == 2 { view.insert_axis(Axis(0)) } else { view };
    view.to_owned().into_dimensionality::<Ix3>().map_err(|_| origin.axes(&shape, "a cube [channel, y, x]"))
}

impl<T: Clone> FitsImage<T> {
    /// As one plane `[y, x]`; leading axes of length 1 are dropped.
    ///
    /// # Errors
    /// [`ObsError::ImageAxes`] where it is no single plane.
    pub fn plane(&self) -> Result<Array2<T>, ObsError> {
        plane(&self.data, &self.origin)
    }

    /// As a cube `[channel, y, x]`; an image `[y, x]` has one channel.
    ///
    /// # Errors
    /// [`ObsError::ImageAxes`] where it has other than two or three axes.
    pub fn cube(&self) -> Result<Array3<T>, ObsError> {
        cube(&self.data, &self.origin)
    }
}

impl FitsMask {
    /// As one plane `[y, x]`; leading axes of length 1 are dropped.
    ///
    /// # Errors
    /// [`ObsError::ImageAxes`] where it is no single plane.
    pub fn plane(&self) -> Result<Array2<u64>, ObsError> {
        plane(&self.bits, &self.origin)
    }

    /// As a cube `[channel, y, x]`; a mask `[y, x]` has one channel.
    ///
    /// # Errors
    /// [`ObsError::ImageAxes`] where it has other than two or three axes.
    pub fn cube(&self) -> Result<Array3<u64>, ObsError> {
        cube(&self.bits, &self.origin)
    }
}

/// An open FITS file with the list of its HDUs.
#[derive(Debug)]
pub struct FitsReader {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) handle: Handle,
    hdus: Vec<FitsHdu>,
}

impl FitsReader {
    /// Opens a file and reads its headers.
    ///
    /// # Errors
    /// [`ObsError::File`] where it cannot be opened, [`ObsError::NotFits`] where it is something else,
    /// [`ObsError::FitsTruncated`] where it ends within the first header, [`ObsError::FitsCompression`] where the
    /// header of a compressed image makes no sense.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ObsError> {
        let path = path.as_ref().to_path_buf();
        let bytes = readable(&path)?;
        guard::check(&path)?;
        let opened = Handle::open(&path).and_then(|mut handle| {
            let count = handle.hdu_count()?;
            let hdus =
                (0..count).map(|number| FitsHdu::read(&mut handle, number)).collect::<Result<Vec<_>, _>>()?;
            Ok((handle, hdus))
        });
        match opened {
            Ok((handle, hdus)) => Ok(Self { path, bytes, handle, hdus }),
            Err(raw::END_OF_FILE | raw::READ_ERROR) if bytes > 0 && guard::begins_as_fits(&path) => {
                Err(ObsError::FitsTruncated { path, hdu: "#0".to_owned() })
            }
            Err(_) => Err(ObsError::NotFits { path }),
        }
    }

    /// What the file holds, in order.
    #[must_use]
    pub fn hdus(&self) -> &[FitsHdu] {
        &self.hdus
    }

    /// The cards of an HDU.
    ///
    /// # Errors
    /// [`ObsError::NoHdu`] names those that are there.
    pub fn header(&self, hdu: &HduSelector) -> Result<&Header, ObsError> {
        self.find(hdu).map(|number| &self.hdus[number].header)
    }

    /// Reads an image.
    ///
    /// # Errors
    /// Where there is no such HDU, it holds no image, or the file is damaged.
    pub fn image<T: FitsPixel>(&mut self, hdu: &HduSelector) -> Result<FitsImage<T>, ObsError> {
        let number = self.find(hdu)?;
        let data = self.pixels::<T>(number)?;
        Ok(FitsImage { data, header: self.hdus[number].header.clone(), origin: self.origin(number) })
    }

    /// Reads a mask: an image of integers, signed or not; one stored as real numbers must hold whole numbers.
    ///
    /// # Errors
    /// As [`FitsReader::image`], and [`ObsError::MaskNotInteger`].
    pub fn mask(&mut self, hdu: &HduSelector) -> Result<FitsMask, ObsError> {
        let number = self.find(hdu)?;
        let bits = match self.hdus[number].mask_kind() {
            MaskKind::Unsigned64 => self.pixels::<u64>(number)?,
            // cfitsio reads no 64-bit integers from compressed images; those of 32 bits are exact as f64.
            MaskKind::Integer { used } if self.hdus[number].compressed && used <= u64::from(u32::MAX) => {
                self.pixels::<f64>(number)?.mapv(|value| value as i64 as u64 & used)
            }
            MaskKind::Integer { used } => self.pixels::<i64>(number)?.mapv(|value| value as u64 & used),
            MaskKind::Real => self.real_mask(number)?,
        };
        Ok(FitsMask { bits, header: self.hdus[number].header.clone(), origin: self.origin(number) })
    }

    fn real_mask(&mut self, number: usize) -> Result<ArrayD<u64>, ObsError> {
        let values = self.pixels::<f64>(number)?;
        let whole = |value: f64| value >= 0.0 && value < 2.0_f64.powi(64) && value.fract() == 0.0;
        if let Some((pixel, &value)) = values.indexed_iter().find(|&(_, &value)| !whole(value)) {
            let Origin { path, hdu } = self.origin(number);
            return Err(ObsError::MaskNotInteger {
                path,
                hdu,
                pixel: ndarray::Dimension::slice(&pixel).to_vec(),
                value,
            });
        }
        Ok(values.mapv(|value| value as u64))
    }

    pub(super) fn find(&self, wanted: &HduSelector) -> Result<usize, ObsError> {
        let is_wanted = |number: usize, hdu: &FitsHdu| match wanted {
            HduSelector::FirstImage => matches!(&hdu.kind, HduKind::Image { shape } if shape.len() >= 2),
            HduSelector::Number(index) => number == *index,
            HduSelector::Name { name, version } => {
                let same = hdu.name.eq_ignore_ascii_case(name.trim());
                let primary = number == 0 && name.eq_ignore_ascii_case("PRIMARY");
                (same || primary) && version.is_none_or(|version| version == hdu.version)
            }
        };
        let found = self.hdus.iter().enumerate().position(|(number, hdu)| is_wanted(number, hdu));
        found.ok_or_else(|| match self.is_cut_short() {
            true => ObsError::FitsTruncated { path: self.path.clone(), hdu: wanted.to_string() },
            false => ObsError::NoHdu {
                path: self.path.clone(),
                wanted: wanted.to_string(),
                available: (0..self.hdus.len()).map(|number| self.label(number)).collect(),
            },
        })
    }

    /// Whether it ends within a record, so that it may have had more HDUs; not known of a compressed file.
    const fn is_cut_short(&self) -> bool {
        self.bytes != u64::MAX && !self.bytes.is_multiple_of(RECORD)
    }

    pub(super) fn label(&self, number: usize) -> String {
        let hdu = &self.hdus[number];
        match hdu.name.as_str() {
            "" => format!("#{number}"),
            name if hdu.version != 1 => format!("{name},{}", hdu.version),
            name => name.to_owned(),
        }
    }

    pub(super) fn origin(&self, number: usize) -> Origin {
        Origin { path: self.path.clone(), hdu: self.label(number) }
    }

    fn shape(&self, number: usize) -> Result<Vec<usize>, ObsError> {
        let what = match &self.hdus[number].kind {
            HduKind::Image { shape } => return Ok(shape.clone()),
            HduKind::Table => "a table",
            HduKind::Empty => "no data",
        };
        let Origin { path, hdu } = self.origin(number);
        Err(ObsError::NotAnImage { path, hdu, what })
    }

    fn pixels<T: RawPixel>(&mut self, number: usize) -> Result<ArrayD<T>, ObsError> {
        let mut shape = self.shape(number)?;
        let origin = self.origin(number);
        let too_large = || {
            let Origin { path, hdu } = origin.clone();
            ObsError::ImageTooLarge { path, hdu, shape: shape.clone() }
        };
        let total = shape.iter().try_fold(1_usize, |all, &n| all.checked_mul(n)).ok_or_else(too_large)?;
        if self.hdus[number].stored_bytes().is_some_and(|stored| stored > u128::from(self.bytes)) {
            return Err(origin.failed(raw::READ_ERROR));
        }
        let undefined = T::UNDEFINED.filter(|_| !self.hdus[number].stores_reals());
        let mut values = Vec::new();
        values.try_reserve_exact(total).map_err(|_| too_large())?;
        self.handle.select(number).map_err(|status| origin.failed(status))?;
        while values.len() < total {
            let first = values.len();
            values.resize(total.min(first + CHUNK), T::default());
            self.handle
                .read(first, undefined, &mut values[first..])
                .map_err(|status| origin.failed(status))?;
        }
        while shape.len() > 3 && shape[0] == 1 {
            shape.remove(0);
        }
        Ok(ArrayD::from_shape_vec(IxDyn(&shape), values).expect("as many values as the shape has"))
    }
}

enum MaskKind {
    Unsigned64,
    Integer { used: u64 },
    Real,
}

impl FitsHdu {
    fn read(handle: &mut Handle, number: usize) -> Result<Self, i32> {
        handle.select(number)?;
        let header = joined_cards(&handle.header()?);
        let name = find(&header, "EXTNAME").filter(|name| !name.is_empty());
        Ok(Self {
            name: name.unwrap_or(if number == 0 { "PRIMARY" } else { "" }).to_owned(),
            version: integer(&header, "EXTVER").unwrap_or(1),
            kind: kind(&header),
            compressed: handle.is_compressed()?,
            header,
        })
    }

    /// Bytes that an image takes in the file; `None` for what is compressed or no image.
    fn stored_bytes(&self) -> Option<u128> {
        let HduKind::Image { shape } = &self.kind else { return None };
        if self.compressed {
            return None;
        }
        let width = u128::from(integer(&self.header, "BITPIX")?.unsigned_abs() / 8);
        shape.iter().try_fold(width, |all, &n| all.checked_mul(n as u128))
    }

    /// Whether undefined pixels are NaN already; asking cfitsio to look for them would turn infinities into NaN.
    fn stores_reals(&self) -> bool {
        !self.compressed && integer(&self.header, "BITPIX").is_some_and(|bitpix| bitpix < 0)
    }

    fn mask_kind(&self) -> MaskKind {
        let bitpix = integer(&self.header, "BITPIX").unwrap_or(-64);
        let scaling = |keyword| find(&self.header, keyword).and_then(|text| text.parse::<f64>().ok());
        let (scale, zero) = (scaling("BSCALE").unwrap_or(1.0), scaling("BZERO").unwrap_or(0.0));
        let offset = match bitpix {
            8 => -128.0,
            16..=64 => 2.0_f64.powi(bitpix as i32 - 1),
            _ => return MaskKind::Real,
        };
        match (scale == 1.0, zero == offset, zero == 0.0) {
            (true, true, _) if bitpix == 64 => MaskKind::Unsigned64,
            (true, true, _) | (true, _, true) => MaskKind::Integer { used: u64::MAX >> (64 - bitpix) },
            _ => MaskKind::Real,
        }
    }
}

fn integer(header: &Header, keyword: &str) -> Option<i64> {
    find(header, keyword)?.parse().ok()
}

fn kind(header: &Header) -> HduKind {
    if find(header, "XTENSION").is_some_and(|kind| kind != "IMAGE") {
        return HduKind::Table;
    }
    let axes = integer(header, "NAXIS").unwrap_or(0).clamp(0, 999);
    let length = |axis| integer(header, &format!("NAXIS{axis}")).and_then(|n| usize::try_from(n).ok());
    let shape: Vec<usize> = (1..=axes).rev().map(|axis| length(axis).unwrap_or(0)).collect();
    if shape.is_empty() || shape.contains(&0) { HduKind::Empty } else { HduKind::Image { shape } }
}

/// Length of a file that can be read; for a compressed one the most it can expand to.
fn readable(path: &Path) -> Result<u64, ObsError> {
    let failed = |kind| ObsError::File { path: path.to_path_buf(), action: "open", kind };
    let about = std::fs::metadata(path).map_err(|error| failed(error.kind()))?;
    if about.is_dir() {
        return Err(failed(std::io::ErrorKind::IsADirectory));
    }
    let mut start = [0; 2];
    let mut file = std::fs::File::open(path).map_err(|error| failed(error.kind()))?;
    let compressed = std::io::Read::read_exact(&mut file, &mut start).is_ok() && start[0] == 0x1f;
    Ok(if compressed { u64::MAX } else { about.len() })
}
