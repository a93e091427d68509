//! Whether the model's PSF is sharp enough for an observation's.

use super::{Finding, Limits, Severity, channel_subject, core};
use crate::{Observation, Sight, kernel};
use scarlet_frame::Frame;

/// An observed core that is narrower than this times the model's cannot come from it.
const NARROWEST: f64 = 1.02;
/// Kernels are looked at where the scales of pixels differ by less than this share.
const SAME_SCALE: f64 = 0.05;

impl Limits {
    /// As [`against_model`](super::against_model), with these limits.
    #[must_use]
    pub fn against_model(&self, observation: &Observation, model: &Frame) -> Vec<Finding> {
        let frame = observation.frame();
        let (Some(observed), Some(of_model)) = (frame.psf_ref(), model.psf_ref()) else { return Vec::new() };
        let Ok(sight) = Sight::new(observation, model) else { return Vec::new() };
        let scale = sight.model_pixels_per_pixel();
        let both_are_one = observed.planes() == Some(1) && of_model.planes() == Some(1);
        let channels = if both_are_one { 1 } else { frame.channel_names().len() };
        let check = |channel: usize| {
            let in_model = model.channel_index(&frame.channel_names()[channel])?;
            let (seen, sharp) = (observed.sampled(channel), of_model.sampled(in_model));
            let (width, least) = (scale * core(seen.view())?.sigma_px, core(sharp.view())?.sigma_px);
            let difference = kernel::difference(&seen, &sharp);
            let all: f64 = difference.iter().map(|v| v.abs()).sum();
            let below: f64 = difference.iter().map(|v| v.min(0.0).abs()).sum();
            let rings = if (scale - 1.0).abs() < SAME_SCALE { below / all } else { 0.0 };
            let too_sharp = width < NARROWEST * least;
            if !too_sharp && rings < self.kernel_negative {
                return None;
            }
            let kernel =
                format!("; {:.0}% of the kernel that takes one to the other is negative", 100.0 * rings);
            let kernel = if rings > 0.0 { kernel } else { String::new() };
            let unit = if sight.whole_pixel_shift().is_some() { "px" } else { "px of the model" };
            let problem =
                format!("its core has a sigma of {width:.2} {unit}, the model's PSF {least:.2} px{kernel}");
            Some(Finding {
                severity: if too_sharp { Severity::Error } else { Severity::Warning },
                code: "psf_sharper_than_model",
                subject: format!("PSF of {}", channel_subject(observation, channel)),
                problem,
                advice: "make the model's PSF narrower (model.psf_sigma_px), and its pixels smaller if that is less than \
                         half a pixel; models ring otherwise"
                    .to_owned(),
                position: None,
            })
        };
        (0..channels).filter_map(check).collect()
    }
}
