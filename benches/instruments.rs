//! Joint fits of two simulated instruments over many noise draws: bias, and how much better both are than one.
//!
//! `cargo bench -p scarlet --bench instruments -- --draws=50`

#[path = "../tests/common/mod.rs"]
mod common;

use common::instruments::{TwoInstruments, compare};

fn main() {
    let draws = std::env::args().find_map(|a| a.strip_prefix("--draws=").and_then(|n| n.parse().ok()));
    compare(&TwoInstruments::new(), draws.unwrap_or(50));
}
