//! One step of a fit: every parameter by a step of its own, or scaled with the curvature.

use crate::Optimizer;
use crate::blocks::middle;
use crate::curvature::is_scaled;
use crate::optimizer::Scaling;
use scarlet_model::{Role, Slot, Step, Transform};
use scarlet_render::Workers;
use std::ops::Range;

/// Smallest relative step, as in scarlet2.
const MIN_RELATIVE_STEP: f64 = 1e-6;
/// Step of a parameter that was given none: a hundredth of the norm of its unconstrained values.
const DEFAULT_STEP: Step = Step::Relative(0.01);

/// Of the gain, for parameters of observations: sources can follow each of them, and together they should not go too far.
/// With momentum 0.8 a tenth of a Newton step converges as fast as a half.
const SHARE_OF_CALIBRATIONS: f64 = 0.2;

/// What all parameters of one step have in common.
pub(crate) struct Stride<'a> {
    pub(crate) optimizer: &'a dyn Optimizer,
    pub(crate) scaling: Option<Scaling>,
    pub(crate) step: usize,
    /// Factor of all steps.
    pub(crate) pace: f64,
    /// Of all parameters, where the step begins.
    pub(crate) values: &'a [f64],
}

/// The parts of a state that a step changes, for a run of parameters.
pub(crate) struct Moving<'a> {
    pub(crate) x: &'a mut [f64],
    pub(crate) gradient: &'a [f64],
    pub(crate) first: &'a mut [f64],
    pub(crate) second: &'a mut [f64],
    pub(crate) direction: &'a mut [f64],
    pub(crate) curvature: &'a [f64],
}

impl Moving<'_> {
    /// Takes one step and returns the largest relative change of a parameter's norm.
    pub(crate) fn step(self, slots: &[Slot], workers: &Workers, stride: &Stride<'_>) -> f64 {
        let Some(cut) = middle(slots, workers) else { return self.step_here(slots, stride) };
        let at = slots[cut].unconstrained.start - slots[0].unconstrained.start;
        let (x, first) = (self.x.split_at_mut(at), self.first.split_at_mut(at));
        let (second, direction) = (self.second.split_at_mut(at), self.direction.split_at_mut(at));
        let (gradient, changes) = (self.gradient.split_at(at), &mut [0.0; 2]);
        let curvature = self.curvature.split_at(at.min(self.curvature.len()));
        let [left, right] = changes;
        let half = |x, gradient, first, second, direction, curvature| Moving {
            x,
            gradient,
            first,
            second,
            direction,
            curvature,
        };
        let low = half(x.0, gradient.0, first.0, second.0, direction.0, curvature.0);
        let high = half(x.1, gradient.1, first.1, second.1, direction.1, curvature.1);
        workers.join(
            || *left = low.step(&slots[..cut], workers, stride),
            || *right = high.step(&slots[cut..], workers, stride),
        );
        changes[0].max(changes[1])
    }

    fn step_here(mut self, slots: &[Slot], stride: &Stride<'_>) -> f64 {
        let start = slots.first().map_or(0, |s| s.unconstrained.start);
        let mut largest: f64 = 0.0;
        for slot in slots.iter().filter(|s| s.is_free()) {
            let own = slot.unconstrained.start - start..slot.unconstrained.end - start;
            let norm = self.x[own.clone()].iter().map(|v| v * v).sum::<f64>().sqrt();
            let moved = match stride.scaling {
                Some(scaling) if is_scaled(slot) => self.move_scaled(slot, own, &scaling, stride),
                _ => self.move_as_told(slot, own, norm, stride),
            };
            largest = largest.max(moved / norm.max(f64::MIN_POSITIVE));
        }
        largest
    }

    /// Moves one parameter by a step of its own size; returns how far.
    fn move_as_told(&mut self, slot: &Slot, own: Range<usize>, norm: f64, stride: &Stride<'_>) -> f64 {
        // The loss is minus the log-posterior, so going up along its gradient is going down in the loss.
        stride.optimizer.directions(
            stride.step,
            &self.gradient[own.clone()],
            &mut self.first[own.clone()],
            &mut self.second[own.clone()],
            &mut self.direction[own.clone()],
        );
        let length = stride.pace
            * stride.optimizer.schedule().factor(stride.step)
            * match slot.step.unwrap_or(DEFAULT_STEP) {
                Step::Absolute(length) => length,
                Step::Relative(share) => (share * norm).max(MIN_RELATIVE_STEP),
            };
        let mut moved = 0.0;
        for (v, d) in self.x[own.clone()].iter_mut().zip(&self.direction[own]) {
            let change = length * d;
            *v += change;
            moved += change * change;
        }
        moved.sqrt()
    }

    /// Moves one parameter by steps scaled with its curvature; returns how far.
    fn move_scaled(&mut self, slot: &Slot, own: Range<usize>, scaling: &Scaling, stride: &Stride<'_>) -> f64 {
        let (curvature, scaled) = (&self.curvature[own.clone()], &mut self.direction[own.clone()]);
        let is_light = slot.role == Role::Light;
        if is_light {
            let values = &stride.values[slot.values.clone()];
            slot.transform.pull_back(&self.x[own.clone()], values, curvature, scaled);
            // With slope dm/dx the curvature along x is slope^2 (A'WAm) / m, and `scaled` is slope (A'WAm).
            let precisions = slot.prior.as_ref().and_then(|prior| prior.as_score().precisions());
            for (k, ((s, c), m)) in scaled.iter_mut().zip(curvature).zip(values).enumerate() {
                let of_prior = precisions.map_or(0.0, |p| p[k] * m);
                *s = if *c > 0.0 { *s * *s / (c * c) * (c + of_prior) / m } else { 0.0 };
            }
        } else {
            scaled.copy_from_slice(curvature);
        }
        let share = if slot.role == Role::Calibration { SHARE_OF_CALIBRATIONS } else { 1.0 };
        let gain = share * scaling.gain * stride.pace * stride.optimizer.schedule().factor(stride.step);
        let longest = stride.pace
            * match slot.role {
                Role::Light => scaling.longest[0],
                // the model is linear in what has no constraint: backgrounds
                Role::Calibration if slot.transform == Transform::Identity => f64::INFINITY,
                Role::Calibration => 0.5 * scaling.longest[0],
                Role::Center | Role::Shape => scaling.longest[1],
            };
        let velocity = &mut self.first[own.clone()];
        let mut moved = 0.0;
        for (((x, v), g), c) in
            self.x[own.clone()].iter_mut().zip(velocity).zip(&self.gradient[own]).zip(scaled)
        {
            let ahead = if *c > 0.0 { gain * g / *c } else { 0.0 };
            *v = (scaling.momentum * *v + ahead).clamp(-longest, longest);
            *x += *v;
            moved += *v * *v;
        }
        moved.sqrt()
    }
}
