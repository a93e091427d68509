//! The few cfitsio functions that reading needs, behind a safe handle.
//!
//! `fitsio`'s own reading layer is not used: it panics on tables with variable-length columns and on unsigned
//! 64-bit images, gives no access to the header as a whole, reads undefined integer pixels (`BLANK`) as numbers,
//! and takes brackets and parentheses in a path for cfitsio's extended file name syntax.
#![allow(unsafe_code, reason = "cfitsio is a C library; every block says why it is sound")]

use fitsio::sys;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::{self, NonNull};

/// cfitsio: end of file while reading.
pub(super) const END_OF_FILE: i32 = 107;
/// cfitsio: error while reading, which is what a file that is cut short gives.
pub(super) const READ_ERROR: i32 = 108;

/// A number type that cfitsio converts pixels to.
pub(super) trait RawPixel: Copy + Default {
    /// cfitsio's code of the type.
    const CODE: c_int;
    /// What an undefined pixel becomes; `None` where the type has nothing for it.
    const UNDEFINED: Option<Self>;
}

impl RawPixel for f32 {
    const CODE: c_int = 42;
    const UNDEFINED: Option<Self> = Some(Self::NAN);
}

impl RawPixel for f64 {
    const CODE: c_int = 82;
    const UNDEFINED: Option<Self> = Some(Self::NAN);
}

impl RawPixel for i64 {
    const CODE: c_int = 81;
    const UNDEFINED: Option<Self> = None;
}

impl RawPixel for u64 {
    const CODE: c_int = 80;
    const UNDEFINED: Option<Self> = None;
}

/// An open FITS file; closed when dropped.
#[derive(Debug)]
pub(super) struct Handle {
    fptr: NonNull<sys::fitsfile>,
}

impl Handle {
    /// Opens a file on disk for reading, compressed (`.gz`) or not; the path is taken literally.
    pub(super) fn open(path: &Path) -> Result<Self, i32> {
        let absolute = std::path::absolute(path).map_err(|_| END_OF_FILE)?;
        let name = CString::new(absolute.as_os_str().as_encoded_bytes()).map_err(|_| END_OF_FILE)?;
        let (mut fptr, mut status) = (ptr::null_mut(), 0);
        // SAFETY: `name` is NUL-terminated and outlives the call; cfitsio copies it and writes one pointer.
        unsafe { sys::ffdkopn(&raw mut fptr, name.as_ptr(), 0, &raw mut status) };
        check(status)?;
        NonNull::new(fptr).map(|fptr| Self { fptr }).ok_or(READ_ERROR)
    }

    /// How many HDUs can be reached; in a file that is cut short the ones before the cut.
    pub(super) fn hdu_count(&mut self) -> Result<usize, i32> {
        let (mut count, mut status) = (0, 0);
        // SAFETY: `fptr` is open (it is closed only in `drop`); cfitsio writes one int.
        unsafe { sys::ffthdu(self.fptr.as_ptr(), &raw mut count, &raw mut status) };
        check(status).map(|()| count.max(0) as usize)
    }

    /// Moves to HDU `number`, from 0.
    pub(super) fn select(&mut self, number: usize) -> Result<(), i32> {
        let (mut kind, mut status) = (0, 0);
        let number = c_int::try_from(number + 1).map_err(|_| END_OF_FILE)?;
        // SAFETY: `fptr` is open; cfitsio writes one int.
        unsafe { sys::ffmahd(self.fptr.as_ptr(), number, &raw mut kind, &raw mut status) };
        check(status)
    }

