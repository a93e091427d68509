//! Joint fits of two instruments: bias over many noise draws and how much better both are than one, and the real pair of HST
//! and HSC with its shift free.
//!
//! `cargo bench -p scarlet --bench instruments -- --draws=50`; with `--json` the last line is one object of all figures. The
//! real pair needs `SCARLET_DATA`.

#[path = "../tests/common/mod.rs"]
mod common;

use common::instruments::{TwoInstruments, compare};
use common::pair;
use scarlet::obs::Astrometry;
use serde_json::{Value, json};
use std::time::Instant;

/// The fit of the real pair; nothing where there are no real data.
fn real_pair() -> Value {
    let Some([hst, hsc]) = pair::observations() else { return Value::Null };
    let began = Instant::now();
    let hsc = hsc.astrometry(Astrometry::within(0.5)).expect("a width");
    let fitted = pair::fit(&mut [hst, hsc]);
    let seconds = began.elapsed().as_secs_f64();
    let shift = &fitted.estimates[0];
    let dipoles = fitted.dipoles.map(|five| five.iter().map(|(_, dipole)| dipole.height).collect::<Vec<_>>());
    json!({
        "chi2": fitted.chi2,
        "dipoles": dipoles,
        "shift_px": shift.values,
        "shift_error_px": shift.errors,
        "steps": fitted.fit.iterations,
        "seconds": seconds,
    })
}

fn main() {
    let draws = std::env::args().find_map(|a| a.strip_prefix("--draws=").and_then(|n| n.parse().ok()));
    let found = compare(&TwoInstruments::new(), draws.unwrap_or(50));
    let pair = real_pair();
    if std::env::args().any(|a| a == "--json") {
        let all = json!({
            "values": found.values,
            "worst": found.worst,
            "chance": found.chance,
            "rms": found.rms,
            "position": found.position,
            "flux": found.flux,
            "pair": pair,
        });
        println!("{all}");
    }
}
