//! Independent priors on parts of one parameter.

use super::check::same_len;
use super::{Density, Score};
use crate::{ModelError, Prior, Transform};
use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

/// Independent densities of consecutive elements (row order) of one parameter.
///
/// ```
/// use scarlet_model::{Density, free};
/// use scarlet_model::prior::{Gamma, Normal, Product};
/// let prior = Product::new().with(0..2, Normal::new(0.0, 1.0)).and(Gamma::new(2.0, 1.0));
/// assert!(prior.log_density(&[0.0, 0.0, -1.0]).is_infinite());
/// let values = free([0.1, 0.2, 1.5]).prior(prior);
/// ```
///
/// File: `{"kind": "Product", "parts": [{"start": 0, "end": 2, "prior": {"kind": "Normal", ...}}, ...]}`.
#[derive(Debug, Clone, Default)]
pub struct Product {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    range: Range<usize>,
    density: Arc<dyn Density>,
}

/// What a file stores of a part.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredPart {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) prior: Value,
}

impl Product {
    /// A product of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With `density` for the elements of `range`, which should begin where the last one ended.
    #[must_use]
    pub fn with(self, range: Range<usize>, density: impl Density + 'static) -> Self {
        self.with_arc(range, Arc::new(density))
    }

    /// With `density` for the next single element.
    #[must_use]
    pub fn and(self, density: impl Density + 'static) -> Self {
        let next = self.len();
        self.with(next..next + 1, density)
    }

    pub(super) fn with_arc(mut self, range: Range<usize>, density: Arc<dyn Density>) -> Self {
        self.parts.push(Part { range, density });
        self
    }

    /// Number of elements that it is for.
    fn len(&self) -> usize {
        self.parts.last().map_or(0, |part| part.range.end)
    }
}

impl Score for Product {
    fn score(&self, x: &[f64], grad: &mut [f64]) {
        for Part { range, density } in &self.parts {
            density.score(&x[range.clone()], &mut grad[range.clone()]);
        }
    }

    /// Every part must be valid, hold one element or more and begin where the one before it ends.
    fn validate(&self) -> Result<(), ModelError> {
        let mut next = 0;
        for Part { range, density } in &self.parts {
            if range.start != next || range.is_empty() {
                return Err(ModelError::Parameter {
                    parameter: "prior Product".into(),
                    problem: format!("the part {range:?} must begin at element {next} and not be empty"),
                });
            }
            density.validate()?;
            density.check_len(range.len())?;
            next = range.end;
        }
        Ok(())
    }

    fn check_len(&self, n: usize) -> Result<(), ModelError> {
        same_len("Product", self.len(), n)
    }

    /// That of the parts if they agree; else the identity, for there is no transform by parts.
    fn support(&self) -> Transform {
        let mut supports = self.parts.iter().map(|part| part.density.support());
        let first = supports.next().unwrap_or(Transform::Identity);
        if supports.all(|support| support == first) { first } else { Transform::Identity }
    }

    fn settings(&self) -> Value {
        let store = |Part { range, density }: &Part| {
            let prior = density.settings();
            (!prior.is_null()).then_some(StoredPart { start: range.start, end: range.end, prior })
        };
        let parts: Option<Vec<StoredPart>> = self.parts.iter().map(store).collect();
        parts.map_or(Value::Null, |parts| super::settings::Stored::Product { parts }.write())
    }

    fn scaled(&self, factor: f64) -> Option<Prior> {
        let mut product = Self::new();
        for Part { range, density } in &self.parts {
            match Prior::Density(Arc::clone(density)).scaled(factor) {
                Prior::Density(scaled) => product = product.with_arc(range.clone(), scaled),
                Prior::Score(_) => return None,
            }
        }
        Some(product.into())
    }
}

impl Density for Product {
    fn log_density(&self, x: &[f64]) -> f64 {
        self.parts.iter().map(|part| part.density.log_density(&x[part.range.clone()])).sum()
    }

    fn sample_into(&self, rng: &mut dyn Rng, out: &mut [f64]) -> Result<(), ModelError> {
        self.validate()?;
        self.check_len(out.len())?;
        for Part { range, density } in &self.parts {
            density.sample_into(rng, &mut out[range.clone()])?;
        }
        Ok(())
    }
}
