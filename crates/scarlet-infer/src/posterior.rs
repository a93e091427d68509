//! The log-posterior of a scene as a function of one flat vector.

mod builder;

pub use builder::PosteriorBuilder;

use crate::blocks::for_each_part;
use crate::scores::Scores;
use crate::{InferError, Optimizer};
use ndarray::Array3;
use scarlet_model::{Layout, Prior, Role, Scene, Slot};
use scarlet_obs::{Calibration, Likelihood, Observation, PixelImage};
use scarlet_render::{Edge, Workers};
use std::ops::Range;

/// The log-posterior of the free parameters of a scene, given observations.
///
/// log p(x) = sum over observations of log L + sum over parameters of log prior, at the values that the
/// constraints make of the unconstrained `x`. Priors that are only a score are in its gradient and not in its value;
/// along the path of a fit their integral stands in for it: see [`Fit::loss`](crate::Fit::loss). All buffers are its own; evaluations allocate nothing.
#[derive(Debug)]
pub struct Posterior {
    layout: Layout,
    likelihood: Box<dyn Likelihood>,
    scores: Scores,
    workers: Workers,
    values: Vec<f64>,
    grad_values: Vec<f64>,
    pixels: usize,
    /// Of each observation, its name and its own parameters.
    calibrations: Vec<(String, Calibration)>,
    /// As long as the observations' own values.
    scratch: Vec<f64>,
}

