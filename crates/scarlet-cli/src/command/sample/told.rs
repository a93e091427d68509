//! What `scarlet sample` has to say beside what the chains say of themselves.

use scarlet::obs::check::{Finding, Severity};

/// That parameters have no prior, by name.
pub(super) fn flat_priors(parameters: &[String]) -> Option<Finding> {
    /// Names that are said.
    const SAID: usize = 6;
    let more = parameters.len().saturating_sub(SAID);
    let names = parameters[..parameters.len() - more].join(", ");
    let names = if more > 0 { format!("{names} and {more} more") } else { names };
    (!parameters.is_empty()).then(|| Finding {
        severity: Severity::Warning,
        code: "no_prior",
        subject: "priors".to_owned(),
        problem: format!("{} without a prior, so that all their values are taken as equally likely: {names}", match parameters.len() {
            1 => "there is a parameter".to_owned(),
            n => format!("there are {n} parameters"),
        }),
        advice: "give them priors where the data alone do not hold them: a saved scene (`scene: scene.json`) stores them"
            .to_owned(),
        position: None,
    })
}

/// That some draws are missing.
pub(super) fn ended_early() -> Finding {
    Finding {
        severity: Severity::Warning,
        code: "ended_early",
        subject: "chains".to_owned(),
        problem: "sampling ended before all draws were made".to_owned(),
        advice: "what is drawn is written; --resume goes on".to_owned(),
        position: None,
    }
}

/// That there are no draws.
pub(super) fn nothing_drawn(made: usize, warmup: usize) -> Finding {
    Finding {
        severity: Severity::Warning,
        code: "nothing_drawn",
        subject: "chains".to_owned(),
        problem: format!(
            "sampling ended in the warm-up, {made} draws into its {warmup} in the slowest chain: there is nothing to write"
        ),
        advice: "the fit is written, as posterior_scene.json; give it more time (fit.time_s), or see \
                 docs/sampling.md on many free values"
            .to_owned(),
        position: None,
    }
}
