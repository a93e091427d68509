//! Takes steps, validates, and says when to end.

use super::{Objective, Random, Record, Set, Settings, State, Until, adam};
use crate::workers::Workers;
use crate::{Arrays, Derivatives, NnError, Trainable};
use dfdx::prelude::{Device, SplitTape};
use rand::SeedableRng;
use std::ops::ControlFlow;
use std::time::Instant;

/// Why a run of training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// All steps were taken.
    Steps,
    /// The time was used up.
    Time,
    /// The validation loss fell no more.
    Converged,
    /// Whoever watched asked for it.
    Asked,
}

/// What happened, for whoever watches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A step was taken, with this loss of its batch.
    Step(f64),
    /// The averaged weights were validated.
    Validation(Record),
}

/// Streams of random numbers: the first weights, batches from here on, validation.
const START: u64 = 0;
const BATCHES: u64 = 1;
const VALIDATION: u64 = 1 << 63;

/// Trains the layers of an objective.
#[derive(Debug)]
pub struct Trainer<'a, O, D> {
    objective: &'a O,
    device: &'a D,
    shapes: Vec<usize>,
    state: State,
    workers: Workers,
}

impl<'a, D: Device<f32> + Send + Sync, O: Objective<D>> Trainer<'a, O, D> {
    /// One that begins, on `threads` threads.
    ///
    /// # Errors
    /// [`NnError::Training`]: settings that cannot be.
    pub fn new(objective: &'a O, device: &'a D, settings: Settings, threads: usize) -> Result<Self, NnError> {
        settings.check()?;
        let weights = objective.start(&mut random(settings.seed, START));
        Self::resume(objective, device, State::new(settings, weights, objective.fingerprint()), threads)
    }

    /// One that goes on from `state`; the number of threads may be another one.
    ///
    /// # Errors
    /// [`NnError::Training`]: the state is that of another network or of other examples.
    pub fn resume(objective: &'a O, device: &'a D, state: State, threads: usize) -> Result<Self, NnError> {
        state.settings.check()?;
        let shapes: Vec<usize> = objective.arrays().iter().map(|(_, shape)| shape.iter().product()).collect();
        let count: usize = shapes.iter().sum();
        let refuse = |problem: String| Err(NnError::Training { problem });
        if state.weights.len() != count {
            let found = state.weights.len();
            return refuse(format!(
                "the checkpoint has {found} weights and this network {count}: it is that of another network"
            ));
        }
        if state.fingerprint != objective.fingerprint() {
            return refuse(
                "the checkpoint is that of other images or noise levels; give the same ones to go on"
                    .to_owned(),
            );
        }
        Ok(Self { objective, device, shapes, state, workers: Workers::new(threads)? })
    }

