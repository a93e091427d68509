//! How strongly the likelihood curves along each parameter: what steps are scaled with.

use crate::Posterior;
use crate::estimate::is_elementwise;
use scarlet_model::{Prior, Role, Slot};
use scarlet_obs::PixelImage;

/// Images of random signs that the curvature along centres is estimated with.
const PROBES: u64 = 6;

/// Whether steps along a parameter can be scaled with its curvature.
///
/// That is so for what the model is linear in and that is positive, for where things are, and for how observations were
/// taken; not for what has a prior, unless it is light under one whose curvature is known, or an observation's.
pub(crate) fn is_scaled(slot: &Slot) -> bool {
    let is_known = match slot.role {
        Role::Light => slot.transform.is_positive(),
        Role::Center => slot.unconstrained.len() == slot.values.len(),
        Role::Calibration => is_elementwise(slot),
        Role::Shape => false,
    };
    let is_known_prior = |prior: &Prior| match slot.role {
        Role::Light => prior.as_score().precisions().is_some(),
        Role::Calibration => true,
        Role::Center | Role::Shape => false,
    };
    slot.is_free() && slot.prior.as_ref().is_none_or(is_known_prior) && is_known
}

impl Posterior {
    /// Writes A' W A m for all light m at `x` into `pull`, and leaves all others as they are.
    ///
    /// With m the positive values that the model R = A m is linear in, chi2 / 2 is nowhere above the separable
    /// parabola with second derivatives (A' W A m)_j / m_j. One pull-back of W R gives all of them. They hardly change
    /// while the model stays about the same, whatever the single m do. Images and spectra are linear each by itself,
    /// their product is not: the parabola is a good guide, not a bound.
    ///
    /// Source: De Pierro 1995, IEEE Trans. Med. Imaging 14, 132; Lee & Seung 2001, NIPS 13, 556.
    pub(crate) fn pull_of_light(&mut self, x: &[f64], pull: &mut [f64]) {
        self.pull_back_image(x, PixelImage::WeightedModel);
        let (slots, _, grads) = self.parts();
        for slot in slots.iter().filter(|s| s.role == Role::Light && is_scaled(s)) {
            pull[slot.unconstrained.clone()].copy_from_slice(&grads[slot.values.clone()]);
        }
    }

    /// Writes the curvature of minus the log-likelihood at `x` along centres, for all others leaves `curvature` as it
    /// is.
    ///
    /// It is the Fisher information sum(w (dR / dx)^2), the mean square of what the pull-back makes of pixels with
    /// random signs and the weights' square roots: good to about half of itself.
    ///
    /// Source: Hutchinson 1990, Commun. Stat. Simul. Comput. 19, 433; Bekas, Kokiopoulou & Saad 2007, Appl. Numer.
    /// Math. 57, 1214.
    pub(crate) fn curvature_of_centers(&mut self, x: &[f64], curvature: &mut [f64]) {
        let is_center = |s: &&Slot| s.role == Role::Center && is_scaled(s);
        let (slots, ..) = self.parts();
        if !slots.iter().any(|s| is_center(&s)) {
            return;
        }
        slots.iter().filter(is_center).for_each(|s| curvature[s.unconstrained.clone()].fill(0.0));
        for probe in 0..PROBES {
            self.pull_back_image(x, PixelImage::Signs(probe));
            let (slots, _, grads) = self.parts();
            for slot in slots.iter().filter(is_center) {
                let own = curvature[slot.unconstrained.clone()].iter_mut();
                for (sum, grad) in own.zip(&grads[slot.values.clone()]) {
                    *sum += grad * grad / PROBES as f64;
                }
            }
        }
    }

