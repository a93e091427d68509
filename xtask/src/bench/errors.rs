//! Whether errors of fits are right, and that they cost no more than the fit.
//!
//! Figures come from `benches/errors.rs`: the standard deviation of (fit - truth) / error over noise draws of simulated
//! blends, and the time of errors over that of the fit before them. There is no peer: scarlet2 gives no errors.

use anyhow::Result;

use super::Context;
use super::case::{Goal, Row};
use super::quality::{Figures, figures, row_of};
use super::sides;

/// Classes of blends, and what the standard deviation may be.
const CLASSES: [&str; 3] = ["isolated", "touching", "half merged"];
const KINDS: [(&str, [f64; 2]); 2] = [("parametric", [0.9, 1.1]), ("free-form", [0.8, 1.25])];
const SCENES: [&str; 2] = ["hsc", "n50-s256"];

/// All cases.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    if !context.ours {
        return Ok(Vec::new());
    }
    let program = sides::build(context, "errors")?;
    let mut known = Figures::new();
    for case in ["time", "calibration"] {
        known.extend(figures(context, &program, &[case])?);
    }
    let mut rows = Vec::new();
    for scene in SCENES {
        let figure = format!("{scene} errors over fit");
        rows.push(row_of("errors", &known, &figure, Goal::OursAtMost(1.0), "")?);
    }
    for (kind, [least, most]) in KINDS {
        for class in CLASSES {
            let (sd, mean) = (format!("{kind} {class} sd"), format!("{kind} {class} largest mean"));
            let note = format!(
                "standard deviation of (fit - truth) / error; largest mean {:.2}",
                known.get(&mean).and_then(|(_, value)| *value).unwrap_or(f64::NAN)
            );
            for goal in [Goal::OursAtLeast(least), Goal::OursAtMost(most)] {
                rows.push(row_of("errors", &known, &sd, goal, &note)?);
            }
        }
    }
    Ok(rows)
}
