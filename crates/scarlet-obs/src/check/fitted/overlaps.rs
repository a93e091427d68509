//! Sources whose images have become the same.

use crate::catalog::SourceMeasurement;
use crate::check::{Finding, Limits, Severity};
use ndarray::s;

/// Pairs of sources of nearly the same image in all channels; those that were `told` already are left out.
pub(super) fn findings(sources: &[SourceMeasurement], told: &[Finding], limits: &Limits) -> Vec<Finding> {
    let norms: Vec<f64> = sources.iter().map(|a| a.cube.iter().map(|v| v * v).sum::<f64>().sqrt()).collect();
    let mut found = Vec::new();
    for (i, a) in sources.iter().enumerate() {
        for (j, b) in sources.iter().enumerate().skip(i + 1) {
            let cosine = product(a, b) / (norms[i] * norms[j]);
            let (first, second) = if a.id <= b.id { (a, b) } else { (b, a) };
            let subject = format!("sources {} and {}", first.id, second.id);
            if cosine > limits.overlap && !told.iter().any(|t| t.subject == subject) {
                found.push(pair(subject, first.center, cosine));
            }
        }
    }
    found
}

fn pair(subject: String, position: [f64; 2], cosine: f64) -> Finding {
    Finding {
        severity: Severity::Warning,
        code: "sources_alike",
        subject,
        problem: format!("their models are the same light: the cosine between their images is {cosine:.3}"),
        advice: "take one of them out, or hold one's centre and shape; how their flux is shared is arbitrary"
            .to_owned(),
        position: Some(position),
    }
}

/// Sum of the products of both models where both are.
fn product(a: &SourceMeasurement, b: &SourceMeasurement) -> f64 {
    let Some(both) = a.bbox.intersection(b.bbox) else { return 0.0 };
    let (Some([ya, xa]), Some([yb, xb])) = (a.bbox.slices_of(both), b.bbox.slices_of(both)) else {
        return 0.0;
    };
    let (a, b) = (a.cube.slice(s![.., ya, xa]), b.cube.slice(s![.., yb, xb]));
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
