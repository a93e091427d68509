//! Draws from a score network by annealed Langevin dynamics.

use crate::train::Random;
use crate::workers::Workers;
use crate::{NnError, PlannedNet, Scaling, ScoreNet};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

/// Images that are drawn together on one thread.
const TOGETHER: usize = 4;

/// How noise falls while images are drawn.
///
/// Levels fall geometrically. At level t a step is z += h t^2 s(z, t) + t sqrt(h (2 - h)) e with normal e; across the
/// images' manifold, where the score is -(z - x) / t^2, the variance is then t^2 for any h. The last step takes the noise
/// away, z += t^2 s.
///
/// Sources: Song & Ermon 2019, arXiv:1907.05600, algorithm 1; Jolicoeur-Martineau et al. 2020, arXiv:2009.05475, for the
/// last step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Annealing {
    /// First and last noise level, in network units.
    pub levels: [f64; 2],
    /// The number of levels.
    pub count: usize,
    /// Steps at each level.
    pub steps: usize,
    /// h, above 0 and at most 1.
    pub step: f64,
}

impl Annealing {
    /// From the highest level that a network was trained on to its lowest; from 10 to 0.02 where it does not say.
    #[must_use]
    pub const fn of(scaling: Scaling) -> Self {
        let levels = match scaling {
            Scaling::Direct => [10.0, 0.02],
            Scaling::Preconditioned { levels: [low, high], .. } => [high, low],
        };
        Self { levels, count: 60, steps: 4, step: 0.2 }
    }

    /// Takes `images`, drawn from the wide normal distribution of the first level, to draws from `score`.
    ///
    /// # Errors
    /// [`NnError::Training`]: levels that do not fall, no level or a step outside (0, 1]; what `score` returned.
    pub fn run(
        &self,
        images: &mut [f32],
        random: &mut Random,
        mut score: impl FnMut(&[f32], f64, &mut [f32]) -> Result<(), NnError>,
    ) -> Result<(), NnError> {
        let Self { levels: [high, low], count, steps, step } = *self;
        if !(high > low && low > 0.0 && count > 1 && step > 0.0 && step <= 1.0) {
            let problem = format!("{self:?} draws nothing: levels must fall to above 0, and 0 < step <= 1");
            return Err(NnError::Training { problem });
        }
        let mut scores = vec![0.0; images.len()];
        let ratio = (low / high).powf(1.0 / (count - 1) as f64);
        for k in 0..count {
            let t = high * ratio.powf(k as f64);
            let (move_by, noise) = ((step * t * t) as f32, (t * (step * (2.0 - step)).sqrt()) as f32);
            for _ in 0..steps {
                score(images, t, &mut scores)?;
                for (z, s) in images.iter_mut().zip(&scores) {
                    let e: f32 = StandardNormal.sample(random);
                    *z += move_by * s + noise * e;
                }
            }
        }
        score(images, low, &mut scores)?;
        images.iter_mut().zip(&scores).for_each(|(z, s)| *z += (low * low) as f32 * s);
        Ok(())
    }

    /// Draws `count` images from `net`, `[image, y, x]` in network units; image k of a seed is the same for any number of
    /// images and threads.
    ///
    /// # Errors
    /// As [`Annealing::run`].
    ///
    /// # Cost
    /// `count` x `steps` evaluations for each image.
    pub fn draw(&self, net: &ScoreNet, count: usize, seed: u64, threads: usize) -> Result<Vec<f32>, NnError> {
        let plan = PlannedNet::<f32>::new(net);
        let n = net.architecture().side * net.architecture().side;
        let pieces = Workers::new(threads)?.map(count.div_ceil(TOGETHER), |piece| {
            let mut random = Random::seed_from_u64(seed);
            random.set_stream(piece as u64);
            let wide = StandardNormal.sample_iter(&mut random).take(TOGETHER * n);
            let mut images: Vec<f32> = wide.map(|e: f32| self.levels[0] as f32 * e).collect();
            let mut space = plan.workspace();
            self.run(&mut images, &mut random, |z, t, out| plan.evaluate(z, t, out, &mut space))?;
            Ok(images)
        })?;
        Ok(pieces.into_iter().flatten().take(count * n).collect())
    }
}
