//! Two instruments fitted together: simulated ones over many noise draws, and the real pair of HST and HSC.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::Context;
use super::case::{Goal, Row};
use super::sides;

const THREADS: usize = 2;
const DRAWS: usize = 50;
/// How often chance alone must give the largest bias, at least.
const CHANCE: f64 = 0.01;
/// Root mean square of biases over their own errors at most; 1 on average.
const RMS: f64 = 1.35;
/// chi2 per pixel of HST and of HSC at most.
const CHI2: [f64; 2] = [1.1, 1.0];
/// Residual dipoles of the five brightest at most, as shares of their peaks.
const DIPOLE: f64 = 0.03;
/// Error of the shift between the two images at most, in pixels of HSC.
const SHIFT_ERROR_PX: f64 = 0.02;

/// What `benches/instruments.rs` prints with `--json`.
#[derive(Debug, Deserialize)]
struct Figures {
    values: usize,
    worst: f64,
    chance: f64,
    rms: f64,
    position: [f64; 2],
    flux: [f64; 2],
    pair: Option<Pair>,
}

/// The same of the real pair: of HST, then of HSC.
#[derive(Debug, Deserialize)]
struct Pair {
    chi2: [f64; 2],
    dipoles: [Vec<f64>; 2],
    shift_px: [f64; 2],
    shift_error_px: [f64; 2],
    steps: usize,
    seconds: f64,
}

/// Runs both.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    if !context.ours {
        return Ok(Vec::new());
    }
    let program = sides::build(context, "instruments")?.display().to_string();
    let mut command = sides::pinned(&[program, "--json".to_owned(), format!("--draws={DRAWS}")], THREADS);
    command.env("SCARLET_DATA", &context.data).stderr(Stdio::inherit());
    let output = command.output().context("cannot run the bench instruments")?;
    ensure!(output.status.success(), "{command:?} failed");
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().last().unwrap_or_default();
    Ok(rows(&serde_json::from_str(line).with_context(|| format!("the bench said {line:?}"))?))
}

fn rows(found: &Figures) -> Vec<Row> {
    let row =
        |case: &str, unit, value, goal| Row::single("instruments", case.to_owned(), unit, Some(value), goal);
    let mut bias = row("chance of the largest bias", "1", found.chance, Goal::OursAtLeast(CHANCE));
    bias.note = format!(
        "{DRAWS} draws, {} positions and fluxes; the largest is {:.2} of its own errors off",
        found.values, found.worst
    );
    let mut all = vec![bias, row("rms of biases", "errors", found.rms, Goal::OursAtMost(RMS))];
    for (k, name) in ["space", "ground"].into_iter().enumerate() {
        let case = |what: &str| format!("errors of {what}, both over {name} alone");
        all.push(row(&case("positions"), "ratio", found.position[k], Goal::OursAtMost(1.0)));
        all.push(row(&case("fluxes"), "ratio", found.flux[k], Goal::OursAtMost(1.0)));
    }
    let Some(pair) = &found.pair else { return all };
    for (k, name) in ["HST", "HSC"].into_iter().enumerate() {
        all.push(row(&format!("{name}: chi2 per pixel"), "1", pair.chi2[k], Goal::OursAtMost(CHI2[k])));
        let largest = pair.dipoles[k].iter().copied().fold(0.0, f64::max);
        let case = format!("{name}: largest dipole of the brightest five");
        let mut dipole = row(&case, "1", largest, Goal::OursAtMost(DIPOLE));
        dipole.note = format!("of the peaks, the brightest first: {:.4?}", pair.dipoles[k]);
        all.push(dipole);
    }
    let largest = pair.shift_error_px[0].max(pair.shift_error_px[1]);
    let mut shift = row("HSC: error of the shift", "px", largest, Goal::OursAtMost(SHIFT_ERROR_PX));
    let [[y, x], [of_y, of_x]] = [pair.shift_px, pair.shift_error_px];
    shift.note = format!(
        "shift [y, x] {y:.4} +- {of_y:.4}, {x:.4} +- {of_x:.4} px; {} steps, {:.1} s in all",
        pair.steps, pair.seconds
    );
    all.push(shift);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_its_goal() {
        let line = r#"{"values":40,"worst":3.0,"chance":0.16,"rms":1.1,"position":[0.99,0.18],"flux":[1.2,0.78],
            "pair":{"chi2":[1.05,0.9],"dipoles":[[0.01,0.02],[0.001,0.05]],"shift_px":[0.5,-0.3],
            "shift_error_px":[0.004,0.005],"steps":90,"seconds":2.0}}"#;
        let rows = rows(&serde_json::from_str(line).expect("the documented line"));
        let missed: Vec<&str> =
            rows.iter().filter(|r| r.holds() == Some(false)).map(|r| r.case.as_str()).collect();
        assert_eq!(
            missed,
            ["errors of fluxes, both over space alone", "HSC: largest dipole of the brightest five"]
        );
        assert_eq!(rows.len(), 11);
    }
}
