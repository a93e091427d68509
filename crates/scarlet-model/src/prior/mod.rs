//! What is believed of a parameter before the data.
//!
//! A prior is a [`Density`], with value and gradient, or only a [`Score`], with a gradient (a network). The fit uses
//! both; a sampler of the posterior needs densities. Densities are of the constrained values (the ones that the
//! model sees), normalised, and the prior of a parameter is the product over its elements where it is for one number.
//!
//! Constructors never fail: [`Score::validate`] says what is wrong with the arguments, and adding a source to a
//! scene calls it. Evaluating a prior whose arguments are wrong gives meaningless numbers.
//!
//! Outside its support a log-density is minus infinity and its score 0: there is no gradient to follow back. A
//! parameter should therefore have a constraint that keeps it inside; [`Score::support`] is the widest.
//!
//! # A prior of one's own
//! ```
//! use scarlet_model::{Density, Prior, Score, free};
//!
//! /// Laplace density of each value: exp(-|x| / scale) / (2 scale).
//! #[derive(Debug)]
//! struct Laplace {
//!     scale: f64,
//! }
//!
//! impl Score for Laplace {
//!     fn score(&self, x: &[f64], grad: &mut [f64]) {
//!         for (grad, x) in grad.iter_mut().zip(x) {
//!             *grad -= x.signum() / self.scale;
//!         }
//!     }
//! }
//!
//! impl Density for Laplace {
//!     fn log_density(&self, x: &[f64]) -> f64 {
//!         x.iter().map(|x| -x.abs() / self.scale - (2.0 * self.scale).ln()).sum()
//!     }
//! }
//!
//! let starlet_coefficients = free(vec![0.0; 8]).prior(Laplace { scale: 0.1 });
//!
//! // a type with a gradient only converts into the other kind of prior
//! #[derive(Debug)]
//! struct Network;
//!
//! impl Score for Network {
//!     fn score(&self, x: &[f64], grad: &mut [f64]) {
//!         grad.iter_mut().zip(x).for_each(|(grad, x)| *grad -= x);
//!     }
//! }
//!
//! impl From<Network> for Prior {
//!     fn from(network: Network) -> Self {
//!         Self::from_score(network)
//!     }
//! }
//!
//! let image = free(vec![0.0; 8]).prior(Network);
//! assert!(image.prior_ref().is_some_and(|prior| prior.log_density(&[0.0; 8]).is_none()));
//! ```

mod bounded;
mod check;
mod diagonal;
mod full;
mod independent;
mod near_image;
mod positive;
mod product;
mod real_line;
mod scaled;
mod settings;
mod staged;

pub use bounded::{Beta, Uniform};
pub use diagonal::DiagonalNormal;
pub use full::FullNormal;
pub use near_image::NearImage;
pub use positive::{Gamma, HalfNormal, LogNormal};
pub use product::Product;
pub use real_line::{Normal, StudentT};
pub use scaled::Scaled;
pub use staged::{Shared, Staged};

use crate::{ModelError, Transform};
use rand::Rng;
use std::fmt::Debug;
use std::sync::Arc;

/// A prior that at least has a gradient; the [module](self) has an example.
pub trait Score: Debug + Send + Sync {
    /// Adds the gradient of the log-density at `x` (a parameter's values, row order) to `grad`.
    ///
    /// Outside the support it adds 0. It does not allocate.
    fn score(&self, x: &[f64], grad: &mut [f64]);

    /// Checks the arguments it was made of.
    ///
    /// # Errors
    /// Names the argument, its value and what is allowed.
    fn validate(&self) -> Result<(), ModelError> {
        Ok(())
    }

    /// Checks that it can be a prior of `n` values.
    ///
    /// # Errors
    /// Says how many values it is for.
    fn check_len(&self, n: usize) -> Result<(), ModelError> {
        let _ = n;
        Ok(())
    }

    /// The widest constraint that keeps values where the density is not 0; the identity if that is everywhere.
    fn support(&self) -> Transform {
        Transform::Identity
    }

    /// Kind and arguments as a file stores them: `{"kind": "Normal", ...}`; null where it cannot be stored.
    fn settings(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Inverse variances of the values, where it is a Normal of each: what optimisers scale their steps with.
    fn precisions(&self) -> Option<&[f64]> {
        None
    }

    /// Changes of the values by which the expectation itself is uncertain, each by a standard deviation: the covariance
    /// of the values beforehand is that of the [precisions](Score::precisions) and the outer product of each of these. What
    /// errors are made of; fits and samplers take the expectation as it is.
    fn loose_directions(&self) -> Vec<Vec<f64>> {
        Vec::new()
    }

    /// The same in stages, one of which other priors share; none where it has none.
    fn staged(&self) -> Option<&dyn Staged> {
        None
    }

    /// How far `x` is from what this prior knows, where it can tell: 0 for what it knows perfectly, and more than 1
    /// where believing it is worse than believing nothing.
    fn strangeness(&self, x: &[f64]) -> Option<f64> {
        let _ = x;
        None
    }

    /// The prior of an image `[y, x]` of another `shape`, whose first pixel is `offset` pixels from the present one's.
    fn on_grid(&self, shape: [usize; 2], offset: [i64; 2]) -> Option<Prior> {
        let _ = (shape, offset);
        None
    }

    /// A prior of the same kind for values multiplied by `factor`, if there is one.
    ///
    /// [`Prior::scaled`] does without, at the cost of a copy of the values in each evaluation.
    fn scaled(&self, factor: f64) -> Option<Prior> {
        let _ = factor;
        None
    }
}

/// A prior with a normalised log-density: what a sampler asks for.
pub trait Density: Score {
    /// Log-density at `x`; minus infinity outside its support. It does not allocate.
    fn log_density(&self, x: &[f64]) -> f64;

