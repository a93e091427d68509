//! Fits by first-order optimisers: steps, convergence, the best iterate.

use crate::boxes::{BoxChange, BoxRules, carried};
use crate::optimizer::Scaling;
use crate::step::{Moving, Stride};
use crate::{InferError, Optimizer, Posterior};
use scarlet_model::Scene;
use std::ops::ControlFlow;

/// Number of steps over which chi2 is looked at.
const WINDOW: usize = 10;

/// Steps of [`Scaled`](crate::Scaled) become so much shorter where chi2 has not become less for a window.
const SHORTER: f64 = 0.5;

/// Why a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// No parameter, or chi2, changed by more than the limit.
    Converged,
    /// The number of steps was used up.
    MaxIterations,
    /// The callback said so.
    Interrupted,
    /// The loss was not finite any more; the best iterate is from before.
    NotFinite,
}

/// What a callback sees after each evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Steps taken so far.
    pub iteration: usize,
    /// Minus the log-posterior here.
    pub loss: f64,
    /// The least so far.
    pub best_loss: f64,
    /// Largest relative change of a parameter's norm in the last step.
    pub change: f64,
}

/// The outcome of a fit: its best iterate, and how it got there.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Unconstrained values at the best iterate.
    pub x: Vec<f64>,
    /// Minus the log-posterior at each iterate, the start first.
    ///
    /// Priors that are only a score count with what they add from the start on: the integral of their scores along the
    /// path of the fit, by the trapezoid rule. For a score that is the gradient of a log-density this is its change, but
    /// for an error of third order in the steps; a network's score may be none, and then it depends on the path. Pixels
    /// that boxes gain or lose in between add nothing.
    pub loss: Vec<f64>,
    /// Index of the best iterate.
    pub best: usize,
    /// Steps taken.
    pub iterations: usize,
    /// Why it ended.
    pub stop: Stop,
    /// The boxes that changed, in order.
    pub boxes: Vec<BoxChange>,
}

impl Fit {
    /// Whether it ended because nothing changed any more.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.stop == Stop::Converged
    }

    /// Minus the log-posterior at the best iterate.
    #[must_use]
    pub fn best_loss(&self) -> f64 {
        self.loss[self.best]
    }
}

/// Vectors of one fit, allocated before its loop.
struct State {
    x: Vec<f64>,
    best_x: Vec<f64>,
    gradient: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    direction: Vec<f64>,
    /// Along centres the curvature, for light A' W A m; empty where no steps are scaled.
    curvature: Vec<f64>,
    loss: Vec<f64>,
    /// What the priors that are only a score have added to the log-posterior since the start.
    work: f64,
    best: usize,
    boxes: Vec<BoxChange>,
    /// Factor of all steps, and the iteration from which on it is this.
    pace: f64,
    paced: usize,
}

impl State {
    fn new(x: Vec<f64>, optimizer: &dyn Optimizer) -> Self {
        let n = x.len();
        Self {
            best_x: x.clone(),
            gradient: vec![0.0; n],
            // optimisers are written for gradients of the loss; here they see that of minus the loss
            first: vec![-optimizer.start(); n],
            second: vec![optimizer.start(); n],
            direction: vec![0.0; n],
            curvature: vec![0.0; if optimizer.scaling().is_some() { n } else { 0 }],
            loss: Vec::with_capacity(optimizer.limits().max_iter + 1),
            work: 0.0,
            best: 0,
            boxes: Vec::new(),
            pace: 1.0,
            paced: 0,
            x,
        }
    }

    /// The loss at `x`, the gradient of its negative into `gradient`.
    fn loss(&mut self, posterior: &mut Posterior) -> f64 {
        let value = posterior.value_and_gradient(&self.x, &mut self.gradient);
        self.work += posterior.work_of_scores();
        -value - self.work
    }

    /// Evaluates at `x` and keeps it if it is the best; false where the loss is not finite.
    fn evaluate(&mut self, posterior: &mut Posterior) -> bool {
        let loss = self.loss(posterior);
        let is_best = self.loss.is_empty() || (loss.is_finite() && loss < self.loss[self.best]);
        if is_best {
            self.best = self.loss.len();
            self.best_x.copy_from_slice(&self.x);
        }
        self.loss.push(loss);
        loss.is_finite()
    }

