//! Checks of arguments that several priors share.

use crate::ModelError;

pub(super) fn finite(what: &'static str, argument: &'static str, value: f64) -> Result<(), ModelError> {
    require(what, argument, value, value.is_finite(), "finite")
}

pub(super) fn positive(what: &'static str, argument: &'static str, value: f64) -> Result<(), ModelError> {
    require(what, argument, value, value > 0.0 && value.is_normal(), "greater than 0 and finite")
}

pub(super) fn ordered(what: &'static str, low: f64, high: f64) -> Result<(), ModelError> {
    finite(what, "low", low)?;
    finite(what, "high", high)?;
    let range = format!("above low = {low}, by a finite width");
    require(what, "high", high, high > low && (high - low).is_finite(), &range)
}

pub(super) fn require(
    what: &'static str,
    argument: &'static str,
    value: f64,
    holds: bool,
    range: &str,
) -> Result<(), ModelError> {
    if holds { Ok(()) } else { Err(ModelError::Argument { what, argument, value, range: range.to_owned() }) }
}

/// For priors of a certain number of values.
pub(super) fn same_len(what: &str, expected: usize, found: usize) -> Result<(), ModelError> {
    if found == expected {
        return Ok(());
    }
    Err(ModelError::Shape { what: format!("prior {what}"), expected, found })
}

/// Whether values can be multiplied by `factor` and stay ordered as they are.
pub(super) fn is_scale(factor: f64) -> bool {
    factor > 0.0 && factor.is_finite()
}