    /// Draws values into `out`, one for every element of the parameter.
    ///
    /// # Errors
    /// - The arguments or the number of values are wrong ([`Score::validate`], [`Score::check_len`]).
    /// - [`ModelError::Parameter`]: this prior does not say how to draw from it (the default).
    fn sample_into(&self, rng: &mut dyn Rng, out: &mut [f64]) -> Result<(), ModelError> {
        let _ = (rng, out);
        let name = std::any::type_name::<Self>().rsplit("::").next().unwrap_or_default();
        Err(ModelError::Parameter {
            parameter: format!("prior {name}"),
            problem: "it does not say how to draw from it; implement Density::sample_into".into(),
        })
    }
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
    /// A prior that has a gradient only.
    #[must_use]
    pub fn from_score(score: impl Score + 'static) -> Self {
        Self::Score(Arc::new(score))
    }

    /// What every prior can do.
    #[must_use]
    pub fn as_score(&self) -> &dyn Score {
        match self {
            Self::Score(score) => score.as_ref(),
            Self::Density(density) => density.as_ref(),
        }
    }

    /// The density, if it has one.
    #[must_use]
    pub fn as_density(&self) -> Option<&dyn Density> {
        match self {
            Self::Score(_) => None,
            Self::Density(density) => Some(density.as_ref()),
        }
    }

    /// Log-density at `x`, if it has one.
    #[must_use]
    pub fn log_density(&self, x: &[f64]) -> Option<f64> {
        self.as_density().map(|density| density.log_density(x))
    }

    /// Checks the arguments it was made of, and that it can be a prior of `n` values.
    ///
    /// # Errors
    /// See [`Score::validate`] and [`Score::check_len`].
    pub fn check(&self, n: usize) -> Result<(), ModelError> {
        self.as_score().validate()?;
        self.as_score().check_len(n)
    }

    /// The prior of an image `[y, x]` of another `shape`, whose first pixel is `offset` pixels from the present one's;
    /// none where it is for a number of values.
    #[must_use]
    pub fn on_grid(&self, shape: [usize; 2], offset: [i64; 2]) -> Option<Self> {
        let score = self.as_score();
        let any = || score.check_len(shape[0] * shape[1]).is_ok().then(|| self.clone());
        score.on_grid(shape, offset).or_else(any)
    }

    /// Kind and arguments as a file stores them; null where it cannot be stored.
    #[must_use]
    pub fn settings(&self) -> serde_json::Value {
        self.as_score().settings()
    }

    /// Reads back what [`Prior::settings`] wrote.
    ///
    /// ```
    /// use scarlet_model::Prior;
    /// let settings = serde_json::json!({"kind": "Uniform", "low": -0.5, "high": 3.0});
    /// let prior = Prior::from_settings(&settings)?;
    /// assert_eq!(prior.log_density(&[1.0]), Some(-f64::ln(3.5)));
    /// # Ok::<(), scarlet_model::ModelError>(())
    /// ```
    ///
    /// # Errors
    /// [`ModelError::File`]: unknown kind, missing or unknown argument, or null (a prior written in a program);
    /// arguments that make no sense, as [`Score::validate`] says.
    pub fn from_settings(settings: &serde_json::Value) -> Result<Self, ModelError> {
        settings::read(settings)
    }

    /// The same belief about values multiplied by `factor` (a change of unit).
    ///
    /// The log-density becomes p(x / factor) - n ln |factor|. The priors of this crate stay of their kind (a Normal
    /// has its mean and width multiplied); others are wrapped in [`Scaled`].
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        if factor == 1.0 {
            return self;
        }
        self.as_score().scaled(factor).unwrap_or_else(|| match self {
            Self::Score(inner) => Self::Score(Arc::new(Scaled::new(inner, factor))),
            Self::Density(inner) => Self::Density(Arc::new(Scaled::new(inner, factor))),
        })
    }
}

impl<D: Density + 'static> From<D> for Prior {
    fn from(density: D) -> Self {
        Self::Density(Arc::new(density))
    }
}
