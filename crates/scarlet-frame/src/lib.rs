//! Where images are: boxes of pixels, channels, sky coordinates, WCS and sampled PSFs.
//!
//! Conventions of the whole workspace, said once:
//! - cubes are `[channel, y, x]`, positions are `(y, x)`;
//! - pixel centres are at integers and 0-based (a FITS `CRPIX` is 1-based);
//! - the centre of a box of length `n` that begins at `origin` is `origin + n / 2` (integer division).

mod angle;
mod bbox;
mod channel;
mod enclosing;
mod error;
mod footprint;
mod frame;
mod grid_affine;
mod grid_map;
mod nearest;
mod psf;
mod wcs;

pub use angle::{Angle, arcsec, degrees, milliarcsec};
pub use bbox::BBox;
pub use channel::Channel;
pub use enclosing::{Enclosing, MODEL_PSF_SIGMA_PX};
pub use error::FrameError;
pub use frame::Frame;
pub use grid_affine::GridAffine;
pub use grid_map::GridMap;
pub use nearest::nearest;
pub use psf::varying::{PsfComponents, PsfField, PsfLaw, VaryingPsf};
pub use psf::{Psf, PsfSamples};
pub use wcs::{Card, Header, LocalAffine, Sky, Wcs, parse_card, parse_header};
