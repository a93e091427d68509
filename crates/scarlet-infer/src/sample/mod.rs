//! Draws from the posterior: samplers, and the chains that they leave.
//!
//! A sampler sees a [`LogDensity`] only: a flat vector in, its log-density and gradient out. That of a
//! [`Posterior`](crate::Posterior) has the log-determinants of the constraints in it, so that draws follow the
//! density of the *values*; the best fit is the maximum of the density without them.
//!
//! - [`Nuts`] is the sampler of choice; it needs densities of all priors.
//! - [`PosteriorStart::laplace`] draws from the normal density around a fit.
//! - [`Langevin`] is for priors that are only a score.
//! - [`Chains`] are what both leave; [`diagnostics`](crate::diagnostics) says whether to trust them.

mod chain;
mod chains;
mod density;
mod derived;
mod langevin;
mod laplace;
mod nuts;
mod posterior;
mod predictive;
mod threads;
mod whitening;

pub use chains::{ChainColumn, Chains, SampleStatistics};
pub use density::LogDensity;
pub use derived::SourceImages;
pub use langevin::Langevin;
pub use nuts::{Draws, MassMatrix, Nuts};
pub use posterior::{PosteriorStart, free_columns, unnormalised};
pub use predictive::PredictiveCheck;
pub use threads::SampleProgress;
pub use whitening::Whitening;
