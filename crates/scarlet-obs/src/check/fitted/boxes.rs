//! chi2 in each source's box and in the border of it.

use crate::catalog::SourceMeasurement;
use crate::check::scene::footprint;
use crate::check::{Finding, Limits, Severity};
use crate::{ObsError, Observation};
use ndarray::Array3;
use scarlet_frame::BBox;
use scarlet_model::Scene;

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

    fn is_high(self, limits: &Limits) -> bool {
        let random = 1.0 + SIGNIFICANCE * (2.0 / self.pixels.max(1) as f64).sqrt();
        self.pixels > 0 && self.per_pixel() > limits.chi2_per_pixel.max(random)
    }
}

pub(super) fn findings(
    scene: &Scene,
    observations: &[&Observation],
    rendered: &[Array3<f64>],
    sources: &[SourceMeasurement],
    limits: &Limits,
) -> Result<Vec<Finding>, ObsError> {
    let mut found = Vec::new();
    for source in sources {
        let (mut inside, mut border) = (Chi2::default(), Chi2::default());
        for (observation, rendered) in observations.iter().zip(rendered) {
            let seen = footprint(observation, scene.frame())?;
            add(&mut inside, &mut border, observation, rendered, seen, source.bbox);
        }
        found.extend(judge(source, inside, border, limits));
    }
    Ok(found)
}

/// Adds what one observation, whose pixels are `seen` in the model frame, says of `bbox`.
fn add(
    inside: &mut Chi2,
    border: &mut Chi2,
    observation: &Observation,
    rendered: &Array3<f64>,
    seen: BBox,
    bbox: BBox,
) {
    let Some(all) = bbox.grown(BORDER_PX).intersection(seen) else { return };
    let Some([rows, columns]) = seen.slices_of(all) else { return };
    let window = ndarray::s![.., rows, columns];
    let (data, weights) = (observation.data().slice(window), observation.weights().slice(window));
    let model = rendered.slice(window);
    // Pixels from the box's edge, 0 for its outermost ones, negative outside.
    let depth = |y: usize, x: usize| {
        let at = [all.origin()[0] + y as i64, all.origin()[1] + x as i64];
        let of_axis = |k: usize| (at[k] - bbox.origin()[k]).min(bbox.end()[k] - 1 - at[k]);
        of_axis(0).min(of_axis(1))
    };
    for (((_, y, x), weight), (d, m)) in weights.indexed_iter().zip(data.iter().zip(model)) {
        if *weight == 0.0 {
            continue;
        }
        let (term, depth) = (weight * (d - m) * (d - m), depth(y, x));
        if depth >= 0 {
            (inside.sum, inside.pixels) = (inside.sum + term, inside.pixels + 1);
        }
        if depth < BORDER_PX as i64 {
            (border.sum, border.pixels) = (border.sum + term, border.pixels + 1);
        }
    }
}

fn judge(source: &SourceMeasurement, inside: Chi2, border: Chi2, limits: &Limits) -> Option<Finding> {
    let (code, place, advice) = if border.is_high(limits) && border.per_pixel() > inside.per_pixel() {
        let advice = "a box that is too small, or a neighbour that is not in the catalogue: enlarge the box, look at the \
                      residual, add the neighbour";
        ("chi2_high_at_border", "at the border of its box", advice)
    } else if inside.is_high(limits) {
        let advice = "look at the residual: more steps, a second component, a neighbour that is missing, or a PSF that \
                      does not fit";
        ("chi2_high", "in its box", advice)
    } else {
        return None;
    };
    Some(Finding {
        severity: Severity::Warning,
        code,
        subject: format!("source {}", source.id),
        problem: format!(
            "chi2 per pixel is high {place}: {:.2} over {} pixels in its box, {:.2} over {} at its border",
            inside.per_pixel(),
            inside.pixels,
            border.per_pixel(),
            border.pixels
        ),
        advice: advice.to_owned(),
        position: Some(source.center),
    })
}
