//! What is seen of each source alone: whether it is there at all, and whether its box cuts it.

use crate::catalog::SourceMeasurement;
use crate::check::{Finding, Limits, Severity};
use crate::redistribute::View;
use crate::{ObsError, Observation};
use ndarray::{Array3, ArrayView2, Axis};
use scarlet_frame::BBox;
use scarlet_model::Scene;

/// What the data say of one source alone.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// Square of the signal-to-noise ratio of its model, all else known: sum over pixels of w m^2.
    snr2: f64,
    /// The channel in which the edge of its box is brightest beside the noise.
    edge: Option<Edge>,
}

/// How bright the edge of a box is.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// Mean of the model over the outermost pixels, in units of a pixel's noise.
    noise: f64,
    /// Their sum over the sum of all.
    share: f64,
    /// The channel in the model frame.
    channel: usize,
}

/// All `sources` of `scene`, seen alone.
pub(super) fn all(
    scene: &Scene,
    observations: &[&Observation],
    sources: &[SourceMeasurement],
) -> Result<Vec<Seen>, ObsError> {
    let mut all = vec![Seen::default(); sources.len()];
    for observation in observations {
        let view = View::new(observation, scene.frame())?;
        for (source, seen) in sources.iter().zip(&mut all) {
            if let Some((bbox, model)) = view.seen(scene.frame(), source.bbox, &source.cube) {
                seen.snr2 += snr2(&view, bbox, &model);
                seen.add_edge(&view, scene, source);
            }
        }
    }
    Ok(all)
}

fn snr2(view: &View<'_>, bbox: BBox, model: &Array3<f64>) -> f64 {
    let weights = view.observation().weights().slice(view.window(bbox));
    model.iter().zip(&weights).map(|(m, w)| w * m * m).sum()
}

impl Seen {
    /// Keeps the brightest edge of all channels; pixels of the frame's own edge do not count.
    fn add_edge(&mut self, view: &View<'_>, scene: &Scene, source: &SourceMeasurement) {
        let Some(inside) = source.bbox.intersection(scene.frame().bbox()) else { return };
        let names = scene.frame().channel_names();
        for (own, name) in view.observation().frame().channel_names().iter().enumerate() {
            let Some(channel) = names.iter().position(|n| n == name) else { continue };
            let weights = view.observation().weights().index_axis(Axis(0), own);
            let Some(sigma) = typical_sigma(weights) else { continue };
            let plane = source.cube.index_axis(Axis(0), channel);
            let Some((mean, share)) = edge(plane, source.bbox, inside) else { continue };
            let noise = mean / sigma;
            if self.edge.is_none_or(|e| noise > e.noise) {
                self.edge = Some(Edge { noise, share, channel });
            }
        }
    }
}

/// Noise of a pixel of median weight.
fn typical_sigma(weights: ArrayView2<'_, f64>) -> Option<f64> {
    let mut counted: Vec<f64> = weights.iter().copied().filter(|w| *w > 0.0).collect();
    crate::check::robust::median(&mut counted).map(|w| 1.0 / w.sqrt())
}

/// Mean over the box's outermost pixels that are `inside` the frame, and their sum over the sum of all.
fn edge(plane: ArrayView2<'_, f64>, bbox: BBox, inside: BBox) -> Option<(f64, f64)> {
    let (ny, nx) = plane.dim();
    let at_edge = |(y, x): (usize, usize)| y == 0 || x == 0 || y + 1 == ny || x + 1 == nx;
    let position =
        |(y, x): (usize, usize)| [(bbox.origin()[0] + y as i64) as f64, (bbox.origin()[1] + x as i64) as f64];
    let edge = plane.indexed_iter().filter(|(at, _)| at_edge(*at) && inside.contains(position(*at)));
    let (sum, count) = edge.fold((0.0, 0_usize), |(sum, n), (_, v)| (sum + v, n + 1));
    let total = plane.sum();
    (count > 0 && total > 0.0).then(|| (sum / count as f64, sum / total))
}

pub(super) fn findings(sources: &[SourceMeasurement], seen: &[Seen], limits: &Limits) -> Vec<Finding> {
    let mut found = Vec::new();
    for (source, seen) in sources.iter().zip(seen) {
        found.extend(faint(source, seen, limits));
        found.extend(cut(source, seen, limits));
    }
    found
}

fn faint(source: &SourceMeasurement, seen: &Seen, limits: &Limits) -> Option<Finding> {
    let snr = seen.snr2.sqrt();
    (snr < limits.source_snr).then(|| Finding {
        severity: Severity::Warning,
        code: "source_without_flux",
        subject: format!("source {}", source.id),
        problem: format!("its flux is not significant: the signal-to-noise ratio of its model is {snr:.1}"),
        advice: "check its position, or take it out: it may be noise, or a neighbour may have its light"
            .to_owned(),
        position: Some(source.center),
    })
}

fn cut(source: &SourceMeasurement, seen: &Seen, limits: &Limits) -> Option<Finding> {
    let Edge { noise, share, channel } = seen.edge?;
    if noise < limits.edge_noise || share < limits.edge_share {
        return None;
    }
    let [ny, nx] = source.bbox.shape();
    Some(Finding {
        severity: Severity::Warning,
        code: "flux_at_box_edge",
        subject: format!("source {}", source.id),
        problem: format!(
            "its box of {ny} x {nx} px cuts it: the outermost pixels hold {:.1}% of its flux in channel {channel}, on average \
             {noise:.1} times a pixel's noise",
            100.0 * share
        ),
        advice: "give it a larger box, or let boxes grow".to_owned(),
        position: Some(source.center),
    })
}
