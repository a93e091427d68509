//! Findings as data.

use std::fmt;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Results may be worse than they look.
    Warning,
    /// Results of what it is about are wrong.
    Error,
}

impl Severity {
    /// The word for it: `note`, `warning`, `error`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What kind of finding it is, for programs: `psf_off_centre`, `chi2_high`, ...
    pub code: &'static str,
    /// What it is about: `observation hsc, channel g`, `source s3`.
    pub subject: String,
    /// What was found, with numbers and their units.
    pub problem: String,
    /// What to do about it.
    pub advice: String,
    /// Where, `(y, x)` in pixels of the model frame, for what has a place.
    pub position: Option<[f64; 2]>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}; {}", self.severity.name(), self.subject, self.problem, self.advice)
    }
}