    /// What training has come to.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Takes one step and returns the loss of its batch.
    ///
    /// # Errors
    /// [`NnError::Training`]: the loss or its gradient is not finite; the state is that before the step.
    pub fn step(&mut self) -> Result<f64, NnError> {
        let Settings { batch, shard, seed, .. } = self.state.settings;
        let count = batch / shard;
        let weights = split(&self.state.weights, &self.shapes);
        let pieces = self.workers.map(count, |k| {
            let mut random = random(seed, BATCHES + self.state.step * count as u64 + k as u64);
            self.gradient(&weights, &mut random)
        })?;
        let mut pieces = pieces.into_iter();
        let (mut loss, mut gradient) = pieces.next().unwrap_or_default();
        for (own, values) in pieces {
            loss += own;
            gradient.iter_mut().zip(values).for_each(|(sum, v)| *sum += v);
        }
        let share = 1.0 / count as f32;
        gradient.iter_mut().for_each(|g| *g *= share);
        loss /= count as f64;
        if !loss.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            let problem =
                format!("the loss is not finite after step {}; begin with a lower rate", self.state.step);
            return Err(NnError::Training { problem });
        }
        let settings = self.state.settings;
        adam::step(&mut self.state, &settings, &gradient);
        self.state.recent += loss;
        Ok(loss)
    }

    /// Validates the averaged weights, keeps them where they are the best, and writes it down.
    ///
    /// # Errors
    /// The device failed.
    pub fn validate(&mut self) -> Result<Record, NnError> {
        let validation = self.loss(&self.state.average, Set::Validation)?;
        let before = self.state.history.last().map_or(0, |record| record.step);
        let steps = (self.state.step - before).max(1);
        let record = Record { step: self.state.step, training: self.state.recent / steps as f64, validation };
        if self.state.best_record().is_none_or(|best| validation < best.validation) {
            self.state.best.clone_from(&self.state.average);
        }
        self.state.recent = 0.0;
        self.state.history.push(record);
        Ok(record)
    }

    /// Takes steps until one of the limits, or until the validation loss falls no more; `watch` sees every step and every
    /// validation, of which there is one at the end, and may end it.
    ///
    /// # Errors
    /// As [`Trainer::step`], and what `watch` returned.
    pub fn run<E: From<NnError>>(
        &mut self,
        until: Until,
        mut watch: impl FnMut(&State, Event) -> Result<ControlFlow<()>, E>,
    ) -> Result<Stop, E> {
        let (started, Settings { patience, validate_every, .. }) = (Instant::now(), self.state.settings);
        loop {
            if self.state.since_best() > patience {
                return Ok(Stop::Converged);
            }
            if until.steps.is_some_and(|steps| self.state.step >= steps) {
                return Ok(Stop::Steps);
            }
            let loss = self.step()?;
            let stop = if watch(&self.state, Event::Step(loss))?.is_break() {
                Some(Stop::Asked)
            } else if until.time.is_some_and(|time| started.elapsed() >= time) {
                Some(Stop::Time)
            } else {
                (until.steps == Some(self.state.step)).then_some(Stop::Steps)
            };
            if stop.is_some() || self.state.step.is_multiple_of(validate_every) {
                let record = self.validate()?;
                if watch(&self.state, Event::Validation(record))?.is_break() {
                    return Ok(stop.unwrap_or(Stop::Asked));
                }
            }
            if let Some(stop) = stop {
                return Ok(stop);
            }
        }
    }

    /// Mean loss of the examples of `set` that are drawn for a validation, with `weights`.
    ///
    /// # Errors
    /// The device failed.
    pub fn loss(&self, weights: &[f32], set: Set) -> Result<f64, NnError> {
        let Settings { validation, shard, seed, .. } = self.state.settings;
        let count = validation / shard;
        let weights = split(weights, &self.shapes);
        let losses = self.workers.map(count, |k| {
            let examples = self.objective.draw(set, shard, &mut random(seed, VALIDATION + k as u64));
            let layers = self.objective.layers(&mut Arrays::new(weights.clone(), self.device))?;
            let (loss, _) = self.objective.loss(&layers, &examples, self.device)?.split_tape();
            Ok(f64::from(loss.as_vec()[0]))
        })?;
        Ok(losses.iter().sum::<f64>() / count as f64)
    }

    /// Loss of a shard and its derivatives.
    fn gradient(&self, weights: &[Vec<f32>], random: &mut Random) -> Result<(f64, Vec<f32>), NnError> {
        let examples = self.objective.draw(Set::Training, self.state.settings.shard, random);
        let layers = self.objective.layers(&mut Arrays::new(weights.to_vec(), self.device))?;
        let loss = self.objective.loss(&layers, &examples, self.device)?;
        let value = f64::from(loss.as_vec()[0]);
        let mut gradients = dfdx::tensor_ops::Backward::try_backward(loss).map_err(NnError::device)?;
        let mut derivatives = Derivatives::new(&mut gradients);
        layers.derivatives(&mut derivatives)?;
        Ok((value, derivatives.into_values()))
    }
}

fn random(seed: u64, stream: u64) -> Random {
    let mut random = Random::seed_from_u64(seed);
    random.set_stream(stream);
    random
}

/// Flat weights by array.
fn split(mut weights: &[f32], lengths: &[usize]) -> Vec<Vec<f32>> {
    let mut next = |n: &usize| {
        let (own, rest) = weights.split_at(*n);
        weights = rest;
        own.to_vec()
    };
    lengths.iter().map(&mut next).collect()
}
