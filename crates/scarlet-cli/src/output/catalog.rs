//! The catalogue of fitted sources.

use super::summary::unit_of;
use super::{Outcome, program};
use crate::catalog::{Column, Table};
use scarlet::infer::Estimate;
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
    if let Some(zero_point) = outcome.file.zero_point() {
        for (c, channel) in outcome.scene.frame().channel_names().iter().enumerate() {
            let magnitude = numbers(&|s| Some(zero_point - 2.5 * s.flux[c].log10()));
            let description = format!("AB magnitude of flux_{channel}; none where that is not positive");
            columns.push(Column::new(&format!("mag_{channel}"), "mag", &description, magnitude));
        }
    }
    columns.extend([
        Column::new(
            "size",
            "pix",
            "half-light radius of the model, the model frame's PSF included",
            numbers(&|s| s.half_light_radius_px),
        ),
        Column::new("concentration", "", "5 lg(r80 / r20) of the same image", numbers(&|s| s.concentration)),
        Column::new(
            "blendedness",
            "",
            "share of neighbours in the light at the source, under a Gaussian matched to it",
            numbers(&|s| s.blendedness),
        ),
        Column::new(
            "purity",
            "",
            "share of the source in the light of the pixels that hold 90% of its flux",
            numbers(&|s| s.purity),
        ),
        Column::new("chi2", "", "chi2 per pixel of the scene in the box", numbers(&|s| s.chi2_per_pixel)),
        Column::new("flags", "", "edge: box cut by the frame; masked: half of it masked", text(&flags)),
    ]);
    let mut metadata = vec![
        ("program".to_owned(), program()),
        ("scene".to_owned(), outcome.file.title()),
        ("stop".to_owned(), outcome.ending.name().to_owned()),
        ("ended_early".to_owned(), outcome.ending.is_early().to_string()),
    ];
    metadata.extend(outcome.estimates.iter().map(|estimate| (estimate.path.clone(), in_words(estimate))));
    Table { columns, metadata }
}

/// Values and errors of a parameter of an observation: `2.9840e-1 -2.4960e-1 +- 1.8000e-3 1.7500e-3 pix (y, x)`.
fn in_words(estimate: &Estimate) -> String {
    let numbers = |values: &[f64]| values.iter().map(|v| format!("{v:.4e}")).collect::<Vec<_>>().join(" ");
    let unit = match unit_of(estimate.path.rsplit('.').next().unwrap_or_default()) {
        "" => String::new(),
        "pix" => " pix (y, x)".to_owned(),
        unit => format!(" {unit}"),
    };
    let held = if estimate.is_marginal { "" } else { " with all sources held" };
    format!("{} +- {}{unit}{held}", numbers(&estimate.values), numbers(&estimate.errors))
}

/// The words of a source's flags.
pub(super) fn flags(source: &SourceMeasurement) -> String {
    source.flags.iter().map(|f| SourceFlag::name(*f)).collect::<Vec<_>>().join(" ")
}
