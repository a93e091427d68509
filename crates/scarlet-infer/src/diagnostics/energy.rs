//! Whether the momentum's changes reach all energies.

use super::ranks::mean_and_variance;
use ndarray::{ArrayView2, Axis};

/// The estimated fraction of missing information of each chain, from energies `[chain, draw]`: below 0.3 the sampler moves
/// too slowly between energies, as where tails are heavy or a funnel narrows.
///
/// mean of (E_n - E_(n-1))^2 over the variance of E.
///
/// Source: Betancourt 2016, arXiv:1604.00695; ArviZ: `bfmi`.
#[must_use]
pub fn bfmi(energy: ArrayView2<'_, f64>) -> Vec<f64> {
    let of_chain = |row: ndarray::ArrayView1<'_, f64>| {
        let steps = row.iter().zip(row.iter().skip(1)).map(|(a, b)| (b - a).powi(2));
        steps.sum::<f64>() / (row.len() as f64 - 1.0) / mean_and_variance(row).1
    };
    energy.axis_iter(Axis(0)).map(of_chain).collect()
}
