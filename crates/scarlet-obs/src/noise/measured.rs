//! Correlation of noise as it is in empty sky.

use super::NoiseError;
use super::correlation::{Correlation, Windows};
use super::prediction::{FARTHEST, Neighbourhood, neighbours};
use super::sky::{pulls, quantile, sources};
use crate::Observation;
use ndarray::{Array2, ArrayView2};

/// Lag at which noise is taken to be independent by [`neighbour_lags`], in pixels.
const RADIUS: usize = 5;
/// Least number of pixels of empty sky.
const LEAST_SKY: usize = 500;
/// Distance from the middle from which a pixel is an outlier, in units of the scatter.
const OUTLIER: f64 = 5.0;
/// Largest share of the variance that pixels far apart may share in what is empty sky.
const MOST_LIGHT: f64 = 0.03;
/// Pixels of empty sky for each neighbour that a pixel is predicted from.
const FOR_EACH: usize = 30;

/// A coefficient of correlation and its error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lag {
    pub(crate) coefficient: f64,
    pub(crate) error: f64,
}

/// The correlations of all channels.
pub(super) fn measured(
    observation: &Observation,
    given: Option<ArrayView2<'_, bool>>,
) -> Result<Vec<Windows>, NoiseError> {
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
    let of_channel = |channel: usize| {
        let sky = sky(observation, channel, &dark).ok_or_else(|| NoiseError::Sky {
            channel: observation.frame().channel_names()[channel].to_string(),
            found: empty_pixels(observation, channel, &dark),
            needed: LEAST_SKY,
        })?;
        Ok(best_windows(&sky))
    };
    (0..channels).map(of_channel).collect()
}

/// The windows of the reach that predicts best, by Akaike's criterion: least n ln s^2 + 2 neighbours.
fn best_windows(sky: &Array2<f64>) -> Windows {
    let mut best = (f64::INFINITY, Windows { reach: 0, matrix: Array2::ones((1, 1)) });
    for reach in 0..=FARTHEST {
        let taps = neighbours(reach).len();
        let (matrix, pixels) = products(sky, reach);
        if pixels < FOR_EACH * taps.max(1) {
            break;
        }
        let windows = Windows { reach, matrix };
        let correlation = Correlation::from_windows(windows.clone(), f64::EPSILON);
        let error = Neighbourhood::new(&correlation, reach).without(&[]).log_error();
        let criterion = 2.0 * error + 2.0 * taps as f64 / pixels as f64;
        if criterion < best.0 {
            best = (criterion, windows);
        }
    }
    best.1
}

/// Sums of products of all pairs in windows that are sky all over, and how many windows there are.
fn products(sky: &Array2<f64>, reach: usize) -> (Array2<f64>, usize) {
    let (ny, nx) = sky.dim();
    let places: Vec<[i64; 2]> = neighbours(reach).into_iter().chain([[0, 0]]).collect();
    let mut sums = Array2::zeros((places.len(), places.len()));
    let (mut window, mut count) = (vec![0.0; places.len()], 0);
    for y in reach..ny {
        for x in reach..nx.saturating_sub(reach) {
            let at = |place: &[i64; 2]| [(y as i64 + place[0]) as usize, (x as i64 + place[1]) as usize];
            window.iter_mut().zip(&places).for_each(|(v, place)| *v = sky[at(place)]);
            if window.iter().any(|v| v.is_nan()) {
                continue;
            }
            count += 1;
            for (mut row, value) in sums.rows_mut().into_iter().zip(&window) {
                row.iter_mut().zip(&window).for_each(|(sum, other)| *sum += value * other);
            }
        }
    }
    (sums, count)
}

/// How pixels are correlated with their neighbours along x and y in empty sky, for each channel; none where there is not enough of it.
pub(crate) fn neighbour_lags(observation: &Observation) -> Vec<Option<[Lag; 2]>> {
    let sources = sources(observation);
    let lags = |channel: usize| {
        let sky = sky(observation, channel, &sources)?;
        let light = light(&sky);
        let variance = product(&sky, [0, 0]).0 - light;
        if light > MOST_LIGHT * variance {
            return None;
        }
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