    /// Changes boxes where that is due, and goes on from the same place; false where the loss is not finite there.
    fn change_boxes(
        &mut self,
        posterior: &mut Posterior,
        scene: &mut Scene,
        rules: &BoxRules,
    ) -> Result<bool, InferError> {
        let old = posterior.layout().slots().to_vec();
        let changed = posterior.change_boxes(scene, rules)?;
        if changed.is_empty() {
            return Ok(true);
        }
        let start = posterior.start()?;
        let slots = posterior.layout().slots();
        let carry = |vector: &[f64], fresh: f64| carried(vector, &old, slots, &changed, |_| fresh);
        self.x = carried(&self.x, &old, slots, &changed, |k| start[k]);
        (self.first, self.second) = (carry(&self.first, 0.0), carry(&self.second, 0.0));
        if !self.curvature.is_empty() {
            self.curvature = carry(&self.curvature, 0.0);
            posterior.pull_of_light(&self.x, &mut self.curvature);
        }
        (self.direction, self.gradient) = (vec![0.0; start.len()], vec![0.0; start.len()]);
        self.best_x = vec![0.0; start.len()];
        let iteration = self.loss.len() - 1;
        let shapes = changed.into_iter().map(|(path, [_, shape])| BoxChange { iteration, path, shape });
        self.boxes.extend(shapes);
        // What was the best before had other boxes.
        self.loss.pop();
        self.best = self.loss.len();
        let loss = self.loss(posterior);
        self.best_x.copy_from_slice(&self.x);
        self.loss.push(loss);
        Ok(loss.is_finite())
    }

    /// Measures the curvature anew where that is due: it changes most in the first steps.
    fn measure_curvature(&mut self, posterior: &mut Posterior, step: usize) {
        if self.curvature.is_empty() {
            return;
        }
        if step == 0 {
            posterior.curvature_of_centers(&self.x, &mut self.curvature);
        }
        if step < 2 || step.is_power_of_two() {
            posterior.pull_of_light(&self.x, &mut self.curvature);
            posterior.curvature_of_calibrations(&self.x, &mut self.curvature);
        }
    }

    /// Takes one step and returns the largest relative change of a parameter's norm.
    fn step(&mut self, posterior: &Posterior, optimizer: &dyn Optimizer, step: usize) -> f64 {
        let scaling = optimizer.scaling().map(|s| match self.loss.as_slice() {
            [.., before, last] if last > before => Scaling { momentum: 0.0, ..s },
            _ => s,
        });
        let moving = Moving {
            x: &mut self.x,
            gradient: &self.gradient,
            first: &mut self.first,
            second: &mut self.second,
            direction: &mut self.direction,
            curvature: &self.curvature,
        };
        let stride = Stride { optimizer, scaling, step, pace: self.pace, values: posterior.values() };
        moving.step(posterior.layout().slots(), posterior.workers(), &stride)
    }

    /// Whether chi2 hardly changes any more; where it only goes up and down, steps become shorter.
    fn is_flat(&mut self, e_chi2: f64, pixels: usize) -> bool {
        // as many directions as there are pixels can change chi2
        let least = e_chi2 * self.x.len().min(pixels) as f64;
        // A loss is not to be compared with that of other boxes.
        let first = self.boxes.last().map_or(0, |change| change.iteration);
        let last = self.loss.len() - 1;
        let Some(start) = last.checked_sub(WINDOW).filter(|start| *start >= first && e_chi2 > 0.0) else {
            return false;
        };
        let window = &self.loss[start..];
        let highest = window.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let lowest = window.iter().copied().fold(f64::INFINITY, f64::min);
        let is_flat = 2.0 * (highest - lowest) < least;
        if !is_flat && !self.curvature.is_empty() && self.best <= start && self.paced <= start {
            (self.pace, self.paced) = (SHORTER * self.pace, last);
        }
        is_flat
    }

    fn into_fit(self, stop: Stop) -> Fit {
        let iterations = self.loss.len() - 1;
        Fit { x: self.best_x, loss: self.loss, best: self.best, iterations, stop, boxes: self.boxes }
    }
}

/// What is told after each step; it may end the fit.
type Callback<'a> = dyn FnMut(&Progress) -> ControlFlow<()> + Send + 'a;

/// A scene whose boxes change, and how.
type Changing<'a> = Option<(&'a mut Scene, &'a BoxRules)>;

