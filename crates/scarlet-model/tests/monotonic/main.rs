//! Monotonic and symmetric images: what holds for every one of them, gradients, conversion, convergence.

mod battery;
mod blend;
mod convergence;
mod conversion;
mod families;
mod properties;
mod speed;
mod support;
