//! How near the models of single sources come to their true images.

use crate::common::TrueBlend;
use ndarray::{Array3, Axis, Zip};

/// Figures of one blend.
#[derive(Debug, Clone, Default)]
pub(crate) struct Score {
    /// chi2 per pixel of all sources together.
    pub(crate) chi2: f64,
    /// |flux / true flux - 1| inside the image, for each source and band.
    pub(crate) flux_errors: Vec<f64>,
    /// The same with the signal over noise of the source in the band.
    pub(crate) bright: Vec<[f64; 2]>,
    /// 1 - correlation of model and true image over all bands, for each source.
    pub(crate) decorrelations: Vec<f64>,
    /// Light of a source's model above its true image where that light is its neighbours', over its true flux.
    pub(crate) leaks: Vec<f64>,
}

impl Score {
    /// Scores `models`, what the observation should see of each source; none where one is not finite.
    pub(crate) fn of(blend: &TrueBlend, models: &[Array3<f64>]) -> Option<Self> {
        let (data, weights) = (blend.observation.data(), blend.observation.weights());
        let mut residual = data.to_owned();
        models.iter().for_each(|model| residual -= model);
        let chi2: f64 = residual.iter().zip(weights).map(|(r, w)| w * r * r).sum();
        let mut score =
            Self { chi2: chi2 / blend.observation.pixels_with_weight() as f64, ..Self::default() };
        let mut all = Array3::<f64>::zeros(data.raw_dim());
        blend.truth.iter().for_each(|truth| all += truth);
        for (truth, model) in blend.truth.iter().zip(models) {
            for (c, plane) in truth.outer_iter().enumerate() {
                let w = weights.index_axis(Axis(0), c);
                let snr = plane.iter().zip(w).map(|(t, w)| w * t * t).sum::<f64>().sqrt();
                let error = (model.index_axis(Axis(0), c).sum() / plane.sum() - 1.0).abs();
                score.flux_errors.push(error);
                score.bright.push([snr, error]);
            }
            score.decorrelations.push(1.0 - correlation(truth, model));
            let mut leak = 0.0;
            Zip::from(truth).and(model).and(&all).for_each(|t, m, sum| {
                if *sum > 0.0 {
                    leak += (m - t).max(0.0) * (sum - t) / sum;
                }
            });
            score.leaks.push(leak / truth.sum());
        }
        let figures = score.flux_errors.iter().chain(&score.decorrelations).chain([&score.chi2]);
        let finite = figures.copied().all(f64::is_finite);
        finite.then_some(score)
    }

    /// Largest flux error where the source's signal over noise in the band exceeds `snr`.
    pub(crate) fn worst(&self, snr: f64) -> f64 {
        self.bright.iter().filter(|b| b[0] > snr).map(|b| b[1]).fold(0.0, f64::max)
    }
}

fn correlation(a: &Array3<f64>, b: &Array3<f64>) -> f64 {
    let product = |x: &Array3<f64>, y: &Array3<f64>| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt().max(f64::MIN_POSITIVE)
}

/// Middle value, or the mean of the two in the middle; NaN for no values.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n == 0 { f64::NAN } else { 0.5 * (values[(n - 1) / 2] + values[n / 2]) }
}

/// Standard deviation over mean.
pub(crate) fn scatter(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0);
    variance.sqrt() / mean
}
