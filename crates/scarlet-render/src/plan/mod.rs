//! The plan of a scene: from parameter values to a model cube, and back.

mod compound;
mod edge;
mod leaf;
mod node;

pub use edge::Edge;

use crate::{Pixel, Workers};
use ndarray::Array3;
use node::Node;
use scarlet_frame::BBox;
use scarlet_model::{Layout, ModelError, Scene, Slot, Source};

/// A scene planned for evaluation: owns all its buffers, allocates nothing afterwards.
///
/// ```
/// use scarlet_render::{ScenePlan, Workers};
/// use scarlet_model::{Layout, Scene, Source};
/// use scarlet_frame::{Frame, Psf};
/// let frame = Frame::new([30, 30]).channels(["g", "r"]).psf(Psf::gaussian(0.7)?);
/// let mut scene = Scene::new(frame)?;
/// scene.add(Source::point([14.2, 15.0], [3.0, 4.0]))?;
/// let layout = Layout::new(&scene)?;
/// let mut plan = ScenePlan::<f64>::new(&scene, &layout);
/// let cube = plan.evaluate(layout.start_values(), &Workers::default());
/// assert!((cube.iter().sum::<f64>() - 7.0).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ScenePlan<T: Pixel> {
    shape: [usize; 3],
    cube: Vec<T>,
    sources: Vec<SourcePlan<T>>,
}

/// The pieces of one source, and the first of its values; the pieces count their values from there.
#[derive(Debug)]
struct SourcePlan<T: Pixel> {
    nodes: Vec<Node<T>>,
    first: usize,
}

impl<T: Pixel> SourcePlan<T> {
    /// Plans the source whose parameters are the next of `slots`.
    fn new<'a>(
        source: &Source,
        target: Target,
        slots: &mut (impl Iterator<Item = &'a Slot> + Clone),
    ) -> Self {
        let first = slots.clone().next().map_or(0, |slot| slot.values.start);
        let mut nodes = Vec::new();
        Node::plan_into(&mut nodes, source.component(), None, Target { first, ..target }, slots);
        Self { nodes, first }
    }
}

/// What the parts of a plan need to know of a cube that they write to: its box and number of channels.
#[derive(Debug, Clone, Copy)]
struct Target {
    bbox: BBox,
    channels: usize,
    /// First value of the source that is planned.
    first: usize,
}

impl Target {
    const fn plane_len(self) -> usize {
        self.bbox.len()
    }
}

impl<T: Pixel> ScenePlan<T> {
    /// Plans `scene`, whose parameters lie in value vectors as `layout` says.
    #[must_use]
    pub fn new(scene: &Scene, layout: &Layout) -> Self {
        let (shape, target) = Self::target(scene);
        let mut slots = layout.slots().iter();
        let sources =
            scene.sources().map(|(_, source)| SourcePlan::new(source, target, &mut slots)).collect();
        Self { shape, cube: vec![T::default(); shape.iter().product()], sources }
    }

    fn target(scene: &Scene) -> ([usize; 3], Target) {
        let shape = scene.frame().shape();
        (shape, Target { bbox: scene.frame().bbox(), channels: shape[0], first: 0 })
    }

    /// Plans the sources anew that `is_changed` names, after `scene` and its layout have changed; the others, of
    /// which only the place among the values is another, keep their plans.
    pub fn replan(&mut self, scene: &Scene, layout: &Layout, is_changed: &dyn Fn(&str) -> bool) {
        let (_, target) = Self::target(scene);
        let mut slots = layout.slots().iter();
        for ((name, source), plan) in scene.sources().zip(&mut self.sources) {
            if is_changed(name) {
                *plan = SourcePlan::new(source, target, &mut slots);
                continue;
            }
            plan.first = slots.as_slice().first().map_or(0, |slot| slot.values.start);
            let params = slots.as_slice().iter().take_while(|slot| slot.is_of(name)).count();
            slots = slots.as_slice()[params..].iter();
        }
    }

    /// What goes on at the edges of all images on grids of pixels, given the gradient of the log-likelihood with
    /// respect to the cube and the mean weight of every channel.
    pub fn edges(&self, adjoint: &[T], weights: &[f64]) -> Vec<Edge> {
        let edges = |source: &SourcePlan<T>| {
            let of_nodes = source.nodes.iter().filter_map(|node| node.edge(adjoint, weights));
            of_nodes.map(|edge| Edge { value: edge.value + source.first, ..edge }).collect::<Vec<_>>()
        };
        self.sources.iter().flat_map(edges).collect()
    }

    /// Shape of the cube, `[channel, y, x]`.
    #[must_use]
    pub const fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The cube at `values`, in row order.
    pub fn evaluate(&mut self, values: &[f64], workers: &Workers) -> &[T] {
        workers.for_each(&mut self.sources, |_, source| {
            source.nodes.iter_mut().for_each(|node| node.evaluate(&values[source.first..]));
        });
        let (sources, plane) = (&self.sources, self.shape[1] * self.shape[2]);
        workers.for_each_chunk(&mut self.cube, plane, |channel, plane| {
            plane.fill(T::default());
            sources.iter().flat_map(|source| &source.nodes).for_each(|node| node.add_to(channel, plane));
        });
        &self.cube
    }

    /// The cube of the last evaluation.
    #[must_use]
    pub fn cube(&self) -> &[T] {
        &self.cube
    }

    /// Adds the gradient of `sum(adjoint * cube)` with respect to the values of the last evaluation to `grad`.
    pub fn pull_back(&mut self, values: &[f64], adjoint: &[T], grad: &mut [f64], workers: &Workers) {
        pull_back(&mut self.sources, values, adjoint, grad, workers);
    }
}

/// Pulls back through halves of the sources at once; `grad` begins with the values of the first.
fn pull_back<T: Pixel>(
    sources: &mut [SourcePlan<T>],
    values: &[f64],
    adjoint: &[T],
    grad: &mut [f64],
    workers: &Workers,
) {
    let Some(first) = sources.first().map(|source| source.first) else { return };
    if sources.len() == 1 || workers.threads() == 1 {
        for source in sources {
            let (values, grad) = (&values[source.first..], &mut grad[source.first - first..]);
            for node in &mut source.nodes {
                node.pull_back(values, adjoint);
                node.gather(grad);
            }
        }
        return;
    }
    let (low, high) = sources.split_at_mut(sources.len() / 2);
    let (grad_low, grad_high) = grad.split_at_mut(high[0].first - first);
    workers.join(
        || pull_back(low, values, adjoint, grad_low, workers),
        || pull_back(high, values, adjoint, grad_high, workers),
    );
}

/// The light of one source of `scene` alone, `[channel, y, x]`, and the box that holds it, also where that
/// reaches out of the frame.
///
/// # Errors
/// There is no source of that name.
pub fn source_cube(scene: &Scene, name: &str) -> Result<(BBox, Array3<f64>), ModelError> {
    let source = scene.source(name).and_then(|s| Some((s, s.component().outer_bbox()?)));
    let (source, bbox) = source.ok_or_else(|| ModelError::Source {
        source_name: name.to_owned(),
        problem: "no source has this name".to_owned(),
    })?;
    let mut alone = Scene::new(scene.frame().clone().cropped(bbox))?;
    alone.add(source.clone())?;
    let layout = Layout::new(&alone)?;
    let mut plan = ScenePlan::<f64>::new(&alone, &layout);
    plan.evaluate(layout.start_values(), &Workers::default());
    let cube = Array3::from_shape_vec(plan.shape, plan.cube).expect("the cube has the plan's shape");
    Ok((bbox, cube))
}
