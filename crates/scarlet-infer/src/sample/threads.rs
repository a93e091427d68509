//! Many chains on a few threads.

use super::chain::{DrawStatistics, Shared, Walk};
use super::{Draws, LogDensity, Nuts, SampleStatistics, Whitening};
use crate::InferError;
use ndarray::{Array2, Array3};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// After so many draws from the start, all of them divergent or not moving, a chain is given up.
const HOPELESS: usize = 100;
/// A step, in units of the width of the density, that leads nowhere.
const NO_STEP: f64 = 1e-9;
/// Draws that a chain must have to be a chain.
const LEAST: usize = 4;
/// How long an end that somebody wants may stay unknown.
const PATIENCE: Duration = Duration::from_millis(100);

/// How far a sampler is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleProgress {
    /// Draws made by all chains, warm-up included.
    pub done: usize,
    /// Draws that all chains together will make.
    pub total: usize,
    /// Whether a chain still warms up.
    pub is_warmup: bool,
    /// Divergent draws after the warm-up so far.
    pub divergences: usize,
    /// Gradients evaluated by all chains.
    pub gradients: u64,
}

/// What a thread says after each draw of a chain.
#[derive(Clone, Copy, Default)]
struct Turn {
    chain: usize,
    made: usize,
    divergences: usize,
    gradients: u64,
}

/// A density that is nowhere finite any more once somebody wants an end: the trajectory that is under way breaks off.
struct Stoppable {
    density: Box<dyn LogDensity>,
    stop: Arc<AtomicBool>,
}

impl LogDensity for Stoppable {
    fn dim(&self) -> usize {
        self.density.dim()
    }

    fn log_density_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        match self.stop.load(Ordering::Relaxed) {
            true => f64::NAN,
            false => self.density.log_density_and_gradient(x, gradient),
        }
    }
}

/// What a chain left.
#[derive(Default)]
struct Record {
    x: Vec<f64>,
    statistics: Vec<DrawStatistics>,
    gradients: u64,
}

/// How a chain of a number begins.
pub(super) type Begin<'a> =
    dyn Fn(&Nuts, usize, &Shared, &Arc<Whitening>) -> Result<Box<dyn Walk>, InferError> + Sync + 'a;

/// What makes the density of a thread.
pub(super) type Make<'a> = dyn Fn() -> Result<Box<dyn LogDensity>, InferError> + Sync + 'a;

/// Runs all chains, on as many threads as `nuts` says.
pub(super) fn run(
    nuts: &Nuts,
    make: &Make<'_>,
    whitening: &Whitening,
    begin: &Begin<'_>,
    watch: &mut dyn FnMut(&SampleProgress) -> ControlFlow<()>,
) -> Result<Draws, InferError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if nuts.threads == 0 { cores } else { nuts.threads }.min(nuts.chains);
    let (stop, whitening) = (Arc::new(AtomicBool::new(false)), Arc::new(whitening.clone()));
    let (tell, told) = mpsc::channel::<Turn>();
    let mut turns = vec![Turn::default(); nuts.chains];
    let mut outcomes = Vec::new();
    std::thread::scope(|scope| {
        let mut workers = Vec::new();
        for thread in 0..threads {
            let (tell, stop, whitening) = (tell.clone(), &stop, &whitening);
            let own: Vec<usize> = (thread..nuts.chains).step_by(threads).collect();
            workers.push(scope.spawn(move || {
                let work = Work { nuts, make, whitening, begin, stop, tell };
                let outcome = worker(&work, &own);
                if outcome.is_err() {
                    stop.store(true, Ordering::Relaxed);
                }
                outcome
            }));
        }
        drop(tell);
        loop {
            match told.recv_timeout(PATIENCE) {
                Ok(turn) => turns[turn.chain] = turn,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if watch(&progress(nuts, &turns)).is_break() {
                stop.store(true, Ordering::Relaxed);
            }
        }
        outcomes.extend(workers.into_iter().map(|w| match w.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        }));
    });
    let mut records: Vec<(usize, Record)> = Vec::new();
    for outcome in outcomes {
        records.extend(outcome?);
    }
    records.sort_by_key(|(chain, _)| *chain);
    let made = turns.iter().map(|turn| turn.made).min().unwrap_or(0);
    gathered(nuts, whitening.dim(), made, records.into_iter().map(|(_, record)| record).collect())
}

fn progress(nuts: &Nuts, turns: &[Turn]) -> SampleProgress {
    SampleProgress {
        done: turns.iter().map(|turn| turn.made).sum(),
        total: nuts.total() * nuts.chains,
        is_warmup: turns.iter().any(|turn| turn.made < nuts.warmup),
        divergences: turns.iter().map(|turn| turn.divergences).sum(),
        gradients: turns.iter().map(|turn| turn.gradients).sum(),
    }
}

