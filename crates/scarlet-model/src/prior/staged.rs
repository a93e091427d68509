//! Scores whose costly part is the same for many priors: a network that evaluates many images together.

use super::Score;
use std::fmt::Debug;
use std::sync::Arc;

/// A score in three stages: values to an input, input to an output by what is [`Shared`], output to a gradient.
///
/// Whoever has many such priors evaluates the middle stage of those that share it together; [`Score::score`] does all
/// three for one.
pub trait Staged: Score {
    /// What is the same for other priors: those whose pointers are equal are evaluated together.
    fn shared(&self) -> Arc<dyn Shared>;

    /// Writes what `x` puts in: [`Shared::size`] numbers.
    fn write_input(&self, x: &[f64], input: &mut [f32]);

    /// Adds the gradient of the log-density at `x` to `grad`, from what came out.
    fn add_score(&self, x: &[f64], output: &[f32], grad: &mut [f64]);
}

/// The middle stage of scores.
pub trait Shared: Debug + Send + Sync {
    /// Numbers that go in and come out for each prior.
    fn size(&self) -> usize;

    /// Makes buffers for so many evaluations at a time, so that none has to make its own.
    fn prepare(&self, threads: usize);

    /// Writes the outputs for the `inputs` of a few priors, one behind the other.
    fn evaluate(&self, inputs: &[f32], outputs: &mut [f32]);
}
