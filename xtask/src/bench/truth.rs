//! What observations on other pixel grids see, beside images that GalSim drew.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::Context;
use super::case::{Goal, Row};
use super::peer::{GALSIM, Peer};
use super::sides;

/// Largest relative error of a flux, of a position in pixels, and of a pixel over the peak.
const LIMITS: [f64; 3] = [1e-5, 0.01, 1e-4];

/// What `benches/truth.rs` prints of a case.
#[derive(Debug, Deserialize)]
struct Errors {
    case: usize,
    flux: f64,
    position_px: f64,
    pixel: f64,
}

/// Draws the images, and compares all cases.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    if !context.ours {
        return Ok(Vec::new());
    }
    let folder = context.workspace.target.join("bench-truth");
    let mut words = Peer::install(context.workspace, &GALSIM)?.script("galsim_truth.py");
    words.push(folder.display().to_string());
    let said = stdout(&words)?;
    let said: Value = serde_json::from_str(said.trim()).context("what GalSim's script printed")?;
    let program = sides::build(context, "truth")?;
    let said_of_ours = stdout(&[program.display().to_string(), format!("--data={}", folder.display())])?;
    let mut rows = Vec::new();
    for line in said_of_ours.lines() {
        let errors: Errors =
            serde_json::from_str(line).with_context(|| format!("the bench said {line:?}"))?;
        rows.extend(rows_of(&errors, &said["cases"][errors.case]));
    }
    ensure!(rows.len() >= 90, "fewer than 30 cases were compared");
    Ok(rows)
}

/// One row for each kind of error.
fn rows_of(errors: &Errors, case: &Value) -> Vec<Row> {
    let name = format!(
        "scale {} angle {}{}{} PSF {:.2}\" x{}{}",
        case["scale"],
        case["angle"],
        if case["flip"] == true { " flip" } else { "" },
        if case["sip"] == 0.0 { "" } else { " SIP" },
        case["fwhm"].as_f64().unwrap_or(f64::NAN),
        case["per_px"],
        if case["has_pixel"] == true { "" } else { " optics" },
    );
    let kinds =
        [("flux", "1", errors.flux), ("position", "px", errors.position_px), ("pixel", "1", errors.pixel)];
    let row = |((kind, unit, value), limit)| {
        Row::single(
            "truth",
            format!("{} {name}: {kind}", errors.case),
            unit,
            Some(value),
            Goal::OursAtMost(limit),
        )
    };
    kinds.into_iter().zip(LIMITS).map(row).collect()
}

fn stdout(words: &[String]) -> Result<String> {
    let mut command = sides::pinned(words, 1);
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run {}", words[0]))?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_its_three_limits() {
        let line = r#"{"case":3,"flux":1e-6,"position_px":0.02,"pixel":5e-5,"renderer":"resampling"}"#;
        let errors: Errors = serde_json::from_str(line).expect("the documented line");
        let case = serde_json::json!({"scale": 0.3, "angle": 33.0, "flip": true, "sip": 0.0, "fwhm": 0.75,
            "per_px": 4, "has_pixel": false});
        let rows = rows_of(&errors, &case);
        assert_eq!(rows.iter().map(Row::holds).collect::<Vec<_>>(), [Some(true), Some(false), Some(true)]);
        assert_eq!(rows[0].case, "3 scale 0.3 angle 33.0 flip PSF 0.75\" x4 optics: flux");
    }
}
