//! Whether chains have found their density, and how far their numbers can be trusted.
//!
//! All statistics are those of Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021 (Bayesian Analysis 16, 667), in the
//! variants that ArviZ computes; `tests/diagnostics.rs` compares with values of arviz-stats 1.3.3.
//!
//! ```
//! use ndarray::Array2;
//! use scarlet_infer::diagnostics::{ess_bulk, rank_rhat};
//! // two chains that are each other's mirror image agree
//! let draws = Array2::from_shape_fn((2, 400), |(c, d)| {
//!     let x = ((d * 7919 + c * 104_729) % 400) as f64 / 400.0 - 0.5;
//!     if c == 0 { x } else { -x }
//! });
//! assert!(rank_rhat(draws.view()) < 1.02 && ess_bulk(draws.view()) > 400.0);
//! ```

mod chance;
mod energy;
mod ess;
mod findings;
mod mcse;
mod ranks;
mod summary;

pub use energy::bfmi;
pub use ess::{ess_bulk, ess_mean, ess_quantile, ess_tail};
pub use findings::{Limits, findings};
pub use mcse::{mcse_mean, mcse_quantile, mcse_sd};
pub use ranks::{quantile, rank_rhat};
pub use summary::{ColumnSummary, ess_least, rhat_most, summary};