impl Posterior {
    /// Plans the posterior of `scene` given `observations`, in single precision on one thread.
    ///
    /// # Errors
    /// No observation, no free parameter, a start value outside its constraint, an observation that the model
    /// frame does not cover.
    pub fn new<'a>(
        scene: &Scene,
        observations: impl IntoIterator<Item = &'a Observation>,
    ) -> Result<Self, InferError> {
        Self::builder().build(scene, observations)
    }

    /// Settings to choose before planning.
    #[must_use]
    pub fn builder() -> PosteriorBuilder {
        PosteriorBuilder::default()
    }

    /// Number of unconstrained values.
    #[must_use]
    pub const fn dim(&self) -> usize {
        self.layout.dim()
    }

    /// Where every parameter is in the flat vectors.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) const fn workers(&self) -> &Workers {
        &self.workers
    }

    /// Number of threads that evaluate it.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.workers.threads()
    }

    /// Number of pixels with a positive weight.
    #[must_use]
    pub const fn pixels(&self) -> usize {
        self.pixels
    }

    /// The unconstrained values of the scene that it was made from.
    ///
    /// # Errors
    /// A value is outside its constraint.
    pub fn start(&self) -> Result<Vec<f64>, InferError> {
        Ok(self.layout.inverse(self.layout.start_values())?)
    }

    /// log p(x), without the log-determinants of the constraints and without priors that are only a score.
    ///
    /// # Panics
    /// `x` is not [`Posterior::dim`] long.
    pub fn value(&mut self, x: &[f64]) -> f64 {
        self.set(x);
        let log_likelihood = self.likelihood.value(&self.values, &self.workers);
        self.grad_values.fill(0.0);
        log_likelihood + self.layout.log_prior(&self.values, &mut self.grad_values)
    }

    /// log p(x), and its gradient written into `grad`; without the log-determinants of the constraints.
    ///
    /// Priors that are only a score are in the gradient alone.
    ///
    /// # Panics
    /// `x` or `grad` is not [`Posterior::dim`] long.
    pub fn value_and_gradient(&mut self, x: &[f64], grad: &mut [f64]) -> f64 {
        self.set(x);
        self.grad_values.fill(0.0);
        let log_likelihood =
            self.likelihood.value_and_gradient(&self.values, &mut self.grad_values, &self.workers);
        let log_prior = self.layout.log_prior(&self.values, &mut self.grad_values);
        self.scores.add(&self.values, &mut self.grad_values, &self.workers);
        let (layout, values, grad_values) = (&self.layout, &self.values, &self.grad_values);
        let slots = layout.slots();
        let pull_back =
            |range: Range<usize>, part: &mut [f64]| layout.pull_back_of(range, x, values, grad_values, part);
        for_each_part(slots, 0..slots.len(), grad, &|s| s.unconstrained.start, &self.workers, &pull_back);
        log_likelihood + log_prior
    }

    /// Begins the path of a fit: see [`Posterior::work_of_scores`].
    pub(crate) fn begin_path(&mut self) {
        self.scores.begin_path();
    }

    /// What the priors that are only a score add to log p from where this was asked for last to the last evaluation with
    /// gradient: the integral of the scores along a straight line, by the trapezoid rule; 0 the first time.
    pub(crate) fn work_of_scores(&mut self) -> f64 {
        self.scores.work()
    }

    /// Leaves the gradient of the sum of `image` times what is seen at `x` in the gradient of the values.
    pub(crate) fn pull_back_image(&mut self, x: &[f64], image: PixelImage) {
        self.set(x);
        self.grad_values.fill(0.0);
        self.likelihood.pull_back(&self.values, image, &mut self.grad_values, &self.workers);
    }

    /// Leaves the curvature of minus the log-posterior at `x` along the values of each of the observations' own
    /// parameters in the gradient of the values: Fisher information and the priors' part.
    pub(crate) fn precisions_of_calibrations(&mut self, x: &[f64]) {
        self.precisions_of_priors(x);
        let first = self.values.len() - self.values_of_observations();
        let mut rest = &mut self.grad_values[first..];
        let mut information = self.likelihood.information(&self.values, &self.workers);
        for (_, calibration) in &self.calibrations {
            let n = calibration.values_len();
            let (own, others) = rest.split_at_mut(n);
            let (square, further) = information.split_at(n * n);
            own.iter_mut().enumerate().for_each(|(k, sum)| *sum += square[k * n + k]);
            (rest, information) = (others, further);
        }
    }

    /// Leaves how the scores of the priors of the observations' own parameters fall with each of their values at `x` in
    /// the gradient of the values.
    pub(crate) fn precisions_of_priors(&mut self, x: &[f64]) {
        self.set(x);
        for slot in self.layout.slots().iter().filter(|slot| slot.role == Role::Calibration) {
            let own = slot.values.clone();
            let (values, falls) = (&mut self.values[own.clone()], &mut self.grad_values[own.clone()]);
            falls.fill(0.0);
            let Some(prior) = slot.prior.as_ref().filter(|_| slot.is_free()) else { continue };
            let scores = &mut self.scratch[..own.len()];
            for k in 0..own.len() {
                let (value, step) = (values[k], 1e-4 * values[k].abs().max(1e-2));
                let mut score = |value: f64| {
                    values[k] = value;
                    scores.fill(0.0);
                    prior.as_score().score(values, scores);
                    scores[k]
                };
                let fall = (score(value - step) - score(value + step)) / (2.0 * step);
                values[k] = value;
                falls[k] = fall.max(0.0);
            }
        }
    }

    /// What goes on at the edges of free images, after the last evaluation with gradient.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        self.likelihood.edges()
    }

    /// Follows a change of some sources of the scene that it was made from; the others keep their plans.
    pub(crate) fn replan(
        &mut self,
        scene: &Scene,
        is_changed: &dyn Fn(&str) -> bool,
    ) -> Result<(), InferError> {
        self.layout = builder::layout_of(scene, &self.calibrations)?;
        self.likelihood.replan(scene, &self.layout, is_changed);
        self.scores = Scores::new(&self.layout, &self.workers);
        self.values = self.layout.start_values().to_vec();
        self.grad_values = vec![0.0; self.layout.values_len()];
        Ok(())
    }

    /// All parameters, and their values and gradients of the last evaluation.
    pub(crate) fn parts(&mut self) -> (&[Slot], &[f64], &mut [f64]) {
        (self.layout.slots(), &self.values, &mut self.grad_values)
    }

    /// The density that samplers need: [`Posterior::value_and_gradient`] plus the log-determinants.
    ///
    /// # Panics
    /// `x` or `grad` is not [`Posterior::dim`] long.
    pub fn log_density_and_gradient(&mut self, x: &[f64], grad: &mut [f64]) -> f64 {
        let value = self.value_and_gradient(x, grad);
        value + self.layout.log_det(x, grad)
    }

    /// The log-likelihood at `x`, without priors.
    ///
    /// # Panics
    /// `x` is not [`Posterior::dim`] long.
    pub fn log_likelihood(&mut self, x: &[f64]) -> f64 {
        self.set(x);
        self.likelihood.value(&self.values, &self.workers)
    }

    /// The values of all parameters at the last evaluation, in the order of the layout.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Gradient with respect to the values of the last evaluation with gradient, in the order of the layout.
    #[must_use]
    pub fn gradient_of_values(&self) -> &[f64] {
        &self.grad_values
    }

    /// What each observation should have seen, at the last evaluation.
    #[must_use]
    pub fn rendered(&self) -> Vec<Array3<f64>> {
        self.likelihood.rendered()
    }

    /// The model cube of the last evaluation.
    #[must_use]
    pub fn model(&self) -> Array3<f64> {
        self.likelihood.model()
    }

    /// chi2 of each observation, at the last evaluation.
    #[must_use]
    pub fn chi2(&self) -> Vec<f64> {
        self.likelihood.chi2()
    }

    /// Shape of the FFTs and number of channels of each observation that is convolved.
    #[must_use]
    pub fn transforms(&self) -> Vec<([usize; 2], usize)> {
        self.likelihood.transforms()
    }

    /// Writes the values of the last evaluation into `scene`, the one that it was made from.
    pub(crate) fn store_values(&mut self, scene: &mut Scene) {
        self.layout.store(&self.values, scene);
        let mut rest = &self.values[self.values.len() - self.values_of_observations()..];
        for (_, calibration) in &mut self.calibrations {
            let (own, others) = rest.split_at(calibration.values_len());
            *calibration = std::mem::take(calibration).with_values(own);
            rest = others;
        }
    }

    fn values_of_observations(&self) -> usize {
        self.calibrations.iter().map(|(_, calibration)| calibration.values_len()).sum()
    }

    /// Writes the values at `x` into `scene`, the one that it was made from; those of the observations are then what
    /// [`Posterior::calibrations`] gives.
    pub fn store(&mut self, x: &[f64], scene: &mut Scene) {
        self.set(x);
        self.store_values(scene);
    }

    /// The observations' own parameters, one of each observation in their order, with the values that were stored last:
    /// by [`Posterior::store`] or a fit with boxes that change, at first those that the observations have.
    ///
    /// [`Observation::calibrated`] gives an observation these values.
    pub fn calibrations(&self) -> impl ExactSizeIterator<Item = &Calibration> {
        self.calibrations.iter().map(|(_, calibration)| calibration)
    }

    /// Fits with `optimizer` from the start values.
    ///
    /// # Errors
    /// Settings that make no sense, or a log-posterior that is not finite at the start.
    pub fn fit(&mut self, optimizer: &dyn Optimizer) -> Result<crate::Fit, InferError> {
        self.fit_with(optimizer, &mut |_| std::ops::ControlFlow::Continue(()))
    }

    /// Runs `work` on the threads of this posterior, so that each evaluation inside is cheap to begin.
    pub(crate) fn on_workers<R: Send>(&mut self, work: impl FnOnce(&mut Self) -> R + Send) -> R {
        let workers = self.workers.clone();
        workers.run(|| work(self))
    }

    /// Which parameter or prior makes the density at `x` not finite, in words.
    #[cold]
    pub(crate) fn suspect(&mut self, x: &[f64]) -> String {
        self.set(x);
        for slot in self.layout.slots() {
            let values = &self.values[slot.values.clone()];
            if let Some(k) = values.iter().position(|v| !v.is_finite()) {
                return format!("{} is {} at element {k}; give it another start value", slot.path, values[k]);
            }
            let density = match &slot.prior {
                Some(Prior::Density(density)) if slot.is_free() => density.log_density(values),
                _ => 0.0,
            };
            if !density.is_finite() {
                return format!("the prior of {} is {density} there; start inside it", slot.path);
            }
        }
        "values and priors are finite; check the data's scale and the weights".to_owned()
    }

    fn set(&mut self, x: &[f64]) {
        assert_eq!(
            x.len(),
            self.layout.dim(),
            "x has {} values, the posterior {}",
            x.len(),
            self.layout.dim()
        );
        let (layout, slots) = (&self.layout, self.layout.slots());
        let forward = |range: Range<usize>, part: &mut [f64]| layout.forward_of(range, x, part);
        for_each_part(slots, 0..slots.len(), &mut self.values, &|s| s.values.start, &self.workers, &forward);
    }
}
