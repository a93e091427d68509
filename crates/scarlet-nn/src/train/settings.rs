//! How to train.

use crate::NnError;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How to train; what is stored with a checkpoint, so that it goes on in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Seed of the first weights, examples and noise.
    pub seed: u64,
    /// Examples in a step; a multiple of `shard`.
    pub batch: usize,
    /// Examples that go through the layers together, on one thread.
    pub shard: usize,
    /// Adam's step at its largest.
    pub rate: f64,
    /// Steps in which the rate rises; afterwards it falls as 1/sqrt(step).
    pub warm_up: u64,
    /// Largest length of a gradient; longer ones are shortened to it.
    pub clip: f64,
    /// How much of the average of the weights is kept in a step; less in the first steps.
    pub average: f64,
    /// Steps between two validations.
    pub validate_every: u64,
    /// Examples of a validation, always the same; a multiple of `shard`.
    pub validation: usize,
    /// Validations without a lower loss after which training ends.
    pub patience: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            batch: 64,
            shard: 16,
            rate: 2e-3,
            warm_up: 300,
            clip: 1.0,
            average: 0.998,
            validate_every: 100,
            validation: 256,
            patience: 40,
        }
    }
}

impl Settings {
    /// Adam's step after `step` others: rises linearly, then falls with the square root (Vaswani et al. 2017,
    /// arXiv:1706.03762, eq. 3). It depends on no length of training, so that one may always go on.
    #[must_use]
    pub fn rate_at(&self, step: u64) -> f64 {
        let (k, w) = ((step + 1) as f64, self.warm_up.max(1) as f64);
        self.rate * (k / w).min((w / k).sqrt())
    }

    /// How much of the average is kept after `step` steps: little at first, when the weights are far from any average.
    #[must_use]
    pub fn average_at(&self, step: u64) -> f64 {
        self.average.min((1.0 + step as f64) / (10.0 + step as f64))
    }

    pub(crate) fn check(&self) -> Result<(), NnError> {
        let whole = |n: usize| self.shard > 0 && n > 0 && n.is_multiple_of(self.shard);
        let positive = |v: f64| v > 0.0 && v.is_finite();
        let wrong = [
            (!whole(self.batch), "batch must be a multiple of shard, both at least 1"),
            (!whole(self.validation), "validation must be a multiple of shard, at least 1"),
            (!positive(self.rate), "rate must be positive"),
            (!positive(self.clip), "clip must be positive"),
            (!(0.0..1.0).contains(&self.average), "average must be from 0 to below 1"),
            (self.validate_every == 0, "validate_every must be at least 1"),
        ];
        match wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            Some((_, problem)) => Err(NnError::Training { problem: problem.to_owned() }),
            None => Ok(()),
        }
    }
}

/// When a run of training ends at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Until {
    /// Steps, counted from the first of all.
    pub steps: Option<u64>,
    /// Time, counted from the start of this run.
    pub time: Option<Duration>,
}