impl Posterior {
    /// Fits with `optimizer` from the start values, calling `callback` after each evaluation.
    ///
    /// The callback ends the fit by returning [`ControlFlow::Break`].
    ///
    /// # Errors
    /// Settings that make no sense, or a log-posterior that is not finite at the start.
    pub fn fit_with(
        &mut self,
        optimizer: &dyn Optimizer,
        callback: &mut Callback<'_>,
    ) -> Result<Fit, InferError> {
        self.fit_changing(None, optimizer, callback)
    }

    /// Fits `scene`, the one that this posterior was made from, with boxes that grow and shrink as `rules` say.
    ///
    /// The scene has the best values and the last boxes afterwards; this posterior and [`Fit::x`] fit them. When boxes
    /// change, the optimiser's state is carried along, only their sources are planned anew, and the best iterate is
    /// looked for from there on.
    ///
    /// # Errors
    /// As [`Posterior::fit_with`].
    pub fn fit_with_boxes(
        &mut self,
        scene: &mut Scene,
        rules: &BoxRules,
        optimizer: &dyn Optimizer,
        callback: &mut Callback<'_>,
    ) -> Result<Fit, InferError> {
        let fit = self.fit_changing(Some((&mut *scene, rules)), optimizer, callback)?;
        self.store(&fit.x, scene);
        Ok(fit)
    }

    fn fit_changing(
        &mut self,
        changing: Changing<'_>,
        optimizer: &dyn Optimizer,
        callback: &mut Callback<'_>,
    ) -> Result<Fit, InferError> {
        optimizer.validate()?;
        let mut state = State::new(self.start()?, optimizer);
        self.begin_path();
        if !state.evaluate(self) {
            let suspect = self.suspect(&state.x);
            return Err(InferError::NotFiniteAtStart { value: -state.loss[0], suspect });
        }
        let stop =
            self.on_workers(|posterior| descend(posterior, &mut state, changing, optimizer, callback))?;
        Ok(state.into_fit(stop))
    }
}

/// The loop: steps and evaluates until a limit is reached. Allocates nothing unless boxes change.
fn descend(
    posterior: &mut Posterior,
    state: &mut State,
    mut changing: Changing<'_>,
    optimizer: &dyn Optimizer,
    callback: &mut Callback<'_>,
) -> Result<Stop, InferError> {
    let limits = optimizer.limits();
    for iteration in 0..limits.max_iter {
        if let Some((scene, rules)) = &mut changing
            && rules.every > 0
            && iteration > 0
            && iteration % rules.every == 0
            && !state.change_boxes(posterior, scene, rules)?
        {
            return Ok(Stop::NotFinite);
        }
        state.measure_curvature(posterior, iteration);
        let change = state.step(posterior, optimizer, iteration);
        if !state.evaluate(posterior) {
            return Ok(Stop::NotFinite);
        }
        let (loss, best_loss) = (state.loss[iteration + 1], state.loss[state.best]);
        let progress = Progress { iteration: iteration + 1, loss, best_loss, change };
        if callback(&progress).is_break() {
            return Ok(Stop::Interrupted);
        }
        if change < limits.e_rel || state.is_flat(limits.e_chi2, posterior.pixels()) {
            return Ok(Stop::Converged);
        }
    }
    Ok(Stop::MaxIterations)
}

/// Fits a scene in one call.
pub trait FitScene {
    /// Fits the free parameters to `observations` and keeps the best values; boxes of free-form images grow and
    /// shrink as [`BoxRules`] says by default.
    ///
    /// Runs on one thread in single precision; for anything else make a [`Posterior`].
    ///
    /// # Errors
    /// As [`Posterior::new`] and [`Posterior::fit`].
    fn fit<'a>(
        &mut self,
        observations: impl IntoIterator<Item = &'a scarlet_obs::Observation>,
        optimizer: &dyn Optimizer,
    ) -> Result<Fit, InferError>;
}

impl FitScene for Scene {
    fn fit<'a>(
        &mut self,
        observations: impl IntoIterator<Item = &'a scarlet_obs::Observation>,
        optimizer: &dyn Optimizer,
    ) -> Result<Fit, InferError> {
        let mut posterior = Posterior::new(self, observations)?;
        posterior.fit_with_boxes(self, &BoxRules::default(), optimizer, &mut |_| ControlFlow::Continue(()))
    }
}
