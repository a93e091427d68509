//! How a fit came to its end.

use crate::budget::Spent;
use scarlet::infer::Stop;

/// Why a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nothing changed any more.
    Converged,
    /// The number of steps was used up.
    MaxIterations,
    /// The time was used up.
    Time,
    /// Ctrl-C, or SIGTERM.
    Interrupted,
    /// The loss was not finite any more.
    NotFinite,
}

impl Ending {
    /// Of a fit that stopped so, by a callback that knew what was spent.
    #[must_use]
    pub const fn of(stop: Stop, spent: Option<Spent>) -> Self {
        match (spent, stop) {
            (_, Stop::NotFinite) => Self::NotFinite,
            (Some(Spent::Time), _) => Self::Time,
            (Some(Spent::Interrupted), _) | (None, Stop::Interrupted) => Self::Interrupted,
            (None, Stop::Converged) => Self::Converged,
            (None, Stop::MaxIterations) => Self::MaxIterations,
        }
    }

    /// The word for it: `converged`, `max_iterations`, `time`, `interrupted`, `not_finite`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::MaxIterations => "max_iterations",
            Self::Time => "time",
            Self::Interrupted => "interrupted",
            Self::NotFinite => "not_finite",
        }
    }

    /// Whether it ended before it was done: results are the best so far.
    #[must_use]
    pub const fn is_early(self) -> bool {
        matches!(self, Self::Time | Self::Interrupted | Self::NotFinite)
    }

    /// What to know and do about an early end.
    #[must_use]
    pub const fn advice(self) -> Option<&'static str> {
        match self {
            Self::Converged | Self::MaxIterations => None,
            Self::Time => Some("results are the best so far; give it more time with --time or fit.time_s"),
            Self::Interrupted => Some("results are the best so far; scene.json goes on from there"),
            Self::NotFinite => Some(
                "the loss was not finite: results are those of the best step before; look for \
                 weights or pixels of extreme values with `scarlet check`",
            ),
        }
    }
}
