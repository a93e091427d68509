//! One chain of nuts-rs on a whitened density.

use super::{LogDensity, MassMatrix, Nuts, Whitening};
use crate::InferError;
use nuts_rs::{
    Chain, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, LowRankNutsSettings,
    Settings, Storable, Value,
};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// Starts that are tried before a chain gives up.
const TRIES: usize = 20;

/// A density that the chains of one thread share.
pub(super) type Shared = Rc<RefCell<Box<dyn LogDensity>>>;

/// What a draw says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct DrawStatistics {
    pub(super) log_density: f64,
    pub(super) energy: f64,
    pub(super) acceptance: f64,
    pub(super) step_size: f64,
    pub(super) depth: u64,
    pub(super) steps: u64,
    pub(super) is_diverging: bool,
    pub(super) is_deepest: bool,
}

/// A chain, whatever its mass matrix.
pub(super) trait Walk {
    /// Moves on by one draw, written into `x`.
    fn draw(&mut self, x: &mut [f64]) -> Result<DrawStatistics, InferError>;
}

/// The density or its gradient is not finite: a divergence.
#[derive(Debug, thiserror::Error)]
#[error("the density or its gradient is not finite")]
pub(super) struct NotFinite;

impl LogpError for NotFinite {
    fn is_recoverable(&self) -> bool {
        true
    }
}

/// A density as a function of z.
struct Whitened {
    density: Shared,
    whitening: Arc<Whitening>,
    x: Vec<f64>,
}

impl HasDims for Whitened {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_owned(), self.x.len() as u64)])
    }
}

impl CpuLogpFunc for Whitened {
    type LogpError = NotFinite;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn dim(&self) -> usize {
        self.x.len()
    }

    fn logp(&mut self, z: &[f64], gradient: &mut [f64]) -> Result<f64, NotFinite> {
        self.whitening.forward(z, &mut self.x);
        let value = self.density.borrow_mut().log_density_and_gradient(&self.x, gradient);
        if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            return Err(NotFinite);
        }
        self.whitening.pull_back(gradient);
        Ok(value)
    }

    fn expand_vector<R: rand::Rng + ?Sized>(
        &mut self,
        _: &mut R,
        _: &[f64],
    ) -> Result<Vec<f64>, CpuMathError> {
        Ok(Vec::new())
    }
}

/// Begins chain number `chain`, at `start` or, without one, at a draw of the whitening.
pub(super) fn begin(
    nuts: &Nuts,
    chain: usize,
    density: &Shared,
    whitening: &Arc<Whitening>,
    start: Option<&[f64]>,
) -> Result<Box<dyn Walk>, InferError> {
    let mut rng = ChaCha8Rng::seed_from_u64(nuts.seed);
    rng.set_stream(chain as u64 + 1);
    let dim = whitening.dim();
    let math = || {
        let (density, whitening) = (Rc::clone(density), Arc::clone(whitening));
        CpuMath::new(Whitened { density, whitening, x: vec![0.0; dim] })
    };
    match nuts.mass_matrix {
        MassMatrix::Diagonal => {
            let mut settings = DiagNutsSettings::default();
            nuts.apply(&mut settings);
            placed(settings, chain, math, &mut rng, whitening, start)
        }
        MassMatrix::LowRank => {
            let mut settings = LowRankNutsSettings::default();
            nuts.apply(&mut settings);
            placed(settings, chain, math, &mut rng, whitening, start)
        }
    }
}

/// Puts a chain where the density is finite.
fn placed<S>(
    settings: S,
    chain: usize,
    math: impl Fn() -> CpuMath<Whitened>,
    rng: &mut ChaCha8Rng,
    whitening: &Arc<Whitening>,
    start: Option<&[f64]>,
) -> Result<Box<dyn Walk>, InferError>
where
    S: Settings,
    S::Chain<CpuMath<Whitened>>: 'static,
{
    let mut z = vec![0.0; whitening.dim()];
    let mut failure = None;
    for attempt in 0..TRIES {
        match start {
            Some(x) => whitening.inverse(x, &mut z),
            // later attempts begin nearer to the maximum
            None => {
                let width = 1.0 / (1.0 + attempt as f64 / 4.0);
                z.iter_mut().for_each(|z| *z = width * Distribution::<f64>::sample(&StandardNormal, rng));
            }
        }
        let mut walker = settings.new_chain(chain as u64, math(), rng).map_err(|e| sampler(&e))?;
        match walker.set_position(&z) {
            Ok(()) => {
                return Ok(Box::new(Walker { chain: walker, whitening: Arc::clone(whitening) }));
            }
            Err(error) => failure = Some(sampler(&error)),
        }
        if start.is_some() {
            break;
        }
    }
    Err(failure.unwrap_or(InferError::Sampler { problem: "no start was tried".to_owned() }))
}

fn sampler(error: &impl std::fmt::Display) -> InferError {
    InferError::Sampler { problem: error.to_string() }
}

/// A chain of nuts-rs, with what turns its z into x.
struct Walker<C> {
    chain: C,
    whitening: Arc<Whitening>,
}

impl<C: Chain<CpuMath<Whitened>>> Walk for Walker<C> {
    fn draw(&mut self, x: &mut [f64]) -> Result<DrawStatistics, InferError> {
        let (z, _, mut stats, _) = self.chain.expanded_draw().map_err(|e| sampler(&e))?;
        self.whitening.forward(&z, x);
        let mut said = DrawStatistics::default();
        let math = self.chain.math();
        for (name, value) in stats.get_all(&From::from(&*math)) {
            said.hear(name, value);
        }
        Ok(said)
    }
}

impl DrawStatistics {
    /// Keeps a number of nuts-rs by its name there.
    fn hear(&mut self, name: &str, value: Option<Value>) {
        match (name, value) {
            ("logp", Some(Value::ScalarF64(value))) => self.log_density = value,
            ("energy", Some(Value::ScalarF64(value))) => self.energy = value,
            ("mean_tree_accept", Some(Value::ScalarF64(value))) => self.acceptance = value,
            ("step_size", Some(Value::ScalarF64(value))) => self.step_size = value,
            ("depth", Some(Value::ScalarU64(value))) => self.depth = value,
            ("n_steps", Some(Value::ScalarU64(value))) => self.steps = value,
            ("diverging", Some(Value::ScalarBool(value))) => self.is_diverging = value,
            ("maxdepth_reached", Some(Value::ScalarBool(value))) => self.is_deepest = value,
            _ => {}
        }
    }
}
