//! Whether errors of fits are right, and that they cost no more than the fit.
//!
//! Figures come from `benches/errors.rs`: the standard deviation of (fit - truth) / error over noise draws of simulated
//! blends, the time of errors over that of the fit before them, and the memory of both. There is no peer: scarlet2 gives no errors.

use anyhow::Result;

use super::Context;
use super::case::{Goal, Row};
use super::quality::{Figures, figures, row_of};
use super::sides;

/// What errors are of, the least and the largest standard deviation.
type Limits = (&'static str, [f64; 2]);

/// Classes of blends.
const CLASSES: [&str; 3] = ["isolated", "touching", "half merged"];
/// What errors are of, and what the standard deviation may be. Free-form galaxies begin where they are and stay there; errors
/// of their shapes are about what is not known of images in general, and those of the simulations are smooth.
const PARAMETRIC: [Limits; 5] = [
    ("fluxes", [0.9, 1.1]),
    ("colours", [0.9, 1.1]),
    ("positions", [0.9, 1.1]),
    ("sizes", [0.9, 1.1]),
    ("shears", [0.9, 1.1]),
];
const FREE_FORM: [Limits; 4] =
    [("fluxes", [0.8, 1.25]), ("colours", [0.8, 1.25]), ("sizes", [0.5, 1.25]), ("shears", [0.5, 1.25])];
const KINDS: [(&str, &[Limits]); 2] = [("parametric", &PARAMETRIC), ("free-form", &FREE_FORM)];
/// Most memory of a fit with errors, in megabytes.
const PEAK_MB: f64 = 500.0;
const SCENES: [&str; 2] = ["hsc", "n50-s256"];

/// All cases.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    if !context.ours {
        return Ok(Vec::new());
    }
    let program = sides::build(context, "errors")?;
    let mut known = Figures::new();
    for case in ["time", "memory", "calibration"] {
        known.extend(figures(context, &program, &[case])?);
    }
    let mut rows = Vec::new();
    for scene in SCENES {
        let figure = format!("{scene} errors over fit");
        rows.push(row_of("errors", &known, &figure, Goal::OursAtMost(1.0), "")?);
    }
    rows.push(row_of("errors", &known, "n200-s512 peak memory", Goal::OursAtMost(PEAK_MB), "")?);
    for (kind, all) in KINDS {
        let each =
            CLASSES.into_iter().flat_map(|class| all.iter().map(move |(of, limits)| (class, of, limits)));
        for (class, of, [least, most]) in each {
            let [sd, mean] = ["sd", "largest mean"].map(|what| format!("{kind} {class} {of} {what}"));
            let note = format!(
                "standard deviation of (fit - truth) / error; largest mean {:.2}",
                known.get(&mean).and_then(|(_, value)| *value).unwrap_or(f64::NAN)
            );
            rows.push(row_of("errors", &known, &sd, Goal::OursAtLeast(*least), &note)?);
            rows.push(row_of("errors", &known, &sd, Goal::OursAtMost(*most), "")?);
        }
    }
    Ok(rows)
}
