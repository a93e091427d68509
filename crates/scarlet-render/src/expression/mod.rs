//! What users write themselves: images, spectra and priors as dfdx expressions, and a log-density as one dfdx
//! operation.
//!
//! This is the only module that knows dfdx; to the rest an [`ExpressionImage`] is a
//! [`Morphology`](scarlet_model::Morphology): image out, adjoint image in. An expression is run on a tape that
//! lives for one box.
//!
//! - [`ExpressionImage`], [`ExpressionSpectrum`], [`ExpressionPrior`]: a closure over [`Expr`]s, numbers or
//!   images of numbers that are [`Copy`] and have the usual operators. They may be used any number of times and
//!   know the functions that dfdx lacks (softplus, atan2, erf, `ln_gamma`, powers of a tensor by a tensor).
//! - [`Expr::into_tensor`] and [`Expr::from_tensor`] lead to dfdx's own tensors and back, inside such a closure.
//! - [`softplus`], [`atan2`], [`map`], [`map2`] and their like do the same for dfdx tensors, and [`duplicate`]
//!   makes of one tensor two: dfdx itself **panics in its backward pass where one tensor is used twice in one
//!   operation** (`x.with_empty_tape() * x`). A closure that does so is refused with an error when it is added to
//!   a scene; dfdx's own panic message is printed all the same, since silencing it would mean to replace the
//!   program's panic hook.
//! - [`scalar_op`] makes of any function with a gradient, like the log-likelihood of a scene, one operation
//!   on a dfdx tape; [`Part`] does so for one parameter of a scene.
//!
//! # Cost
//! dfdx allocates for every operation, and an image is evaluated a second time for its gradient. At 31x31, image and
//! gradient take 31 us for a Gaussian, 35 for a ring, 90 for a spiral with its `atan2`, `cos` and `ln`. Its cache of allocations
//! (`Cpu::enable_cache`) must stay off: it would keep the buffers of our operations for ever.
//!
//! # Devices
//! Expressions run on the CPU. The feature `dfdx-cuda` builds dfdx with CUDA for networks that users put in front
//! of [`scalar_op`]; it needs `nvcc` and `nvidia-smi` at build time, the program then starts only where
//! there is a CUDA driver, and it is in no default and no CI.

mod check;
mod elementwise;
mod expr;
mod functions;
mod grid;
mod image;
mod operators;
mod params;
mod prior;
mod record;
mod scalar_op;
mod special;
mod spectrum;

pub use dfdx;
pub use elementwise::{CpuTensor, map, map2};
pub use expr::{Expr, Operand};
pub use grid::Grid;
pub use image::ExpressionImage;
pub use params::Params;
pub use prior::ExpressionPrior;
pub use scalar_op::{Part, scalar_op};
pub use special::{atan2, duplicate, erf, ln_gamma, pow, softplus};
pub use spectrum::{Channels, ExpressionSpectrum};
