//! Medians, and scatter that outliers do not change.

/// Standard deviation of a Gaussian over its median absolute deviation.
const MAD_TO_SIGMA: f64 = 1.482_602_218_505_602;

/// The element at the share `part` (0 to 1) of the sorted `values`, which are reordered; none of none.
pub(super) fn quantile(values: &mut [f64], part: f64) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let at = ((values.len() - 1) as f64 * part).round() as usize;
    Some(*values.select_nth_unstable_by(at, f64::total_cmp).1)
}

/// The median of `values`, which are reordered.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The standard deviation of `values`, if they are Gaussian around `center`, from their median distance.
pub(super) fn scatter_about(values: &mut [f64], center: f64) -> Option<f64> {
    values.iter_mut().for_each(|v| *v = (*v - center).abs());
    median(values).map(|mad| MAD_TO_SIGMA * mad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_scatter_of_evenly_spread_numbers() {
        let even: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!(quantile(&mut even.clone(), 0.25), Some(25.0));
        assert_eq!(median(&mut even.clone()), Some(50.0));
        assert_eq!(scatter_about(&mut even.clone(), 50.0), Some(25.0 * MAD_TO_SIGMA));
        assert_eq!(median(&mut []), None);
    }
}
