//! Samplers and diagnostics, against closed forms and against what ArviZ says.

mod chance;
mod diagnostics;
mod errors;
mod gaussians;
mod langevin;
mod moments;
mod scene;
mod support;
