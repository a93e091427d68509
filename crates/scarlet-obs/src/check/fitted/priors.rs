//! Whether the priors of images know images like the fitted ones.

use super::{Finding, Limits};
use crate::check::{Severity, number};
use scarlet_model::Scene;

/// Images that are stranger to their prior than the limit.
pub(super) fn findings(scene: &Scene, limits: &Limits) -> Vec<Finding> {
    let strange = |(path, param): (String, &scarlet_model::Param)| {
        let prior = param.prior_ref().filter(|_| param.is_free())?;
        let strangeness = prior.as_score().strangeness(param.values())?;
        let is_strange = !strangeness.is_finite() || strangeness > limits.strangeness;
        is_strange.then(|| Finding {
            severity: Severity::Warning,
            code: "strange_to_its_prior",
            subject: format!("source {}", path.split('.').next().unwrap_or(&path)),
            problem: format!(
                "its image is unlike those that its prior has learnt: the network leaves {} of the noise in it, and at \
                 most {} in images that it knows",
                number(strangeness),
                number(limits.strangeness)
            ),
            advice: "look at its model: if it is a star, a blend or larger than the network's galaxies, model it \
                     otherwise; if all sources are strange, the network was trained on other images than these"
                .to_owned(),
            position: None,
        })
    };
    scene.params().into_iter().filter_map(strange).collect()
}
