//! The flat layout: where every parameter's values are in the vectors of a fit.

use crate::{ModelError, Param, Prior, Role, Scene, Score, Step, Transform};
use std::ops::Range;
use std::sync::Arc;

/// One parameter in the flat vectors.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Its path.
    pub path: String,
    /// Its elements among all values, fixed ones included.
    pub values: Range<usize>,
    /// Its elements among the unconstrained values; empty where it is fixed.
    pub unconstrained: Range<usize>,
    /// Its constraint.
    pub transform: Transform,
    /// Its prior.
    pub prior: Option<Prior>,
    /// Its step.
    pub step: Option<Step>,
    /// What it does in the model.
    pub role: Role,
}

impl Slot {
    /// Whether a fit may change it.
    #[must_use]
    pub fn is_free(&self) -> bool {
        !self.unconstrained.is_empty()
    }

    /// Whether it belongs to the source of this name.
    #[must_use]
    pub fn is_of(&self, source: &str) -> bool {
        self.path.strip_prefix(source).is_some_and(|rest| rest.starts_with('.'))
    }
}

/// The map between `x`, the unconstrained values of all free parameters, and `values`, those of the model.
#[derive(Debug, Clone)]
pub struct Layout {
    slots: Vec<Slot>,
    start: Vec<f64>,
    dim: usize,
}

impl Layout {
    /// Visits the scene once and fixes where everything is.
    ///
    /// # Errors
    /// A start value is outside its constraint.
    pub fn new(scene: &Scene) -> Result<Self, ModelError> {
        Self::with(scene, [])
    }

    /// The same with `more` parameters, each with its path and role, after those of the scene.
    ///
    /// # Errors
    /// A start value is outside its constraint, or two parameters have the same path.
    pub fn with<'a>(
        scene: &Scene,
        more: impl IntoIterator<Item = (String, Role, &'a Param)>,
    ) -> Result<Self, ModelError> {
        let mut layout = Self { slots: Vec::new(), start: Vec::new(), dim: 0 };
        let mut pushed = Ok(());
        scene.visit(&mut |path, role, param| {
            if pushed.is_ok() {
                pushed = layout.push(path, role, param);
            }
        });
        pushed?;
        for (path, role, param) in more {
            if layout.slots.iter().any(|slot| slot.path == path) {
                let problem = "two parameters have this path; give their owners different names".to_owned();
                return Err(ModelError::Parameter { parameter: path, problem });
            }
            layout.push(path, role, param)?;
        }
        Ok(layout)
    }

    fn push(&mut self, path: String, role: Role, param: &Param) -> Result<(), ModelError> {
        param.check(&path)?;
        let transform = param.transform_ref().clone();
        let len = if param.is_free() { transform.unconstrained_len(param.len()) } else { 0 };
        let values = self.start.len()..self.start.len() + param.len();
        self.start.extend_from_slice(param.values());
        self.slots.push(Slot {
            path,
            values,
            unconstrained: self.dim..self.dim + len,
            transform,
            prior: param.prior_ref().cloned(),
            step: param.step_ref(),
            role,
        });
        self.dim += len;
        Ok(())
    }

    /// Number of unconstrained values.
    #[must_use]
    pub const fn dim(&self) -> usize {
        self.dim
    }

    /// Number of values, fixed ones included.
    #[must_use]
    pub fn values_len(&self) -> usize {
        self.start.len()
    }

    /// All parameters in order.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The values that the scene had, fixed ones included.
    #[must_use]
    pub fn start_values(&self) -> &[f64] {
        &self.start
    }

    /// The unconstrained values of `values`.
    ///
    /// # Errors
    /// A value is outside its constraint.
    pub fn inverse(&self, values: &[f64]) -> Result<Vec<f64>, ModelError> {
        let mut x = vec![0.0; self.dim];
        for slot in self.slots.iter().filter(|s| s.is_free()) {
            let y = &values[slot.values.clone()];
            slot.transform.inverse(&slot.path, y, &mut x[slot.unconstrained.clone()])?;
        }
        Ok(x)
    }

    /// Writes the values at `x` into `values`; those of fixed parameters stay.
    pub fn forward(&self, x: &[f64], values: &mut [f64]) {
        self.forward_of(0..self.slots.len(), x, values);
    }

    /// The same for some of the slots; `values` holds theirs only.
    pub fn forward_of(&self, slots: Range<usize>, x: &[f64], values: &mut [f64]) {
        let slots = &self.slots[slots];
        let start = slots.first().map_or(0, |s| s.values.start);
        for slot in slots.iter().filter(|s| s.is_free()) {
            let own = slot.values.start - start..slot.values.end - start;
            slot.transform.forward(&x[slot.unconstrained.clone()], &mut values[own]);
        }
    }

    /// Writes the gradient with respect to `x` from that with respect to the `values` at `x`.
    pub fn pull_back(&self, x: &[f64], values: &[f64], grad_values: &[f64], grad_x: &mut [f64]) {
        self.pull_back_of(0..self.slots.len(), x, values, grad_values, grad_x);
    }

    /// The same for some of the slots; `grad_x` holds theirs only.
    pub fn pull_back_of(
        &self,
        slots: Range<usize>,
        x: &[f64],
        values: &[f64],
        grad_values: &[f64],
        grad_x: &mut [f64],
    ) {
        let slots = &self.slots[slots];
        let start = slots.first().map_or(0, |s| s.unconstrained.start);
        for slot in slots.iter().filter(|s| s.is_free()) {
            let (at_x, at_y) = (slot.unconstrained.clone(), slot.values.clone());
            let own = at_x.start - start..at_x.end - start;
            slot.transform.pull_back(&x[at_x], &values[at_y.clone()], &grad_values[at_y], &mut grad_x[own]);
        }
    }

    /// Sum of the log-densities of all priors at `values`, adding their gradients to `grad_values`.
    ///
    /// Priors that are only a score are not in it: see [`Layout::scores`].
    pub fn log_prior(&self, values: &[f64], grad_values: &mut [f64]) -> f64 {
        let mut sum = 0.0;
        for slot in self.slots.iter().filter(|s| s.is_free()) {
            if let Some(Prior::Density(density)) = &slot.prior {
                let y = &values[slot.values.clone()];
                sum += density.log_density(y);
                density.score(y, &mut grad_values[slot.values.clone()]);
            }
        }
        sum
    }

    /// The free parameters whose prior is only a score.
    pub fn scores(&self) -> impl Iterator<Item = (&Slot, &Arc<dyn Score>)> {
        self.slots.iter().filter(|slot| slot.is_free()).filter_map(|slot| match &slot.prior {
            Some(Prior::Score(score)) => Some((slot, score)),
            _ => None,
        })
    }

    /// Sum of the log-determinants of all transforms at `x`, adding their gradients to `grad_x`.
    pub fn log_det(&self, x: &[f64], grad_x: &mut [f64]) -> f64 {
        let free = self.slots.iter().filter(|s| s.is_free());
        free.map(|slot| {
            let at = slot.unconstrained.clone();
            slot.transform.log_det_gradient(&x[at.clone()], &mut grad_x[at.clone()]);
            slot.transform.log_det(&x[at])
        })
        .sum()
    }

    /// Writes `values` into the scene that this layout was made from.
    pub fn store(&self, values: &[f64], scene: &mut Scene) {
        let mut slots = self.slots.iter();
        scene.set_values(|_, of_param| {
            let slot = slots.next().expect("the scene has the parameters that the layout was made from");
            of_param.copy_from_slice(&values[slot.values.clone()]);
        });
    }
}
