//! chi2 in each source's box and in the border of it.

use crate::catalog::SourceMeasurement;
use crate::check::scene::Lookout;
use crate::check::{Finding, Limits, Severity};
use crate::{Observation, Sight};
use ndarray::Array3;
use scarlet_frame::BBox;

/// Pixels on each side of a box's edge that make its border.
const BORDER_PX: usize = 2;
/// A chi2 per pixel must be above 1 by so many of its standard errors, sqrt(2 / N).
const SIGNIFICANCE: f64 = 5.0;

/// chi2 and the number of pixels that count.
#[derive(Debug, Clone, Copy, Default)]
struct Chi2 {
    sum: f64,
    pixels: usize,
}

impl Chi2 {
    fn per_pixel(self) -> f64 {
        self.sum / self.pixels as f64
    }

    fn plus(self, sum: f64, pixels: usize) -> Self {
        Self { sum: self.sum + sum, pixels: self.pixels + pixels }
    }

    fn in_words(self) -> String {
        format!("{:.2} over {} pixels", self.per_pixel(), self.pixels)
    }

    fn is_high(self, limits: &Limits) -> bool {
        let random = 1.0 + SIGNIFICANCE * (2.0 / self.pixels.max(1) as f64).sqrt();
        self.pixels > 0 && self.per_pixel() > limits.chi2_per_pixel.max(random)
    }
}

pub(super) fn findings(
    lookouts: &[Lookout<'_>],
    rendered: &[Array3<f64>],
    sources: &[SourceMeasurement],
    limits: &Limits,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources {
        let (mut border, mut channels) = (Chi2::default(), Vec::new());
        for (Lookout { observation, sight, .. }, rendered) in lookouts.iter().zip(rendered) {
            let mut inside = vec![Chi2::default(); observation.frame().channel_names().len()];
            add(&mut inside, &mut border, observation, rendered, sight, source.bbox);
            let names = observation.frame().channel_names().iter();
            let label = |name| match lookouts {
                [_] => format!("{name}"),
                _ => format!("{name} of {}", observation.name()),
            };
            channels.extend(names.map(label).zip(inside));
        }
        found.extend(judge(source, &channels, border, limits));
    }
    found
}

/// Adds what one observation says of `bbox`; `inside` by channel.
fn add(
    inside: &mut [Chi2],
    border: &mut Chi2,
    observation: &Observation,
    rendered: &Array3<f64>,
    sight: &Sight,
    bbox: BBox,
) {
    let Some(patch) = sight.patch(bbox, BORDER_PX) else { return };
    let Some([rows, columns]) = sight.pixels().slices_of(patch.pixels) else { return };
    let window = ndarray::s![.., rows, columns];
    let (data, weights) = (observation.data().slice(window), observation.weights().slice(window));
    let model = rendered.slice(window);
    let border_px = BORDER_PX as f64 - 0.5;
    for (((c, y, x), weight), (d, m)) in weights.indexed_iter().zip(data.iter().zip(model)) {
        if *weight == 0.0 {
            continue;
        }
        let (term, depth) = (weight * (d - m) * (d - m), patch.depth(y, x));
        if depth >= -0.5 {
            inside[c] = inside[c].plus(term, 1);
        }
        if depth < border_px && depth > -border_px - 1.0 {
            *border = border.plus(term, 1);
        }
    }
}

/// The channels in which chi2 is high, in words, where it is so in some and not in all; and whether they are few.
fn high_in(channels: &[(String, Chi2)], limits: &Limits) -> (String, bool) {
    let high: Vec<_> = channels.iter().filter(|(_, chi2)| chi2.is_high(limits)).collect();
    if high.is_empty() || high.len() == channels.len() {
        return (String::new(), false);
    }
    let words = high.iter().map(|(name, chi2)| format!("{name} ({:.2})", chi2.per_pixel()));
    let words = words.collect::<Vec<_>>().join(", ");
    let plural = if high.len() == 1 { "" } else { "s" };
    (format!("; it is high in channel{plural} {words}, not in the others"), 2 * high.len() <= channels.len())
}

fn judge(
    source: &SourceMeasurement,
    channels: &[(String, Chi2)],
    border: Chi2,
    limits: &Limits,
) -> Option<Finding> {
    let inside = channels.iter().fold(Chi2::default(), |all, (_, c)| all.plus(c.sum, c.pixels));
    let (high_in, are_few) = high_in(channels, limits);
    let (code, place, advice) = if border.is_high(limits) && border.per_pixel() > inside.per_pixel() {
        let advice = "a box that is too small, or a neighbour that is not in the catalogue: enlarge the box, look at the \
                      residual, add the neighbour";
        ("chi2_high_at_border", "at the border of its box", advice)
    } else if inside.is_high(limits) && are_few {
        let advice =
            "look at the PSF, the background and the variances of these channels, and at the residual there";
        ("chi2_high", "in its box", advice)
    } else if inside.is_high(limits) {
        let advice = "look at the residual: more steps, a second component, a neighbour that is missing, or a PSF that \
                      does not fit";
        ("chi2_high", "in its box", advice)
    } else {
        return None;
    };
    let at_border = match border.pixels {
        0 => String::new(),
        _ => format!(", {} at its border", border.in_words()),
    };
    Some(Finding {
        severity: Severity::Warning,
        code,
        subject: format!("source {}", source.id),
        problem: format!(
            "chi2 per pixel is high {place}: {} in its box{at_border}{high_in}",
            inside.in_words()
        ),
        advice: advice.to_owned(),
        position: Some(source.center),
    })
}
