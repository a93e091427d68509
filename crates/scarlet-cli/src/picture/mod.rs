//! Pictures of image cubes: colours by the asinh stretch of Lupton et al., grey, and maps of signed values.
//!
//! Row 0 of an image is at the bottom of its picture, column 0 at the left. Cubes are `[channel, y, x]` with the
//! channels from blue to red.

mod binning;
mod bitmap;
mod channels;
mod chart;
mod colour;
mod stretch;
mod wavelength;

pub use binning::{binned, binned_significance};
pub use bitmap::Picture;
pub use channels::{channel_weights, mix};
pub use chart::{Chart, ChartAxis, Mark, Scale, Series, Stroke};
pub use colour::{INVALID, diverging, diverging_colour, grey, rgb, sequential, sequential_colour};
pub use stretch::Stretch;
pub(crate) use wavelength::wavelength_nm;
pub use wavelength::{colour_weights, from_blue_to_red};
