//! What the program `scarlet` does besides computing: catalogues, pictures and reports.
//!
//! - [`catalog`]: reading positions of sources, writing tables of results, as CSV and Parquet;
//! - [`picture`]: colour pictures of image cubes, as PNG;
//! - [`report`]: a self-contained HTML page about a fit;
//! - [`files`]: files that are written whole or not at all.

pub mod catalog;
pub mod files;
mod markup;
pub mod picture;
pub mod report;
