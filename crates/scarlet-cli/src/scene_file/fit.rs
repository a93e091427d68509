//! What a scene file says of the fit.

use scarlet::infer::{Adam, Optimizer, Precision, Scaled, Yogi};
use serde::Deserialize;
use std::time::Duration;

/// How to fit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FitSpec {
    /// The optimiser.
    pub optimizer: OptimizerKind,
    /// Steps at most.
    pub max_iter: usize,
    /// Relative change of every parameter below which `adam` and `yogi` have converged.
    pub e_rel: f64,
    /// Decrease of chi2 in ten steps, for each free value, below which `scaled` has converged.
    pub e_chi2: f64,
    /// What becomes of the boxes of free-form images.
    pub boxes: BoxesKind,
    /// Threads; 0 for one on each core.
    pub threads: usize,
    /// Type of the pixels.
    pub precision: PrecisionKind,
    /// Seconds, from the start of the program, after which no step begins; start values get half of them at most. No limit
    /// where not given.
    pub time_s: Option<f64>,
    /// Memory that may be used, in 1e6 bytes, in place of what the system has.
    pub memory_mb: Option<f64>,
}

impl Default for FitSpec {
    fn default() -> Self {
        let Adam { max_iter, e_rel, .. } = Adam::default();
        Self {
            optimizer: OptimizerKind::Scaled,
            max_iter,
            e_rel,
            e_chi2: Scaled::default().e_chi2,
            boxes: BoxesKind::Adapt,
            threads: 1,
            precision: PrecisionKind::Single,
            time_s: None,
            memory_mb: None,
        }
    }
}

/// An optimiser by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// [`Scaled`]: no steps to set.
    Scaled,
    /// [`Adam`].
    Adam,
    /// [`Yogi`].
    Yogi,
}

/// What becomes of boxes during a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BoxesKind {
    /// They grow and shrink.
    Adapt,
    /// They stay as they are at the start.
    Fixed,
}

/// A pixel type by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrecisionKind {
    /// 32 bits.
    Single,
    /// 64 bits.
    Double,
}

impl FitSpec {
    /// The optimiser with its settings.
    #[must_use]
    pub fn optimizer(&self) -> Box<dyn Optimizer> {
        let Self { max_iter, e_rel, e_chi2, .. } = *self;
        match self.optimizer {
            OptimizerKind::Scaled => Box::new(Scaled { max_iter, e_chi2, ..Scaled::default() }),
            OptimizerKind::Adam => Box::new(Adam { max_iter, e_rel, ..Adam::default() }),
            OptimizerKind::Yogi => Box::new(Yogi { max_iter, e_rel, ..Yogi::default() }),
        }
    }

    /// The time after which no step begins.
    #[must_use]
    pub fn time(&self) -> Option<Duration> {
        self.time_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }

    /// The pixel type.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        match self.precision {
            PrecisionKind::Single => Precision::Single,
            PrecisionKind::Double => Precision::Double,
        }
    }
}
