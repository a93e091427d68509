//! Pictures of image cubes: colours by the asinh stretch of Lupton et al., grey, and maps of signed values.
//!
//! Row 0 of an image is at the bottom of its picture, column 0 at the left. Cubes are `[channel, y, x]` with the
//! channels from blue to red.

mod bitmap;
mod channels;
mod colour;
mod curve;
mod stretch;

pub use bitmap::Picture;
pub use channels::{channel_weights, mix};
pub use colour::{INVALID, diverging, grey, rgb};
pub use curve::{Curve, YScale};
pub use stretch::Stretch;
