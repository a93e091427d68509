//! Score networks as files: the images they are trained on, draws as pictures, and a page about both.

mod page;
mod sheet;
mod stamps;

pub use page::{DrawsPage, TrainingPage};
pub use sheet::sheet;
pub use stamps::{read_stamps, simulated};
