//! All stages of one likelihood, with their buffers, in one pixel type.

use crate::{JointPlan, ObsError, Observation, PixelImage};
use ndarray::Array3;
use scarlet_frame::Frame;
use scarlet_model::{Layout, Scene};
use scarlet_render::{Edge, Pixel, Precision, ScenePlan, Workers};
use std::fmt::Debug;

/// The log-likelihood of a scene given observations, as a function of the model's values, whatever type its pixels have.
///
/// `values` are those of a [`Layout`]: the scene's, then the observations' own. Buffers are its own; evaluations allocate
/// nothing.
pub trait Likelihood: Debug + Send {
    /// The log-likelihood at `values`.
    fn value(&mut self, values: &[f64], workers: &Workers) -> f64;

    /// The log-likelihood at `values`; adds its gradient to `grad`.
    fn value_and_gradient(&mut self, values: &[f64], grad: &mut [f64], workers: &Workers) -> f64;

    /// Adds the gradient of the sum of `image` times what is seen at `values` to `grad`.
    fn pull_back(&mut self, values: &[f64], image: PixelImage, grad: &mut [f64], workers: &Workers);

    /// Fisher information of the observations' own parameters at `values`: a square for each observation, row by row.
    fn information(&mut self, values: &[f64], workers: &Workers) -> &[f64];

    /// What goes on at the edges of free images, after the last evaluation with gradient.
    fn edges(&self) -> Vec<Edge>;

    /// Plans the sources anew that `is_changed` names, and keeps all other plans.
    fn replan(&mut self, scene: &Scene, layout: &Layout, is_changed: &dyn Fn(&str) -> bool);

    /// What each observation should have seen, at the last evaluation; rendered anew.
    fn rendered(&self) -> Vec<Array3<f64>>;

    /// The model cube of the last evaluation.
    fn model(&self) -> Array3<f64>;

    /// chi2 of each observation, at the last evaluation.
    fn chi2(&self) -> Vec<f64>;

    /// Shape of the FFTs and number of channels of each observation that is convolved.
    fn transforms(&self) -> Vec<([usize; 2], usize)>;
}

/// Plans the log-likelihood of `scene` given `observations`, with pixels of this `precision`.
///
/// # Errors
/// An observation that the model frame does not cover, or cannot be rendered from it.
pub fn plan_likelihood(
    scene: &Scene,
    layout: &Layout,
    observations: &[&Observation],
    precision: Precision,
    workers: &Workers,
) -> Result<Box<dyn Likelihood>, ObsError> {
    let frame = scene.frame();
    Ok(match precision {
        Precision::Single => Box::new(Pipeline::<f32>::new(scene, layout, observations, frame, workers)?),
        Precision::Double => Box::new(Pipeline::<f64>::new(scene, layout, observations, frame, workers)?),
    })
}

/// A planned scene and planned observations.
#[derive(Debug)]
struct Pipeline<T: Pixel> {
    scene: ScenePlan<T>,
    observations: JointPlan<T>,
    adjoint: Vec<T>,
    /// Mean weight of each channel of the model, over all observations.
    weights: Vec<f64>,
    /// Where the values of the scene end and those of the observations begin.
    end: usize,
    information: Vec<f64>,
}

impl<T: Pixel> Pipeline<T> {
    fn new(
        scene: &Scene,
        layout: &Layout,
        observations: &[&Observation],
        frame: &Frame,
        workers: &Workers,
    ) -> Result<Self, ObsError> {
        let scene = ScenePlan::new(scene, layout);
        let adjoint = vec![T::default(); scene.shape().iter().product()];
        let observations = JointPlan::new(observations, frame, workers)?;
        let weights = observations.mean_weights();
        let end = layout.values_len() - observations.values_len();
        let squares = observations.observations().iter().map(|o| o.values_len().pow(2));
        let information = vec![0.0; squares.sum()];
        Ok(Self { scene, observations, adjoint, weights, end, information })
    }
}

impl<T: Pixel> Likelihood for Pipeline<T> {
    fn value(&mut self, values: &[f64], workers: &Workers) -> f64 {
        self.observations.calibrate(&values[self.end..]);
        let cube = self.scene.evaluate(values, workers);
        self.observations.log_likelihood(cube, workers)
    }

    fn value_and_gradient(&mut self, values: &[f64], grad: &mut [f64], workers: &Workers) -> f64 {
        self.observations.calibrate(&values[self.end..]);
        let [_, ny, nx] = self.scene.shape();
        workers.for_each_chunk(&mut self.adjoint, ny * nx, |_, plane| plane.fill(T::default()));
        let (cube, adjoint) = (self.scene.evaluate(values, workers), &mut self.adjoint);
        let value = self.observations.value_and_gradient(cube, adjoint, workers);
        self.scene.pull_back(values, &self.adjoint, grad, workers);
        self.observations.add_gradient(&mut grad[self.end..]);
        value
    }

    fn pull_back(&mut self, values: &[f64], image: PixelImage, grad: &mut [f64], workers: &Workers) {
        self.observations.calibrate(&values[self.end..]);
        let [_, ny, nx] = self.scene.shape();
        workers.for_each_chunk(&mut self.adjoint, ny * nx, |_, plane| plane.fill(T::default()));
        let (cube, adjoint) = (self.scene.evaluate(values, workers), &mut self.adjoint);
        self.observations.pull_back(cube, adjoint, image, workers);
        self.scene.pull_back(values, &self.adjoint, grad, workers);
    }

    fn information(&mut self, values: &[f64], workers: &Workers) -> &[f64] {
        if !self.information.is_empty() {
            self.observations.calibrate(&values[self.end..]);
            let cube = self.scene.evaluate(values, workers);
            self.observations.information(cube, &mut self.adjoint, &mut self.information, workers);
        }
        &self.information
    }

    fn edges(&self) -> Vec<Edge> {
        self.scene.edges(&self.adjoint, &self.weights)
    }

    fn replan(&mut self, scene: &Scene, layout: &Layout, is_changed: &dyn Fn(&str) -> bool) {
        self.scene.replan(scene, layout, is_changed);
        self.end = layout.values_len() - self.observations.values_len();
    }

    fn rendered(&self) -> Vec<Array3<f64>> {
        self.observations.render(self.scene.cube())
    }

    fn model(&self) -> Array3<f64> {
        let values = self.scene.cube().iter().map(|v| v.wide()).collect();
        Array3::from_shape_vec(self.scene.shape(), values).expect("the cube has the plan's shape")
    }

    fn chi2(&self) -> Vec<f64> {
        self.observations.chi2()
    }

    fn transforms(&self) -> Vec<([usize; 2], usize)> {
        self.observations.transforms()
    }
}
