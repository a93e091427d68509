//! The catalogue of fitted sources.

use super::{Outcome, program};
use crate::catalog::{Column, Table};
use scarlet::obs::catalog::{SourceFlag, SourceMeasurement};

/// One row for each source.
pub(super) fn table(outcome: &Outcome<'_>) -> Table {
    let sources = &outcome.sources;
    let numbers = |f: &dyn Fn(&SourceMeasurement) -> Option<f64>| -> Vec<f64> {
        sources.iter().map(|s| f(s).unwrap_or(f64::NAN)).collect()
    };
    let text = |f: &dyn Fn(&SourceMeasurement) -> String| -> Vec<String> { sources.iter().map(f).collect() };
    let mut columns = vec![
        Column::new("id", "", "name of the source", text(&|s| s.id.clone())),
        Column::new("ra", "deg", "right ascension, ICRS", numbers(&|s| s.sky.map(|p| p.ra_deg))),
        Column::new("dec", "deg", "declination, ICRS", numbers(&|s| s.sky.map(|p| p.dec_deg))),
        Column::new("x", "pix", "column in the model frame, 0-based", numbers(&|s| Some(s.center[1]))),
        Column::new("y", "pix", "row in the model frame, 0-based", numbers(&|s| Some(s.center[0]))),
    ];
    for (c, channel) in outcome.scene.frame().channel_names().iter().enumerate() {
        let description = format!("flux of the model in its box, channel {channel}");
        let flux = numbers(&|s| Some(s.flux[c]));
        columns.push(Column::new(&format!("flux_{channel}"), &outcome.file.flux_unit, &description, flux));
    }
    columns.extend([
        Column::new(
            "size",
            "pix",
            "half-light radius of the model, the model frame's PSF included",
            numbers(&|s| s.half_light_radius_px),
        ),
        Column::new("chi2", "", "chi2 per pixel of the scene in the box", numbers(&|s| s.chi2_per_pixel)),
        Column::new("flags", "", "edge: box cut by the frame; masked: half of it masked", text(&flags)),
    ]);
    let metadata = vec![
        ("program".to_owned(), program()),
        ("scene".to_owned(), outcome.file.title()),
        ("stop".to_owned(), outcome.ending.name().to_owned()),
        ("ended_early".to_owned(), outcome.ending.is_early().to_string()),
    ];
    Table { columns, metadata }
}

/// The words of a source's flags.
pub(super) fn flags(source: &SourceMeasurement) -> String {
    source.flags.iter().map(|f| SourceFlag::name(*f)).collect::<Vec<_>>().join(" ")
}
