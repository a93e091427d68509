//! What is seen of each source alone: whether it is there at all, and whether its box cuts it.
//!
//! A box cuts a source when its model is bright at the edge and light is left outside: the first alone can be light of
//! a neighbour or noise that a free image took up.

use crate::catalog::SourceMeasurement;
use crate::check::{Finding, Limits, Severity};
use crate::{ObsError, Observation, Seen as SeenAlone, Sight, View};
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
    /// Sum of the residual over the noise just outside its box, and the number of pixels.
    outside: (f64, usize),
}

/// Pixels around a box in which its light is looked for.
const AROUND_PX: usize = 3;

/// How bright the edge of a box is.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// Mean of the model over the outermost pixels, on the area of a pixel of the observation, in units of its noise.
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
    rendered: &[Array3<f64>],
    sources: &[SourceMeasurement],
) -> Result<Vec<Seen>, ObsError> {
    let mut all = vec![Seen::default(); sources.len()];
    for (observation, rendered) in observations.iter().zip(rendered) {
        let mut view = View::new(observation, scene.frame())?;
        let sigmas: Vec<Option<f64>> = observation.weights().axis_iter(Axis(0)).map(typical_sigma).collect();
        for (source, seen) in sources.iter().zip(&mut all) {
            seen.add_outside(observation, rendered, view.sight(), source.bbox);
            if let Some(alone) = view.seen(source.bbox, &source.cube) {
                seen.snr2 += snr2(&view, &alone);
                seen.add_edge(&view, &sigmas, scene, source);
            }
        }
    }
    Ok(all)
}

fn snr2(view: &View<'_>, alone: &SeenAlone) -> f64 {
    let weights = view.observation().weights().slice(view.window(alone.bbox));
    alone.pixels.iter().zip(&weights).map(|(m, w)| w * m * m).sum()
}

impl Seen {
    /// Adds the residual around `bbox` in an observation.
    fn add_outside(&mut self, observation: &Observation, rendered: &Array3<f64>, sight: &Sight, bbox: BBox) {
        let Some(patch) = sight.patch(bbox, AROUND_PX) else { return };
        let Some([rows, columns]) = sight.pixels().slices_of(patch.pixels) else { return };
        let window = ndarray::s![.., rows, columns];
        let (data, weights) = (observation.data().slice(window), observation.weights().slice(window));
        let pixels = weights.indexed_iter().zip(data.iter().zip(rendered.slice(window)));
        for (((_, y, x), weight), (d, m)) in pixels {
            let depth = patch.depth(y, x);
            if *weight > 0.0 && depth < -0.5 && depth > -(AROUND_PX as f64) - 0.5 {
                self.outside = (self.outside.0 + weight.sqrt() * (d - m), self.outside.1 + 1);
            }
        }
    }

    /// Significance of the light that is left outside the box.
    fn left_outside(&self) -> f64 {
        self.outside.0 / (self.outside.1.max(1) as f64).sqrt()
    }

    /// Keeps the brightest edge of all channels, whose pixels have noise of `sigmas`; pixels outside the frame do
    /// not count.
    fn add_edge(
        &mut self,
        view: &View<'_>,
        sigmas: &[Option<f64>],
        scene: &Scene,
        source: &SourceMeasurement,
    ) {
        let Some(inside) = source.bbox.intersection(scene.frame().bbox()) else { return };
        let area = view.sight().model_pixels_per_pixel().powi(2);
        for (&channel, sigma) in view.sight().channels().iter().zip(sigmas) {
            let Some(sigma) = sigma else { continue };
            let plane = source.cube.index_axis(Axis(0), channel);
            let Some((mean, share)) = edge(plane, source.bbox, inside) else { continue };
            let noise = mean * area / sigma;
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

pub(super) fn findings(
    scene: &Scene,
    sources: &[SourceMeasurement],
    seen: &[Seen],
    limits: &Limits,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for (source, seen) in sources.iter().zip(seen) {
        found.extend(faint(source, seen, limits));
        found.extend(cut(scene, source, seen, limits));
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

fn cut(scene: &Scene, source: &SourceMeasurement, seen: &Seen, limits: &Limits) -> Option<Finding> {
    let Edge { noise, share, channel } = seen.edge?;
    if noise < limits.edge_noise || share < limits.edge_share {
        return None;
    }
    let [ny, nx] = source.bbox.shape();
    let channel = &scene.frame().channel_names()[channel];
    let left = seen.left_outside();
    let (severity, advice) = if left >= limits.edge_significance {
        (Severity::Warning, "give it a larger box, or let boxes grow")
    } else if share >= limits.edge_share_alone && noise >= limits.edge_noise_alone {
        let advice = "give it a larger box, or let boxes grow: a neighbour's model has the light outside, and its flux is \
                      too low";
        (Severity::Warning, advice)
    } else {
        let advice = "nothing is left outside: light of a neighbour that its model took up, or noise; look at its model in the \
                      report";
        (Severity::Note, advice)
    };
    Some(Finding {
        severity,
        code: "flux_at_box_edge",
        subject: format!("source {}", source.id),
        problem: format!(
            "it is bright at the edge of its box of {ny} x {nx} px: the outermost pixels hold {:.1}% of its flux in channel \
             {channel}, on average {noise:.1} times a pixel's noise; light outside: {left:.1} sigma",
            100.0 * share
        ),
        advice: advice.to_owned(),
        position: Some(source.center),
    })
}
