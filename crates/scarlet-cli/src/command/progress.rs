//! How far a fit is: a bar on a terminal, lines for those who asked for more.

use crate::log::{Level, Log};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scarlet::infer::Progress;
use std::time::{Duration, Instant};

/// Redraws per second.
const RATE: u8 = 10;
/// Time between two lines.
const PAUSE: Duration = Duration::from_secs(1);

/// Shows the steps of a fit.
pub(super) struct Course {
    bar: ProgressBar,
    log: Log,
    said: Instant,
}

impl Course {
    /// Of a fit of `steps` at most; draws nothing where standard error is no terminal or nobody wants it.
    pub(super) fn new(steps: usize, log: Log) -> Self {
        Self { bar: if log.draws() { bar(steps) } else { ProgressBar::hidden() }, log, said: Instant::now() }
    }

    /// Shows one step.
    pub(super) fn step(&mut self, progress: &Progress) {
        if !self.bar.is_hidden() {
            self.bar.set_position(progress.iteration as u64);
            self.bar.set_message(format!("loss {:.1}", progress.loss));
        } else if self.log.says(Level::Detail) && self.said.elapsed() >= PAUSE {
            self.said = Instant::now();
            let message = format!("step {}: loss {:.1}", progress.iteration, progress.loss);
            let fields = [("step", progress.iteration.into()), ("loss", progress.loss.into())];
            self.log.say(Level::Detail, "step", &message, &fields);
        }
    }
}

impl Drop for Course {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn bar(steps: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr_with_hz(RATE));
    let style = ProgressStyle::with_template("fit {bar:30} {pos}/{len} steps, {msg}, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
