//! Several observations planned for one model frame, evaluated channel by channel.

use super::shared::Shared;
use super::spaces::Spaces;
use super::{ObservationPlan, PixelImage};
use crate::calibration::Moving;
use crate::{ObsError, Observation, choice};
use ndarray::Array3;
use num_complex::Complex;
use scarlet_frame::Frame;
use scarlet_render::{Pixel, Reading, Window, Workers, Workspace};
use std::sync::Arc;

/// Observations of one scene, planned together; allocates nothing afterwards.
///
/// An evaluation takes one channel of the model after the other, or several at once on as many threads, through all
/// observations. Those that are resampled from nearly the same pixels share the transforms of these; where there are
/// many of them, threads share out the observations too.
#[derive(Debug)]
pub struct JointPlan<T: Pixel> {
    observations: Vec<ObservationPlan<T>>,
    /// Many observations that share what they read of the model.
    shared: Shared<T>,
    /// Indices of a few that do; all others are alone.
    groups: Vec<Vec<usize>>,
    spaces: Arc<Spaces<T>>,
    /// Channels of the model, and pixels of one.
    channels: usize,
    plane: usize,
}

impl<T: Pixel> JointPlan<T> {
    /// Plans how `observations` see cubes of the frame `model`, to be evaluated by `workers`.
    ///
    /// # Errors
    /// Those of [`ObservationPlan::new`].
    pub fn new(observations: &[&Observation], model: &Frame, workers: &Workers) -> Result<Self, ObsError> {
        let movings: Vec<_> = observations.iter().map(|o| Moving::of(o, model)).collect::<Result<_, _>>()?;
        let renderers = choice::renderers(observations, &movings, model, workers)?;
        let plan = |((o, rendered), moving): ((&&Observation, _), _)| {
            ObservationPlan::without_spaces(o, model, rendered, moving)
        };
        let mut observations: Vec<_> =
            observations.iter().zip(renderers).zip(movings).map(plan).collect::<Result<_, _>>()?;
        let (channels, plane) = (model.channel_names().len(), model.bbox().len());
        let (shared, groups) = Shared::new(groups(&observations), &observations, channels, workers);
        let spaces = Arc::new(Spaces::new(observations.iter().map(ObservationPlan::workspace), workers));
        observations.iter_mut().for_each(|o| o.spaces = Arc::clone(&spaces));
        Ok(Self { observations, shared, groups, spaces, channels, plane })
    }

    /// The observations, in the order in which they were given.
    #[must_use]
    pub fn observations(&self) -> &[ObservationPlan<T>] {
        &self.observations
    }

    /// The log-likelihood of the model `cube`: the sum over observations.
    pub fn log_likelihood(&mut self, cube: &[T], workers: &Workers) -> f64 {
        let Self { observations, shared, groups, spaces, channels, plane } = self;
        let evaluate: &Back<'_, T> = &|o, c, (seen, _), spectrum, work| o.evaluate(c, seen, spectrum, work);
        shared.each(observations, cube, false, (spaces, workers), evaluate);
        workers.for_each_index(*channels, |c| {
            let (work, seen) = (&mut spaces.of(workers), &cube[c * *plane..(c + 1) * *plane]);
            for group in groups.iter() {
                each_of_few(group, observations, c, (seen, &mut []), work, evaluate);
            }
        });
        self.last_log_likelihood()
    }

    /// The log-likelihood of the model `cube`; adds its gradient with respect to the cube to `gradient`.
    pub fn value_and_gradient(&mut self, cube: &[T], gradient: &mut [T], workers: &Workers) -> f64 {
        self.each_back(cube, gradient, workers, &|o, c, planes, spectrum, work| {
            o.evaluate_and_back(c, planes, spectrum, work);
        });
        self.last_log_likelihood()
    }

    /// Adds the gradient of the sum over observations of sum(image * rendered) with respect to the model `cube` to
    /// `gradient`.
    pub fn pull_back(&mut self, cube: &[T], gradient: &mut [T], image: PixelImage, workers: &Workers) {
        self.each_back(cube, gradient, workers, &|o, c, planes, spectrum, work| {
            o.pull_back_channel(c, planes, spectrum, image, work);
        });
    }

    /// Calls `f` with each observation, each channel of the model, its planes of `cube` and `gradient`, and the spectrum
    /// of the first where that is shared.
    fn each_back(&mut self, cube: &[T], gradient: &mut [T], workers: &Workers, f: &Back<'_, T>) {
        let Self { observations, shared, groups, spaces, plane, .. } = self;
        shared.each(observations, cube, true, (spaces, workers), f);
        workers.for_each_chunk(gradient, *plane, |c, gradient| {
            let (work, seen) = (&mut *spaces.of(workers), &cube[c * *plane..(c + 1) * *plane]);
            shared.add_gradient(c, gradient, work);
            for group in groups.iter() {
                if let Some((reading, window)) =
                    each_of_few(group, observations, c, (seen, &mut *gradient), work, f)
                {
                    reading.end(gradient, window, work);
                }
            }
        });
    }

