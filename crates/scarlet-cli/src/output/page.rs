//! The report of a fit.

use super::catalog::flags;
use super::{Outcome, Summary};
use crate::report::{Report, ReportNumber, ReportObservation, ReportSource};
use scarlet::frame::Channel;
use scarlet::obs::Observation;
use scarlet::obs::catalog::SourceMeasurement;

pub(super) fn report(outcome: &Outcome<'_>, summary: &Summary) -> Report {
    let observations = outcome.observations.iter().zip(&outcome.rendered);
    Report {
        title: outcome.file.title(),
        version: summary.version.to_owned(),
        numbers: numbers(outcome, summary),
        findings: findings(outcome, summary),
        observations: observations.map(|(o, r)| observation(outcome, o, r)).collect(),
        channels: names(outcome.scene.frame().channel_names()),
        flux_unit: outcome.file.flux_unit.clone(),
        sources: outcome.sources.iter().map(|s| source(outcome, s)).collect(),
        loss: outcome.fit.loss.clone(),
        settings: outcome.file.text().to_owned(),
        provenance: vec![
            ("program".to_owned(), format!("scarlet {}", summary.version)),
            ("pixel type".to_owned(), format!("{:?}", outcome.file.fit.precision)),
            ("threads".to_owned(), summary.threads.to_string()),
        ],
    }
}

fn numbers(outcome: &Outcome<'_>, summary: &Summary) -> Vec<ReportNumber> {
    let stop = summary.stop.replace('_', " ");
    let whole = summary.seconds.read + summary.seconds.setup + summary.seconds.fit;
    vec![
        ReportNumber::real("chi2 per pixel", summary.chi2_per_pixel, &format!("{} pixels", summary.pixels)),
        ReportNumber::real("log-likelihood", summary.log_likelihood, ""),
        ReportNumber::new("steps", &summary.iterations.to_string(), &stop),
        ReportNumber::new("sources", &outcome.sources.len().to_string(), ""),
        ReportNumber::real("seconds", whole, &format!("{:.3} s of them fitting", summary.seconds.fit)),
    ]
}

fn findings(outcome: &Outcome<'_>, summary: &Summary) -> Vec<String> {
    let mut findings = Vec::new();
    if summary.stop == "not_finite" {
        findings.push(
            "The loss was not finite at the last step; the values are those of the best step before."
                .to_owned(),
        );
    }
    let edge: Vec<&str> =
        outcome.sources.iter().filter(|s| !s.flags.is_empty()).map(|s| s.id.as_str()).collect();
    if !edge.is_empty() {
        findings.push(format!("Sources with flags (cut by the edge, or masked): {}.", edge.join(", ")));
    }
    findings
}

fn observation(
    outcome: &Outcome<'_>,
    observation: &Observation,
    rendered: &ndarray::Array3<f64>,
) -> ReportObservation {
    let frame = observation.frame();
    let origin = frame.offset_in(outcome.scene.frame()).unwrap_or_default();
    let center = frame.bbox().center().map(|c| c as f64);
    let scale = frame.wcs_ref().and_then(|wcs| wcs.pixel_scale(center).ok());
    ReportObservation {
        name: observation.name().to_owned(),
        channels: names(frame.channel_names()),
        data: observation.data().mapv(|v| v as f32),
        model: rendered.mapv(|v| v as f32),
        weights: observation.weights().mapv(|v| v as f32),
        positions: outcome
            .sources
            .iter()
            .map(|s| [s.center[0] - origin[0] as f64, s.center[1] - origin[1] as f64])
            .collect(),
        pixel_arcsec: scale.map(|s| s.arcsec()),
    }
}

fn source(outcome: &Outcome<'_>, source: &SourceMeasurement) -> ReportSource {
    let kind = outcome.scene.source(&source.id).map(|s| s.component().morphology().kind().to_owned());
    ReportSource {
        id: source.id.clone(),
        kind: kind.unwrap_or_default(),
        position: source.center,
        sky_deg: source.sky.map(|p| [p.ra_deg, p.dec_deg]),
        flux: source.flux.clone(),
        size_px: source.half_light_radius_px,
        chi2_per_pixel: source.chi2_per_pixel,
        flags: flags(source),
    }
}

fn names(channels: &[Channel]) -> Vec<String> {
    channels.iter().map(ToString::to_string).collect()
}
