//! The commands of the program.

pub mod check;
pub mod demo;
pub mod fit;
pub mod prior;
mod progress;
pub mod sample;
pub mod simulate;

use crate::budget::Interrupts;
use crate::log::Log;
use std::time::Instant;

/// What a command was started with: how it speaks, when it began, who may end it.
#[derive(Debug, Clone)]
pub struct Session {
    /// Where lines for people or machines go.
    pub log: Log,
    /// Whether somebody asked for an end.
    pub interrupts: Interrupts,
    /// When it began.
    pub started: Instant,
}

impl Session {
    /// One that begins now.
    #[must_use]
    pub fn new(log: Log, interrupts: Interrupts) -> Self {
        Self { log, interrupts, started: Instant::now() }
    }
}

/// How a command came to its end, where it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// All was done.
    Done,
    /// A fit ended before it was done; its results are the best so far.
    Early,
    /// A check found errors.
    FoundErrors,
    /// Chains disagree: their draws are not those of one posterior.
    NotMixed,
}

impl Finish {
    /// The program's exit code for it: 0, 3, 4, 5.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Early => 3,
            Self::FoundErrors => 4,
            Self::NotMixed => 5,
        }
    }
}

/// The exit codes, as `--help` says them.
pub const EXIT_CODES: &str = "\
Exit codes:
  0    done; everything is written
  1    an error: nothing under its final name is half written
  2    the command line was not understood
  3    the fit or the chains ended early (time, Ctrl-C, loss not finite): the best so far is written, and flagged
  4    check: there are findings that are errors
  5    sample: chains disagree (R-hat above the limit); they are written, and flagged
  130  stopped at once by a second Ctrl-C";
