//! A network with all that the priors of many images share.

use super::stored::FileReference;
use super::{InputTransform, ScorePrior};
use crate::score_net::{PlannedNet, ScoreNet, Workspace};
use crate::{About, NnError};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use scarlet_model::prior::Shared;
use scarlet_model::{ModelError, Prior, Source};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Draws of noise that a denoising error is the mean of.
const DRAWS: u64 = 4;

/// How a network is used as a prior.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PriorSettings {
    /// Level t of the noise that the score's images are blurred by: z exp(-t / 2) + noise of [`noise_variance`] (t).
    pub noise_level: f64,
    /// Factor of the score, the inverse of a temperature: 1 for the density that the network has learnt. No network is quite
    /// right, and beside what images are expected to be near the start its density counts some of the same twice: 0.3 by default
    /// (`cargo xtask bench priors`).
    pub strength: f64,
    /// Whether the density that an image has as its prior stays beside the network: free-form galaxies are expected near
    /// their start values then.
    pub near_start: bool,
}

impl Default for PriorSettings {
    fn default() -> Self {
        Self { noise_level: 0.02, strength: 0.3, near_start: true }
    }
}

impl PriorSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// Names the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<(), ModelError> {
        for (name, value) in [("noise_level", self.noise_level), ("strength", self.strength)] {
            if !(value > 0.0 && value.is_finite()) {
                let problem = format!("its {name} is {value}; it must be greater than 0 and finite");
                return Err(ModelError::Parameter { parameter: "prior ScorePrior".to_owned(), problem });
            }
        }
        Ok(())
    }
}

/// Variance of the noise of level `t`: 1 - exp(-t).
///
/// Source: Song et al. 2021 (arXiv:2011.13456), eq. 11 with beta = 1, which galaxy-grad trains with.
#[must_use]
pub fn noise_variance(t: f64) -> f64 {
    -(-t).exp_m1()
}

/// A network, how its input is made and how it is used: what [`ScorePrior`]s of all sources share.
#[derive(Debug)]
pub struct Learned {
    net: PlannedNet<f32>,
    input: InputTransform,
    settings: PriorSettings,
    file: Option<FileReference>,
    /// Buffers that no evaluation has in use.
    spare: Mutex<Vec<Space>>,
}

/// Buffers of one evaluation.
#[derive(Debug)]
pub(super) struct Space {
    pub(super) input: Vec<f32>,
    pub(super) output: Vec<f32>,
    pub(super) network: Workspace<f32>,
}

impl Space {
    fn new(net: &PlannedNet<f32>) -> Self {
        let pixels = net.architecture().side.pow(2);
        Self { input: vec![0.0; pixels], output: vec![0.0; pixels], network: net.workspace() }
    }
}

impl Learned {
    /// From a network in memory; `about` says how its input is made. Scenes with it cannot be saved.
    ///
    /// # Errors
    /// [`NnError::Settings`]: the settings make no sense, or the normalisation is not known.
    pub fn new(net: &ScoreNet, about: &About, settings: PriorSettings) -> Result<Arc<Self>, NnError> {
        Self::with(net, about, settings, None)
    }

    /// From the file at `path`: `.eqx` with the published normalisation, or safetensors.
    ///
    /// # Errors
    /// As [`ScoreNet::read`] and [`Learned::new`].
    pub fn read(path: impl AsRef<Path>, settings: PriorSettings) -> Result<Arc<Self>, NnError> {
        let path = path.as_ref();
        let (net, about) = ScoreNet::read(path)?;
        let file = FileReference::new(path, &net);
        Self::with(&net, &about, settings, Some(file)).map_err(|e| match e {
            NnError::Settings { problem } => NnError::File { path: path.to_owned(), problem },
            e => e,
        })
    }

    fn with(
        net: &ScoreNet,
        about: &About,
        settings: PriorSettings,
        file: Option<FileReference>,
    ) -> Result<Arc<Self>, NnError> {
        settings.validate().map_err(|e| NnError::Settings { problem: e.to_string() })?;
        let input = InputTransform::of(about)?;
        Ok(Arc::new(Self { net: PlannedNet::new(net), input, settings, file, spare: Mutex::new(Vec::new()) }))
    }

