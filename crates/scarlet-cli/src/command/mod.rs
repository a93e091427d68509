//! The commands of the program.

pub mod demo;
pub mod fit;
mod progress;
pub mod simulate;
