//! The catalogue of fitted sources.

use super::summary::unit_of;
use super::{Outcome, program};
use crate::catalog::{Column, Table};
use scarlet::frame::Channel;
use scarlet::infer::Estimate;
use scarlet::infer::errors::SourceErrors;
use scarlet::obs::catalog::SourceMeasurement;
use std::collections::BTreeSet;

/// What the words of the last column mean.
const FLAGS: &str = "edge: box cut by the frame; masked: half of it masked; err_...: why its errors may be wrong (docs/errors.md)";

/// One row for each source.
pub(super) fn table(outcome: &Outcome<'_>) -> Table {
    let sources = &outcome.sources;
    let numbers = |f: &dyn Fn(&SourceMeasurement) -> Option<f64>| -> Vec<f64> {
        sources.iter().map(|s| f(s).unwrap_or(f64::NAN)).collect()
    };
    let errors = |f: &dyn Fn(&SourceErrors) -> Option<f64>| -> Vec<f64> {
        sources.iter().map(|s| outcome.errors_of(&s.id).and_then(f).unwrap_or(f64::NAN)).collect()
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
        let description = format!("standard deviation of flux_{channel}");
        let error = errors(&|e| Some(e.flux_covariance[[c, c]].sqrt()));
        columns.push(Column::new(
            &format!("flux_err_{channel}"),
            &outcome.file.flux_unit,
            &description,
            error,
        ));
    }
    if let Some(zero_point) = outcome.file.zero_point() {
        for (c, channel) in outcome.scene.frame().channel_names().iter().enumerate() {
            let magnitude = numbers(&|s| Some(zero_point - 2.5 * s.flux[c].log10()));
            let description = format!("AB magnitude of flux_{channel}; none where that is not positive");
            columns.push(Column::new(&format!("mag_{channel}"), "mag", &description, magnitude));
            let description = format!("standard deviation of mag_{channel}");
            columns.push(Column::new(
                &format!("mag_err_{channel}"),
                "mag",
                &description,
                of_both(outcome, c, |source, errors| errors.magnitudes(&source.flux)),
            ));
        }
    }
    columns.extend(of_colours(outcome));
    columns.extend(of_positions(outcome, &errors));
    columns.extend([
        Column::new(
            "size",
            "pix",
            "half-light radius of the model, the model frame's PSF included",
            numbers(&|s| s.half_light_radius_px),
        ),
        Column::new("size_err", "pix", "standard deviation of size", errors(&|e| e.half_light_radius_px)),
        Column::new("concentration", "", "5 lg(r80 / r20) of the same image", numbers(&|s| s.concentration)),
        Column::new(
            "concentration_err",
            "",
            "standard deviation of concentration",
            errors(&|e| e.concentration),
        ),
        Column::new(
            "g1",
            "",
            "reduced shear of its adaptive moments along x",
            numbers(&|s| s.shear.map(|g| g[0])),
        ),
        Column::new("g1_err", "", "standard deviation of g1", errors(&|e| e.shear.map(|g| g[0]))),
        Column::new(
            "g2",
            "",
            "reduced shear of its adaptive moments along y = x",
            numbers(&|s| s.shear.map(|g| g[1])),
        ),
        Column::new("g2_err", "", "standard deviation of g2", errors(&|e| e.shear.map(|g| g[1]))),
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
        Column::new(
            "absorbed",
            "",
            "number of its parameters that the data decide",
            errors(&|e| Some(e.absorbed)),
        ),
        Column::new("flags", "", FLAGS, text(&|s| outcome.flags(s))),
    ]);
    columns.extend(of_parameters(outcome));
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

/// Numbers of each source and its errors, by place in some list that both have; none where it has no errors.
fn of_both(
    outcome: &Outcome<'_>,
    place: usize,
    list: impl Fn(&SourceMeasurement, &SourceErrors) -> Vec<f64>,
) -> Vec<f64> {
    let of = |source: &SourceMeasurement| Some(list(source, outcome.errors_of(&source.id)?)[place]);
    outcome.sources.iter().map(|source| of(source).unwrap_or(f64::NAN)).collect()
}

/// Colours of neighbouring channels: differences of magnitudes, whatever the unit of fluxes.
fn of_colours(outcome: &Outcome<'_>) -> Vec<Column> {
    let both = |(k, pair): (usize, &[Channel])| {
        let (name, error_name) =
            (format!("colour_{}_{}", pair[0], pair[1]), format!("colour_err_{}_{}", pair[0], pair[1]));
        let colour = outcome.sources.iter().map(|source| source.colours()[k]).collect::<Vec<f64>>();
        let description =
            format!("magnitude in {} less that in {}; none where a flux is not positive", pair[0], pair[1]);
        let deviation = format!("standard deviation of {name}");
        let error = of_both(outcome, k, |source, errors| errors.colours(&source.flux));
        [Column::new(&name, "mag", &description, colour), Column::new(&error_name, "mag", &deviation, error)]
    };
    let channels = outcome.scene.frame().channel_names();
    channels.windows(2).enumerate().flat_map(both).collect()
}

/// Values of the errors of sources, one for each row.
type OfErrors<'a> = dyn Fn(&dyn Fn(&SourceErrors) -> Option<f64>) -> Vec<f64> + 'a;

/// Standard deviations of positions, in pixels and on the sky.
fn of_positions(outcome: &Outcome<'_>, errors: &OfErrors<'_>) -> Vec<Column> {
    let along =
        |axis: usize| errors(&|e| e.center_covariance.map(|covariance| covariance[axis][axis].sqrt()));
    let on_sky = |axis: usize| -> Vec<f64> {
        let of = |source: &SourceMeasurement| {
            let covariance = outcome.errors_of(&source.id)?.center_covariance?;
            let slopes = slopes_on_sky(outcome, source.center)?[axis];
            let by = |[y, x]: [f64; 2]| slopes[0] * y + slopes[1] * x;
            Some((slopes[0] * by(covariance[0]) + slopes[1] * by(covariance[1])).sqrt())
        };
        outcome.sources.iter().map(|source| of(source).unwrap_or(f64::NAN)).collect()
    };
    vec![
        Column::new("x_err", "pix", "standard deviation of x; none where it is fixed", along(1)),
        Column::new("y_err", "pix", "standard deviation of y; none where it is fixed", along(0)),
        Column::new("ra_err", "deg", "standard deviation along right ascension, on the sky", on_sky(0)),
        Column::new("dec_err", "deg", "standard deviation along declination", on_sky(1)),
    ]
}

/// Degrees on the sky, along right ascension and along declination, for a pixel along y and along x.
fn slopes_on_sky(outcome: &Outcome<'_>, center: [f64; 2]) -> Option<[[f64; 2]; 2]> {
    let frame = outcome.scene.frame();
    frame.wcs_ref()?;
    let sky = |dy: f64, dx: f64| frame.to_sky([center[0] + dy, center[1] + dx]).ok();
    let slope = |dy: f64, dx: f64| {
        let (ahead, behind) = (sky(dy, dx)?, sky(-dy, -dx)?);
        let along_ra = (ahead.ra_deg - behind.ra_deg + 540.0).rem_euclid(360.0) - 180.0;
        let cosine = ahead.dec_deg.to_radians().cos();
        Some([0.5 * along_ra * cosine, 0.5 * (ahead.dec_deg - behind.dec_deg)])
    };
    let ([a, c], [b, d]) = (slope(1.0, 0.0)?, slope(0.0, 1.0)?);
    Some([[a, b], [c, d]])
}

/// Free parameters of shapes with their errors, by their path in the source: empty where a source has none of it.
fn of_parameters(outcome: &Outcome<'_>) -> Vec<Column> {
    let of_source = |id: &str| -> Vec<(String, [f64; 2])> {
        let Some(errors) = outcome.errors_of(id) else { return Vec::new() };
        let count = |path: &str| errors.parameters.iter().filter(|p| p.path == path).count();
        let named = errors.parameters.iter().map(|p| {
            let own = p.path.strip_prefix(id).unwrap_or(&p.path).trim_start_matches('.');
            let place = if count(&p.path) > 1 { format!("[{}]", p.element) } else { String::new() };
            (format!("{own}{place}"), [p.value, p.error])
        });
        named.collect()
    };
    let all: Vec<_> = outcome.sources.iter().map(|source| of_source(&source.id)).collect();
    let names: BTreeSet<&String> = all.iter().flatten().map(|(name, _)| name).collect();
    let column = |name: &str, k: usize| -> Vec<f64> {
        let of = |own: &Vec<(String, [f64; 2])>| own.iter().find(|(n, _)| n == name).map(|(_, v)| v[k]);
        all.iter().map(|own| of(own).unwrap_or(f64::NAN)).collect()
    };
    let both = |name: &String| {
        let description = format!("standard deviation of {name}");
        [
            Column::new(name, "", "parameter of the model", column(name, 0)),
            Column::new(&format!("{name}_err"), "", &description, column(name, 1)),
        ]
    };
    names.into_iter().flat_map(both).collect()
}
