//! Parametric radial profiles: Gaussian, Sersic, exponential, de Vaucouleurs, Moffat, Spergel, and one's own.
//!
//! **One normalisation**: every profile has flux 1 over the infinite plane, so that the spectrum of its component
//! is its flux; what falls outside the box is not in the image.
//!
//! **Ellipticity** is the distortion (e1, e2), |e| = (a^2 - b^2) / (a^2 + b^2); sizes are the geometric mean
//! along the two axes. [`shear_from_distortion`], [`distortion_from_axes`] and their inverses convert.
//!
//! **Pixels** are integrated, unless one asks for point samples: within 1e-3 of the brightest pixel and 1e-4 of
//! the flux for sizes of at least 0.7 px, axis ratios of at least 0.2, Sersic n up to 6 and Spergel nu down to
//! -0.6, at any position of the centre.

mod adjoint;
mod bessel;
mod dual;
mod edges;
mod ellipse;
mod gamma;
mod grid;
mod integrate;
mod lane;
mod law;
mod laws;
mod layout;
mod number;
mod outer;
mod patch;
mod quadrature;
mod radial;
mod stencil;
mod types;
mod zone;

pub use dual::Dual;
pub use ellipse::{axes_from_distortion, distortion_from_axes, distortion_from_shear, shear_from_distortion};
pub use law::{MAX_SHAPE, RadialLaw, ShapeParameter};
pub use number::Number;
pub use types::{DeVaucouleurs, Exponential, Gaussian, Moffat, Profile, Sersic, Spergel};
