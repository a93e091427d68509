//! Reading images and masks from FITS files, and writing images and tables to them.
//!
//! - Reading is done by cfitsio: all pixel types with `BSCALE` and `BZERO`, undefined pixels as NaN, `.gz` and
//!   tile-compressed files. The path is taken literally; nothing of cfitsio's extended file name syntax applies.
//! - Writing is done here: header, big-endian data and padding of FITS Standard 4.0. A file appears under its
//!   name only when it is complete.
//! - Arrays are `[y, x]` or `[channel, y, x]`: the axes of FITS, slowest first.
//!
//! ```
//! use ndarray::Array2;
//! use scarlet_obs::fits::{FitsKey, FitsWriter, read_image};
//! let path = std::env::temp_dir().join(format!("scarlet-fits-doc-{}.fits", std::process::id()));
//! let mut file = FitsWriter::create(&path, &[FitsKey::new("NITER", 200_i64, "iterations done")])?;
//! file.image("MODEL", &Array2::<f32>::ones((3, 4)), &[], &[])?;
//! file.finish()?;
//! let image = read_image::<f32>(&path, "model")?;
//! assert_eq!(image.plane()?.dim(), (3, 4));
//! # std::fs::remove_file(path).expect("written above");
//! # Ok::<(), scarlet_obs::ObsError>(())
//! ```

mod cards;
mod columns;
mod files;
mod guard;
mod psf_field;
mod raw;
mod read;
mod spec;
mod table;
mod write;

pub use cards::{FitsKey, FitsValue};
pub use columns::FitsNumbers;
pub use files::{FitsFiles, read_image, read_mask};
pub use psf_field::{read_psf_grid, read_psfex};
pub use read::{FitsHdu, FitsImage, FitsMask, FitsPixel, FitsReader, HduKind};
pub use spec::{FitsLocation, FitsSpec, HduSelector};
pub use table::{FitsColumn, FitsColumnData};
pub use write::FitsWriter;
