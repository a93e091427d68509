//! What `scarlet sample` leaves behind: chains as Parquet and as Zarr, a summary, a page.

mod page;
mod stored;
mod summary;
mod zarr;

pub use page::SamplePage;
pub use stored::{chains_table, read_chains};
pub use summary::{SampleSeconds, SampleSummary};
pub use zarr::write_zarr;

/// The draws.
pub const CHAINS: &str = "chains.parquet";
/// Folder of the draws as ArviZ reads them.
pub const ZARR: &str = "chains.zarr";
/// A line for each column.
pub const TABLE: &str = "posterior.csv";
/// The same and all else for machines.
pub const SUMMARY: &str = "posterior.json";
/// The page.
pub const PAGE: &str = "posterior.html";
/// The fit that chains began around.
pub const FITTED: &str = "posterior_scene.json";

/// Names of the files that `scarlet sample` may write: none of them is one of a fit's.
pub const SAMPLE_RESULTS: [&str; 5] = [CHAINS, TABLE, FITTED, PAGE, SUMMARY];
