//! The built-in laws, one per file.

mod gaussian;
mod moffat;
mod sersic;
mod spergel;

pub(crate) use gaussian::GaussianLaw;
pub(crate) use moffat::MoffatLaw;
pub(crate) use sersic::{DeVaucouleursLaw, ExponentialLaw, SersicLaw};
pub(crate) use spergel::SpergelLaw;
