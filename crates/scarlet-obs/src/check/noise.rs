//! Whether weights are what the data's scatter says, and whether the sky is dark.

use super::robust::{median, quantile, scatter_about};
use super::{Finding, Limits, Severity, channel_subject, number};
use crate::Observation;
use crate::noise::{Lag, Noise, neighbour_lags};
use ndarray::{Array2, ArrayView2, Axis, s};

/// Fewer pairs of pixels than this say nothing about noise.
const LEAST_PAIRS: usize = 100;
/// Sides of the tiles that the sky is measured in, in pixels.
const TILE_PX: usize = 12;
/// Share of the tiles that is taken to be sky.
const DARK_TILES: f64 = 0.25;
/// That quantile of a Gaussian, and the error of a median over that of a mean.
const DARK_QUANTILE: f64 = -0.674;
const MEDIAN_ERROR: f64 = 1.253;
/// Fewer tiles than this cannot be told to be even.
const LEAST_TILES: usize = 20;
/// Largest distance of the quantiles at 0.1 and 0.4 of even tiles, in units of a tile's error; 1.03 is expected.
const EVEN: f64 = 2.5;

/// How a weight that is not an inverse variance gives the variance.
type Variance = fn(f64) -> f64;

/// What weights are taken for at times: name, variance of a pixel, what to do.
const MISTAKES: [(&str, Variance, &str); 3] = [
    ("variances", |w| w, "give them as `variance`, or give 1 / them as weights"),
    ("standard deviations", |w| w * w, "give 1 / their squares as weights"),
    ("inverse standard deviations", |w| 1.0 / (w * w), "give their squares as weights"),
];

pub(super) fn findings(observation: &Observation, limits: &Limits) -> Vec<Finding> {
    let channels: Vec<usize> = (0..observation.frame().channel_names().len()).collect();
    let expected = |channel: usize| match observation.noise() {
        Noise::Correlated(noise) => noise.scatter_of_pairs(channel),
        _ => 1.0,
    };
    let scatter: Vec<Option<f64>> =
        channels.iter().map(|c| Some(pair_scatter(observation, *c, |w| 1.0 / w)? / expected(*c))).collect();
    let mut found: Vec<Finding> = wrong_weights(observation, &scatter, limits).into_iter().collect();
    let mistaken = !found.is_empty();
    for (channel, ratio) in channels.iter().zip(&scatter) {
        let Some(ratio) = ratio.filter(|r| *r > 0.0) else { continue };
        if !mistaken {
            found.extend(noise_level(observation, *channel, ratio, limits));
            found.extend(background(observation, *channel, ratio, limits));
        }
    }
    found.extend(correlated(observation, limits));
    found
}

/// Whether noise that is said to be independent is not.
fn correlated(observation: &Observation, limits: &Limits) -> Vec<Finding> {
    if *observation.noise() != Noise::Independent {
        return Vec::new();
    }
    let lags = neighbour_lags(observation).into_iter().enumerate();
    let finding = |(channel, lags): (usize, Option<[Lag; 2]>)| {
        let [along_x, along_y] = lags?;
        let largest = if along_x.coefficient > along_y.coefficient { along_x } else { along_y };
        let significance = largest.coefficient / largest.error;
        if largest.coefficient < limits.correlation || significance < limits.background_significance {
            return None;
        }
        Some(Finding {
            severity: Severity::Warning,
            code: "noise_correlated",
            subject: channel_subject(observation, channel),
            problem: format!(
                "noise of neighbouring pixels is correlated: {:.2} along x, {:.2} along y in its empty sky, ±{:.2}; errors \
                 of fluxes are larger than weights alone say",
                along_x.coefficient, along_y.coefficient, largest.error
            ),
            advice: "describe the noise: as measured, or by its correlation function or power spectrum"
                .to_owned(),
            position: None,
        })
    };
    lags.filter_map(finding).collect()
}

/// Scatter of differences of neighbours in a row, in units of what `variance` of their weights says; 1 if it is right.
///
/// Differences take out sky and broad light; their median deviation is not moved by the few steep places.
fn pair_scatter(observation: &Observation, channel: usize, variance: Variance) -> Option<f64> {
    let data = observation.data().index_axis(Axis(0), channel);
    let weights = observation.weights().index_axis(Axis(0), channel);
    let mut pulls = Vec::with_capacity(data.len());
    for (row, weights) in data.rows().into_iter().zip(weights.rows()) {
        for x in 1..row.len() {
            let (a, b) = (weights[x - 1], weights[x]);
            if a > 0.0 && b > 0.0 {
                pulls.push((row[x] - row[x - 1]) / (variance(a) + variance(b)).sqrt());
            }
        }
    }
    if pulls.len() < LEAST_PAIRS { None } else { scatter_about(&mut pulls, 0.0) }
}

/// Whether the weights are something else than inverse variances, judged on all channels together.
fn wrong_weights(observation: &Observation, scatter: &[Option<f64>], limits: &Limits) -> Option<Finding> {
    let logs = |ratios: &[Option<f64>]| {
        let mut logs: Vec<f64> =
            ratios.iter().flatten().filter(|r| **r > 0.0).map(|r| r.ln().abs()).collect();
        median(&mut logs)
    };
    let limit = limits.wrong_weights_ratio.ln();
    let as_given = logs(scatter).filter(|off| *off > limit)?;
    let explained = |variance: Variance| {
        let ratios: Vec<_> = (0..scatter.len()).map(|c| pair_scatter(observation, c, variance)).collect();
        logs(&ratios).filter(|off| *off < 0.4 * limit)
    };
    let best = MISTAKES.iter().filter_map(|mistake| Some((explained(mistake.1)?, mistake)));
    let (_, (what, _, advice)) = best.min_by(|a, b| a.0.total_cmp(&b.0))?;
    let typical = median(&mut scatter.iter().flatten().copied().collect::<Vec<_>>())?;
    Some(Finding {
        severity: Severity::Error,
        code: "weights_not_inverse_variances",
        subject: format!("weights of observation {}", observation.name()),
        problem: format!(
            "they look like {what}: the scatter between neighbouring pixels is {typical:.3} times what they say as \
             inverse variances (off by a factor {:.1}), and agrees with them as {what}",
            as_given.exp()
        ),
        advice: (*advice).to_owned(),
        position: None,
    })
}

