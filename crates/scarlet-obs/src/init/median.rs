//! The middle of some numbers.

/// The median, the mean of the two in the middle where their number is even.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    Some(if values.len() % 2 == 1 { values[half] } else { 0.5 * (values[half - 1] + values[half]) })
}
