//! Many resamplings of nearly the same pixels: their transforms of the model are made once, and each observation is
//! taken through all channels while its weights are in the cache.
//!
//! Observations go in batches, each with its own sums of what is taken back; batches depend on the observations alone,
//! and their sums are added up in their order, so that the outcome is the same for any number of threads.

use super::ObservationPlan;
use super::joint::Back;
use super::spaces::Spaces;
use num_complex::Complex;
use scarlet_render::{Pixel, Reading, Window, Workers, Workspace};
use std::ops::Range;
use std::sync::Arc;

/// Observations of a batch, and the fewest batches of a group: fewer observations go one channel after the other.
const BATCH: usize = 5;
const FEWEST: usize = 2;

/// Most memory of all sums of a group, in bytes; fewer batches where they would need more.
const SUMS_BYTES: usize = 64 << 20;

/// Pieces of work for each thread, as far as channels can be divided.
const PIECES: usize = 8;

/// Groups of observations that are evaluated in batches.
#[derive(Debug)]
pub(super) struct Shared<T: Pixel> {
    groups: Vec<Group<T>>,
    /// Of each group each channel of the model.
    spectra: Vec<Spectrum<T>>,
    batches: Vec<Batch<T>>,
    channels: usize,
}

/// What the observations of a group read of the model.
#[derive(Debug)]
struct Group<T: Pixel> {
    reading: Arc<Reading<T>>,
    window: Window,
}

/// One channel of a model as a group reads it; empty where none of the group sees it.
#[derive(Debug)]
struct Spectrum<T> {
    group: usize,
    channel: usize,
    values: Vec<Complex<T>>,
}

/// Some observations of a group in some channels, and what they give back.
#[derive(Debug)]
struct Batch<T> {
    group: usize,
    members: Vec<usize>,
    channels: Range<usize>,
    sums: Vec<Vec<Complex<T>>>,
}

impl<T: Pixel> Shared<T> {
    /// Of `groups` of observations those that are worth it; the others are returned.
    pub(super) fn new(
        groups: Vec<Vec<usize>>,
        observations: &[ObservationPlan<T>],
        channels: usize,
        workers: &Workers,
    ) -> (Self, Vec<Vec<usize>>) {
        let mut shared = Self { groups: Vec::new(), spectra: Vec::new(), batches: Vec::new(), channels };
        let mut others = Vec::new();
        for members in groups {
            let first = &observations[members[0]];
            let Some(reading) = first.renderer.reading() else {
                others.push(members);
                continue;
            };
            let sum_bytes = reading.spectrum().len() * size_of::<Complex<T>>() * channels;
            let count = (members.len() / BATCH).min(SUMS_BYTES / sum_bytes);
            if count < FEWEST {
                others.push(members);
                continue;
            }
            let group = Group { reading: Arc::clone(reading), window: first.window };
            shared.push(group, &members, observations, (count, workers.threads()));
        }
        (shared, others)
    }

    fn push(
        &mut self,
        group: Group<T>,
        members: &[usize],
        observations: &[ObservationPlan<T>],
        (count, threads): (usize, usize),
    ) {
        let (index, reading) = (self.groups.len(), &group.reading);
        let sum = |members: &[usize], c: usize| {
            let is_seen = members.iter().any(|&i| observations[i].channels[c].is_some());
            if is_seen { reading.spectrum() } else { Vec::new() }
        };
        let spectrum = |channel| Spectrum { group: index, channel, values: sum(members, channel) };
        self.spectra.extend((0..self.channels).map(spectrum));
        let blocks = (PIECES * threads).div_ceil(count).clamp(1, self.channels);
        for b in 0..count {
            let own = &members[b * members.len() / count..(b + 1) * members.len() / count];
            for k in 0..blocks {
                let channels = k * self.channels / blocks..(k + 1) * self.channels / blocks;
                let sums = channels.clone().map(|c| sum(own, c)).collect();
                self.batches.push(Batch { group: index, members: own.to_vec(), channels, sums });
            }
        }
        self.groups.push(group);
    }

    /// Calls `f` with each observation and channel of the model, and gathers what is taken back if that `is_wanted`.
    pub(super) fn each(
        &mut self,
        observations: &[ObservationPlan<T>],
        cube: &[T],
        is_wanted: bool,
        (spaces, workers): (&Spaces<T>, &Workers),
        f: &Back<'_, T>,
    ) {
        let Self { groups, spectra, batches, channels } = self;
        let (plane, channels) = (cube.len() / *channels, *channels);
        workers.for_each(spectra, |_, Spectrum { group, channel, values }| {
            if !values.is_empty() {
                let Group { reading, window } = &groups[*group];
                let plane = &cube[*channel * plane..(*channel + 1) * plane];
                reading.transform(plane, *window, values, &mut spaces.of(workers));
            }
        });
        workers.for_each(batches, |_, batch| {
            let spectra = &spectra[batch.group * channels..(batch.group + 1) * channels];
            batch.each(observations, spectra, is_wanted, &mut spaces.of(workers), f);
        });
    }

    /// Adds what was taken back in one channel of the model to the gradient of its plane.
    pub(super) fn add_gradient(&self, channel: usize, gradient: &mut [T], work: &mut Workspace<T>) {
        for (index, Group { reading, window }) in self.groups.iter().enumerate() {
            if self.spectra[index * self.channels + channel].values.is_empty() {
                continue;
            }
            reading.begin_back(work);
            let own = |batch: &&Batch<T>| batch.group == index && batch.channels.contains(&channel);
            for batch in self.batches.iter().filter(own) {
                reading.add_gathered(&batch.sums[channel - batch.channels.start], work);
            }
            reading.end(gradient, *window, work);
        }
    }
}

impl<T: Pixel> Batch<T> {
    fn each(
        &mut self,
        observations: &[ObservationPlan<T>],
        spectra: &[Spectrum<T>],
        is_wanted: bool,
        work: &mut Workspace<T>,
        f: &Back<'_, T>,
    ) {
        let zero = Complex::new(T::default(), T::default());
        if is_wanted {
            self.sums.iter_mut().for_each(|sum| sum.fill(zero));
        }
        for &member in &self.members {
            let observation = &observations[member];
            for (c, sum) in self.channels.clone().zip(&mut self.sums) {
                if observation.channels[c].is_some() {
                    Reading::swap_gathered(sum, work);
                    f(observation, c, (&[], &mut []), Some(&spectra[c].values), work);
                    Reading::swap_gathered(sum, work);
                }
            }
        }
    }
}