    /// `source` with this as the prior of its free-form images, each of its own peak; others stay as they are.
    ///
    /// It takes the place of the prior that they had, or stands beside it: [`PriorSettings::near_start`].
    #[must_use]
    pub fn prior_of(self: &Arc<Self>, source: Source) -> Source {
        source.edit_all("*morphology", |param| match param.value().shape() {
            [ny, nx] if param.is_free() => {
                let peak = param.values().iter().copied().fold(0.0, f64::max);
                let prior = ScorePrior::new(self, [*ny, *nx], peak);
                param.clone().prior(match param.prior_ref() {
                    Some(Prior::Density(density)) if self.settings.near_start => {
                        prior.beside(Arc::clone(density))
                    }
                    _ => prior,
                })
            }
            _ => param.clone(),
        })
    }

    /// How it is used.
    #[must_use]
    pub const fn settings(&self) -> &PriorSettings {
        &self.settings
    }

    /// How its input is made.
    #[must_use]
    pub const fn input(&self) -> InputTransform {
        self.input
    }

    /// Pixels along a side of its images.
    #[must_use]
    pub const fn side(&self) -> usize {
        self.net.architecture().side
    }

    pub(super) const fn file(&self) -> Option<&FileReference> {
        self.file.as_ref()
    }

    pub(super) const fn pixels(&self) -> usize {
        self.side() * self.side()
    }

    /// Bound of the curvature along a pixel that peaks at 1.
    pub(super) fn curvature(&self) -> f64 {
        self.settings.strength * self.input.steepest().powi(2) / noise_variance(self.settings.noise_level)
    }

    pub(super) fn scores(&self, input: &[f32], output: &mut [f32], space: &mut Workspace<f32>) {
        let evaluated = self.net.evaluate(input, self.settings.noise_level, output, space);
        evaluated.expect("inputs are whole images of the network");
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Space>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `f` with buffers that an earlier call has left, or with new ones.
    pub(super) fn with_space(&self, f: impl FnOnce(&mut Space)) {
        let left = self.spare().pop();
        let mut space = left.unwrap_or_else(|| Space::new(&self.net));
        f(&mut space);
        self.spare().push(space);
    }

    /// What is left of the noise, as a share of its variance, where the network takes it out of noisy images of `input`.
    ///
    /// It is what training makes small: |sqrt(v) s(z exp(-t/2) + sqrt(v) e, t) + e|^2 for each pixel, v the noise's
    /// variance and e normal, the mean over the same four draws always. 1 is what a network gets that does nothing.
    pub(super) fn denoising_error(&self, input: &[f32]) -> f64 {
        let t = self.settings.noise_level;
        let (mean, sd) = ((-0.5 * t).exp(), noise_variance(t).sqrt());
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut sum = 0.0;
        self.with_space(|space| {
            for _ in 0..DRAWS {
                let noise: Vec<f64> = input.iter().map(|_| StandardNormal.sample(&mut rng)).collect();
                let noisy = input.iter().zip(&noise).map(|(z, e)| (mean * f64::from(*z) + sd * e) as f32);
                space.input.iter_mut().zip(noisy).for_each(|(to, z)| *to = z);
                self.scores(&space.input, &mut space.output, &mut space.network);
                let left = space.output.iter().zip(&noise).map(|(s, e)| (sd * f64::from(*s) + e).powi(2));
                sum += left.sum::<f64>();
            }
        });
        sum / (DRAWS as usize * input.len()) as f64
    }
}

impl Shared for Learned {
    fn size(&self) -> usize {
        self.pixels()
    }

    fn prepare(&self, threads: usize) {
        let mut spare = self.spare();
        while spare.len() < threads {
            spare.push(Space::new(&self.net));
        }
    }

    fn evaluate(&self, inputs: &[f32], outputs: &mut [f32]) {
        self.with_space(|space| self.scores(inputs, outputs, &mut space.network));
    }
}
