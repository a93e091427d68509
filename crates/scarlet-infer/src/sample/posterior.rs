//! Posteriors as samplers see them: what they refuse, where chains begin, and what their draws are called.

use super::{ChainColumn, Chains, Draws, LogDensity, Whitening};
use crate::{InferError, Posterior, PosteriorBuilder};
use ndarray::Array3;
use scarlet_model::{Layout, Prior, Scene, Slot};
use scarlet_obs::Observation;
use std::ops::Range;
use std::time::Instant;

/// Shifts of all unconstrained values at which the data are asked whether they say anything about one.
const SHIFTS: [f64; 3] = [0.0, 0.05, -0.05];
/// Up to so many values the curvature of each source is measured, beyond it the diagonal alone.
const MOST: usize = 10_000;
/// Gradients that are timed.
const TIMED: u32 = 5;
/// Most values that are measured together.
const LARGEST: usize = 1024;

/// Everything that chains of a posterior begin with: a scene and observations that a posterior is planned from anew for
/// each thread, the values to begin around, and the change of variables there.
///
/// ```no_run
/// # fn f(scene: scarlet_model::Scene, observations: Vec<scarlet_obs::Observation>)
/// #     -> Result<(), Box<dyn std::error::Error>> {
/// use scarlet_infer::sample::{Nuts, PosteriorStart};
/// use scarlet_infer::{Posterior, Scaled};
///
/// let mut posterior = Posterior::new(&scene, &observations)?;
/// let fit = posterior.fit(&Scaled::default())?;
/// let start = PosteriorStart::new(Posterior::builder(), &scene, &observations, &fit.x)?;
/// let chains = start.chains(&Nuts::default())?;
/// println!("{:?}", chains.column("star.spectrum[0]"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PosteriorStart<'a> {
    builder: PosteriorBuilder,
    scene: &'a Scene,
    observations: &'a [Observation],
    layout: Layout,
    /// Change of variables that makes the density rounder; from the curvature at the start unless it is replaced.
    pub whitening: Whitening,
}

