//! Noise as it is: independent pixels, pixels whose noise is correlated, counts of photons.
//!
//! | noise | log L of a channel | chi2 |
//! |---|---|---|
//! | [`Noise::Independent`] | -chi2 / 2 + sum ln(w / 2 pi) / 2 | sum of w (d - m)^2 |
//! | [`Noise::Correlated`] | -chi2 / 2 + sum ln(w / 2 pi) / 2 - sum ln s | sum of e^2, e = W sqrt(w) (d - m) |
//! | [`Noise::Poisson`] | sum of n ln mu - mu - ln n! | the deviance, 2 sum of mu - n + n ln(n / mu) |
//!
//! Data d, model m, weights w; W whitens ([`CorrelatedNoise`]). With the right model the expectation of chi2 is the number of
//! pixels that count; that of the deviance is so for many counts, see [`Poisson::expected_deviance`].

mod correlated;
mod correlating;
mod correlation;
mod error;
mod measured;
mod poisson;
mod prediction;
pub(crate) mod signs;
mod sky;
mod whitening;

pub use correlated::CorrelatedNoise;
pub(crate) use correlating::Correlating;
pub use error::NoiseError;
pub(crate) use measured::{Lag, neighbour_lags};
pub(crate) use poisson::Counting;
pub use poisson::Poisson;
pub(crate) use sky::sources;
pub(crate) use whitening::{Planes, Whitening};

/// How the pixels of an observation scatter about what it should see.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub enum Noise {
    /// Independent Gaussians, their inverse variances the weights.
    #[default]
    Independent,
    /// Gaussians with these correlations, their inverse variances the weights.
    Correlated(CorrelatedNoise),
    /// Counts.
    Poisson(Poisson),
}
