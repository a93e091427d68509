//! The report of a fit, and its pictures as files.

mod view;

use super::{Outcome, Summary};
use crate::error::CliError;
use crate::report::{Orientation, Report, ReportNumber, ReportObservation, ReportSource, shown};
use scarlet::frame::{Channel, Frame};
use scarlet::infer::errors::SourceErrors;
use scarlet::obs::catalog::SourceMeasurement;
use scarlet::obs::check::{Finding, Severity};
use scarlet::obs::{Observation, Sight};
use std::path::{Path, PathBuf};

/// Writes the pictures of the report as PNG files into `folder`, which must be there; their paths.
///
/// # Errors
/// A file that cannot be written.
pub fn write_pictures(outcome: &Outcome<'_>, folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let written = pictured(outcome, &outcome.findings).write_pictures(folder);
    written.map_err(|(path, error)| CliError::file(path, "write")(error))
}

pub(super) fn report(outcome: &Outcome<'_>, summary: &Summary) -> Report {
    Report {
        title: outcome.file.title(),
        version: summary.version.to_owned(),
        summary: sentence(outcome, summary),
        numbers: numbers(outcome, summary),
        channels: names(outcome.scene.frame().channel_names()),
        flux_unit: outcome.file.flux_unit.clone(),
        loss: outcome.fit.loss.clone(),
        loss_holds: summary.loss_holds.clone(),
        boxes: outcome.boxes.clone(),
        settings: outcome.file.text().to_owned(),
        provenance: vec![
            ("program".to_owned(), format!("scarlet {}", summary.version)),
            ("command".to_owned(), command_line(std::env::args())),
            ("pixel type".to_owned(), format!("{:?}", outcome.file.fit.precision).to_lowercase()),
            ("threads".to_owned(), summary.threads.to_string()),
        ],
        ..pictured(outcome, &findings(outcome, summary))
    }
}

/// The part of the report that has pictures: findings, observations, sources.
fn pictured(outcome: &Outcome<'_>, findings: &[Finding]) -> Report {
    let mut sources: Vec<ReportSource> = outcome.sources.iter().map(|s| source(outcome, s)).collect();
    for index in shown(&sources, findings) {
        sources[index].views = view::of_source(outcome, &outcome.sources[index]);
    }
    let model = outcome.scene.frame();
    let is_on_grid = |o: &Observation| Sight::new(o, model).is_ok_and(|s| s.whole_pixel_shift().is_some());
    let other_grids = !outcome.observations.iter().all(is_on_grid);
    let observations = outcome.observations.iter().zip(&outcome.rendered);
    Report {
        observations: observations.map(|(o, r)| observation(outcome, findings, o, r)).collect(),
        findings: findings.to_vec(),
        model_arcsec: pixel_arcsec(model).filter(|_| other_grids),
        sources,
        ..Report::default()
    }
}

/// What came out, in a sentence.
fn sentence(outcome: &Outcome<'_>, summary: &Summary) -> String {
    let count = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    format!(
        "{} fitted to {} in {}: {}. \u{3c7}\u{b2} per pixel is {:.3} over {} pixels that count.",
        count(outcome.sources.len(), "source"),
        count(outcome.observations.len(), "observation"),
        count(summary.iterations, "step"),
        ending(summary.stop),
        summary.chi2_per_pixel,
        summary.pixels,
    )
}

/// Why the fit ended.
fn ending(stop: &str) -> String {
    match stop {
        "converged" => "it converged: nothing changed much any more".to_owned(),
        "max_iterations" => "it ended at the limit of steps, still changing".to_owned(),
        "time" => "the time was used up, these are the best values so far".to_owned(),
        "interrupted" => "it was interrupted, these are the best values so far".to_owned(),
        "not_finite" => "the loss became infinite, these are the best values before".to_owned(),
        other => format!("it ended for the reason \u{201c}{}\u{201d}", other.replace('_', " ")),
    }
}

fn numbers(outcome: &Outcome<'_>, summary: &Summary) -> Vec<ReportNumber> {
    let stop = summary.stop.replace('_', " ");
    let whole = summary.seconds.read + summary.seconds.setup + summary.seconds.fit;
    vec![
        ReportNumber::real(
            "\u{3c7}\u{b2} per pixel",
            summary.chi2_per_pixel,
            &format!("{} pixels", summary.pixels),
        ),
        ReportNumber::new("sources", &outcome.sources.len().to_string(), ""),
        ReportNumber::new("steps", &summary.iterations.to_string(), &stop),
        ReportNumber::new(
            "time",
            &format!("{whole:.2} s"),
            &format!("{:.3} s of it fitting", summary.seconds.fit),
        ),
        ReportNumber::real("log-likelihood", summary.log_likelihood, "with all constants"),
    ]
}

/// The findings of the checks, and that the loss was not finite, where they do not say so.
fn findings(outcome: &Outcome<'_>, summary: &Summary) -> Vec<Finding> {
    const CODE: &str = "loss_not_finite";
    let mut findings = outcome.findings.clone();
    if summary.stop == "not_finite" && findings.iter().all(|finding| finding.code != CODE) {
        findings.push(Finding {
            severity: Severity::Error,
            code: CODE,
            subject: "fit".to_owned(),
            problem: format!("the loss was not finite after step {}", summary.iterations),
            advice: "the values are those of the best step before; look for pixels or start values that are far off"
                .to_owned(),
            position: None,
        });
    }
    findings
}

