//! What `scarlet sample` leaves behind: chains as Parquet and as Zarr, a summary, a page.

mod page;
mod stored;
mod summary;
mod zarr;

pub use page::SamplePage;
pub use stored::{chains_table, read_chains};
pub use summary::{SampleSeconds, SampleSummary};
pub use zarr::write_zarr;

/// Names of the files that `scarlet sample` may write.
pub const SAMPLE_RESULTS: [&str; 5] =
    ["chains.parquet", "summary.csv", "scene.json", "report.html", "summary.json"];

/// Folder of the chains as ArviZ reads them.
pub const ZARR: &str = "chains.zarr";
