//! Whether sources are where they can be seen, and apart from each other.

use super::{Finding, Limits, Severity, core};
use crate::{ObsError, Observation};
use scarlet_frame::{BBox, Frame};
use scarlet_model::{Component, Scene};

/// A source by name, and where it is said to be.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcePosition {
    /// Its name.
    pub id: String,
    /// `(y, x)` in pixels of the model frame.
    pub center: [f64; 2],
}

/// Sources that are closer than this cannot be told apart, whatever the PSF.
const SAME_PLACE_PX: f64 = 0.1;

impl Limits {
    /// As [`positions`](super::positions), with these limits.
    ///
    /// # Errors
    /// The frame of an observation does not fit the model's.
    pub fn positions(
        &self,
        positions: &[SourcePosition],
        model: &Frame,
        observations: &[&Observation],
    ) -> Result<Vec<Finding>, ObsError> {
        let mut seen = Vec::new();
        for observation in observations {
            seen.push((*observation, observation.bbox_in(model)?));
        }
        let mut found: Vec<Finding> = positions.iter().filter_map(|p| unseen(p, &seen)).collect();
        found.extend(self.pairs(positions, observations, "sources_at_one_place"));
        Ok(found)
    }

    /// As [`scene`](super::scene), with these limits.
    ///
    /// # Errors
    /// The frame of an observation does not fit the scene's.
    pub fn scene(&self, scene: &Scene, observations: &[&Observation]) -> Result<Vec<Finding>, ObsError> {
        let mut found = self.positions(&centers(scene), scene.frame(), observations)?;
        let frame = scene.frame().bbox();
        for (name, source) in scene.sources() {
            let Some(bbox) = source.component().outer_bbox() else { continue };
            if (0..2).any(|k| bbox.shape()[k] > frame.shape()[k]) {
                found.push(large_box(name, bbox, frame));
            }
        }
        Ok(found)
    }

    /// Pairs of sources that are closer than the sharpest PSF can tell.
    pub(super) fn pairs(
        &self,
        positions: &[SourcePosition],
        observations: &[&Observation],
        code: &'static str,
    ) -> Vec<Finding> {
        let fwhm = sharpest_fwhm_px(observations);
        let limit = self.separation_fwhm * fwhm.unwrap_or(1.0);
        let mut sorted: Vec<&SourcePosition> = positions.iter().collect();
        sorted.sort_by(|a, b| a.center[0].total_cmp(&b.center[0]));
        let mut found = Vec::new();
        for (k, first) in sorted.iter().enumerate() {
            let near = sorted[k + 1..].iter().take_while(|p| p.center[0] - first.center[0] < limit);
            for second in near {
                let apart = (first.center[0] - second.center[0]).hypot(first.center[1] - second.center[1]);
                if apart < limit {
                    found.push(pair(first, second, apart, fwhm, code));
                }
            }
        }
        found
    }
}

fn pair(
    first: &SourcePosition,
    second: &SourcePosition,
    apart: f64,
    fwhm: Option<f64>,
    code: &'static str,
) -> Finding {
    let (a, b) = if first.id <= second.id { (first, second) } else { (second, first) };
    let beside = fwhm.map_or_else(String::new, |f| {
        format!("; the sharpest PSF has a full width at half maximum of {f:.2} px")
    });
    Finding {
        severity: if apart < SAME_PLACE_PX { Severity::Error } else { Severity::Warning },
        code,
        subject: format!("sources {} and {}", a.id, b.id),
        problem: format!("they are {apart:.2} px apart{beside}"),
        advice: "take one of them out of the catalogue, or model both as one source of several components; how their \
                 flux is shared is arbitrary"
            .to_owned(),
        position: Some(a.center),
    }
}

/// Width of the sharpest PSF of all observations, in pixels.
pub(super) fn sharpest_fwhm_px(observations: &[&Observation]) -> Option<f64> {
    let widths = observations.iter().flat_map(|observation| {
        let frame = observation.frame();
        let psf = frame.psf_ref();
        let planes = match psf.and_then(scarlet_frame::Psf::planes) {
            Some(1) => 1,
            _ => frame.channel_names().len(),
        };
        (0..planes).filter_map(move |c| core(psf?.sampled(c).view()).map(|core| core.fwhm_px()))
    });
    widths.reduce(f64::min)
}

/// The centres of all sources of a scene.
pub(super) fn centers(scene: &Scene) -> Vec<SourcePosition> {
    let center = |component: &Component| match component.center()?.values() {
        [y, x] => Some([*y, *x]),
        _ => None,
    };
    let sources = scene.sources();
    sources
        .filter_map(|(name, s)| Some(SourcePosition { id: name.to_owned(), center: center(s.component())? }))
        .collect()
}

/// Says where a source cannot be seen.
fn unseen(source: &SourcePosition, observations: &[(&Observation, BBox)]) -> Option<Finding> {
    let SourcePosition { id, center } = source;
    let around: Vec<_> = observations.iter().filter(|(_, bbox)| bbox.contains(*center)).collect();
    let made = |severity, code, problem: String, advice: &str| {
        let (subject, advice) = (format!("source {id}"), advice.to_owned());
        Some(Finding { severity, code, subject, problem, advice, position: Some(*center) })
    };
    let at = format!("(y, x) = ({:.2}, {:.2})", center[0], center[1]);
    if around.is_empty() {
        let boxes: Vec<String> = observations.iter().map(|(o, b)| format!("{} {b}", o.name())).collect();
        let problem = format!("its position {at} is outside all images: {}", boxes.join(", "));
        let advice =
            "take it out of the catalogue, or correct its position: x is the column and y the row, from 0";
        return made(Severity::Error, "source_outside", problem, advice);
    }
    let (mut masked, mut all) = (0, 0);
    for (observation, bbox) in around {
        let [y, x] = [0, 1].map(|k| (center[k].round() as i64 - bbox.origin()[k]) as usize);
        let weights = observation.weights();
        let column = weights.slice(ndarray::s![.., y.min(weights.dim().1 - 1), x.min(weights.dim().2 - 1)]);
        masked += column.iter().filter(|w| **w == 0.0).count();
        all += column.len();
    }
    let advice = "check the mask there (saturated stars are often masked), or take the source out; its flux comes from \
                  the pixels around";
    match masked {
        0 => None,
        _ if masked == all => {
            let problem = format!("the pixel at its position {at} counts in no channel");
            made(Severity::Warning, "source_masked", problem, advice)
        }
        _ => {
            let problem =
                format!("the pixel at its position {at} does not count in {masked} of {all} channels");
            made(Severity::Note, "source_partly_masked", problem, advice)
        }
    }
}

fn large_box(name: &str, bbox: BBox, frame: BBox) -> Finding {
    let ([by, bx], [fy, fx]) = (bbox.shape(), frame.shape());
    Finding {
        severity: Severity::Note,
        code: "box_larger_than_frame",
        subject: format!("source {name}"),
        problem: format!(
            "it may not fit into the images: its box of {by} x {bx} px is larger than the model frame of {fy} x {fx} px"
        ),
        advice: "use larger images if it really is that large; light outside of them is not measured"
            .to_owned(),
        position: None,
    }
}