    /// Writes the curvature of minus the log-posterior at `x` along the observations' own parameters, for all others
    /// leaves `curvature` as it is: their exact Fisher information, and how the score of their priors falls.
    pub(crate) fn curvature_of_calibrations(&mut self, x: &[f64], curvature: &mut [f64]) {
        let is_own = |slot: &&Slot| slot.role == Role::Calibration && is_scaled(slot);
        if !self.layout().slots().iter().any(|slot| is_own(&slot)) {
            return;
        }
        self.precisions_of_calibrations(x);
        let (slots, values, precisions) = self.parts();
        for slot in slots.iter().filter(is_own) {
            let (own, at) = (slot.values.clone(), slot.unconstrained.clone());
            // with slope dy/dx the curvature along x is slope^2 that along y
            let along = &mut curvature[at.clone()];
            slot.transform.pull_back(&x[at.clone()], &values[own.clone()], &precisions[own.clone()], along);
            precisions[own.clone()].copy_from_slice(along);
            slot.transform.pull_back(&x[at], &values[own.clone()], &precisions[own], along);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scene_and_observation;
    use crate::{Optimizer, Precision, Scaled};

    fn posterior() -> Posterior {
        let (scene, observation) = scene_and_observation();
        Posterior::builder().precision(Precision::Double).build(&scene, [&observation]).expect("valid")
    }

    #[test]
    fn the_pull_of_light_bounds_the_curvature_of_single_values() {
        let mut posterior = posterior();
        let x = posterior.start().expect("inside");
        let mut pull = vec![0.0; x.len()];
        posterior.pull_of_light(&x, &mut pull);
        let values = posterior.values().to_vec();
        let slots = posterior.layout().slots().to_vec();
        for slot in slots.iter().filter(|s| s.role == Role::Light) {
            let k = slot.values.len() / 2;
            let (at, m) = (slot.unconstrained.start + k, values[slot.values.start + k]);
            // Without noise chi2 / 2 along one value is w |A dm|^2 / 2; its curvature is A'WA's diagonal.
            let step = 1e-3;
            let mut ahead = x.clone();
            ahead[at] += step;
            let off = posterior.log_likelihood(&x) - posterior.log_likelihood(&ahead);
            let moved = posterior.values()[slot.values.start + k] - m;
            let curvature = 2.0 * off / (moved * moved);
            let bound = pull[at] / m;
            assert!(curvature > 0.0 && curvature < 1.001 * bound, "{}: {curvature} {bound}", slot.path);
        }
    }

    #[test]
    fn the_curvature_of_centres_is_near_the_fisher_information() {
        let mut posterior = posterior();
        let x = posterior.start().expect("inside");
        let mut curvature = vec![0.0; x.len()];
        posterior.curvature_of_centers(&x, &mut curvature);
        let slots = posterior.layout().slots().to_vec();
        let centers = slots.iter().filter(|s| s.role == Role::Center && s.is_free());
        for at in centers.flat_map(|slot| slot.unconstrained.clone()) {
            let mut ahead = x.clone();
            ahead[at] += 1e-3;
            let exact = 2.0 * (posterior.log_likelihood(&x) - posterior.log_likelihood(&ahead)) / 1e-6;
            let ratio = curvature[at] / exact;
            assert!((0.2..4.0).contains(&ratio), "{ratio}");
        }
    }

    #[test]
    fn steps_without_momentum_never_go_up() {
        let (mut start, observation) = scene_and_observation();
        start.set_values(|path, values| {
            if path.ends_with(".spectrum") {
                values.iter_mut().for_each(|v| *v *= 1.7);
            }
        });
        let posterior = Posterior::builder().precision(Precision::Double);
        let mut posterior = posterior.build(&start, [&observation]).expect("valid");
        let scaled = Scaled { max_iter: 60, momentum: 0.0, e_chi2: 0.0, ..Scaled::default() };
        assert!(scaled.validate().is_ok());
        let fit = posterior.fit(&scaled).expect("a fit");
        assert!(fit.loss.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9), "{:?}", fit.loss);
        assert!(fit.best == 60 && fit.loss[60] < fit.loss[0] - 100.0);
    }
}
