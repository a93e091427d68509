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

    /// Adds the gradient of the log-density to `grad`, from the input and what came out.
    fn add_score(&self, input: &[f32], output: &[f32], grad: &mut [f64]);
}

/// The middle stage of scores, of which evaluations have buffers of their own.
pub trait Shared: Debug + Send + Sync {
    /// Numbers that go in and come out for each prior.
    fn size(&self) -> usize;

    /// An evaluation with buffers of its own, for one thread.
    fn plan(self: Arc<Self>) -> Box<dyn Stage>;
}

/// A planned evaluation of the middle stage.
pub trait Stage: Debug + Send {
    /// Writes the outputs for the `inputs` of any number of priors, one behind the other; allocates nothing.
    fn evaluate(&mut self, inputs: &[f32], outputs: &mut [f32]);
}
