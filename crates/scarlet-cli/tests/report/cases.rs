//! A small report with something in every field.

use ndarray::Array3;
use scarlet::obs::check::{Finding, Severity};
use scarlet_cli::report::{BoxHistory, Report, ReportNumber, ReportObservation, ReportSource, ReportView};

/// Text that would do something if it were taken for HTML, for every field there is.
pub(crate) const EVIL: &str = "<script>alert('x')</script>\" onload=\"x&amp;";

/// An observation of 6 rows and 9 columns.
pub(crate) fn observation(name: &str, channels: &[&str], positions: Vec<[f64; 2]>) -> ReportObservation {
    let shape = (channels.len(), 6, 9);
    ReportObservation {
        name: name.to_owned(),
        channels: channels.iter().map(|&channel| channel.to_owned()).collect(),
        data: Array3::from_shape_fn(shape, |(c, y, x)| (c + y * x) as f32),
        model: Array3::from_elem(shape, 3.0),
        weights: Array3::ones(shape),
        positions,
        places: vec![Some([5.0, 8.0]); 40],
        pixel_arcsec: Some(0.168),
        ..Default::default()
    }
}

/// A finding at the upper right of [`observation`].
pub(crate) fn finding(severity: Severity, subject: &str, problem: &str, advice: &str) -> Finding {
    let [subject, problem, advice] = [subject, problem, advice].map(str::to_owned);
    Finding { severity, code: "test_code", subject, problem, advice, position: Some([5.0, 8.0]) }
}

/// A source of two channels without views.
pub(crate) fn source(id: &str) -> ReportSource {
    ReportSource {
        id: id.to_owned(),
        position: [2.25, 3.0],
        sky_deg: Some([150.1, -2.2]),
        flux: vec![12.345, f64::NAN],
        size_px: Some(1.5),
        chi2_per_pixel: Some(1.25),
        bbox: Some(([1, -2], [4, 5])),
        ..Default::default()
    }
}

/// A report with `text` in every field that takes text.
pub(crate) fn report(text: &str) -> Report {
    let part = Array3::from_shape_fn((2, 4, 5), |(_, y, x)| 1.0 / (1 + y + x) as f32);
    let view =
        ReportView { observation: 0, corner: [1, 2], model: part.clone(), rendered: part, shown: None };
    let seen =
        ReportSource { kind: text.to_owned(), flags: text.to_owned(), views: vec![view], ..source(text) };
    let history = |id: &str| BoxHistory { source: id.to_owned(), sizes: vec![(0, [5, 5]), (2, [9, 7])] };
    Report {
        model_arcsec: None,
        title: text.to_owned(),
        version: text.to_owned(),
        summary: text.to_owned(),
        numbers: vec![ReportNumber::new(text, text, text), ReportNumber::real("chi2", 1.51234, "")],
        findings: vec![
            finding(Severity::Warning, text, text, text),
            finding(Severity::Error, &format!("source {text}"), "it is about that source", ""),
        ],
        observations: vec![observation(text, &[text, "r"], vec![[2.25, 3.0], [99.0, 0.0]])],
        channels: vec![text.to_owned(), "r".to_owned()],
        flux_unit: text.to_owned(),
        sources: vec![seen, source("outside")],
        loss: vec![100.0, 10.0, 1.0, 2.0],
        loss_holds: vec!["log-likelihood"],
        boxes: vec![history(text), history("outside")],
        settings: text.to_owned(),
        provenance: vec![(text.to_owned(), text.to_owned())],
    }
}
