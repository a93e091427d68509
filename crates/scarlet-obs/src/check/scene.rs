//! Whether sources are where they can be seen, and apart from each other.

use super::{Finding, Limits, Severity, core};
use crate::{ObsError, Observation, Sight};
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
        let lookouts = lookouts(model, observations)?;
        let mut found: Vec<Finding> = positions.iter().filter_map(|p| unseen(p, &lookouts)).collect();
        found.extend(self.pairs(positions, &lookouts, "sources_at_one_place"));
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

    /// Pairs of sources that are closer than the sharpest PSF of those that see them can tell.
    pub(super) fn pairs(
        &self,
        positions: &[SourcePosition],
        lookouts: &[Lookout<'_>],
        code: &'static str,
    ) -> Vec<Finding> {
        let limit_of = |fwhm: Option<f64>| self.separation_fwhm * fwhm.unwrap_or(1.0);
        let widest = lookouts.iter().filter_map(|l| l.fwhm_px).reduce(f64::max);
        let limit = limit_of(widest);
        let mut sorted: Vec<&SourcePosition> = positions.iter().collect();
        sorted.sort_by(|a, b| a.center[0].total_cmp(&b.center[0]));
        let mut found = Vec::new();
        for (k, first) in sorted.iter().enumerate() {
            let near = sorted[k + 1..].iter().take_while(|p| p.center[0] - first.center[0] < limit);
            for second in near {
                let apart = (first.center[0] - second.center[0]).hypot(first.center[1] - second.center[1]);
                if apart < limit {
                    let seeing = lookouts.iter().filter(|l| l.sight.sees(first.center));
                    let fwhm = seeing.filter_map(|l| l.fwhm_px).reduce(f64::min).or(widest);
                    if apart < limit_of(fwhm) {
                        found.push(pair(first, second, apart, fwhm, code));
                    }
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

/// An observation, where it is in the model frame, and how sharp it is there.
#[derive(Debug)]
pub(super) struct Lookout<'a> {
    pub(super) observation: &'a Observation,
    pub(super) sight: Sight,
    /// Width of its sharpest PSF, in pixels of the model.
    pub(super) fwhm_px: Option<f64>,
}

/// All observations as seen from the frame `model`.
pub(super) fn lookouts<'a>(
    model: &Frame,
    observations: &[&'a Observation],
) -> Result<Vec<Lookout<'a>>, ObsError> {
    let lookout = |observation: &&'a Observation| {
        let sight = Sight::new(observation, model)?;
        let fwhm_px = sharpest_fwhm_px(observation.frame()).map(|fwhm| fwhm * sight.model_pixels_per_pixel());
        Ok(Lookout { observation, sight, fwhm_px })
    };
    observations.iter().map(lookout).collect()
}

/// Width of the sharpest PSF of a frame, in its pixels.
fn sharpest_fwhm_px(frame: &Frame) -> Option<f64> {
    let psf = frame.psf_ref()?;
    let planes = if psf.planes() == Some(1) { 1 } else { frame.channel_names().len() };
    let widths = (0..planes).filter_map(|c| core(psf.sampled(c).view()).map(|core| core.fwhm_px()));
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
fn unseen(source: &SourcePosition, lookouts: &[Lookout<'_>]) -> Option<Finding> {
    let SourcePosition { id, center } = source;
    let pixels: Vec<_> =
        lookouts.iter().filter_map(|l| Some((l.observation, l.sight.pixel(*center)?))).collect();
    let made = |severity, code, problem: String, advice: &str| {
        let (subject, advice) = (format!("source {id}"), advice.to_owned());
        Some(Finding { severity, code, subject, problem, advice, position: Some(*center) })
    };
    let at = format!("(y, x) = ({:.2}, {:.2})", center[0], center[1]);
    if pixels.is_empty() {
        let around = |l: &Lookout<'_>| {
            let bbox = l.sight.in_model(l.sight.pixels()).ok()?;
            Some(format!("{} {bbox}", l.observation.name()))
        };
        let boxes: Vec<String> = lookouts.iter().filter_map(around).collect();
        let problem = format!("its position {at} is outside all images: {}", boxes.join(", "));
        let advice =
            "take it out of the catalogue, or correct its position: x is the column and y the row, from 0";
        return made(Severity::Error, "source_outside", problem, advice);
    }
    let (mut masked, mut all) = (0, 0);
    for (observation, [y, x]) in pixels {
        let column = observation.weights().slice(ndarray::s![.., y, x]);
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
