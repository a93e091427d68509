//! What the program `scarlet` does besides computing: catalogues, pictures and reports.
//!
//! - [`catalog`]: reading positions of sources, writing tables of results, as CSV and Parquet;
//! - [`picture`]: colour pictures of image cubes, as PNG;
//! - [`report`]: a self-contained HTML page about a fit;
//! - [`scene_file`]: what the user writes: images, catalogue, model, settings;
//! - [`sampling`]: what chains of draws leave behind;
//! - [`simulation`]: blends to try things on, galaxies to train on;
//! - [`prior`]: images for networks, draws from them, pages about them;
//! - [`output`]: what a fit leaves behind;
//! - [`command`]: the commands;
//! - [`log`], [`budget`], [`memory`]: what a command says, how long it may take, how much it needs;
//! - [`files`]: files that are written whole or not at all;
//! - [`findings`]: what checks found, as records and as text;
//! - [`sights`]: how observations see a model, as records and as a table.

pub mod budget;
pub mod catalog;
pub mod command;
mod error;
pub mod files;
pub mod findings;
pub mod log;
mod markup;
pub mod memory;
pub mod output;
pub mod picture;
pub mod prior;
pub mod report;
pub mod sampling;
pub mod scene_file;
pub mod sights;
pub mod simulation;

pub use error::CliError;