    /// Number of values of all observations' own parameters.
    #[must_use]
    pub fn values_len(&self) -> usize {
        self.observations.iter().map(ObservationPlan::values_len).sum()
    }

    /// Sees with these values of the observations' own parameters from now on, one observation after the other.
    ///
    /// # Panics
    /// There are not [`JointPlan::values_len`] values.
    pub fn calibrate(&mut self, values: &[f64]) {
        let mut rest = values;
        for observation in &mut self.observations {
            let (own, others) = rest.split_at(observation.values_len());
            observation.calibrate(own);
            rest = others;
        }
    }

    /// Adds the derivatives of the log-likelihood of the last evaluation with gradient by the observations' own
    /// parameters to `gradient`.
    ///
    /// # Panics
    /// `gradient` is not [`JointPlan::values_len`] long.
    pub fn add_gradient(&self, gradient: &mut [f64]) {
        let mut rest = gradient;
        for observation in &self.observations {
            let (own, others) = rest.split_at_mut(observation.values_len());
            observation.add_gradient(own);
            rest = others;
        }
    }

    /// Writes the Fisher information sum(w g g') of each observation's own parameters at the model `cube` into
    /// `information`, g the derivatives of its pixels: a square for each observation, row by row.
    ///
    /// `scratch`, as large as the cube, is overwritten.
    ///
    /// # Panics
    /// `information` has not the squares of all [`ObservationPlan::values_len`].
    pub fn information(&self, cube: &[T], scratch: &mut [T], information: &mut [f64], workers: &Workers) {
        let Self { observations, spaces, plane, .. } = self;
        workers.for_each_chunk(scratch, *plane, |c, scratch| {
            let (work, seen) = (&mut spaces.of(workers), &cube[c * plane..(c + 1) * plane]);
            observations.iter().for_each(|o| o.inform(c, (seen, &mut *scratch), work));
        });
        information.fill(0.0);
        let mut rest = information;
        for observation in observations {
            let (own, others) = rest.split_at_mut(observation.values_len().pow(2));
            observation.add_information(own);
            rest = others;
        }
    }

    fn last_log_likelihood(&self) -> f64 {
        self.observations.iter().map(ObservationPlan::last_log_likelihood).sum()
    }

    /// chi2 of each observation, at the last evaluation.
    #[must_use]
    pub fn chi2(&self) -> Vec<f64> {
        self.observations.iter().map(ObservationPlan::chi2).collect()
    }

    /// What each observation should see of the model `cube`, `[channel, y, x]`.
    #[must_use]
    pub fn render(&self, cube: &[T]) -> Vec<Array3<f64>> {
        self.observations.iter().map(|o| o.render(cube)).collect()
    }

    /// Mean weight of each channel of the model, in sum over all observations.
    #[must_use]
    pub fn mean_weights(&self) -> Vec<f64> {
        let of_channel = |c| self.observations.iter().map(|o| o.mean_weight(c)).sum();
        (0..self.channels).map(of_channel).collect()
    }

    /// Shape of the FFTs and number of channels of each observation that is convolved or resampled.
    #[must_use]
    pub fn transforms(&self) -> Vec<([usize; 2], usize)> {
        self.observations.iter().filter_map(|o| Some((o.fft_shape()?, o.channels()))).collect()
    }
}

/// What is done with one channel of an observation, given the planes of the model and of the gradient, or the spectrum of
/// the first.
pub(super) type Back<'a, T> = dyn Fn(&ObservationPlan<T>, usize, (&[T], &mut [T]), Option<&[Complex<T>]>, &mut Workspace<T>)
    + Sync
    + Send
    + 'a;

/// Calls `f` with channel `c` of those of a group that see it, and the planes of the model and of the gradient; returns
/// what they share, if they do.
fn each_of_few<'a, T: Pixel>(
    group: &[usize],
    observations: &'a [ObservationPlan<T>],
    c: usize,
    (plane, gradient): (&[T], &mut [T]),
    work: &mut Workspace<T>,
    f: &Back<'_, T>,
) -> Option<(&'a Reading<T>, Window)> {
    let seeing = || group.iter().map(|&i| &observations[i]).filter(|o| o.channels[c].is_some());
    let first = seeing().next()?;
    let Some(reading) = first.renderer.reading() else {
        seeing().for_each(|o| f(o, c, (plane, &mut *gradient), None, work));
        return None;
    };
    reading.with_spectrum(plane, first.window, work, |spectrum, work| {
        seeing().for_each(|o| f(o, c, (&[], &mut []), Some(spectrum), work));
    });
    Some((reading, first.window))
}

/// Observations that share what they read, in the order in which they were given; each of the others alone.
fn groups<T: Pixel>(observations: &[ObservationPlan<T>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (i, observation) in observations.iter().enumerate() {
        let own = observation.renderer.reading();
        let is_same = |group: &&mut Vec<usize>| {
            let of_group = observations[group[0]].renderer.reading();
            own.zip(of_group).is_some_and(|(a, b)| Arc::ptr_eq(a, b))
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.push(i),
            None => groups.push(vec![i]),
        }
    }
    groups
}