/// What a thread needs.
struct Work<'a> {
    nuts: &'a Nuts,
    make: &'a Make<'a>,
    whitening: &'a Arc<Whitening>,
    begin: &'a Begin<'a>,
    stop: &'a Arc<AtomicBool>,
    tell: mpsc::Sender<Turn>,
}

/// Lets the chains of one thread take turns until all are done.
fn worker(work: &Work<'_>, own: &[usize]) -> Result<Vec<(usize, Record)>, InferError> {
    let density = Stoppable { density: (work.make)()?, stop: Arc::clone(work.stop) };
    let density: Shared = Rc::new(RefCell::new(Box::new(density)));
    let mut chains = Vec::new();
    for chain in own {
        match (work.begin)(work.nuts, *chain, &density, work.whitening) {
            Ok(walk) => chains.push(Going::new(*chain, walk, work.whitening.dim())),
            Err(_) if work.stop.load(Ordering::Relaxed) => {}
            Err(error) => return Err(error),
        }
    }
    for _ in 0..work.nuts.total() {
        for chain in &mut chains {
            if work.stop.load(Ordering::Relaxed) {
                break;
            }
            chain.go_on(work.nuts, work.stop)?;
            // Where nobody listens any more, the end is near.
            let _ = work.tell.send(chain.turn());
        }
        if work.stop.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(chains.into_iter().map(|going| (going.chain, going.record)).collect())
}

/// A chain that has not come to its end.
struct Going {
    chain: usize,
    walk: Box<dyn Walk>,
    made: usize,
    x: Vec<f64>,
    stuck_from_start: usize,
    divergences: usize,
    record: Record,
}

impl Going {
    fn new(chain: usize, walk: Box<dyn Walk>, dim: usize) -> Self {
        let (x, record) = (vec![0.0; dim], Record::default());
        Self { chain, walk, made: 0, x, stuck_from_start: 0, divergences: 0, record }
    }

    fn turn(&self) -> Turn {
        let Self { chain, made, divergences, .. } = *self;
        Turn { chain, made, divergences, gradients: self.record.gradients }
    }

    /// Makes one draw, which does not count where somebody wanted an end meanwhile.
    fn go_on(&mut self, nuts: &Nuts, stop: &AtomicBool) -> Result<(), InferError> {
        let drawn = self.walk.draw(&mut self.x);
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let statistics = drawn?;
        self.record.gradients += statistics.steps;
        let is_stuck = statistics.is_diverging || statistics.step_size < NO_STEP;
        if is_stuck && self.stuck_from_start == self.made {
            self.stuck_from_start += 1;
        }
        if self.stuck_from_start == HOPELESS {
            return Err(InferError::AlwaysDiverging { chain: self.chain, draws: HOPELESS });
        }
        if self.made >= nuts.warmup && (self.made - nuts.warmup + 1).is_multiple_of(nuts.thin) {
            self.record.x.extend_from_slice(&self.x);
            self.record.statistics.push(statistics);
            self.divergences += usize::from(statistics.is_diverging);
        }
        self.made += 1;
        Ok(())
    }
}

/// The records as arrays: of so many chains that most draws are kept when all are cut to the shortest.
fn gathered(nuts: &Nuts, dim: usize, made: usize, records: Vec<Record>) -> Result<Draws, InferError> {
    let mut lengths: Vec<usize> = records.iter().map(|record| record.statistics.len()).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let kept = (1..).zip(&lengths).max_by_key(|(chains, draws)| chains * **draws);
    let draws = kept.map_or(0, |(_, draws)| *draws);
    if draws < LEAST {
        return Err(InferError::NothingDrawn { made, warmup: nuts.warmup });
    }
    let gradients = records.iter().map(|record| record.gradients).sum();
    let records: Vec<Record> =
        records.into_iter().filter(|record| record.statistics.len() >= draws).collect();
    let chains = records.len();
    let x = Array3::from_shape_fn((chains, draws, dim), |(c, d, k)| records[c].x[d * dim + k]);
    let of = |f: &dyn Fn(&DrawStatistics) -> f64| {
        Array2::from_shape_fn((chains, draws), |(c, d)| f(&records[c].statistics[d]))
    };
    let statistics = SampleStatistics {
        log_density: of(&|s| s.log_density),
        energy: of(&|s| s.energy),
        acceptance: of(&|s| s.acceptance),
        step_size: of(&|s| s.step_size),
        tree_depth: of(&|s| s.depth as f64).mapv(|v| v as i64),
        steps: of(&|s| s.steps as f64).mapv(|v| v as i64),
        is_diverging: of(&|s| f64::from(u8::from(s.is_diverging))).mapv(|v| v > 0.5),
        is_deepest: of(&|s| f64::from(u8::from(s.is_deepest))).mapv(|v| v > 0.5),
    };
    Ok(Draws { x, statistics, is_interrupted: draws < nuts.draws || chains < nuts.chains, gradients })
}
