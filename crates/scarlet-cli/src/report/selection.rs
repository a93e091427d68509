//! Which sources are shown one by one, where there are many.

use super::ReportSource;
use scarlet::obs::check::Finding;

/// Sources that are shown one by one, at most.
pub const MOST_SOURCES: usize = 60;
/// Observations in which a source is shown, at most.
pub const MOST_VIEWS: usize = 4;

/// The indices of the sources to show one by one, in their order; all where there are few.
///
/// Where there are more than [`MOST_SOURCES`]: first those that a finding is about, then those with the highest
/// chi2 per pixel.
#[must_use]
pub fn shown(sources: &[ReportSource], findings: &[Finding]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sources.len()).collect();
    if sources.len() <= MOST_SOURCES {
        return order;
    }
    let rank = |&index: &usize| {
        let source: &ReportSource = &sources[index];
        let worst = findings.iter().filter(|f| is_about(f, &source.id)).map(|f| f.severity).max();
        let chi2 = source.chi2_per_pixel.filter(|chi2| chi2.is_finite()).unwrap_or(0.0);
        (worst, chi2)
    };
    order.sort_by(|a, b| {
        let ((worst_a, chi2_a), (worst_b, chi2_b)) = (rank(a), rank(b));
        worst_b.cmp(&worst_a).then(chi2_b.total_cmp(&chi2_a))
    });
    order.truncate(MOST_SOURCES);
    order.sort_unstable();
    order
}

/// Whether a finding's subject is the source.
pub(super) fn is_about(finding: &Finding, id: &str) -> bool {
    let rest = finding.subject.strip_prefix("source ").and_then(|rest| rest.strip_prefix(id));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scarlet::obs::check::Severity;

    #[test]
    fn findings_come_first_then_the_worst_fitted() {
        let source = |k: usize| ReportSource {
            id: format!("s{k}"),
            chi2_per_pixel: (k != 7).then_some(k as f64),
            ..Default::default()
        };
        let sources: Vec<ReportSource> = (0..200).map(source).collect();
        let finding = |subject: &str| Finding {
            severity: Severity::Note,
            code: "test",
            subject: subject.to_owned(),
            problem: String::new(),
            advice: String::new(),
            position: None,
        };
        let findings = [finding("source s7, channel g"), finding("observation s3"), finding("source s1")];
        let shown = shown(&sources, &findings);
        assert_eq!(shown.len(), MOST_SOURCES);
        assert_eq!(shown[..3], [1, 7, 142]);
        assert_eq!(super::shown(&sources[..60], &findings).len(), 60);
    }
}