fn noise_level(observation: &Observation, channel: usize, ratio: f64, limits: &Limits) -> Option<Finding> {
    let (severity, code, problem, advice) = if ratio > limits.noise_ratio {
        let problem = format!(
            "its pixels scatter {ratio:.2} times as much as the weights say, by the differences of neighbours; chi2 per \
             pixel of a perfect model would be {:.1}",
            ratio * ratio
        );
        let advice = "check the variances (gain, scaling of the images, noise of the sky); errors are too small by \
                      the same factor";
        (Severity::Warning, "noise_above_weights", problem, advice)
    } else if ratio < 1.0 / limits.noise_ratio {
        let problem = format!(
            "neighbouring pixels differ only by {ratio:.2} times what the weights say: noise is smaller, or correlated"
        );
        let advice = "check the variances (gain, scaling of the images); after resampling or coaddition noise is \
                      correlated, and errors of fluxes are then larger than the program's";
        (Severity::Note, "noise_below_weights", problem, advice)
    } else {
        return None;
    };
    let subject = channel_subject(observation, channel);
    Some(Finding { severity, code, subject, problem, advice: advice.to_owned(), position: None })
}

/// The darkest parts of an image, in units of the noise that the weights say.
#[derive(Debug, Clone, Copy)]
struct Sky {
    level: f64,
    error: f64,
    /// Whether they are as bright as each other, so that they can be sky.
    is_even: bool,
}

/// Whether the darkest parts of a channel are dark.
///
/// Medians of tiles, in units of the pixels' noise; the quarter that is darkest is taken to be sky, and that it was
/// picked as such is corrected for. Where the darker tiles differ among each other they may be wings of bright
/// sources that fill the whole image, which is only noted.
fn background(observation: &Observation, channel: usize, ratio: f64, limits: &Limits) -> Option<Finding> {
    let mut data = observation.data().index_axis(Axis(0), channel).to_owned();
    observation.calibration().add_background(channel, -1.0, data.view_mut());
    let weights = observation.weights().index_axis(Axis(0), channel);
    let Sky { level, error, is_even } = sky(data.view(), weights, ratio)?;
    if level.abs() < limits.background * ratio || level.abs() < limits.background_significance * error {
        return None;
    }
    let mut sigmas: Vec<f64> = weights.iter().filter(|w| **w > 0.0).map(|w| 1.0 / w.sqrt()).collect();
    let sigma = median(&mut sigmas)?;
    let (severity, code, what, advice) = match (level > 0.0, is_even) {
        (true, true) => {
            let advice = "subtract the sky from the images";
            (Severity::Warning, "background_left", "light is left in its darkest parts", advice)
        }
        (true, false) => {
            let advice = "use a larger image, in which there is dark sky; sky that was not subtracted and wings of bright \
                          sources look the same in this one";
            (Severity::Note, "no_dark_sky", "it may have no dark sky: its darkest parts are at", advice)
        }
        (false, _) => {
            let advice = "add to the images what was subtracted too much; the sky was probably measured on the wings of \
                          sources";
            (Severity::Warning, "background_oversubtracted", "its darkest parts are negative", advice)
        }
    };
    let joint = if code == "no_dark_sky" { "" } else { ":" };
    Some(Finding {
        severity,
        code,
        subject: channel_subject(observation, channel),
        problem: format!(
            "{what}{joint} {} in the unit of the data, {level:.2} times the noise of a pixel, ±{error:.2}",
            number(level * sigma)
        ),
        advice: advice.to_owned(),
        position: None,
    })
}

/// The darkest parts of an image; none of too few pixels.
fn sky(data: ArrayView2<'_, f64>, weights: ArrayView2<'_, f64>, ratio: f64) -> Option<Sky> {
    let pull = |d: &f64, w: &f64| if *w > 0.0 { d * w.sqrt() } else { f64::NAN };
    let pulls: Array2<f64> = ndarray::Zip::from(&data).and(&weights).map_collect(pull);
    let (ny, nx) = pulls.dim();
    let starts = |n: usize| (0..(n / TILE_PX).max(1)).map(|k| k * TILE_PX).collect::<Vec<_>>();
    let (mut levels, mut counts) = (Vec::new(), Vec::new());
    for y in starts(ny) {
        for x in starts(nx) {
            let tile = pulls.slice(s![y..(y + TILE_PX).min(ny), x..(x + TILE_PX).min(nx)]);
            let mut values: Vec<f64> = tile.iter().copied().filter(|v| !v.is_nan()).collect();
            if 2 * values.len() >= tile.len() {
                counts.push(values.len() as f64);
                levels.extend(median(&mut values));
            }
        }
    }
    let of_tile = MEDIAN_ERROR * ratio / median(&mut counts)?.sqrt();
    let dark = (levels.len() as f64 * DARK_TILES).max(1.0);
    let level = quantile(&mut levels, DARK_TILES)? - DARK_QUANTILE * of_tile;
    let spread = quantile(&mut levels, 0.4)? - quantile(&mut levels, 0.1)?;
    let is_even = levels.len() >= LEAST_TILES && spread < EVEN * of_tile;
    Some(Sky { level, error: MEDIAN_ERROR * of_tile / dark.sqrt(), is_even })
}