/// The command as it was given, without the folder of the program; arguments with spaces in quotes.
fn command_line(arguments: impl Iterator<Item = String>) -> String {
    let quoted = |argument: String| {
        let plain = |letter: char| letter.is_alphanumeric() || "-_./=:,@+%".contains(letter);
        if !argument.is_empty() && argument.chars().all(plain) {
            argument
        } else {
            format!("'{}'", argument.replace('\'', "'\\''"))
        }
    };
    let name = std::iter::once("scarlet".to_owned());
    name.chain(arguments.skip(1).map(quoted)).collect::<Vec<_>>().join(" ")
}

fn observation(
    outcome: &Outcome<'_>,
    findings: &[Finding],
    observation: &Observation,
    rendered: &ndarray::Array3<f64>,
) -> ReportObservation {
    let frame = observation.frame();
    let sight = Sight::new(observation, outcome.scene.frame()).ok();
    let first = frame.bbox().origin().map(|c| c as f64);
    // what its WCS does not reach is nowhere in it
    let seen = |position: [f64; 2]| {
        let there = sight.as_ref().and_then(|sight| sight.to_observation(position).ok());
        there.map_or([f64::NAN; 2], |[y, x]| [y - first[0], x - first[1]])
    };
    ReportObservation {
        name: observation.name().to_owned(),
        channels: names(frame.channel_names()),
        data: observation.data().mapv(|v| v as f32),
        model: rendered.mapv(|v| v as f32),
        weights: observation.weights().mapv(|v| v as f32),
        positions: outcome.sources.iter().map(|source| seen(source.center)).collect(),
        places: findings.iter().map(|finding| finding.position.map(seen)).collect(),
        pixel_arcsec: pixel_arcsec(frame),
        orientation: Orientation::of(frame),
    }
}

/// Side of a frame's pixels at its middle, where it has a WCS.
fn pixel_arcsec(frame: &Frame) -> Option<f64> {
    let scale = frame.wcs_ref()?.pixel_scale(frame.bbox().middle()).ok()?;
    Some(scale.arcsec())
}

fn source(outcome: &Outcome<'_>, source: &SourceMeasurement) -> ReportSource {
    let errors = outcome.errors_of(&source.id);
    let kind = outcome.scene.source(&source.id).map(|s| s.component().morphology().kind().to_owned());
    ReportSource {
        id: source.id.clone(),
        kind: kind.unwrap_or_default(),
        position: source.center,
        sky_deg: source.sky.map(|p| [p.ra_deg, p.dec_deg]),
        flux: source.flux.clone(),
        flux_error: errors.map(SourceErrors::flux).unwrap_or_default(),
        position_error: errors.and_then(|e| e.center_covariance).map(|c| [c[0][0].sqrt(), c[1][1].sqrt()]),
        size_px: source.half_light_radius_px,
        size_error_px: errors.and_then(|e| e.half_light_radius_px),
        derived: derived(outcome, source, errors),
        chi2_per_pixel: source.chi2_per_pixel,
        flags: outcome.flags(source),
        bbox: Some((source.bbox.origin(), source.bbox.shape())),
        views: Vec::new(),
    }
}

/// Colours, and what says more of the shape of an extended source.
fn derived(
    outcome: &Outcome<'_>,
    source: &SourceMeasurement,
    errors: Option<&SourceErrors>,
) -> Vec<(String, f64, Option<f64>)> {
    let channels = outcome.scene.frame().channel_names();
    let of_colours = errors.map(|errors| errors.colours(&source.flux));
    let mut derived: Vec<(String, f64, Option<f64>)> = Vec::new();
    for (k, (pair, colour)) in channels.windows(2).zip(source.colours()).enumerate() {
        let name = format!("{} \u{2212} {} [mag]", pair[0], pair[1]);
        let error = of_colours.as_ref().map(|errors| errors[k]);
        derived.push((name, colour, error));
    }
    let Some(errors) = errors else { return derived };
    let concentration = source.concentration.zip(errors.concentration);
    derived.extend(concentration.map(|(value, error)| ("concentration".to_owned(), value, Some(error))));
    if let Some((values, errors)) = source.shear.zip(errors.shear) {
        let both = ["g1", "g2"].iter().zip(values).zip(errors);
        derived.extend(both.map(|((name, value), error)| ((*name).to_owned(), value, Some(error))));
    }
    derived
}

fn names(channels: &[Channel]) -> Vec<String> {
    channels.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_typed_again() {
        let given = ["/usr/bin/scarlet", "fit", "my scene.yaml", "--out", "it's", ""].map(str::to_owned);
        assert_eq!(command_line(given.into_iter()), "scarlet fit 'my scene.yaml' --out 'it'\\''s' ''");
    }

    #[test]
    fn every_end_has_words() {
        assert!(ending("converged").contains("converged") && ending("lost_power").contains("lost power"));
    }
}
