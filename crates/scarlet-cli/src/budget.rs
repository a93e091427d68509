//! How long a fit may take: a time, and the patience of whoever started it.
//!
//! It is asked while start values are improved, before the first step and after each one; reading and writing are never cut
//! short.

use crate::log::{Level, Log};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Exit code of a program that was ended by a second Ctrl-C, as shells have it: 128 + SIGINT.
pub const ABORTED: i32 = 130;

/// How often somebody asked for an end: Ctrl-C, or SIGTERM.
#[derive(Debug, Clone, Default)]
pub struct Interrupts {
    count: Arc<AtomicUsize>,
}

impl Interrupts {
    /// Counts from now on the signals of this process and says so; the second one ends it at once with code
    /// [`ABORTED`].
    ///
    /// To be called once, by the program; where the system refuses, signals do what they do by default.
    #[must_use]
    pub fn of_process(log: Log) -> Self {
        let interrupts = Self::default();
        let count = Arc::clone(&interrupts.count);
        let _ = ctrlc::set_handler(move || {
            if count.fetch_add(1, Ordering::SeqCst) > 0 {
                std::process::exit(ABORTED);
            }
            let told = "ending after this step and writing the best so far; again to stop at once";
            log.say(Level::Warning, "interrupted", told, &[]);
        });
        interrupts
    }

    /// Asks for an end, as Ctrl-C does.
    pub fn interrupt(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether an end was asked for.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 0
    }
}

/// Why a fit ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// The time is used up.
    Time,
    /// Ctrl-C, or SIGTERM.
    Interrupted,
}

/// What a fit may use: until when, and whether somebody asked for an end.
#[derive(Debug, Clone)]
pub struct Budget {
    deadline: Option<Instant>,
    interrupts: Interrupts,
    last: Instant,
    spent: Option<Spent>,
    is_hurried: bool,
}

impl Budget {
    /// `time` from `started` on, where one is given; a time beyond what the clock holds is no limit.
    #[must_use]
    pub fn new(started: Instant, time: Option<Duration>, interrupts: Interrupts) -> Self {
        let deadline = time.and_then(|time| started.checked_add(time));
        Self { deadline, interrupts, last: Instant::now(), spent: None, is_hurried: false }
    }

    /// Why the fit ended, where it did for this.
    #[must_use]
    pub const fn spent(&self) -> Option<Spent> {
        self.spent
    }

    /// When a part ends that gets `share` of the time that is left; never where there is no limit.
    #[must_use]
    pub fn part(&self, share: f64) -> Option<Instant> {
        let now = Instant::now();
        self.deadline.map(|deadline| now + deadline.saturating_duration_since(now).mul_f64(share))
    }

    /// Whether start values may still be improved, until `end`; that they may not is remembered.
    pub fn prepare(&mut self, end: Option<Instant>) -> ControlFlow<()> {
        let is_over = end.is_some_and(|end| Instant::now() >= end) || self.interrupts.is_interrupted();
        self.is_hurried |= is_over;
        if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Whether start values were not improved to the end.
    #[must_use]
    pub const fn is_hurried(&self) -> bool {
        self.is_hurried
    }

    /// Whether the fit may begin at all.
    pub fn begin(&mut self) -> ControlFlow<()> {
        self.last = Instant::now();
        self.at(self.last)
    }

    /// Whether there is time for one more step as long as the last one.
    pub fn step(&mut self) -> ControlFlow<()> {
        let now = Instant::now();
        let ahead = now + (now - self.last);
        self.last = now;
        self.at(ahead)
    }

    fn at(&mut self, when: Instant) -> ControlFlow<()> {
        if self.interrupts.is_interrupted() {
            self.spent = Some(Spent::Interrupted);
        } else if self.deadline.is_some_and(|deadline| when >= deadline) {
            self.spent = Some(Spent::Time);
        }
        if self.spent.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// No limit, and nobody to interrupt.
impl Default for Budget {
    fn default() -> Self {
        Self::new(Instant::now(), None, Interrupts::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_when_the_next_step_would_be_too_late() {
        let started = Instant::now();
        let mut budget = Budget::new(started, Some(Duration::from_millis(50)), Interrupts::default());
        assert!(budget.begin().is_continue() && budget.step().is_continue());
        std::thread::sleep(Duration::from_millis(30));
        assert!(budget.step().is_break());
        assert_eq!(budget.spent(), Some(Spent::Time));
    }

    #[test]
    fn no_time_is_no_limit_and_an_interrupt_is_one() {
        let interrupts = Interrupts::default();
        let mut budget = Budget::new(Instant::now(), None, interrupts.clone());
        assert!(budget.begin().is_continue() && budget.step().is_continue());
        interrupts.interrupt();
        assert!(budget.step().is_break());
        assert_eq!(budget.spent(), Some(Spent::Interrupted));
        let mut late = Budget::new(Instant::now(), Some(Duration::ZERO), Interrupts::default());
        assert!(late.begin().is_break());
    }

    #[test]
    fn a_part_ends_before_the_whole_and_that_is_remembered() {
        let mut budget = Budget::new(Instant::now(), Some(Duration::from_secs(40)), Interrupts::default());
        let half = budget.part(0.5);
        assert!(budget.prepare(half).is_continue() && !budget.is_hurried());
        let left = half.expect("a limit").saturating_duration_since(Instant::now());
        assert!((Duration::from_secs(19)..=Duration::from_secs(20)).contains(&left), "{left:?}");
        assert!(budget.prepare(Some(Instant::now())).is_break() && budget.is_hurried());
        assert!(budget.begin().is_continue(), "there is time for steps");
    }
}
