//! Resampling against closed forms, its own adjoint, finite differences and the reference arrays.

mod adjoint;
mod gaussians;
mod reference;
mod seen;
mod slopes;