impl<'a> PosteriorStart<'a> {
    /// Around the unconstrained values `x`: those of a fit, or of [`Posterior::start`].
    ///
    /// # Errors
    /// - As [`Posterior::new`].
    /// - [`InferError::NotFiniteAtStart`]: the density is 0 at `x`.
    /// - [`InferError::Improper`]: a parameter without a prior that the data say nothing about.
    pub fn new(
        builder: PosteriorBuilder,
        scene: &'a Scene,
        observations: &'a [Observation],
        x: &[f64],
    ) -> Result<Self, InferError> {
        let mut posterior = builder.build(scene, observations)?;
        let mut gradient = vec![0.0; posterior.dim()];
        let value = posterior.log_density_and_gradient(x, &mut gradient);
        if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            let suspect = posterior.suspect(x);
            return Err(InferError::NotFiniteAtStart { value, suspect });
        }
        check_proper(&mut posterior, x)?;
        let whitening = whitening_of(&mut posterior, x)?;
        Ok(Self { builder, scene, observations, layout: posterior.layout().clone(), whitening })
    }

    /// Where every parameter is in the flat vectors.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) const fn scene(&self) -> &'a Scene {
        self.scene
    }

    pub(super) const fn observations(&self) -> &'a [Observation] {
        self.observations
    }

    /// A posterior of its own.
    ///
    /// # Errors
    /// As [`Posterior::new`].
    pub fn posterior(&self) -> Result<Posterior, InferError> {
        self.builder.build(self.scene, self.observations)
    }

    /// Wall-clock seconds that a gradient takes on one thread, the whitening with it.
    ///
    /// # Errors
    /// As [`Posterior::new`].
    pub fn seconds_a_gradient(&self) -> Result<f64, InferError> {
        let mut posterior = self.posterior()?;
        let z = vec![0.0; self.layout.dim()];
        let (mut x, mut gradient) = (z.clone(), z.clone());
        let started = Instant::now();
        for _ in 0..TIMED {
            self.whitening.forward(&z, &mut x);
            posterior.log_density_and_gradient(&x, &mut gradient);
            self.whitening.pull_back(&mut gradient);
        }
        Ok(started.elapsed().as_secs_f64() / f64::from(TIMED))
    }

    /// Refuses what NUTS cannot sample.
    ///
    /// # Errors
    /// [`InferError::ScoreOnly`] names the first parameter whose prior is only a score.
    pub fn check_densities(&self) -> Result<(), InferError> {
        match self.layout.slots().iter().find(|slot| slot.is_free() && is_score(slot)) {
            Some(slot) => Err(InferError::ScoreOnly { parameter: slot.path.clone() }),
            None => Ok(()),
        }
    }

    /// Draws with NUTS.
    ///
    /// # Errors
    /// As [`PosteriorStart::check_densities`] and [`Nuts::sample_from`](super::Nuts::sample_from).
    pub fn chains(&self, nuts: &super::Nuts) -> Result<Chains, InferError> {
        self.check_densities()?;
        self.named(&nuts.sample(&|| self.posterior(), &self.whitening)?)
    }

    /// The values of draws, with names.
    ///
    /// # Errors
    /// Draws of another posterior.
    pub fn named(&self, draws: &Draws) -> Result<Chains, InferError> {
        let columns = free_columns(&self.layout);
        let (chains, count, dim) = draws.x.dim();
        if dim != self.layout.dim() {
            let problem =
                format!("draws of {dim} unconstrained values, and a posterior of {}", self.layout.dim());
            return Err(InferError::Chains { problem });
        }
        let mut out = Array3::zeros((chains, count, columns.len()));
        let mut values = self.layout.start_values().to_vec();
        for c in 0..chains {
            for d in 0..count {
                let x: Vec<f64> = (0..dim).map(|k| draws.x[[c, d, k]]).collect();
                self.layout.forward(&x, &mut values);
                let free = self.layout.slots().iter().filter(|slot| slot.is_free());
                let kept = free.flat_map(|slot| values[slot.values.clone()].iter());
                kept.enumerate().for_each(|(k, value)| out[[c, d, k]] = *value);
            }
        }
        Chains::new(columns, out, draws.statistics.clone())
    }

    /// All values of the model, fixed ones included, of the columns of a draw.
    #[must_use]
    pub fn values_of(&self, columns: &[f64]) -> Vec<f64> {
        let mut values = self.layout.start_values().to_vec();
        let mut rest = columns;
        for slot in self.layout.slots().iter().filter(|slot| slot.is_free()) {
            let (own, others) = rest.split_at(slot.values.len());
            values[slot.values.clone()].copy_from_slice(own);
            rest = others;
        }
        values
    }

    /// The unconstrained values of a draw, `[chain, draw]`.
    pub(super) fn unconstrained(&self, chains: &Chains, [c, d]: [usize; 2]) -> Result<Vec<f64>, InferError> {
        let free = chains.columns().iter().enumerate().filter(|(_, column)| !column.is_derived);
        let columns: Vec<f64> = free.map(|(k, _)| chains.values()[[c, d, k]]).collect();
        Ok(self.layout.inverse(&self.values_of(&columns))?)
    }

    /// The last draw of each chain as unconstrained values, and a [`Whitening`] from all draws, or that of this start where
    /// draws are too few for so many values: what chains that go on need.
    ///
    /// # Errors
    /// Chains of another posterior, or values outside their constraints.
    pub fn resumed(&self, chains: &Chains) -> Result<(Vec<Vec<f64>>, Whitening), InferError> {
        let names = free_columns(&self.layout);
        let own: Vec<&ChainColumn> = chains.columns().iter().filter(|column| !column.is_derived).collect();
        if own.len() != names.len() || own.iter().zip(&names).any(|(a, b)| **a != *b) {
            let problem = "the chains to go on with have other parameters than this scene".to_owned();
            return Err(InferError::Chains { problem });
        }
        let mut all = Vec::with_capacity(chains.chains() * chains.draws());
        for c in 0..chains.chains() {
            for d in 0..chains.draws() {
                all.push(self.unconstrained(chains, [c, d])?);
            }
        }
        let last = (0..chains.chains()).map(|c| all[(c + 1) * chains.draws() - 1].clone()).collect();
        let whitening = match self.layout.dim() > Whitening::DENSE {
            true => self.whitening.clone(),
            false => Whitening::of_draws(&all, self.layout.dim()),
        };
        Ok((last, whitening))
    }
}

/// The names of the values of all free parameters: `star.center[0]`; `disk.size` for a single number.
#[must_use]
pub fn free_columns(layout: &Layout) -> Vec<ChainColumn> {
    let name = |slot: &Slot, k: usize| match slot.values.len() {
        1 => slot.path.clone(),
        _ => format!("{}[{k}]", slot.path),
    };
    let free = layout.slots().iter().filter(|slot| slot.is_free());
    free.flat_map(|slot| {
        (0..slot.values.len()).map(move |k| ChainColumn { name: name(slot, k), is_derived: false })
    })
    .collect()
}

