//! What is believed of a parameter before the data.

use std::fmt::Debug;
use std::sync::Arc;

/// A prior that at least has a gradient.
pub trait Score: Debug + Send + Sync {
    /// Adds the gradient of the log-density at `x` (a parameter's values, row order) to `grad`.
    fn score(&self, x: &[f64], grad: &mut [f64]);

    /// Checks that it can be a prior of `n` values.
    ///
    /// # Errors
    /// Says how many values it is for.
    fn check_len(&self, n: usize) -> Result<(), crate::ModelError> {
        let _ = n;
        Ok(())
    }

    /// Kind and arguments as a file stores them: `{"kind": "Normal", ...}`; null where it cannot be stored.
    fn settings(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// A prior with a normalised log-density: what a sampler asks for.
pub trait Density: Score {
    /// Log-density at `x`; minus infinity outside its support.
    fn log_density(&self, x: &[f64]) -> f64;
}

/// The prior of a parameter: a density, or a score without one.
#[derive(Debug, Clone)]
pub enum Prior {
    /// Gradient only; a fit can use it, NUTS refuses it.
    Score(Arc<dyn Score>),
    /// Value and gradient.
    Density(Arc<dyn Density>),
}

impl Prior {
    /// The same belief about values multiplied by `factor` (a change of unit).
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        let _ = factor;
        self
    }
}

impl<D: Density + 'static> From<D> for Prior {
    fn from(density: D) -> Self {
        Self::Density(Arc::new(density))
    }
}
