//! Correlation of noise as it is in empty sky.

use super::NoiseError;
use super::sky::{pulls, quantile, sources};
use crate::Observation;
use ndarray::{Array2, Array3, ArrayView2, Axis};

/// Largest lag that is measured, in pixels.
const RADIUS: usize = 5;
/// Least number of pixels of empty sky.
const LEAST_SKY: usize = 500;
/// Distance from the middle from which a pixel is an outlier, in units of the scatter.
const OUTLIER: f64 = 5.0;
/// Significance below which a coefficient is taken to be 0, and above which it is shrunk less and less.
const SIGNIFICANT: f64 = 2.0;

/// A coefficient of correlation and its error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lag {
    pub(crate) coefficient: f64,
    pub(crate) error: f64,
}

/// The correlation functions of all channels, `[channel, 2 R + 1, 2 R + 1]`.
pub(super) fn measured(
    observation: &Observation,
    given: Option<ArrayView2<'_, bool>>,
) -> Result<Array3<f64>, NoiseError> {
    let [channels, ny, nx] = observation.frame().shape();
    let dark = match given {
        Some(sources) if sources.dim() != (ny, nx) => {
            let found = sources.shape().to_vec();
            let needed = "[y, x] of the observation's pixels is needed";
            return Err(NoiseError::Shape { what: "mask of sources", found, needed });
        }
        Some(sources) => sources.to_owned(),
        None => sources(observation),
    };
    let mut functions = Array3::zeros((channels, 2 * RADIUS + 1, 2 * RADIUS + 1));
    for (channel, mut function) in functions.axis_iter_mut(Axis(0)).enumerate() {
        let sky = sky(observation, channel, &dark).ok_or_else(|| NoiseError::Sky {
            channel: observation.frame().channel_names()[channel].to_string(),
            found: empty_pixels(observation, channel, &dark),
            needed: LEAST_SKY,
        })?;
        function.assign(&shrunk(&sky));
    }
    Ok(functions)
}

/// How pixels are correlated with their neighbours along x and y in empty sky, for each channel; none where there is not enough of it.
pub(crate) fn neighbour_lags(observation: &Observation) -> Vec<Option<[Lag; 2]>> {
    let sources = sources(observation);
    let lags = |channel: usize| {
        let sky = sky(observation, channel, &sources)?;
        let light = light(&sky);
        let variance = product(&sky, [0, 0]).0 - light;
        Some([[0, 1], [1, 0]].map(|lag| {
            let (mean, pairs) = product(&sky, lag);
            Lag { coefficient: (mean - light) / variance, error: 1.0 / pairs.max(1.0).sqrt() }
        }))
    };
    (0..observation.frame().channel_names().len()).map(lags).collect()
}

fn empty_pixels(observation: &Observation, channel: usize, dark: &Array2<bool>) -> usize {
    let pulls = pulls(observation, channel);
    pulls.iter().zip(dark).filter(|(pull, source)| pull.is_finite() && !**source).count()
}

/// Residuals of empty sky about their middle; NaN elsewhere, and at outliers.
fn sky(observation: &Observation, channel: usize, sources: &Array2<bool>) -> Option<Array2<f64>> {
    let mut pulls = pulls(observation, channel);
    pulls.zip_mut_with(sources, |pull, source| {
        if *source {
            *pull = f64::NAN;
        }
    });
    let mut values: Vec<f64> = pulls.iter().copied().filter(|v| v.is_finite()).collect();
    if values.len() < LEAST_SKY {
        return None;
    }
    let [low, middle, high] = [0.159, 0.5, 0.841].map(|share| quantile(&mut values, share));
    let scatter = 0.5 * (high - low);
    let kept = |v: &&f64| (**v - middle).abs() <= OUTLIER * scatter;
    let (sum, count) = values.iter().filter(kept).fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
    let mean = sum / count;
    pulls.mapv_inplace(|v| if (v - middle).abs() <= OUTLIER * scatter { v - mean } else { f64::NAN });
    (scatter > 0.0).then_some(pulls)
}

/// Mean product of pixels at a lag, and how many pairs it is of.
fn product(sky: &Array2<f64>, [dy, dx]: [i64; 2]) -> (f64, f64) {
    let (ny, nx) = (sky.nrows() as i64, sky.ncols() as i64);
    let (mut sum, mut pairs) = (0.0, 0.0);
    for y in 0.max(-dy)..ny.min(ny - dy) {
        for x in 0.max(-dx)..nx.min(nx - dx) {
            let value = sky[[y as usize, x as usize]] * sky[[(y + dy) as usize, (x + dx) as usize]];
            if value.is_finite() {
                sum += value;
                pairs += 1.0;
            }
        }
    }
    (if pairs > 0.0 { sum / pairs } else { 0.0 }, pairs)
}

/// What pixels still share at the largest lag: faint light and uneven background rather than noise.
fn light(sky: &Array2<f64>) -> f64 {
    let r = RADIUS as i64;
    // Opposite lags have the same pairs: half of the ring is enough.
    let ring = (-r..=r).map(|x| [r, x]).chain((-r + 1..r).map(|y| [y, r]));
    let (sum, pairs) =
        ring.map(|lag| product(sky, lag)).fold((0.0, 0.0), |(s, n), (mean, k)| (s + mean * k, n + k));
    (sum / f64::max(pairs, 1.0)).max(0.0)
}

/// Coefficients, each shrunk by its own error: rho (1 - (2 error / rho)^2), 0 where that is negative.
///
/// Source of the errors: Bartlett 1946, Suppl. J. R. Stat. Soc. 8, 27: the variance is the sum of all rho^2 over pairs.
fn shrunk(sky: &Array2<f64>) -> Array2<f64> {
    let (r, side) = (RADIUS as i64, 2 * RADIUS + 1);
    let light = light(sky);
    let variance = product(sky, [0, 0]).0 - light;
    let lags = Array2::from_shape_fn((side, side), |(y, x)| {
        let (mean, pairs) = product(sky, [y as i64 - r, x as i64 - r]);
        ((mean - light) / variance, pairs.max(1.0))
    });
    let squares: f64 = lags.iter().map(|(rho, pairs)| (rho * rho - 1.0 / pairs).max(0.0)).sum();
    let mut function = lags.mapv(|(rho, pairs)| {
        let noise = SIGNIFICANT * SIGNIFICANT * squares.max(1.0) / pairs;
        (rho - noise / rho).clamp(-1.0, 1.0) * f64::from(u8::from(rho * rho > noise))
    });
    function[[RADIUS, RADIUS]] = 1.0;
    function
}
