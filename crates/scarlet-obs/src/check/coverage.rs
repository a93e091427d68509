//! Whether channels have pixels that count, and light in them.

use super::filter::point_sources;
use super::robust::scatter_about;
use super::{Finding, Limits, Severity, channel_subject};
use crate::Observation;
use ndarray::{Array2, Axis};
use scarlet_frame::Psf;

/// Width of the filter where an observation has no PSF.
const SIGMA_PX_WITHOUT_PSF: f64 = 1.0;

pub(super) fn findings(observation: &Observation, limits: &Limits) -> Vec<Finding> {
    let channels = observation.frame().channel_names().len();
    (0..channels).filter_map(|channel| of_channel(observation, channel, limits)).collect()
}

fn of_channel(observation: &Observation, channel: usize, limits: &Limits) -> Option<Finding> {
    let weights = observation.weights().index_axis(Axis(0), channel);
    let counted = weights.iter().filter(|w| **w > 0.0).count();
    let masked = 1.0 - counted as f64 / weights.len() as f64;
    let made = |severity, code, problem: String, advice: &str| {
        let subject = channel_subject(observation, channel);
        Some(Finding { severity, code, subject, problem, advice: advice.to_owned(), position: None })
    };
    if counted == 0 {
        let problem = "none of its pixels counts: all weights are 0".to_owned();
        let advice = "correct its weights and mask (do the bits that count only say that a source was detected?), or leave the \
                      channel out; fluxes in it are not measured";
        return made(Severity::Error, "channel_masked", problem, advice);
    }
    if let Some(value) = constant(observation, channel) {
        let problem = format!("all its pixels that count are {value}");
        let advice = "leave the channel out, or give its image; fluxes in it are not measured";
        return made(Severity::Error, "channel_constant", problem, advice);
    }
    if masked >= limits.masked {
        let problem = format!("{:.0}% of its pixels do not count", 100.0 * masked);
        let advice = "check that the mask's bits and the weights exclude only bad pixels, and not those where a source was \
                      detected (in a scene file: mask: { image: .., bits: [..] })";
        return made(Severity::Warning, "many_masked", problem, advice);
    }
    let brightest = brightest(observation, channel);
    if brightest < limits.signal {
        let problem = format!(
            "no signal: the brightest point-like peak is {brightest:.1} sigma, {} would be one",
            limits.signal
        );
        let advice =
            "expect fluxes that agree with 0 in it; check image and weights if sources should be seen";
        return made(Severity::Warning, "no_signal", problem, advice);
    }
    if masked >= limits.masked / 10.0 {
        let problem = format!("{:.0}% of its pixels do not count", 100.0 * masked);
        let advice = "nothing, if that is what the mask means";
        return made(Severity::Note, "some_masked", problem, advice);
    }
    None
}

/// The value of all pixels that count, where it is the same.
fn constant(observation: &Observation, channel: usize) -> Option<f64> {
    let (data, weights) = (observation.data(), observation.weights());
    let (data, weights) = (data.index_axis(Axis(0), channel), weights.index_axis(Axis(0), channel));
    let mut counted = data.iter().zip(&weights).filter(|(_, w)| **w > 0.0).map(|(d, _)| *d);
    let first = counted.next()?;
    counted.all(|value| value == first).then_some(first)
}

/// Signal-to-noise ratio of the brightest peak, by the data's own scatter where that is larger than the weights say.
fn brightest(observation: &Observation, channel: usize) -> f64 {
    let (data, weights) = (observation.data(), observation.weights());
    let psf = seeing(observation, channel);
    let (data, weights) = (data.index_axis(Axis(0), channel), weights.index_axis(Axis(0), channel));
    let snr = point_sources(data, weights, &psf).snr;
    let mut values: Vec<f64> = snr.iter().copied().filter(|v| *v != 0.0).collect();
    let best = values.iter().copied().fold(0.0, f64::max);
    let faint = super::robust::median(&mut values).unwrap_or(0.0).min(0.0);
    // Light only adds: what is below the median's lower side is noise.
    let mut below: Vec<f64> = values.into_iter().filter(|v| *v <= faint).collect();
    best / scatter_about(&mut below, faint).unwrap_or(1.0).max(1.0)
}

/// The PSF of a channel, or a narrow Gaussian where there is none.
pub(super) fn seeing(observation: &Observation, channel: usize) -> Array2<f64> {
    match observation.frame().psf_ref() {
        Some(psf) => psf.sampled(channel),
        None => Psf::gaussian(SIGMA_PX_WITHOUT_PSF).expect("a positive width").sampled(0),
    }
}