/// The free parameters without a prior: the density of their values is flat within their constraints.
#[must_use]
pub fn unnormalised(layout: &Layout) -> Vec<String> {
    let free = layout.slots().iter().filter(|slot| slot.is_free() && slot.prior.is_none());
    free.map(|slot| slot.path.clone()).collect()
}

fn is_score(slot: &Slot) -> bool {
    matches!(slot.prior, Some(Prior::Score(_)))
}

/// Whitening by the curvature at `x`: of few values all of it, of more that of each source by itself, of very many its diagonal.
fn whitening_of(posterior: &mut Posterior, x: &[f64]) -> Result<Whitening, InferError> {
    let dim = posterior.dim();
    if dim <= Whitening::DENSE || dim > MOST {
        return Whitening::at(posterior, x);
    }
    let blocks = blocks_of(posterior.layout());
    let near = Whitening::in_blocks(&mut Linearised::at(posterior, x), x, &blocks);
    let top = near.climb(posterior);
    Ok(Whitening::in_blocks(&mut Linearised::at(posterior, &top), &top, &blocks))
}

/// Runs of the unconstrained values of one source each, in pieces of at most [`LARGEST`].
fn blocks_of(layout: &Layout) -> Vec<Range<usize>> {
    let source = |slot: &Slot| slot.path.split('.').next().map(str::to_owned);
    let mut runs: Vec<(Option<String>, Range<usize>)> = Vec::new();
    for slot in layout.slots().iter().filter(|slot| slot.is_free()) {
        match runs.last_mut() {
            Some((last, run)) if *last == source(slot) => run.end = slot.unconstrained.end,
            _ => runs.push((source(slot), slot.unconstrained.clone())),
        }
    }
    let pieces = |run: Range<usize>| {
        let length = run.len().div_ceil(run.len().div_ceil(LARGEST));
        run.clone().step_by(length).map(move |first| first..(first + length).min(run.end))
    };
    runs.into_iter().flat_map(|(_, run)| pieces(run)).collect()
}

/// A posterior whose constraints are straight lines, those that touch them at `x`, and whose log-determinants are parabolas.
///
/// At the maximum with determinants the slopes of likelihood and priors are minus those of the log-determinants. For
/// y = exp(x) the curvature there is that of the straight lines plus 1, the slope of the log-determinant: always positive,
/// where that at another place, of the maximum in y say, need not be.
struct Linearised<'a> {
    posterior: &'a mut Posterior,
    x: &'a [f64],
    values: Vec<f64>,
    of_determinant: Vec<f64>,
}

impl<'a> Linearised<'a> {
    fn at(posterior: &'a mut Posterior, x: &'a [f64]) -> Self {
        let layout = posterior.layout();
        let (mut values, mut of_determinant) = (layout.start_values().to_vec(), vec![0.0; x.len()]);
        layout.forward(x, &mut values);
        layout.log_det(x, &mut of_determinant);
        of_determinant.iter_mut().for_each(|slope| *slope = slope.max(0.0));
        Self { posterior, x, values, of_determinant }
    }
}

impl LogDensity for Linearised<'_> {
    fn dim(&self) -> usize {
        self.x.len()
    }

    fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let value = self.posterior.value_and_gradient(x, gradient);
        let by_values = self.posterior.gradient_of_values();
        self.posterior.layout().pull_back(self.x, &self.values, by_values, gradient);
        let off = x.iter().zip(self.x).map(|(x, center)| x - center);
        gradient
            .iter_mut()
            .zip(off)
            .zip(&self.of_determinant)
            .for_each(|((g, off), slope)| *g -= slope * off);
        value
    }
}

/// Refuses parameters that neither a prior nor the data say anything about.
fn check_proper(posterior: &mut Posterior, x: &[f64]) -> Result<(), InferError> {
    let mut is_told = vec![false; posterior.layout().values_len()];
    let mut gradient = vec![0.0; x.len()];
    for shift in SHIFTS {
        let moved: Vec<f64> = x.iter().map(|x| x + shift).collect();
        posterior.value_and_gradient(&moved, &mut gradient);
        is_told.iter_mut().zip(posterior.gradient_of_values()).for_each(|(told, g)| *told |= *g != 0.0);
    }
    for slot in posterior.layout().slots().iter().filter(|slot| slot.is_free() && slot.prior.is_none()) {
        if let Some(k) = is_told[slot.values.clone()].iter().position(|told| !told) {
            return Err(InferError::Improper { parameter: slot.path.clone(), element: k });
        }
    }
    Ok(())
}
