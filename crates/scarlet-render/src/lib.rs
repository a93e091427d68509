//! Evaluating scenes fast and differentiably: planned once, then no allocation and no tape.
//!
//! A [`ScenePlan`] turns the values of a scene's parameters into a model cube `[channel, y, x]`, and the adjoint
//! of that cube into the gradient with respect to the values. A [`Renderer`] takes the cube to what an observation
//! sees, [`Convolution`] and [`RealFft2`] are what it does that with. Transforms are unnormalised; kernels carry the 1 / N.
//!
//! What users write themselves as dfdx tensors lives in [`expression`]; nothing else here knows dfdx.

pub mod convolution;
pub mod expression;
pub mod fft;
mod pixel;
mod plan;
pub mod renderer;
pub mod resampling;
mod simd;
pub mod varying;
mod workers;

pub use convolution::{Convolution, ConvolutionMatrix};
pub use fft::{RealFft2, Window, Workspace, good_length};
pub use pixel::{Pixel, Precision};
pub use plan::{Edge, ScenePlan, source_cube};
pub use renderer::{Renderer, Sighting};
pub use resampling::{Geometry, Matching, OutOfSlack, Reading, Request, Resampling};
pub use simd::dot;
pub use varying::{Component, Mixture, Varying};
pub use workers::Workers;