    /// The current HDU's header as records of 80 bytes, that of a tile-compressed image as if it were plain.
    pub(super) fn header(&mut self) -> Result<Vec<u8>, i32> {
        let (mut text, mut count, mut status): (*mut c_char, _, _) = (ptr::null_mut(), 0, 0);
        // SAFETY: `fptr` is open; no list of excluded keywords is given (null, 0). cfitsio allocates `text`.
        unsafe {
            sys::ffcnvthdr2str(
                self.fptr.as_ptr(),
                0,
                ptr::null_mut(),
                0,
                &raw mut text,
                &raw mut count,
                &raw mut status,
            );
        }
        if text.is_null() {
            return check(status).map(|()| Vec::new());
        }
        // SAFETY: `text` is not null, and cfitsio ends it with a NUL.
        let bytes = unsafe { CStr::from_ptr(text) }.to_bytes().to_vec();
        let mut freed = 0;
        // SAFETY: `text` was allocated by cfitsio above and is not used after this.
        unsafe { sys::fffree(text.cast::<c_void>(), &raw mut freed) };
        check(status).map(|()| bytes)
    }

    /// Whether the current HDU is a tile-compressed image.
    pub(super) fn is_compressed(&mut self) -> Result<bool, i32> {
        let mut status = 0;
        // SAFETY: `fptr` is open.
        let compressed = unsafe { sys::fits_is_compressed_image(self.fptr.as_ptr(), &raw mut status) };
        check(status).map(|()| compressed != 0)
    }

    /// Reads `out.len()` pixels of the current HDU from pixel `first`, from 0, scaled and converted.
    ///
    /// `undefined` is what undefined pixels become; `None` keeps what is stored.
    pub(super) fn read<T: RawPixel>(
        &mut self,
        first: usize,
        mut undefined: Option<T>,
        out: &mut [T],
    ) -> Result<(), i32> {
        let null = undefined.as_mut().map_or(ptr::null_mut(), |value| ptr::from_mut(value).cast::<c_void>());
        let (mut any, mut status) = (0, 0);
        // SAFETY: `fptr` is open; `T::CODE` names the type of `out` and of `null`; `out` has room for `out.len()`.
        unsafe {
            sys::ffgpv(
                self.fptr.as_ptr(),
                T::CODE,
                first as i64 + 1,
                out.len() as i64,
                null,
                out.as_mut_ptr().cast::<c_void>(),
                &raw mut any,
                &raw mut status,
            );
        }
        check(status)
    }

    /// Reads `out.len()` numbers of column `column`, from 1, of the current table, from its first row on, scaled and
    /// converted to real numbers; undefined ones become NaN.
    pub(super) fn read_column(&mut self, column: usize, out: &mut [f64]) -> Result<(), i32> {
        let column = c_int::try_from(column).map_err(|_| END_OF_FILE)?;
        let (mut undefined, mut any, mut status) = (f64::NAN, 0, 0);
        // SAFETY: `fptr` is open; 82 is the code of f64, the type of `out` and `undefined`; `out` has room for
        // `out.len()`; cfitsio refuses a column or elements that the table does not have.
        unsafe {
            sys::ffgcv(
                self.fptr.as_ptr(),
                <f64 as RawPixel>::CODE,
                column,
                1,
                1,
                out.len() as i64,
                (&raw mut undefined).cast::<c_void>(),
                out.as_mut_ptr().cast::<c_void>(),
                &raw mut any,
                &raw mut status,
            );
        }
        check(status)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut status = 0;
        // SAFETY: `fptr` was opened by cfitsio and is closed only here.
        unsafe { sys::ffclos(self.fptr.as_ptr(), &raw mut status) };
    }
}

/// cfitsio's words for a status.
pub(super) fn message(status: i32) -> String {
    let mut text: [c_char; 81] = [0; 81];
    // SAFETY: cfitsio writes at most 31 bytes with a closing NUL; the buffer is longer and zeroed.
    let words = unsafe {
        sys::ffgerr(status, text.as_mut_ptr());
        CStr::from_ptr(text.as_ptr())
    };
    words.to_string_lossy().into_owned()
}

fn check(status: i32) -> Result<(), i32> {
    if status == 0 {
        return Ok(());
    }
    // SAFETY: clears cfitsio's own stack of messages; takes and returns nothing.
    unsafe { sys::ffcmsg() };
    Err(status)
}
